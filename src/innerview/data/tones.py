"""Tones and primaries that a PNG declares in numbers (gAMA, cHRM, cICP), turned to sRGB in floats.

    linear = sample ^ (1 / gamma)         gamma as in the gAMA chunk; sRGB's own curve where there is none
    XYZ    = M(primaries, white) linear    Bradford-adapted from the white point to D65
    sRGB   = curve(clip(M(sRGB)^-1 XYZ))

The PNG specification (third edition, 11.3.2 and 12) and IEC 61966-2-1. A gamma of 1/2.2 and primaries near sRGB's are
what encoders write for plain sRGB, and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from innerview.types import Array, Image

Points: TypeAlias = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue."""

SRGB: Final[Points] = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
DISPLAY_P3: Final[Points] = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
USUAL: Final = 1 / 2.2
_NEAR_GAMMA, _NEAR_POINT = 0.01, 0.005
_BRADFORD: Final = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Tones:
    """How samples stand for light.

    Attributes:
        gamma: of the gAMA chunk; None for sRGB's curve.
        points: white and primaries; None for sRGB's.
        words: what was declared, for a note.
    """

    gamma: float | None
    points: Points | None
    words: str

    def to_srgb(self, colours: Image) -> Image:
        """Turn colours in [0, 1] to sRGB."""
        values = colours.astype(np.float64)
        linear = _linear(values) if self.gamma is None else values ** (1 / self.gamma)
        if self.points is not None:
            linear = np.clip(linear @ _between(self.points).T, 0, 1)
        return _encoded(linear).astype(np.float32)


def declared(gamma: float | None, points: Points | None) -> Tones | None:
    """Make tones of what a PNG declares; None where that is sRGB, or nothing is declared."""
    if gamma is not None and abs(gamma - USUAL) <= _NEAR_GAMMA:
        gamma, curve = None, ""
    else:
        curve = "" if gamma is None else f"gamma {gamma:.4g}"
    if points is not None and max(abs(one - other) for one, other in zip(points, SRGB, strict=True)) <= _NEAR_POINT:
        points = None
    words = " and ".join([*[curve] * bool(curve), *["its own primaries"] * (points is not None)])
    return Tones(gamma, points, words) if words else None


def _linear(values: Array) -> Array:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Array) -> Array:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _between(points: Points) -> Array:
    """From linear values of these primaries to linear sRGB."""
    return np.linalg.inv(_to_xyz(SRGB)) @ _adapted(points) @ _to_xyz(points)


def _to_xyz(points: Points) -> Array:
    primaries = np.array([_xyz(*points[at : at + 2]) for at in (2, 4, 6)]).T
    return primaries * np.linalg.solve(primaries, _xyz(*points[:2]))


def _adapted(points: Points) -> Array:
    there, here = _BRADFORD @ _xyz(*points[:2]), _BRADFORD @ _xyz(*SRGB[:2])
    return np.linalg.inv(_BRADFORD) @ np.diag(here / there) @ _BRADFORD


def _xyz(x: float, y: float) -> Array:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def usable(gamma: float | None, points: Points | None) -> bool:
    """Whether numbers from a file can be calculated with: positive, and primaries that span a plane."""
    if gamma is not None and not 0.05 <= gamma <= 20:
        return False
    if points is None:
        return True
    if any(not 0 <= one <= 1 for one in points) or min(points[1::2]) < 1e-4:
        return False
    red, green, blue = (np.array(points[at : at + 2]) for at in (2, 4, 6))
    one, other = green - red, blue - red
    return abs(float(one[0] * other[1] - one[1] * other[0])) > 1e-3
