"""Fills: what is put where a part of an image is taken away, by the names that users give them.

No fill is neutral: black is something too, a blurred copy keeps colours, the mean colour keeps none. So what is found
by taking parts away is found under a fill, and says which; where several fills disagree nothing can be said of the
parts alone. A fill sees the image and which pixels are kept, and never changes one that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from innerview.errors import ImageError, UsageError
from innerview.reprs import short
from innerview.types import Image, Images

Kept: TypeAlias = Bool[np.ndarray, "batch height width"]

DEFAULT_SIGMA: Final = 1 / 8
"""Of a blur, as a fraction of the longer side: so blurred (4 pixels of 32) an image keeps its colours and loses its
objects."""


@runtime_checkable
class Fill(Protocol):
    """What stands where pixels are taken away."""

    @property
    def name(self) -> str:
        """As it is asked for: "blurred"."""
        ...

    @property
    def words(self) -> str:
        """What it is, with everything that is needed to make it again."""
        ...

    def paint(self, image: Image, kept: Kept) -> Images:
        """Give copies of `image`, each with the pixels that are not `kept` filled."""
        ...


@short
@dataclass(frozen=True, eq=False)
class ImageFill:
    """The pixels of another image of the same size.

    Attributes:
        name: as it is asked for.
        words: what it is.
        pixels: the image.
    """

    name: str
    words: str
    pixels: Image

    def paint(self, image: Image, kept: Kept) -> Images:
        """Put its pixels in the place of those that are not kept."""
        return np.where(kept[..., None], image, self.pixels.astype(image.dtype, copy=False))


def blur(image: Image, sigma: float) -> Image:
    """Convolve with a Gaussian of `sigma` pixels, cut at four sigma, the image mirrored at its borders.

    Mirroring keeps the mean and, unlike black borders, puts no dark frame around the image.
    """
    rows, columns = (_gaussian(size, sigma).astype(np.float32) for size in image.shape[:2])
    return np.einsum("ah,hwc,bw->abc", rows, image, columns, optimize=True).astype(np.float32)


def _gaussian(size: int, sigma: float) -> Float[np.ndarray, "new old"]:
    """One axis of the blur as a matrix: how much each old pixel counts in each new one; rows sum to 1."""
    radius = int(np.ceil(4 * sigma))
    steps = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (steps / sigma) ** 2)
    position = np.mod(np.arange(size)[:, None] + steps[None, :], 2 * size)
    mirrored = np.where(position < size, position, 2 * size - 1 - position)
    matrix = np.zeros((size, size))
    np.add.at(matrix, (np.arange(size)[:, None], mirrored), kernel / kernel.sum())
    return matrix


def _blurred(image: Image) -> Fill:
    sigma = max(image.shape[:2]) * DEFAULT_SIGMA
    return ImageFill("blurred", f"the image blurred (Gaussian, sigma {sigma:g} pixels)", blur(image, sigma))


def _mean(image: Image) -> Fill:
    colour = image.mean(axis=(0, 1), dtype=np.float64)
    told = ", ".join(f"{value:.3g}" for value in colour.tolist())
    return ImageFill("mean", f"the image's mean colour ({told})", np.broadcast_to(colour, image.shape).copy())


def _plain(name: str, level: float) -> Callable[[Image], Fill]:
    return lambda image: ImageFill(name, f"{name} ({level:g})", np.full_like(image, level))


FILLS: Final[Mapping[str, Callable[[Image], Fill]]] = MappingProxyType(
    {
        "blurred": _blurred,
        "mean": _mean,
        "black": _plain("black", 0),
        "gray": _plain("gray", 0.5),
        "white": _plain("white", 1),
    }
)
"""How each is made for an image."""

DEFAULT_FILLS: Final = ("blurred", "mean", "black")
"""Where several are asked: one that keeps colours and large shapes, one the mean colour, one nothing."""


def make_fill(asked: str | Image | Fill, image: Image) -> Fill:
    """Make a fill for an image: by its name, of another image, or as it is.

    Raises:
        UsageError: there is no such fill; lists them.
        ImageError: the image that fills is of another size.
    """
    if isinstance(asked, np.ndarray):
        if asked.shape != image.shape:
            raise ImageError(
                f"a fill of shape {asked.shape} was given for an image of {image.shape} (height × width × channel); "
                "bring it to that size first"
            )
        return ImageFill("image", "another image", asked)
    if not isinstance(asked, str):
        return asked
    if asked not in FILLS:
        raise UsageError(f"there is no fill {asked!r}; fills are {', '.join(FILLS)}, or an image")
    return FILLS[asked](image)
