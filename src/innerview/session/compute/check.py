"""Whether a map holds: the model is asked again, with the map's best part alone, and with the image without it.

    s(B) = S(only the blocks B) − S(all blocks but B),     p = (1 + number of other parts with s ≥ s(B)) / (1 + n)

B are the blocks of the image in which the map has most, FRACTION of them all; what is not shown is blurred. Another
part is the same set of blocks mirrored, turned and moved by chance, round the image's edges: as many blocks of the
same shape, so that a part is never held against scattered ones, which break an image up and do worse for that. S are
the log-odds of the class. Insertion and deletion: Petsiuk and others 2018, arXiv 1806.07421; the p-value is that of a
permutation test (Phipson and Smyth 2010).

The class evidence is tried first, where a model has it, then the map that was asked for. What fails is said, and the
next one is shown. Two maps may be tried, so one holds clearly up to half of the usual 5 %.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from innerview.errors import UsageError
from innerview.fills import Fill
from innerview.methods.filled import FilledPasses, make_fills
from innerview.methods.partitions import name_regions, partition
from innerview.methods.registry import CLASS_EVIDENCE
from innerview.model import Model
from innerview.results import as_attribution
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.evidence import EVIDENCE
from innerview.session.compute.integrated import is_large
from innerview.session.compute.prediction import PREDICTION, TARGET
from innerview.session.compute.truth import log_odds
from innerview.session.progress import Listener, Passing
from innerview.session.query import Query
from innerview.targets import Target
from innerview.types import Array, Image, Logits, Map
from innerview.viewer.payloads.check import Check, Kind, Tried

FRACTION: Final = 0.35
"""Of the blocks that are a map's best part."""

BLOCKS: Final = 8
"""Rows and columns of blocks, at most."""

LEAST: Final = 9
"""Blocks; with fewer there is hardly another part."""

DRAWS: Final = 99
"""Other parts that a map is held against; of a large image FEW."""

FEW: Final = 39

CLEAR: Final = 0.025
"""p up to which a map holds clearly: 5 % for the two maps that may be tried."""

WEAK: Final = 0.1
"""p up to which it is better than chance."""

SAME: Final = 1e-9
"""Scores within this are taken for equal."""

MOST_NAMES: Final = 3
ENOUGH: Final = 0.6
"""Of what a map has in its best part: regions are named until they hold as much."""

FILL: Final = "blurred"

WORDS: Final = {CLASS_EVIDENCE: "class evidence"}


def best_part(blocks: Float[np.ndarray, "row column"]) -> Bool[np.ndarray, "row column"]:
    """The blocks in which a map has most, FRACTION of them all; of equal ones the first."""
    chosen = np.zeros(blocks.size, bool)
    chosen[np.argsort(-blocks.ravel(), kind="stable")[: max(1, round(FRACTION * blocks.size))]] = True
    return chosen.reshape(blocks.shape)


def other_parts(part: Bool[np.ndarray, "row column"], number: int, seed: int) -> Bool[np.ndarray, "draw row column"]:
    """The part mirrored, turned (where the blocks are as many across as down) and moved round the edges, by chance."""
    rows, columns = part.shape
    generator = np.random.default_rng(seed)
    quarters, mirrors, down, across = (
        generator.integers(most, size=number).tolist() for most in (4 if rows == columns else 2, 2, rows, columns)
    )
    step = 1 if rows == columns else 2
    found: list[Bool[np.ndarray, "row column"]] = []
    for quarter, mirrored, y, x in zip(quarters, mirrors, down, across, strict=True):
        turned: Array = np.rot90(part, step * int(quarter))
        found.append(np.roll(turned[:, ::-1] if mirrored else turned, (int(y), int(x)), (0, 1)))
    return np.stack(found)


def block_sums(heatmap: Map, labels: Array, shape: tuple[int, int]) -> Float[np.ndarray, "row column"]:
    """What a map has in each block."""
    return np.bincount(labels.ravel(), heatmap.ravel().astype(np.float64), shape[0] * shape[1]).reshape(shape)


class Asking:
    """One image: scores and chances of what is left of it; `whole`: the outputs for all of it, 1 × class."""

    def __init__(
        self, model: Model, image: Image, target: Target, whole: Logits, passes: int, listener: Listener
    ) -> None:
        self.passes = FilledPasses(model, image, passes, listener.progress)
        self.target = target.resolve(whole[0], model.output)
        self.model, self.image = model, image
        (self.fill,) = make_fills(model, image, (FILL,))
        self.shape = min(BLOCKS, image.shape[0]), min(BLOCKS, image.shape[1])
        self.labels = partition(image.shape[0], image.shape[1], self.shape)
        self.whole = float(self.shown(whole)[0])

    def shown(self, outputs: Array) -> Array:
        """Probabilities of the class; scores where there are none."""
        index = self.target.index
        chances = self.model.output.probabilities(outputs)
        known = index is not None and bool(np.isfinite(chances[:, index]).all())
        return (chances[:, index] if known else self.target.score(outputs)).astype(np.float64)

    @property
    def has_chances(self) -> bool:
        """Whether what is shown are probabilities."""
        return self.target.index is not None and self.model.output.kind != "scores"

    def ask(self, parts: Bool[np.ndarray, "part row column"]) -> tuple[Array, Array]:
        """Scores of the parts, and what is shown of them."""
        flat = parts.reshape(len(parts), -1)
        outputs = [
            row
            for _, row in self.passes.filled(
                self.fill, lambda some: flat[some][:, self.labels], len(flat), lambda at: f"part {at} of the image"
            )
        ]
        together = np.concatenate(outputs)
        return self.target.score(together).astype(np.float64), self.shown(together)


