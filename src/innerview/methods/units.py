"""Which channels of a model are dead, and which are saturated where their gradient is gone, over many images.

A channel is *dead* if it is above 0 at no place of any image: what follows it never sees it fire. One that does
fire is *saturated* if, at nearly all places of all images, it lies so close to the ELU's floor of -1 that the slope
there (the value plus 1) is below 0.01: then hardly any gradient comes through it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from innerview.methods.passes import batches, require_finite
from innerview.model import Model, ends
from innerview.reprs import short
from innerview.types import Array, Images

SLOPE: Final = 0.01
"""Below this slope of the ELU a value counts as saturated: it lies under SLOPE - 1."""

NEARLY_ALL: Final = 0.95
"""A channel is saturated if at least this share of its values is saturated."""


@short
@dataclass(frozen=True)
class LayerUnits:
    """What one layer's channels do over many images.

    Attributes:
        layer: its name.
        positive: share of each channel's values above 0, over all images and places, in [0, 1].
        saturated: share of each channel's values where the slope is below SLOPE, in [0, 1].
    """

    layer: str
    positive: Float[np.ndarray, " channel"]
    saturated: Float[np.ndarray, " channel"]

    @property
    def dead(self) -> Array:
        """Numbers, from 0, of the channels that are never above 0."""
        return np.flatnonzero(self.positive == 0)

    @property
    def saturated_channels(self) -> Array:
        """Numbers, from 0, of the channels that fire somewhere, and of which nearly all values are saturated."""
        return np.flatnonzero((self.saturated >= NEARLY_ALL) & (self.positive > 0))


def units(model: Model, images: Images) -> list[LayerUnits]:
    """Pass images and take down what each channel does after each weighted layer (behind its activation).

    Layers whose channels can't be told from what they do (attention by head, say) are left out.

    Args:
        model: any model; no gradients are needed.
        images: pixels in [0, 1], batch × height × width × channel.

    Raises:
        ModelError: the images have another shape, or the outputs are not finite.
    """
    model.input.check(images)
    names = [layer.name for layer in ends(model.layers) if layer.axes]
    sums: dict[str, Array] = {}
    for part in batches(len(images), model.batch_size):
        answer = model.forward(images[part], names)
        require_finite(model, images[part], answer.outputs, "output")
        for name, values in answer.activations.items():
            places = values.reshape(-1, values.shape[-1])
            counts = np.stack([(places > 0).sum(axis=0), (places < SLOPE - 1).sum(axis=0)])
            share = len(answer.outputs) / len(images) / len(places)
            sums[name] = sums.get(name, np.zeros(counts.shape)) + share * counts
    return [LayerUnits(name, sums[name][0], sums[name][1]) for name in names]
