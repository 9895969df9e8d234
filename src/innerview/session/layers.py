"""Which layers are shown: those that were asked for, or a few that tell most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from innerview.errors import UsageError
from innerview.layers import as_said, ends
from innerview.model import Layer, Model, find_layer
from innerview.session.evenly import evenly

MANY: Final = 24
FEWER: Final = 12
"""Of more layers than MANY, so many are shown unasked: the ends of weighted layers, evenly from first to last."""


def layers_shown(model: Model) -> list[str]:
    """Names of the layers that are shown unasked: all of a few, a dozen of many, of those whose axes are known."""
    names = [layer.name for layer in model.layers]
    if len(names) <= MANY:
        return names
    drawn = [layer.name for layer in model.layers if layer.axes] or names
    numbered = [layer.name for layer in ends(model.layers) if layer.name in drawn] or drawn
    return list(dict.fromkeys(numbered[place] for place in evenly(range(len(numbered)), FEWER)))


def choose_layers(asked_for: Sequence[str], model: Model) -> tuple[Layer, ...]:
    """Find the layers asked for, or those after a third, two thirds and all of the weighted ones that can be drawn.

    Raises:
        UnknownLayer: lists what there is.
        UsageError: of a layer that was asked for it is not known which of its axes are which, so it can't be drawn.
    """
    known = [layer for layer in ends(model.layers) if layer.axes]
    if not asked_for:
        spread = sorted({max(1, round(len(known) * part / 3)) for part in (1, 2, 3)}) if known else ()
        return tuple(known[number - 1] for number in spread)
    found = tuple(find_layer(model.layers, asked) for asked in asked_for)
    for layer in found:
        if not layer.axes:
            others = ", ".join(dict.fromkeys(as_said(one) for one in known)) or "none of this model"
            raise UsageError(
                f"layer {layer.name} can't be drawn: which of its axes (of {layer.shape}) are places in the image "
                f"and which are channels can't be told from what it does. These can be: {others}"
            ).of("axes", asked=layer.name, found=layer.shape, layer=layer.name)
    return found
