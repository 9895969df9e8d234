"""What a view of runs consists of: figures, each also made for a telephone, tables, and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from innerview.pictures import Animation
from innerview.pictures.charts.paper import NARROW

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

Drawing = Callable[..., "Image | Animation | Figure"]

ONE_COLUMN: Final[Mapping[str, Any]] = MappingProxyType({"columns": 1})
TWO_COLUMNS: Final[Mapping[str, Any]] = MappingProxyType({"columns": 2})
SLIM: Final[Mapping[str, Any]] = MappingProxyType({"width": NARROW})
"""How figures are drawn for a telephone: with one plot in a row, two tiles, or in all narrower."""


@dataclass(frozen=True)
class FigureSpec:
    """One figure of a view.

    Attributes:
        file: its name.
        words: what it shows, for those who can't see it.
        draw: makes it.
        narrow: what `draw` is given to make it for a telephone.
        caption: stands under it; empty for none.
        moving: it plays.
    """

    file: str
    words: str
    draw: Drawing
    narrow: Mapping[str, Any]
    caption: str = ""
    moving: bool = False

    @property
    def narrow_file(self) -> str:
        """Name of the file for a telephone."""
        stem, _, ending = self.file.rpartition(".")
        return f"{stem}-narrow.{ending}"


@dataclass(frozen=True)
class Table:
    """One table: its file and its content, made when it is written."""

    file: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class View:
    """One section of the page; `key` is one of `explanations.RUN_EXPLANATIONS`."""

    key: str
    words: tuple[str, ...]
    figures: tuple[FigureSpec, ...]
    tables: tuple[Table, ...]
