"""Shapley values of an image's regions, exact: every coalition of regions is shown to the model once.

    v(T) = S(image with the regions of T, the others filled),   φ_r as in `coalitions`,   Σ φ_r = S(image) − S(fill)

Shapley 1953; Strumbelj and Kononenko 2010; Lundberg and Lee 2017, arXiv 1705.07874, who sample what is worked out in
full here. 2ⁿ − 1 forward passes for each fill and one for the image; no gradients. From the same passes come
Banzhaf values, interactions of pairs, and two answers that need no score: the *sufficient* sets, which alone keep the
model's answer, and the *decisive* ones, whose removal changes it (prime implicants; Darwiche and Hirth 2020, arXiv
2002.09284). What is put in place of a region is a part of the question, so several fills are asked, and what they
disagree in is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.errors import UsageError
from innerview.fills import DEFAULT_FILLS, Fill
from innerview.methods.coalitions import (
    banzhaf_values,
    interactions,
    members,
    minimal_sets,
    name_coalition,
    shapley_values,
)
from innerview.methods.filled import FilledPasses, make_fills, require_fills, rounding_of
from innerview.methods.passes import Progress, check_image
from innerview.methods.regions import Regions, divide
from innerview.model import Model
from innerview.results import Provenance
from innerview.results.shapley import Sets, ShapleyValues
from innerview.spec import answer_name, decides
from innerview.targets import Target, label
from innerview.types import Array, Image

DEFAULT_REGIONS: Final = 10
MOST_REGIONS: Final = 12
"""Each one more doubles the passes; 12 take 4,095 for each fill."""


def shapley(
    model: Model,
    image: Image,
    target: Target,
    *,
    regions: Regions = DEFAULT_REGIONS,
    fills: Sequence[str | Image | Fill] = DEFAULT_FILLS,
    max_evaluations: int | None = None,
    progress: Progress | None = None,
) -> ShapleyValues:
    """Show the model every coalition of regions, under every fill, and share the score out among the regions.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        regions: a number of regions (2 to 12) as square and equal as pixels allow; rows and columns of a grid; the
            number of each pixel's region, from 0, such as segments or a mask; masks (the rest of the image is a region
            too); or "superpixels" ("superpixels:8" for so many), which follow the image's colours (extra
            `superpixels`).
        fills: what stands where a region is taken away: names (see `fills.FILLS`) or images.
        max_evaluations: refuse to begin if it takes more passes.
        progress: called with passes done and in all.

    Raises:
        UsageError: fewer than 2 regions or more than 12, more passes than allowed, an unknown fill or none, a target
            without meaning here.
        MissingExtra: superpixels without scikit-image.
        ImageError: the image, an image that fills, or the labels do not fit the model.
        ModelError: an output is NaN or infinite; says for which regions.
    """
    check_image(model, image, "image")
    divided = divide(image, regions, DEFAULT_REGIONS)
    labels, number = divided.labels, divided.number
    count_passes(number, len(fills), max_evaluations)
    made = make_fills(model, image, fills)
    asked = _Asking(model, image, labels, target, progress, len(made))
    seen = [asked.coalitions(fill) for fill in made]
    scores, answers, confidences = (np.stack(parts) for parts in zip(*seen, strict=True))
    kept = answers == asked.answer
    told = decides(model.output)
    sufficient = tuple(minimal_sets(row) if told else () for row in kept)
    decisive = tuple(minimal_sets(~row[::-1]) if told else () for row in kept)
    judged = _is_judged(scores, model)
    values = np.where(judged[:, None], np.stack([shapley_values(row) for row in scores]), 0.0)  # of rounding, none
    names = [fill.name for fill in made]
    found = ShapleyValues(
        image=image,
        labels=labels,
        fills=tuple(fill.words for fill in made),
        scores=scores,
        answers=answers,
        confidences=confidences,
        values=values,
        banzhaf=np.stack([banzhaf_values(row) for row in scores]),
        interactions=np.stack([interactions(row) for row in scores]),
        sufficient=sufficient,
        decisive=decisive,
        answer=label(asked.answer, model.output.class_names) if told else "",
        unit=asked.unit,
        score=float(scores[0, -1]),
        target=asked.index,
        n_evaluations=asked.done,
        provenance=Provenance.of(model, asked.described, regions=divided.words),
    )
    most = (*_most(values, asked.unit), *_disagreement(found, names)) if judged.any() else ()
    noted = (*divided.notes, *_unjudged(names, judged), *most)
    return replace(found, notes=(*noted, *_parts(sufficient, decisive, names, asked.answer_name)))


def count_passes(number: int, fills: int, most: int | None = None) -> int:
    """How many passes so many regions and fills take.

    Raises:
        UsageError: too few or too many regions, no fill, or more passes than `most`.
    """
    if not 2 <= number <= MOST_REGIONS:
        raise UsageError(
            f"exact Shapley values of {number} regions were asked for; they take 2 to the number of regions in passes, "
            f"so from 2 to {MOST_REGIONS} are taken: ask for fewer and larger regions"
        ).of("regions", asked=number, limit=MOST_REGIONS)
    require_fills(fills)
    passes = fills * (2**number - 1) + 1
    if most is not None and passes > most:
        raise UsageError(
            f"{number} regions under {fills} fills take {passes} passes, and max_evaluations is {most}; raise it, or "
            "ask for fewer regions or fills"
        ).of("max_evaluations", asked=most, found=passes)
    return passes


class _Asking:
    """One image under question: what the model says of it, and of its coalitions as they are asked for."""

    def __init__(
        self,
        model: Model,
        image: Image,
        labels: Int[np.ndarray, "height width"],
        target: Target,
        progress: Progress | None,
        fills: int,
    ) -> None:
        self._model, self._labels = model, labels
        self._members = members(int(labels.max()) + 1)
        self._passes = FilledPasses(model, image, fills * (len(self._members) - 1) + 1, progress)
        outputs = self._passes.whole()
        self._target = target.resolve(outputs[0], model.output)
        self._whole = self._told(outputs)
        self.answer = int(self._whole[1][0])
        self.unit, self.index = self._target.unit, self._target.index
        self.described = self._target.describe(model.output.class_names)
        self.answer_name = answer_name(self.answer, model.output.class_names) if self.answer >= 0 else ""

    @property
    def done(self) -> int:
        """Passes so far."""
        return self._passes.done

    def coalitions(self, fill: Fill) -> tuple[Array, Array, Array]:
        """Score, answer and its probability for every coalition; of the full one they are known."""
        shown = self._passes.filled(
            fill,
            lambda some: self._members[some][:, self._labels],
            len(self._members) - 1,
            lambda number: name_coalition(self._members[number]),
        )
        parts = [self._told(outputs) for _, outputs in shown]
        scores, answers, confidences = (np.concatenate(rows) for rows in zip(*parts, self._whole, strict=True))
        return scores, answers, confidences

    def _told(self, outputs: Array) -> tuple[Array, Array, Array]:
        output = self._model.output
        probabilities = output.probabilities(outputs)
        score = self._target.score(outputs).astype(np.float64)
        if not decides(output):
            return score, np.full(len(outputs), -1), np.full(len(outputs), np.nan)
        answers = output.decide(outputs).astype(np.int64)
        padded = np.column_stack([probabilities, self._absent(probabilities)]).astype(np.float64)
        return score, answers, padded[np.arange(len(answers)), answers]

    @staticmethod
    def _absent(probabilities: Array) -> Array:
        """Probability of the answer behind the classes: of "not" a single one; of several there is none."""
        return 1 - probabilities[:, 0] if probabilities.shape[1] == 1 else np.full(len(probabilities), np.nan)


def _is_judged(scores: Float[np.ndarray, "fill coalition"], model: Model) -> Bool[np.ndarray, " fill"]:
    """Under which fills the model gives more than one score."""
    return scores.max(axis=1) - scores.min(axis=1) > rounding_of(model, scores)


def _unjudged(names: Sequence[str], judged: Bool[np.ndarray, " fill"]) -> tuple[str, ...]:
    """Say under which fills nothing can be judged, since the model gives one score whatever is shown."""
    same = [name for name, found in zip(names, judged, strict=True) if not found]
    if not same:
        return ()
    told = "the model does not look at the image, or the fill is the image itself"
    return (f"Cannot be judged under {' and '.join(same)}: the score is the same whichever regions are shown; {told}.",)


def _most(values: Float[np.ndarray, "fill region"], unit: str) -> tuple[str, ...]:
    middle = values.mean(axis=0)
    found = [f"Region {middle.argmax()} has the most: {_over(values[:, middle.argmax()], unit)}."]
    if middle.min() < 0:
        found.append(f"Region {middle.argmin()} has the least: {_over(values[:, middle.argmin()], unit)}.")
    return (" ".join(found),)


def _over(values: Array, unit: str) -> str:
    """A region's value, and over several fills its range."""
    told = f"{values.mean():+.3g} {unit}"
    return told if len(values) == 1 else f"{told} ({values.min():+.3g} to {values.max():+.3g} over {len(values)} fills)"


