"""What the model says of an image with only some of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
from jaxtyping import Float, Int

from innerview.model import OutputKind
from innerview.reprs import short
from innerview.results.provenance import Prediction, Provenance
from innerview.results.result import A_co, Result
from innerview.types import Array, Image


@short
@dataclass(frozen=True)
class MaskingCurve(Result["MaskingCurve[Array]", A_co]):
    """Predictions when only some pixels are shown: the first-ranked ones (insertion), or all but them (deletion).

    Attributes:
        image: the image; `fill`: what stands where a pixel is taken away (pixels).
        ranking: of each pixel, 0 for the one that is kept first.
        order: "highest" or "lowest" values first, or "strongest" (absolute value): inserted, or taken away.
        fractions: of the pixels that are inserted, or taken away, in [0, 1]; `kept`: how many pixels are shown.
        logits: outputs at each fraction; `probabilities` likewise.
        class_names: one per class.
        target: number of the class that the map explains, where there is one.
        provenance: where the values come from.
        mode: "insertion", or "deletion"; in a deletion `ranking` still gives 0 to the pixel that is kept first.
        output_kind: what the outputs are, which decides what is said.
        fill_words: what the fill is; empty where it was given as an image.
        painted: the images that the model saw, where the fill depends on what is kept; `fill` is then what it makes of
            nothing.
    """

    image: Float[A_co, "height width channel"]
    fill: Float[A_co, "height width channel"]
    ranking: Int[A_co, "height width"]
    order: str
    fractions: Float[A_co, " fraction"]
    kept: Int[A_co, " fraction"]
    logits: Float[A_co, "fraction class"]
    probabilities: Float[A_co, "fraction class"]
    class_names: tuple[str, ...]
    target: int | None
    provenance: Provenance
    mode: Literal["insertion", "deletion"] = "insertion"
    output_kind: OutputKind = "logits"
    fill_words: str = ""
    painted: Float[A_co, "fraction height width channel"] | None = None

    def prediction(self, place: int) -> Prediction[A_co]:
        """What the model says at one of the shares, by its position in the list."""
        return Prediction(self.logits[place], self.probabilities[place], self.class_names, self.output_kind)

    def at(self, fractions: Sequence[float]) -> MaskingCurve[A_co]:
        """Only some of the shares, in the order given; each must be one of them."""
        places = [int(np.flatnonzero(self.fractions == share)[0]) for share in fractions]
        return replace(
            self,
            fractions=self.fractions[places],
            kept=self.kept[places],
            logits=self.logits[places],
            probabilities=self.probabilities[places],
            painted=None if self.painted is None else self.painted[places],
        )

    @property
    def images(self) -> Float[A_co, "fraction height width channel"]:
        """The images that the model saw, one per fraction."""
        if self.painted is not None:
            return self.painted
        return cast("A_co", show_only(self.image, self.fill, self.ranking, self.kept))


def show_only(
    image: Image, fill: Image, ranking: Int[np.ndarray, "height width"], kept: Int[np.ndarray, " fraction"]
) -> Float[np.ndarray, "fraction height width channel"]:
    """Keep the `kept` first-ranked pixels of `image` and put those of `fill` in the place of the others."""
    masks = ranking[None] < kept[:, None, None]
    return np.where(masks[..., None], image, fill)
