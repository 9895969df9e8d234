"""What is inside a model: its weights, and what its layers give for an image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from jaxtyping import Float, Int, Shaped

from innerview.model import Layer
from innerview.reprs import short
from innerview.results.provenance import Prediction, Provenance
from innerview.results.result import A_co, Result
from innerview.types import Array


@short
@dataclass(frozen=True)
class WeightHistograms(Result["WeightHistograms[Array]", A_co]):
    """How often each layer's weights have which value, in any number of checkpoints, on shared bins.

    Every weight is counted exactly once: in a bin, under, over, as NaN or as infinite.

    Attributes:
        checkpoints: names, in the order of time ("before", "after").
        layers: names of the weights.
        edges: bin edges of each layer, rising, in units of the weight; all checkpoints of a layer share them.
        counts: weights per bin; the last bin includes its upper edge.
        under: finite weights below the first edge; `over`: above the last.
        nan: weights that are not a number; `infinite`: plus or minus infinity.
        mean: of the finite weights (NaN if there is none); likewise `std`, `minimum` and `maximum`.
        distance: how far each checkpoint's weights are from the last one's, as a fraction of the size (Euclidean norm)
            of those; NaN where one has none, or others in number; None where it was not worked out.
        notes: what is not counted here or stands otherwise than somebody may think, in words.
    """

    checkpoints: tuple[str, ...]
    layers: tuple[str, ...]
    edges: Float[A_co, "layer edge"]
    counts: Int[A_co, "checkpoint layer bin"]
    under: Int[A_co, "checkpoint layer"]
    over: Int[A_co, "checkpoint layer"]
    nan: Int[A_co, "checkpoint layer"]
    infinite: Int[A_co, "checkpoint layer"]
    mean: Float[A_co, "checkpoint layer"]
    std: Float[A_co, "checkpoint layer"]
    minimum: Float[A_co, "checkpoint layer"]
    maximum: Float[A_co, "checkpoint layer"]
    notes: tuple[str, ...] = ()
    distance: Float[A_co, "checkpoint layer"] | None = None

    @property
    def sizes(self) -> Int[A_co, "checkpoint layer"]:
        """Number of weights, whatever their value."""
        return self.counts.sum(axis=2) + self.under + self.over + self.nan + self.infinite


@short
@dataclass(frozen=True)
class Activations(Result["Activations[Array]", A_co]):
    """What layers give for one image.

    Attributes:
        image: the image as the model saw it (pixels).
        prediction: what the model says of it.
        layers: by name: height × width × channel, token × channel, just channel for a layer without places, or in
            whatever order the model has it where its axes are not known.
        colours: by name: channel × (red, green, blue), the correlation in [-1, 1] of each channel with each
            colour of the image at the layer's size; NaN where one of the two is constant, and for grey.
        provenance: where the values come from.
        about: by name, what is known of the layers; of one that is missing, its axes are told by their number.
    """

    image: Float[A_co, "height width channel"]
    prediction: Prediction[A_co]
    layers: Mapping[str, Shaped[A_co, "*_positions _channel"]]
    colours: Mapping[str, Float[A_co, "_ 3"]]
    provenance: Provenance
    about: Mapping[str, Layer] = field(default_factory=dict[str, Layer])

    def only(self, names: Iterable[str]) -> Activations[A_co]:
        """Some of the layers, in the order given, each once."""
        kept = tuple(dict.fromkeys(names))
        return replace(
            self,
            layers={name: self.layers[name] for name in kept},
            colours={name: self.colours[name] for name in kept if name in self.colours},
            about={name: self.about[name] for name in kept if name in self.about},
        )

    def positions(self, name: str) -> A_co | None:
        """A layer's values as height × width × channel: tokens in their grid, one place where there are none.

        None where the axes are not known.
        """
        values, layer = self.layers[name], self.about.get(name)
        if values.ndim == 1:
            return values[None, None]
        if layer is not None:
            return cast("A_co | None", layer.positions(values))
        return values if values.ndim == 3 else None
