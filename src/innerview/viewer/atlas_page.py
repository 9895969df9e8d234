"""The page of a survey's channels: crops beside what is known of each, to be searched by class and by channel.

Each image stands in the page once, and every crop of it is a window on it. Without a script all is shown; the script
hides what is not asked for. Nothing is asked for from elsewhere, and a policy in the page says so.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image as Pillow

from innerview.types import Image
from innerview.viewer.payload import to_bytes
from innerview.viewer.rendering import FOLDER, render, verbatim

SMALL: Final = 64
"""Pixels of an image's longer side up to which it is kept exactly; a larger one is kept as photographs are."""

LARGEST: Final = 256
"""Pixels of the longer side to which larger images are shrunk."""

SIDE: Final = 56
"""Pixels of a crop's longer side on the page."""


@dataclass(frozen=True)
class Tile:
    """A crop of an image: which, the window in pixels of the image as the model sees it, and what it is, in words."""

    image: int
    left: int
    top: int
    width: int
    height: int
    cut: bool
    words: str

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height on the page, in pixels."""
        longer = max(self.width, self.height)
        return round(SIDE * self.width / longer), round(SIDE * self.height / longer)


@dataclass(frozen=True)
class Entry:
    """A channel: its number, what is known of it, the classes that it speaks for, and its crops."""

    channel: int
    words: tuple[str, ...]
    classes: tuple[tuple[str, float], ...]
    top: tuple[Tile, ...]
    quantiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Part:
    """A layer: its name, what its positions see, and its channels."""

    layer: str
    words: str
    entries: tuple[Entry, ...]


def picture(pixels: Image) -> str:
    """An image (pixels in [0, 1], height × width × channel) as a data address: exactly where it is small."""
    levels = to_bytes(pixels)
    shown = Pillow.fromarray(levels if levels.shape[2] == 3 else np.repeat(levels[..., :1], 3, axis=2))
    exact = max(shown.size) <= SMALL
    if max(shown.size) > LARGEST:
        shown.thumbnail((LARGEST, LARGEST))
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", lossless=exact, quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def atlas_page(
    title: str,
    lead: Sequence[str],
    parts: Sequence[Part],
    images: Mapping[int, str],
    size: tuple[int, int],
    facts: Sequence[tuple[str, str]],
) -> str:
    """Write the page.

    Args:
        title: the page's title and first heading.
        lead: paragraphs under the title.
        parts: the layers, in order.
        images: data addresses of the images (`picture`), by number.
        size: height and width of all images as the model sees them.
        facts: pairs of name and value: where the numbers come from.
    """
    script = (FOLDER / "atlas.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return render(
        "atlas.html",
        title=title,
        lead=lead,
        parts=parts,
        images=images,
        height=size[0],
        width=size[1],
        exact=max(size) <= SMALL,
        facts=facts,
        policy=policy,
        script=verbatim(script),
    )
