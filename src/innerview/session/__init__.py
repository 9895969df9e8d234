"""One query, one session that answers it: what it may look at, what is worked out, whose turn it is, what is kept."""
