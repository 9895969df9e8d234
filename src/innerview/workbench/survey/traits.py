"""What images of a group have in common, against others of their class, in words.

A trait is told where the group's mean lies at least one standard deviation of the others' from theirs (Cohen 1988
calls 0.8 large).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float

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
