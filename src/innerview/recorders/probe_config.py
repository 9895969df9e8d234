"""What a recorder looks at: probe images, their classes, the layers, and what is declared of input and output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from innerview.errors import UsageError
from innerview.model import InputSpec, Layer, OutputSpec, belonging, find_layer, numbered
from innerview.types import Array


@dataclass(frozen=True)
class ProbeConfig:
    """What is looked at.

    Attributes:
        probes: images, batch in front: pixels in [0, 1] (height × width × channel) if `input` is declared, else what
            the model itself takes; an array or a tensor of the model's framework. None: weights and gradients only.
        labels: the true class of each probe, by number; empty if not known.
        layers: names, or numbers as people count; empty for what follows each convolution and dense layer.
        input: the image that the model takes and how pixels become its input, as for `innerview.wrap`.
        output: what it gives, as for `innerview.wrap`.
        maps: how many probes (the first) get an integrated-gradients map; needs `input` and `output`.
    """

    probes: Any = None
    labels: Sequence[int] = ()
    layers: Sequence[str | int] = ()
    input: InputSpec | None = None
    output: OutputSpec | None = None
    maps: int = 0

    def __post_init__(self) -> None:
        if (self.input is None) != (self.output is None):
            raise UsageError("only one of input= and output= was declared; declare both, as for innerview.wrap").of(
                "input"
            )
        if self.probes is None and (self.labels or self.layers):
            raise UsageError("labels or layers were given without images to look at; give some: probes=images").of(
                "probes", found=0
            )
        if self.probes is not None and len(self.labels) not in {0, len(self.probes)}:
            raise UsageError(
                f"{len(self.labels)} labels were given for {len(self.probes)} probe images; give one for each"
            ).of("labels", asked=len(self.probes), found=len(self.labels))
        if self.maps < 0:
            raise UsageError(f"{self.maps} maps were asked for; give 0 or more").of("maps", asked=self.maps, limit=0)
        if self.output is not None:
            self._check_labels(len(self.output.answers))

    def _check_labels(self, classes: int) -> None:
        wrong = [label for label in self.labels if not 0 <= label < classes]
        if wrong:
            raise UsageError(f"a probe was given class {wrong[0]}; the classes are 0 to {classes - 1}").of(
                "labels", asked=wrong[0], limit=classes - 1
            )

    @property
    def pixels(self) -> Array | None:
        """The probes as pixels, if it is declared what the model takes; None otherwise.

        Raises:
            UsageError: they are no floats; `ModelError`: they have another shape.
        """
        if self.probes is None or self.input is None:
            return None
        pixels = np.asarray(self.probes)
        self.input.check(pixels)
        if not np.issubdtype(pixels.dtype, np.floating):
            raise UsageError(
                f"the probe images are {pixels.dtype}; pixels are floats in [0, 1]: divide bytes by 255"
            ).of("dtype", found=str(pixels.dtype))
        return pixels


def chosen_layers(layers: Sequence[Layer], asked: Sequence[str | int]) -> tuple[str, ...]:
    """Name the layers to look at: those asked for, or for each convolution and dense layer the activation after it.

    Where no activation belongs to it, it is the layer itself. Layers whose channels can't be told are left out.

    Raises:
        UnknownLayer: lists what there is.
    """
    if asked:
        chosen = [find_layer(layers, one) for one in asked]
        for layer in chosen:
            if layer.shape and not layer.axes:
                raise UsageError(
                    f"layer {layer.name} can't be recorded channel by channel: which of its axes (of {layer.shape}) "
                    "are channels can't be told from what it does. Name another layer, or none for those that can"
                ).of("axes", layer=layer.name, found=layer.shape)
        return tuple(dict.fromkeys(layer.name for layer in chosen))
    found = list[str]()
    for position, layer in numbered(layers):
        activations = [one for one in belonging(layers, position) if one.kind == "activation"]
        chosen_one = (activations or [layer])[0]
        if chosen_one.axes or not chosen_one.shape:
            found.append(chosen_one.name)
    return tuple(dict.fromkeys(found))
