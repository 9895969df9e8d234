"""`innerview look`: everything about some pictures, as folders to open."""
