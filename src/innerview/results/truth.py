"""What each region of an image does to the answer, and the two images that show it best."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float

from innerview.reprs import short
from innerview.results.result import A_co, Result
from innerview.results.shapley import ShapleyValues
from innerview.types import Array


@short
@dataclass(frozen=True)
class ImagePart(Result["ImagePart[Array]", A_co]):
    """An image of which only some regions are shown, and what the model predicts of it.

    Attributes:
        image: as the model saw it.
        regions: that alone are shown, or that alone were taken away, by their numbers.
        prediction: number and name.
        confidence: its probability; NaN where there is none.
        fill: what stands in the place of the others, by its name.
        same: of all sets of as many regions, how many have the same outcome: the answer kept, or changed.
        sets: how many such sets there are.
    """

    image: Float[A_co, "height width channel"]
    regions: tuple[int, ...]
    prediction: str
    confidence: float
    fill: str
    same: int
    sets: int


@short
@dataclass(frozen=True)
class RegionTruth(Result["RegionTruth[Array]", A_co]):
    """Exact values of regions, with the parts of the image that decide.

    Attributes:
        values: under every fill.
        names: of the regions, by where they lie, or in the order in which somebody marked them.
        alone: the smallest set of regions that alone keeps the answer, of several the surest one.
        without: the image without the smallest set whose removal changes the answer, likewise. Both under the first
            fill under which there are such sets; None where there is none.
    """

    values: ShapleyValues[A_co]
    names: tuple[str, ...]
    alone: ImagePart[A_co] | None
    without: ImagePart[A_co] | None
