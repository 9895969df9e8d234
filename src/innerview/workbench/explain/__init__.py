"""`innerview explain`: everything about some pictures, as folders to open."""
