"""A whole data set, one row an image: what is predicted of it, which regions decide, and what its features are."""
