"""What is inside a network: its weights, and what its layers give for a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float, Int

from innerview.network import Layer
from innerview.reprs import short
from innerview.results.provenance import Prediction, Provenance
from innerview.types import Array, Image


@short
@dataclass(frozen=True)
class WeightHistograms:
    """How often each layer's weights have which value, in any number of snapshots, on shared bins.

    Every weight is counted exactly once: in a bin, under, over, as NaN or as infinite.

    Attributes:
        snapshots: names, in the order of time ("before", "after").
        layers: names of the weights.
        edges: bin edges of each layer, rising, in units of the weight; all snapshots of a layer share them.
        counts: weights per bin; the last bin includes its upper edge.
        under: finite weights below the first edge; `over`: above the last.
        nan: weights that are not a number; `infinite`: plus or minus infinity.
        mean: of the finite weights (NaN if there is none); likewise `std`, `minimum` and `maximum`.
        notes: what is not counted here or stands otherwise than somebody may think, in words.
    """

    snapshots: tuple[str, ...]
    layers: tuple[str, ...]
    edges: Float[np.ndarray, "layer edge"]
    counts: Int[np.ndarray, "snapshot layer bin"]
    under: Int[np.ndarray, "snapshot layer"]
    over: Int[np.ndarray, "snapshot layer"]
    nan: Int[np.ndarray, "snapshot layer"]
    infinite: Int[np.ndarray, "snapshot layer"]
    mean: Float[np.ndarray, "snapshot layer"]
    std: Float[np.ndarray, "snapshot layer"]
    minimum: Float[np.ndarray, "snapshot layer"]
    maximum: Float[np.ndarray, "snapshot layer"]
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> Int[np.ndarray, "snapshot layer"]:
        """Number of weights, whatever their value."""
        return self.counts.sum(axis=2) + self.under + self.over + self.nan + self.infinite


@short
@dataclass(frozen=True)
class Activations:
    """What layers give for one picture.

    Attributes:
        image: the picture as the network saw it (pixels).
        prediction: what the network says of it.
        layers: by name: height × width × channel, token × channel, just channel for a layer without places, or in
            whatever order the network has it where its axes are not known.
        colours: by name: channel × (red, green, blue), the correlation in [-1, 1] of each channel with each
            colour of the picture at the layer's size; NaN where one of the two is constant, and for grey.
        provenance: where the values come from.
        about: by name, what is known of the layers; of one that is missing, its axes are told by their number.
    """

    image: Image
    prediction: Prediction
    layers: Mapping[str, Array]
    colours: Mapping[str, Float[np.ndarray, "_ 3"]]
    provenance: Provenance
    about: Mapping[str, Layer] = field(default_factory=dict[str, Layer])

    def only(self, names: Iterable[str]) -> Activations:
        """Some of the layers, in the order given, each once."""
        kept = tuple(dict.fromkeys(names))
        return replace(
            self,
            layers={name: self.layers[name] for name in kept},
            colours={name: self.colours[name] for name in kept if name in self.colours},
            about={name: self.about[name] for name in kept if name in self.about},
        )

    def positions(self, name: str) -> Array | None:
        """A layer's values as height × width × channel: tokens in their grid, one place where there are none.

        None where the axes are not known.
        """
        values, layer = self.layers[name], self.about.get(name)
        if values.ndim == 1:
            return values[None, None]
        if layer is not None:
            return layer.positions(values)
        return values if values.ndim == 3 else None
