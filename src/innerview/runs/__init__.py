"""A run folder: all that one training leaves behind, readable with NumPy alone, and safe from kills."""

from innerview.runs.folder import Manifest, RunFolder, Snapshot
from innerview.runs.histograms import Histogram, History, histogram

__all__ = ["Histogram", "History", "Manifest", "RunFolder", "Snapshot", "histogram"]
