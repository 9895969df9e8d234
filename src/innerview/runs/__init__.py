"""A run folder: all that one training leaves behind, readable with NumPy alone, and safe from kills."""

from typing import TYPE_CHECKING

from innerview import renames
from innerview.runs.folder import Checkpoint, RunFolder
from innerview.runs.histograms import Histogram, History, histogram
from innerview.runs.manifest import Manifest

__all__ = ["Checkpoint", "Histogram", "History", "Manifest", "RunFolder", "histogram"]

if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"Snapshot": "Checkpoint"})
