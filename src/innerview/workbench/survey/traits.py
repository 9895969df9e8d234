"""What images of a group have in common, against others of their class, in words; and traits of a whole as numbers.

A trait is told where the group's mean lies at least one standard deviation of the others' from theirs (Cohen 1988
calls 0.8 large).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.methods.transplants import COLOUR, DETAIL, fine_of
from innerview.types import Array, Images

LARGE: Final = 1.0
ALIKE: Final = 0.5
"""Spread of the pixels among the group, as a share of that among the others, below which they are alike."""


def _detail(pixels: Array) -> Array:
    """How much neighbouring pixels differ, for each image."""
    return np.abs(np.diff(pixels, axis=1)).mean(axis=(1, 2))


TRAITS: Final[Mapping[tuple[str, str], Callable[[Array], Array]]] = MappingProxyType(
    {
        ("brighter", "darker"): lambda pixels: pixels.mean(axis=(1, 2)),
        ("redder", "less red"): lambda pixels: (pixels[..., 0] - pixels.mean(axis=-1)).mean(axis=1),
        ("greener", "less green"): lambda pixels: (pixels[..., 1] - pixels.mean(axis=-1)).mean(axis=1),
        ("bluer", "less blue"): lambda pixels: (pixels[..., -1] - pixels.mean(axis=-1)).mean(axis=1),
        ("of stronger contrast", "of weaker contrast"): lambda pixels: pixels.std(axis=(1, 2)),
        ("rougher", "smoother"): _detail,
    }
)
"""What more of it and less of it is called, and its number for each image, of image × pixel × channel."""


def describe(group: Images, others: Float[np.ndarray, "other height width channel"], mask: Array | None) -> str:
    """Say what the group's images share inside the mask, or in all of them.

    Args:
        group: images.
        others: of the same class.
        mask: height × width, what is looked at; None for all.
    """
    first, rest = (
        (images if mask is None else images[:, mask]).reshape(len(images), -1, images.shape[-1])
        for images in (group, others)
    )
    told: list[str] = []
    if mask is not None and len(first) > 1:
        spread = float(first.std(axis=0).mean() / max(float(rest.std(axis=0).mean()), 1e-9))
        if spread < ALIKE:
            told.append(f"nearly the same pixels, which vary {spread:.0%} as much as the others'")
    for (more, less), number in TRAITS.items():
        own, other = number(first), number(rest)
        away = float((own.mean() - other.mean()) / max(float(other.std()), 1e-9))
        if abs(away) >= LARGE:
            told.append(f"{more if away > 0 else less} by {abs(away):.1f} standard deviations")
    return ", ".join(told) or "no difference in brightness, colour, contrast or detail"


SCALES: Final = ((0.05, 0.15), (0.15, 0.25), (0.25, 0.35), (0.35, 0.5))
"""Bands of frequency, in cycles a pixel."""

DIRECTIONS: Final = 4

WHOLE: Final = (COLOUR, DETAIL)
"""Ways that take a trait of the whole image."""

TINY: Final = 1e-6


def numbers_of(way: str, images: Images) -> Float[np.ndarray, "image number"]:
    """What a way takes of the whole of an image, as numbers by which images that have it are found.

    Of the colours each channel's mean and standard deviation; of the detail the logarithms of its size and of its power
    by scale and direction.
    """
    if way == COLOUR:
        return np.concatenate([images.mean(axis=(1, 2)), images.std(axis=(1, 2))], axis=1)
    fine = np.stack([fine_of(one) for one in images]).mean(axis=-1)
    power = np.abs(np.fft.rfft2(fine)) ** 2
    along, across = np.fft.fftfreq(fine.shape[1])[:, None], np.fft.rfftfreq(fine.shape[2])[None]
    radius = np.hypot(along, across)
    turned = np.round(np.arctan2(along, across) / (np.pi / DIRECTIONS)).astype(int) % DIRECTIONS
    bands = [
        power[:, (low <= radius) & (radius < high) & (turned == direction)]
        for low, high in SCALES
        for direction in range(DIRECTIONS)
    ]
    told = [np.log(fine.std(axis=(1, 2)) + TINY)]
    told += [np.log(one.mean(axis=1) + TINY) for one in bands if one.shape[1]]
    return np.stack(told, axis=1)
