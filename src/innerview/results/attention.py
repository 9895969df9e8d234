"""Where the tokens of a transformer look."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float

from innerview.layers import TokenGrid
from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.results.verdict import Verdict
from innerview.types import Array


@short
@dataclass(frozen=True)
class Attention(Result["Attention[Array]", A_co]):
    """Attention weights, and a map of those of one query; they say where was looked, not what decided.

    Attributes:
        image: as the model saw it (pixels).
        weights: for each head how much each token (row) takes from each other (column); of a rollout one head.
        grid: which token is where in the image; class and register tokens stand beside it.
        heatmap: of the query's weights, each shared out among the pixels of its token: height × width. Their sum is
            the part of its attention that goes to the image's own tokens.
        layer: whose attention it is; of a rollout, all of them.
        method: in words.
        query: whose attention the map shows, in words.
        unit: of the map.
        score: of the image, in units of the target.
        target: number of the class, where the gradients of its score took part; else None.
        n_evaluations: passes of one image.
        provenance: where the values come from.
        notes: what should be known before the map is believed, in sentences.
        verdict: how far the map agrees with taking regions away; None where that was not asked.
    """

    image: Float[A_co, "height width channel"]
    weights: Float[A_co, "head token token"]
    grid: TokenGrid
    heatmap: Float[A_co, "height width"]
    layer: str
    method: str
    query: str
    unit: str
    score: float
    target: int | None
    n_evaluations: int
    provenance: Provenance
    notes: tuple[str, ...] = ()
    verdict: Verdict[A_co] | None = None

    @property
    def beside(self) -> Float[A_co, "head token other"]:
        """What each token takes from class and register tokens, which are nowhere in the image."""
        first = self.grid.start
        last = first + self.grid.height * self.grid.width
        others = [token for token in range(self.grid.count) if not first <= token < last]
        return self.weights[:, :, others]

    def of_token(self, token: int, head: int | None = None) -> Float[A_co, "row column"]:
        """Where one token looks, over the rows and columns of the grid.

        Args:
            token: its number; `grid.start` is the first one of the image.
            head: one of the heads; None for their mean.
        """
        rows = self.weights[:, token].mean(axis=0) if head is None else self.weights[head, token]
        first = self.grid.start
        return rows[first : first + self.grid.height * self.grid.width].reshape(self.grid.height, self.grid.width)
