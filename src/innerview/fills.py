"""Fills: what is put where a part of an image is taken away, by the names that users give them.

No fill is neutral: black is something too, a blurred copy keeps colours, the mean colour keeps none. So what is found
by taking parts away is found under a fill, and says which; where several fills disagree nothing can be said of the
parts alone. A fill sees the image and which pixels are kept, and never changes one that is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
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


@short
@dataclass(frozen=True)
class ImputedFill:
    """Each pixel that is taken away is the mean of its eight neighbours, with a little noise on it.

    A neighbour beside or above counts twice as much as one at a corner; neighbours that are taken away themselves are
    such means too, so that all of them follow from those that are kept, by a sparse linear system. Noisy linear
    imputation of ROAD (Rong and others 2022, arXiv 2202.00449): a hole with one colour tells its own shape, one without
    an edge tells less. The noise is the same for every mask of an image. Where nothing is kept, all is the mean colour.

    Attributes:
        name: as it is asked for.
        noise: standard deviation of the noise, in units of pixel values.
        seed: of the noise.
    """

    name: str = "imputed"
    noise: float = 0.01
    seed: int = 0

    @property
    def words(self) -> str:
        """What it is."""
        return f"imputed from the pixels around (noise of {self.noise:g}, seed {self.seed})"

    def paint(self, image: Image, kept: Kept) -> Images:
        """Solve for the pixels that are not kept."""
        smooth = impute(image, kept)
        added = self.noise * np.random.default_rng(self.seed).standard_normal(image.shape)
        return np.where(kept[..., None], image, smooth + added).astype(image.dtype)


NEIGHBOURS: Final = {(0, 1): 2, (1, 0): 2, (1, 1): 1, (1, -1): 1}
"""Steps to a neighbour with its weight; the opposite step has the same."""

PRECISE: Final = 1e-4
"""What is left of the system's right side when it counts as solved: far below what a byte of a pixel can tell."""

STEPS: Final = 2000
"""Steps at most; an image of 32 × 32 takes about 60, one of 224 × 224 some hundreds."""


def impute(image: Image, kept: Kept) -> Float[np.ndarray, "batch height width channel"]:
    """Give each pixel that is not kept the weighted mean of its neighbours, by conjugate gradients, in float64.

    With w the weights, the system (Σ w) x − w · x = 0 at the pixels that are not kept is symmetric, and positive
    definite as soon as one pixel is kept. All masks and channels are solved at once, each with its own steps.
    """
    known = kept[..., None]
    pixels = image[None].astype(np.float64)
    mean = np.where(known, pixels, 0).sum(axis=(1, 2), keepdims=True) / np.maximum(
        known.sum(axis=(1, 2), keepdims=True), 1
    )
    nothing = np.logical_not(known.any(axis=(1, 2), keepdims=True))
    start = np.where(known, pixels, np.where(nothing, np.asarray(pixels.mean(axis=(1, 2), keepdims=True)), mean))
    free = np.broadcast_to(~known & ~nothing, start.shape)
    totals = _around(np.ones((1, *image.shape[:2], 1)))
    value, residual = start, np.where(free, _around(start) - totals * start, 0)
    direction, size = residual, _products(residual, residual)
    enough = size * PRECISE**2  # of each mask alone, so that it is filled in the same way alone and in company
    for _ in range(STEPS):
        going = size > enough
        if not going.any():
            break
        applied = np.where(free, totals * direction - _around(direction), 0)
        curvature = _products(direction, applied)
        step = np.divide(size, curvature, out=np.zeros_like(size), where=going & (curvature > 0))
        value = value + step * direction
        residual = residual - step * applied
        before, size = size, _products(residual, residual)
        direction = residual + np.divide(size, before, out=np.zeros_like(size), where=before > 0) * direction
    return value


def _products(one: Images, other: Images) -> Float[np.ndarray, "batch 1 1 channel"]:
    """Sums of the products over the positions."""
    return np.einsum("bhwc,bhwc->bc", one, other)[:, None, None, :]


