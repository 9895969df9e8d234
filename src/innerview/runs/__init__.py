"""A run folder: all that one training leaves behind, readable with NumPy alone, and safe from kills."""

from innerview.runs.folder import RunFolder, Snapshot
from innerview.runs.histograms import Histogram, History, histogram
from innerview.runs.manifest import Manifest

__all__ = ["Histogram", "History", "Manifest", "RunFolder", "Snapshot", "histogram"]
