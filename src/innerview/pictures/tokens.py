"""Greys and type sizes that all figures and charts share (the viewer's light theme): only data has colour."""

from __future__ import annotations

from typing import Final

PAGE: Final = "#FFFFFF"
PANEL: Final = "#F5F6F8"
INK: Final = "#1A1D23"
SECOND: Final = "#505765"
RULE: Final = "#D8DCE3"
BORDER: Final = "#757C8A"

BEFORE: Final = "#757C8A"
TEST: Final = "#00796B"
TRAIN: Final = "#B35C00"

TITLE_SIZE: Final = 22
TEXT_SIZE: Final = 16
SMALL_SIZE: Final = 14

MARGIN: Final = 20
GAP: Final = 16
