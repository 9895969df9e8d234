"""Figures into files, whole or not at all: PNG, GIF and WebP, still or moving; charts also as SVG and PDF.

A file is encoded in memory, written beside its place and moved over, so a reader never sees half a figure. The
ending decides the format. PNG and WebP lose nothing, so that cells keep their exact colours; GIF has 256 of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from PIL import Image

from innerview.errors import OutputError
from innerview.files.atomic import write
from innerview.pictures.animation import Animation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Encoder: TypeAlias = Callable[[list[Image.Image], list[int], io.BytesIO], None]

DPI: Final = 110
DRAWN: Final = frozenset({".svg", ".pdf"})
"""Endings that only charts have."""


def _png(frames: list[Image.Image], milliseconds: list[int], file: io.BytesIO) -> None:
    # Of zlib's efforts, this one takes two thirds of the usual one's time, for files that are larger by a tenth.
    frames[0].save(file, "PNG", compress_level=3, **_moving(frames, milliseconds))


def _gif(frames: list[Image.Image], milliseconds: list[int], file: io.BytesIO) -> None:
    # Of Pillow's palettes, this one keeps every colour close (3 to 12 levels of 255 on maps; others up to 86).
    reduced = [frame.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE) for frame in frames]
    reduced[0].save(file, "GIF", **_moving(reduced, milliseconds))


def _webp(frames: list[Image.Image], milliseconds: list[int], file: io.BytesIO) -> None:
    # On cells of one colour, lossless files are smaller than those at quality 80, and as quick to write.
    frames[0].save(file, "WEBP", lossless=True, quality=20, method=1, **_moving(frames, milliseconds))


def _moving(frames: list[Image.Image], milliseconds: list[int]) -> dict[str, Any]:
    if len(frames) == 1:
        return {}
    return {"save_all": True, "append_images": frames[1:], "duration": milliseconds, "loop": 0}


ENCODERS: Final[Mapping[str, Encoder]] = MappingProxyType({".png": _png, ".gif": _gif, ".webp": _webp})
"""How frames become bytes, by the file's ending."""


def save(figure: Image.Image | Animation | Figure, path: str | Path) -> Path:
    """Write a figure, an animation or a chart.

    Args:
        figure: what a function of `innerview.pictures` gave.
        path: its ending decides the format: .png, .gif or .webp; for charts also .svg or .pdf.

    Returns:
        The path, for convenience.

    Raises:
        OutputError: the ending is unknown, or the place can't be written; what stood there before stands there still.
    """
    place = Path(path)
    ending = place.suffix.lower()
    chart = not isinstance(figure, (Image.Image, Animation))
    if ending not in ENCODERS and not (chart and ending in DRAWN):
        known = [*ENCODERS, *(sorted(DRAWN) if chart else ())]
        raise OutputError(f"{place} was asked for, but figures of this kind end in {', '.join(known)}; rename it").of(
            "ending", path=place, known=known
        )
    if not place.parent.is_dir():
        raise OutputError(
            f"{place} was to be written, but {place.parent} is not a folder; make it, or choose another"
        ).of("folder", path=place)
    file = io.BytesIO()
    if not isinstance(figure, (Image.Image, Animation)):
        if ending in DRAWN:
            figure.savefig(file, format=ending[1:])
        else:
            ENCODERS[ending]([to_pillow(figure)], [1], file)
    elif isinstance(figure, Animation):
        ENCODERS[ending](figure.frames, figure.milliseconds, file)
    else:
        ENCODERS[ending]([figure.convert("RGB")], [1], file)
    write(place, file.getvalue())
    return place


def to_pillow(figure: Figure, dpi: int = DPI) -> Image.Image:
    """Draw a chart into pixels.

    By hand, since `savefig` draws twice: once for the layout, which a drawing makes anyway.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    before, canvas_before = figure.dpi, figure.canvas
    canvas = FigureCanvasAgg(figure)
    try:
        figure.dpi = dpi
        canvas.draw()
        return Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    finally:
        figure.dpi = before
        figure.set_canvas(canvas_before)
