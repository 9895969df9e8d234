"""A model that NumPy runs, as source that stands alone: PyTorch, Keras or NumPy, with its weights beside it.

What is written is what a person would write: one table of layers with the names that innerview shows, the weights in
the framework's own axis order, and what comes between an image and the model. It knows nothing of innerview. The
sources are assembled from templates beside this module and one table for each framework, so a new built-in model
needs nothing here; no framework is needed to write them.
"""

from innerview.export.source import FORMATS, Format, export_files

__all__ = ["FORMATS", "Format", "export_files"]
