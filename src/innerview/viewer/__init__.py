"""Results as pages: what one sees, in words, around the figures."""