def check(asking: Asking, heatmap: Map, method: str, draws: int, seed: int) -> Check:
    """Hold one map against parts of its size and shape elsewhere."""
    blocks = block_sums(heatmap, asking.labels, asking.shape)
    best = best_part(blocks)
    worst = best_part(-blocks)
    others = other_parts(best, draws, seed)
    nothing = np.zeros_like(best)
    scores, shown = asking.ask(np.stack([best, ~best, worst, nothing, *others, *~others]))
    s = scores[4 : 4 + draws] - scores[4 + draws :]
    reached = scores[0] - scores[1]
    limit = SAME * max(1.0, float(np.abs(scores).max()))
    judged = best.size >= LEAST and float(np.ptp(scores)) > limit and float(np.ptp(blocks)) > 0
    p = (1 + int((s >= reached - limit).sum())) / (1 + draws) if judged else float("nan")
    regions, share = _named(heatmap, best.ravel()[asking.labels])
    images = asking.fill.paint(asking.image, np.stack([best, ~best]).reshape(2, -1)[:, asking.labels])
    words = WORDS.get(method, method.replace("-", " "))
    return Check(
        method=method,
        words=words,
        blocks=blocks,
        best=best,
        images=(images[0], images[1]),
        fill=_words(asking.fill),
        unit=asking.target.unit,
        values=(asking.whole, *(float(one) for one in shown[:4])),  # pyright: ignore[reportArgumentType] four of them
        only=shown[4 : 4 + draws],
        without=shown[4 + draws :],
        chances=asking.has_chances,
        p=p,
        kind=_kind(p),
        regions=regions,
        share=share,
        tried=(Tried(words, _kind(p), p),),
        n_evaluations=asking.passes.done,
    )


def _words(fill: Fill) -> str:
    return fill.words.partition(" (")[0]


def _kind(p: float) -> Kind:
    if np.isnan(p):
        return "not judged"
    return "clear" if p <= CLEAR else "weak" if p <= WEAK else "chance"


def _named(heatmap: Map, shown: Bool[np.ndarray, "height width"]) -> tuple[tuple[str, ...], float]:
    """Names of the regions that hold most of what the map has in a part, and their share of it."""
    height, width = heatmap.shape
    labels = partition(height, width, (min(3, height), min(3, width)))
    held = np.where(shown, np.maximum(heatmap, 0), 0).astype(np.float64)
    sums = np.bincount(labels.ravel(), held.ravel())
    if not sums.sum() > 0:
        return (), 0.0
    order: list[int] = np.argsort(-sums, kind="stable").tolist()
    parts = np.cumsum(sums[order]) / sums.sum()
    number = min(MOST_NAMES, 1 + int((parts < ENOUGH).sum()))
    names = name_regions(labels)
    return tuple(names[at] for at in order[:number]), float(parts[number - 1])


def _work(source: Source, query: Query, listener: Listener) -> Check:
    """The first map that holds clearly; the one that chance reaches least often where none does."""
    model, image = source.model(query), source.photo(query).image
    draws = FEW if is_large(image) else DRAWS
    maps = [CLASS_EVIDENCE, query.method]
    whole = source.result(PREDICTION, query, listener).logits[None]
    target = log_odds(source, query, listener)
    asking = Asking(model, image, target, whole, len(maps) * (4 + 2 * draws), listener)
    found: list[Check] = []
    for method in maps:
        heatmap = _heatmap(source, query, method, listener)
        if heatmap is None:
            continue
        found.append(check(asking, heatmap, method, draws, query.seed))
        if found[-1].kind == "clear":
            break
        listener.level(_shown(found, asking))
    return _shown(found, asking)


def _shown(found: list[Check], asking: Asking) -> Check:
    """The one that chance reaches least often, with all that were tried."""
    best = min(found, key=lambda one: 2.0 if np.isnan(one.p) else one.p)
    return replace(best, tried=tuple(one.tried[0] for one in found), n_evaluations=asking.passes.done)


def _heatmap(source: Source, query: Query, method: str, listener: Listener) -> Map | None:
    """None where the model has no class evidence."""
    if method != CLASS_EVIDENCE:
        return as_attribution(source.result(ATTRIBUTION, query, Passing(listener))).heatmap
    try:
        return source.result(EVIDENCE, query, listener).heatmap
    except UsageError:  # most models have no such end
        return None


CHECK: Final = Computation(
    TARGET | ATTRIBUTION.fields | {"seed"}, _work, lambda found: 3 * found.images[0].nbytes + 4096
)
