"""`innerview explain`: everything about some images, as folders to open."""
