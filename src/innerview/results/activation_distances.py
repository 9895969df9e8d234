"""How far images lie from real ones in a model's own activations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.types import Array


@short
@dataclass(frozen=True)
class ActivationDistances(Result["ActivationDistances[Array]", A_co]):
    """Distances to the k-th nearest real image, of images in question and of the real ones among themselves.

    Attributes:
        distances: of each image, between unit vectors: 0 to 2.
        reference: of each real image, to the k-th nearest other one.
        layer: whose activations they are, means over positions.
        k: which neighbour.
        n_evaluations: forward passes of one image.
        provenance: where the values come from.
    """

    distances: Float[A_co, " image"]
    reference: Float[A_co, " real"]
    layer: str
    k: int
    n_evaluations: int
    provenance: Provenance

    @property
    def percentiles(self) -> Float[A_co, " image"]:
        """Of each image, the fraction of real images that lie nearer to the others than it does, in percent."""
        return 100 * (self.reference[None] < self.distances[:, None]).mean(axis=1)

    @property
    def sentence(self) -> str:
        """How unlike real images they are, with the numbers."""
        low, middle, high = np.percentile(self.percentiles, [25, 50, 75])
        return (
            f"The images lie farther from real ones than {middle:.0f} % of {len(self.reference)} real images do "
            f"(median; quartiles {low:.0f} to {high:.0f} %; {len(self.distances)} images, layer {self.layer}, "
            f"neighbour {self.k})."
        )
