"""In a notebook: the viewer as a cell, and every result as a figure of itself."""

from __future__ import annotations

from innerview.notebook.display import attach

__all__ = ["attach"]
