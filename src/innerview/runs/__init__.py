"""A run folder: all that one training leaves behind, readable with NumPy alone, and safe from kills."""

from innerview.runs.folder import Checkpoint, RunFolder
from innerview.runs.histograms import Histogram, History, histogram
from innerview.runs.manifest import Manifest

__all__ = ["Checkpoint", "Histogram", "History", "Manifest", "RunFolder", "histogram"]
