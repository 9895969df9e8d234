"""A signed map laid over its image: named styles, each a formula on t = value / limit, clipped to [-1, 1].

With g the grey image squeezed to 0.2 … 0.8, R the evidence ramp, G the plain grey image (mean of the channels):

    tint                  (1 − o |t|) g + o |t| R(sign t), o = 0.8: strength is opacity, the image stays readable
    half                  g / 2 + R(t) / 2
    map                   R(t)
    image                 the image itself
    tutorial2018          max(t, 0) × image: lit where the map is positive, black elsewhere
    tutorial2018-signed   G / 2 + |t| C / 2, with C the pure end colour of t's sign: half grey image and half colour

The last two are those of the 2018 tutorial that the project starts from; the first of them takes the 99th
percentile of the values as its limit, the second that of the absolute values, both unrounded. (A sum over the
channels instead of the tutorial's mean is the same image: its percentile has the same factor.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float

from innerview.data.fitting import LUMA
from innerview.errors import UsageError
from innerview.pictures.ramps import RampName, entry, ramp
from innerview.pictures.scale import PERCENTILE, Scale, ScaleChoice, choose_scales
from innerview.pictures.taking import taking_tensors
from innerview.types import Array, Bytes, Image, Map

Blend: TypeAlias = Callable[[Array, Array, Array], Array]
"""From the image (height × width × 3, in [0, 1]), t (height × width × 1) and the ramp (255 × 3) to colours."""

OPACITY: Final = 0.8


def in_colour(image: Image) -> Float[np.ndarray, "height width 3"]:
    """Give a grey or colour image three channels, in [0, 1] and float64."""
    clipped = np.clip(np.nan_to_num(image.astype(np.float64), nan=0.0), 0, 1)
    return np.repeat(clipped, 3, axis=2) if clipped.shape[2] == 1 else clipped


def squeezed_grey(image: Array) -> Array:
    """Brightness squeezed to 0.2 … 0.8, so that both ends of a ramp stand out from it; height × width × 1."""
    return 0.2 + 0.6 * (image @ np.array(LUMA))[..., None]


def _colours(t: Array, colours: Array) -> Array:
    return colours[entry(t[..., 0], 1.0, "evidence")]


def _tint(image: Array, t: Array, colours: Array) -> Array:
    opacity = OPACITY * np.abs(t)
    return (1 - opacity) * squeezed_grey(image) + opacity * _colours(np.sign(t), colours)


def _tutorial_signed(image: Array, t: Array, colours: Array) -> Array:
    return 0.5 * image.mean(axis=2, keepdims=True) + 0.5 * np.abs(t) * _colours(np.sign(t), colours)


STYLES: Final[Mapping[str, Blend]] = MappingProxyType(
    {
        "tint": _tint,
        "half": lambda image, t, colours: 0.5 * squeezed_grey(image) + 0.5 * _colours(t, colours),
        "map": lambda _, t, colours: _colours(t, colours),
        "image": lambda image, _t, _colours: image,
        "tutorial2018": lambda image, t, _: np.maximum(t, 0) * image,
        "tutorial2018-signed": _tutorial_signed,
    }
)
"""How a map is laid over its image, by name."""

STYLE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tint": "Colour over the grey image: the more opaque, the larger the |value|.",
        "half": "Half grey image, half colour.",
        "map": "The map alone.",
        "image": "The image alone, without the map.",
        "tutorial2018": "The 2018 tutorial's overlay: the image, lit where the map is above zero.",
        "tutorial2018-signed": "The 2018 tutorial's signed overlay: half grey image, half colour.",
    }
)
"""What a reader must know of each style."""

RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {"picture": "image", "recipe": "tutorial2018", "recipe-signed": "tutorial2018-signed"}
)
"""Styles of earlier checkouts: each is answered with the new one."""

SHOWN: Final[Mapping[str, Callable[[Array], Array]]] = MappingProxyType(
    {"both": lambda t: t, "for": lambda t: np.maximum(t, 0), "against": lambda t: np.minimum(t, 0)}
)
"""Which signs are shown, by name."""


def percentile(values: Array) -> float:
    """99th percentile of the finite values; 1 where it is not above 0, since nothing could be divided by it."""
    finite = values[np.isfinite(values)].astype(np.float64)
    found = float(np.percentile(finite, PERCENTILE)) if finite.size else 0.0
    return found if found > 0 else 1.0


OWN_RULES: Final[Mapping[str, Callable[[Map], float]]] = MappingProxyType(
    {"tutorial2018": percentile, "tutorial2018-signed": lambda values: percentile(np.abs(values))}
)
"""Styles that bring their own limit, unless a number is given."""


def require_style(style: str) -> None:
    """Raise UsageError unless there is a style of this name."""
    if style not in STYLES:
        if style in RENAMED:
            raise UsageError(f"the style {style!r} was renamed; use {RENAMED[style]!r}").of(
                "style", asked=style, known=(RENAMED[style],)
            )
        raise UsageError(f"there is no style {style!r}; the styles are {', '.join(STYLES)}").of(
            "style", asked=style, known=STYLES
        )


def style_scales(maps: list[Map], choice: ScaleChoice, style: str) -> list[Scale]:
    """Choose the scales of maps that will be drawn in a style; some styles bring their own rule.

    Raises:
        UsageError: an unknown style, or a scale that is neither a word that is known nor a number above 0.
    """
    require_style(style)
    chosen = choose_scales(maps, choice)
    if style not in OWN_RULES or choice not in {"per-image", "shared"}:
        return chosen
    limits = [OWN_RULES[style](values) for values in maps]
    return [Scale(max(limits) if choice == "shared" else limit, f"{choice} (99th percentile)") for limit in limits]


@taking_tensors
def overlay(
    image: Image,
    values: Map,
    limit: float,
    *,
    style: str = "tint",
    show: str = "both",
    name: RampName = "evidence",
) -> Bytes:
    """Lay a map over its image.

    Args:
        image: the image that the model saw, height × width × 1 or 3, in [0, 1].
        values: the map, height × width, signed; what is not a number counts as 0 (whoever shows it hatches it).
        limit: the value with the full colour, in the unit of `values`, above 0.
        style: one of STYLES.
        show: both signs, only "for" (above 0) or only "against" (below 0); the limit stays the same.
        name: ramp; "evidence" for attributions, "value" for gradients.

    Returns:
        Colours, height × width × 3, bytes.

    Raises:
        UsageError: there is no such style or sign.
    """
    require_style(style)
    if show not in SHOWN:
        raise UsageError(f"there is no sign {show!r} to show; choose {', '.join(SHOWN)}").of(
            "show", asked=show, known=SHOWN
        )
    t = SHOWN[show](np.clip(np.nan_to_num(values.astype(np.float64) / limit, nan=0.0), -1, 1))
    colours = ramp(name).astype(np.float64) / 255
    blended = STYLES[style](in_colour(image), t[..., None], colours)
    return np.rint(255 * np.clip(blended, 0, 1)).astype(np.uint8)
