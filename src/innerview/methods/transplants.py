"""Transplants: what a part or a trait of one image does to the score when it is put into others.

    e(x, way) = mean over hosts y of  S(way(y, x)) − S(y)

`x` gives, each host `y` is an image that the model calls something else, and S is the score of one class. A way takes a
region of a grid, the border, the colours (each channel's mean and standard deviation) or the fine detail (what a blur
takes away). It needs no statement of what is "absent": every pixel of the result comes from a photo.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from innerview.errors import UsageError
from innerview.fills import blur
from innerview.methods.passes import batches, forward_logits, forward_similar, require_finite, similar_at_once
from innerview.methods.segments import grid_segments
from innerview.model import Model
from innerview.targets import Target
from innerview.types import Array, Image, Images, Logits

Way: TypeAlias = Callable[[Image], Images]
"""Of an image: the hosts with what it gave."""

GRID: Final = (3, 3)

BORDER: Final = 1 / 10
"""Width of the border, as a fraction of the shorter side."""

FINE: Final = 1 / 32
"""Sigma of the blur that divides detail from the rest, as a fraction of the longer side."""


COLOUR, DETAIL, BORDER_WAY = "colour", "detail", "border"


def way_names() -> tuple[str, ...]:
    """Every way: region 0 to 8, row by row, border, colour, detail."""
    return (*(f"region {number}" for number in range(GRID[0] * GRID[1])), BORDER_WAY, COLOUR, DETAIL)


def mask_of(way: str, height: int, width: int) -> Array | None:
    """The pixels (height × width) that a way takes; None of one that takes a trait of all."""
    if way in {COLOUR, DETAIL}:
        return None
    if way == BORDER_WAY:
        wide = max(1, round(min(height, width) * BORDER))
        border = np.ones((height, width), bool)
        border[wide:-wide, wide:-wide] = False
        return border
    return grid_segments(height, width, *GRID) == int(way.removeprefix("region "))


def _way(name: str, hosts: Images) -> Way:
    if name == COLOUR:
        return _coloured(hosts)
    if name == DETAIL:
        return _detailed(hosts)
    mask = mask_of(name, *hosts.shape[1:3])
    assert mask is not None  # noqa: S101 of what is left, every way has one
    return lambda image: np.where(mask[..., None], image, hosts)


def _coloured(hosts: Images) -> Way:
    """Each channel of a host with the mean and standard deviation of the image's."""
    spread = np.maximum(hosts.std(axis=(1, 2), keepdims=True), 1e-3)
    plain = (hosts - hosts.mean(axis=(1, 2), keepdims=True)) / spread
    return lambda image: np.clip(plain * image.std(axis=(0, 1)) + image.mean(axis=(0, 1)), 0, 1)


def _detailed(hosts: Images) -> Way:
    """A host's coarse half with the image's fine one."""
    coarse = np.stack([one - fine_of(one) for one in hosts])
    return lambda image: np.clip(coarse + fine_of(image), 0, 1)


def fine_of(image: Image) -> Image:
    """The fine detail of an image: what a slight blur takes away."""
    return image - blur(image, max(image.shape[:2]) * FINE)


@dataclass(frozen=True, eq=False)
class Transplanted:
    """What each image did to each host, in each way (image × way × host).

    Attributes:
        effect: what it adds to the score.
        answered: whether the class is the model's answer then.
    """

    effect: Float[np.ndarray, "image way host"]
    answered: Bool[np.ndarray, "image way host"]


def transplants(
    model: Model,
    images: Images,
    hosts: Float[np.ndarray, "host height width channel"],
    target: Target,
    names: Sequence[str],
) -> Transplanted:
    """Put parts and traits of each image into each host.

    Args:
        model: any model; no gradients are needed.
        images: that give (pixels in [0, 1]).
        hosts: that receive.
        target: of a class that is fixed.
        names: of the ways.

    Raises:
        UsageError: there is no such way, or the target leaves its class open.
        ModelError: an output is NaN or infinite.
    """
    unknown = set(names) - set(way_names())
    if unknown or target.index is None:
        asked = f"the way {min(unknown)!r}" if unknown else "a target without a class"
        raise UsageError(f"{asked} was asked for; ways are {', '.join(way_names())}, of a class that is fixed").of(
            "ways", asked=asked, known=way_names()
        )
    chosen, dtype = [_way(name, hosts) for name in names], model.dtype
    before = target.score(forward_logits(model, hosts))
    each = max(1, similar_at_once(model) // (len(chosen) * len(hosts)))
    outputs = np.concatenate(
        [
            _passed(model, np.stack([way(image).astype(dtype) for image in images[part] for way in chosen]))
            for part in batches(len(images), each)
        ]
    )
    shape = (len(images), len(names), len(hosts))
    return Transplanted(
        effect=target.score(outputs).reshape(shape) - before,
        answered=(outputs.argmax(axis=1) == target.index).reshape(shape),
    )


def _passed(model: Model, made: Float[np.ndarray, "made host height width channel"]) -> Logits:
    """Outputs, made × host in a row; those of a host are asked for together, as they agree in large parts."""
    together = np.moveaxis(made, 1, 0).reshape(-1, *made.shape[2:])
    found = np.concatenate([outputs for _, outputs in forward_similar(model, together)])
    require_finite(model, together, found, "output")
    return np.moveaxis(found.reshape(made.shape[1], made.shape[0], -1), 0, 1).reshape(len(together), -1)