def _disagreement(found: ShapleyValues, names: Sequence[str]) -> tuple[str, ...]:
    if len(names) == 1:
        return (f"One fill was asked ({names[0]}): whether the values hold under another is not known.",)
    if not found.unsure_regions:
        return ("The fills agree which regions speak for and which against.",)
    unsure = _regions(found.unsure_regions)
    return (f"Fills disagree about the sign of {unsure}: neither for nor against can be said of them.",)


def _regions(found: Sequence[int]) -> str:
    """Regions in words: "region 3", "regions 3 and 5"."""
    *first, last = map(str, found)
    return f"regions {', '.join(first)} and {last}" if first else f"region {last}"


def _parts(sufficient: Sequence[Sets], decisive: Sequence[Sets], names: Sequence[str], answer: str) -> tuple[str, ...]:
    """Say the smallest sets under each fill."""
    told: list[str] = []
    for name, enough, needed in zip(names, sufficient, decisive, strict=True):
        if not enough:
            continue
        if not enough[0]:
            told.append(f"Under {name} the fill alone is called {answer}.")
            continue
        kept = f"Under {name} {_regions(enough[0])} alone {'is' if len(enough[0]) == 1 else 'are'} called {answer}"
        others = sum(len(one) == len(enough[0]) for one in enough) - 1
        more = f" (and {others} other sets of as many)" if others > 1 else " (and 1 other set of as many)" * others
        gone = f"; without {_regions(needed[0])} the image is not" if needed else ""
        told.append(f"{kept}{more}{gone}.")
    return tuple(told)