def _around(values: Images) -> Images:
    """The weighted sum of the neighbours that there are."""
    total = np.zeros_like(values)
    for (down, across), weight in NEIGHBOURS.items():
        above, below = slice(None, -down or None), slice(down, None)
        first, second = (
            slice(max(-across, 0), -across if across > 0 else None),
            slice(max(across, 0), min(across, 0) or None),
        )
        total[:, above, first] += weight * values[:, below, second]
        total[:, below, second] += weight * values[:, above, first]
    return total


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


def texture(image: Image, seed: int = 0) -> Image:
    """Give every frequency of the image a random phase, the same in all colours, and cut off at its own range.

    What is left is a texture with the image's mean colour, its colours' correlations and its spectrum, in which nothing
    has a place. Random-phase textures: Galerne, Gousseau, Morel 2011.
    """
    pixels = image.astype(np.float64)
    mean = pixels.mean(axis=(0, 1))
    noise = np.fft.fft2(np.random.default_rng(seed).standard_normal(image.shape[:2]))
    turned = np.fft.fft2(pixels - mean, axes=(0, 1)) * np.exp(1j * np.angle(noise))[..., None]
    found = mean + np.fft.ifft2(turned, axes=(0, 1)).real
    return np.clip(found, pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1))).astype(image.dtype)


def _texture(image: Image) -> Fill:
    words = "a texture of the image's own colours and frequencies (random phases, seed 0)"
    return ImageFill("texture", words, texture(image))


def _plain(name: str, level: float) -> Callable[[Image], Fill]:
    return lambda image: ImageFill(name, f"{name} ({level:g})", np.full_like(image, level))


FILLS: Final[Mapping[str, Callable[[Image], Fill]]] = MappingProxyType(
    {
        "blurred": _blurred,
        "mean": _mean,
        "black": _plain("black", 0),
        "imputed": lambda _: ImputedFill(),
        "texture": _texture,
        "gray": _plain("gray", 0.5),
        "white": _plain("white", 1),
    }
)
"""How each is made for an image."""

DATA: Final = "data"
"""Another image of a data set, drawn by a seed: a fill by name wherever a data set is at hand."""

SPELLINGS: Final = MappingProxyType({"grey": "gray", "blur": "blurred", "zeros": "black"})
"""What is understood beside the names, of baselines too."""

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
            ).of("fill", found=asked.shape, asked=image.shape)
        known = hashlib.sha256(np.ascontiguousarray(asked, np.float32).tobytes()).hexdigest()[:8]
        return ImageFill("image", f"another image (its pixels' hash {known})", asked)
    if not isinstance(asked, str):
        return asked
    return FILLS[fill_name(asked, ", or an image")](image)


def other_image(drawn: Sequence[tuple[str, Image]], image: Image) -> ImageFill:
    """The fill "data": the first of some images of a data set that is not the image itself.

    Args:
        drawn: the images of the same size, each with what it is in words.
        image: whose parts are taken away.

    Raises:
        UsageError: there is no other image.
    """
    for words, pixels in drawn:
        if not np.array_equal(pixels, image):
            return ImageFill(DATA, f"another image of the data set: {words}", pixels)
    raise UsageError(
        f"the fill {DATA!r} is another image of the data set, and there is none in it that is another: take a larger "
        f"one, or one of the fills {', '.join(FILLS)}"
    ).of("data", asked=DATA, found=len(drawn), known=tuple(FILLS))


def fill_name(asked: str, others: str = "") -> str:
    """The name of a fill, however it is spelt.

    Raises:
        UsageError: there is no such fill; lists them, and `others` that could be given.
    """
    name = SPELLINGS.get(asked, asked)
    if name == DATA:
        raise UsageError(
            f"the fill {DATA!r} is another image of a data set, and there is none here; name one with --data FOLDER "
            "(Query(data=…)) where explain, ask or parts is asked, compare on one, or give an image"
        ).of("data", asked=DATA, known=tuple(FILLS))
    if name not in FILLS:
        raise UsageError(f"there is no fill {asked!r}; fills are {', '.join(FILLS)}{others}").of(
            "fill", asked=asked, known=FILLS
        )
    return name
