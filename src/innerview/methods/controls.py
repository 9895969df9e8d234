"""Controls: maps that know the image and nothing of the model, which a method has to beat.

    centre         more towards the middle, whatever is there
    edges          how much the brightness changes from pixel to pixel
    random         noise
    blurred random noise blurred as `fills.blur` blurs, so that neighbours are alike, as in most maps

A score that they reach says nothing for a method. XAI-TRIS (Clark and others 2024, arXiv 2306.12816) found methods no
better than edges; Adebayo and others 2018, arXiv 1810.03307, an edge detector as convincing as maps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from innerview.fills import DEFAULT_SIGMA, blur
from innerview.types import Image, Map

Control: TypeAlias = Callable[[Image, np.random.Generator], Map]


def centre(image: Image, _: np.random.Generator) -> Map:
    """Fall off from the middle: exp(−2 (y² + x²)), y and x from −1 to 1 at the borders."""
    rows, columns = (np.linspace(-1, 1, length) for length in image.shape[:2])
    return np.exp(-2 * (rows[:, None] ** 2 + columns[None] ** 2))


def edges(image: Image, _: np.random.Generator) -> Map:
    """Length of the brightness's gradient; 0 along an axis of one pixel."""
    brightness = image.mean(axis=2).astype(np.float64)
    slopes = [np.gradient(brightness, axis=axis) for axis in (0, 1) if brightness.shape[axis] > 1]
    return np.sqrt(sum((one**2 for one in slopes), np.zeros_like(brightness)))


def noise(image: Image, random: np.random.Generator) -> Map:
    """Draw every pixel from one normal distribution."""
    return random.normal(size=image.shape[:2])


def blurred_noise(image: Image, random: np.random.Generator) -> Map:
    """Blur such noise by an eighth of the longer side."""
    return blur(noise(image, random)[..., None], max(image.shape[:2]) * DEFAULT_SIGMA)[..., 0].astype(np.float64)


CONTROLS: Final[Mapping[str, Control]] = MappingProxyType(
    {"centre": centre, "edges": edges, "random": noise, "blurred random": blurred_noise}
)
"""By the names under which they stand in tables."""
