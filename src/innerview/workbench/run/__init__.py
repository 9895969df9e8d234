"""`innerview inspect`: trainings read, tested where there are data, and shown: as a page, or to the viewer."""
