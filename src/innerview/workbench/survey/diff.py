"""What changed from one model to another on the same images: answers, and reasons, beyond what both surveys may err.

    answers   images that one model alone gets right; p = P(|B − n/2| ≥ |b − n/2|), B binomial(n, ½), n = both kinds
    reasons   regions whose effects differ by more than both stated errors: |a_r − b_r| > e_r(A) + e_r(B)

McNemar 1947, exact. An effect is on the answer's log-odds, so reasons are compared where both models give one answer.

Two trainings that differ by their seed alone differ in answers and reasons too. Surveys of such, the floor, are held
against the first in the same way, and the change against each of them: the same test, on the images where one alone of
the two differs from the first.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.files.atomic import write
from innerview.reprs import short
from innerview.types import Array
from innerview.workbench.csv_table import csv_table
from innerview.workbench.survey.reading import Survey, read_survey

SAME: Final = ("regions", "fills", "crop")
"""What both surveys must have asked alike for their effects to be compared."""

CONDITIONS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
)


@short
@dataclass(frozen=True)
class ImageChange:
    """What changed for one image.

    Attributes:
        image: where it is.
        label: its class; empty where unknown.
        before: answer of the first model; `after`: of the second.
        region: whose effect changed most beyond both errors, from 0, row by row; −1 where none did, or the answers
            differ, or no effects were measured.
        change: by how much its effect changed, in the effect's own unit; NaN likewise. `beyond`: how much of it both
            errors do not explain.
    """

    image: str
    label: str
    before: str
    after: str
    region: int
    change: float
    beyond: float


@short
@dataclass(frozen=True)
class SeedNoise:
    """A training that differs from the first by its seed alone, against the first, beside what changed.

    Attributes:
        survey: its folder.
        n_images: that all three surveys have; `flips`: of them, with another answer than the first's. `flips_after`:
            with another answer of the second model. `p_flips`: of McNemar's exact test that both are as likely.
        n_compared: images whose reasons could be compared in both pairs; `reasons`, `reasons_after`, `p_reasons`:
            likewise of images whose reason differs beyond both errors. NaN where nothing could be compared.
    """

    survey: str
    n_images: int
    flips: int
    flips_after: int
    p_flips: float
    n_compared: int
    reasons: int
    reasons_after: int
    p_reasons: float

    @property
    def flip_rate_over(self) -> float:
        """Share of the answers that the change flips, less that which the seed does."""
        return (self.flips_after - self.flips) / self.n_images

    @property
    def reason_rate_over(self) -> float:
        """Likewise of reasons; 0 where none were compared."""
        return (self.reasons_after - self.reasons) / self.n_compared if self.n_compared else 0.0

    @property
    def line(self) -> str:
        """In a sentence."""
        told = (
            f"By the seed alone ({self.survey}) {self.flips:,} of {self.n_images:,} answers differ, by the change "
            f"{self.flips_after:,} (p = {self.p_flips:.2g})"
        )
        if self.n_compared:
            told += (
                f"; of {self.n_compared:,} reasons {self.reasons:,} and {self.reasons_after:,} "
                f"(p = {self.p_reasons:.2g})"
            )
        return f"{told}."


@short
@dataclass(frozen=True)
class SurveyDiff:
    """Two surveys of the same images, side by side.

    Attributes:
        n_images: in both with an answer; `n_labelled`: of them with a label that the models know.
        accuracy_before: of the first model on those, in [0, 1]; `accuracy_after`: of the second. NaN without labels.
        worse: labelled images that only the first gets right; `better`: that only the second does.
        p: of McNemar's exact test that both are as likely; 1 where nothing differs, NaN without labels.
        flips: images whose answer differs.
        n_compared: images of one answer whose effects were compared; `reasons`: of them, how many have a region whose
            effect differs by more than both stated errors.
        regions: how often each region is the one that changed most.
        changes: every image whose answer or reason changed: answers first, then by size beyond the errors.
        notes: what should be known, in sentences.
        floor: what seeds alone change, the one that changes most answers first.
    """

    n_images: int
    n_labelled: int
    accuracy_before: float
    accuracy_after: float
    worse: int
    better: int
    p: float
    flips: int
    n_compared: int
    reasons: int
    regions: tuple[int, ...]
    changes: tuple[ImageChange, ...]
    notes: tuple[str, ...]
    floor: tuple[SeedNoise, ...] = ()

    @property
    def numbers(self) -> Mapping[str, float]:
        """What a condition can be about; those over the floor are there if it is."""
        over = {
            "flip_rate_over_floor": min((one.flip_rate_over for one in self.floor), default=math.nan),
            "reason_rate_over_floor": min((one.reason_rate_over for one in self.floor), default=math.nan),
        }
        return MappingProxyType(
            {
                **(over if self.floor else {}),
                "worse": self.worse,
                "better": self.better,
                "p": self.p,
                "flips": self.flips,
                "flip_rate": self.flips / self.n_images,
                "accuracy_drop": self.accuracy_before - self.accuracy_after,
                "reasons": self.reasons,
                "reason_rate": self.reasons / self.n_compared if self.n_compared else 0.0,
            }
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """What changed, in sentences."""
        told = [f"{self.flips:,} of {self.n_images:,} images have another answer."]
        if self.n_labelled:
            told.append(
                f"Accuracy {self.accuracy_before:.2%}, then {self.accuracy_after:.2%} (n = {self.n_labelled:,}): "
                f"{self.worse:,} are wrong now, {self.better:,} right now; p = {self.p:.2g}."
            )
        if self.n_compared:
            told.append(
                f"{self.reasons:,} of {self.n_compared:,} images with the same answer have a region whose effect "
                "differs by more than both errors."
            )
        return (*told, *(one.line for one in self.floor), *self.notes)

    def write(self, file: str | Path) -> Path:
        """Write `changes` as a table."""
        names = ("image", "label", "before", "after", "region", "change", "beyond")
        write(Path(file), csv_table(names, [[getattr(one, name) for name in names] for one in self.changes]))
        return Path(file)


def diff_surveys(before: str | Path, after: str | Path, *, floor: Sequence[str | Path] = ()) -> SurveyDiff:
    """Compare two surveys of the same images, image by image.

    Args:
        before: folder of the survey of one model.
        after: of another model on the same data set; also another checkpoint, engine or precision.
        floor: of trainings that differ from the first by their seed alone, against which the change is judged.

    Raises:
        UsageError: they are of other data, of other classes, or have no image in common; a floor is of the first model.
        DataError: one can't be read.
    """
    first, second = read_survey(before), read_survey(after)
    pair = _pair(first, second)
    noise = [_noise(first, pair, read_survey(one)) for one in floor]
    own, a, b, most, change, beyond = pair.own, pair.before, pair.after, pair.region, pair.change, pair.beyond
    labels = first.labels[own]
    known = labels >= 0
    right_a, right_b = (a == labels)[known], (b == labels)[known]
    worse, better = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    compared, changed = pair.compared, pair.changed
    moved: list[int] = np.flatnonzero((a != b) | changed).tolist()
    order = sorted(
        moved,
        key=lambda at: (a[at] == b[at], -beyond[at] if changed[at] else 0.0, at),
    )
    count = int(known.sum())
    return SurveyDiff(
        n_images=len(own),
        n_labelled=count,
        accuracy_before=float(right_a.mean()) if count else math.nan,
        accuracy_after=float(right_b.mean()) if count else math.nan,
        worse=worse,
        better=better,
        p=_mcnemar(worse, better) if count else math.nan,
        flips=int((a != b).sum()),
        n_compared=int(compared.sum()),
        reasons=int(changed.sum()),
        regions=tuple(np.bincount(most[changed], minlength=_count(first)).tolist()),
        changes=tuple(
            ImageChange(
                image=first.names[int(own[at])],
                label=first.name_of(int(labels[at])),
                before=first.name_of(int(a[at])),
                after=first.name_of(int(b[at])),
                region=int(most[at]) if changed[at] else -1,
                change=float(change[at]) if changed[at] else math.nan,
                beyond=float(beyond[at]) if changed[at] else math.nan,
            )
            for at in order
        ),
        notes=pair.notes,
        floor=tuple(sorted(noise, key=lambda one: -one.flips)),
    )


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two surveys, image by image.

    Attributes:
        own: rows of the first that the second has too.
        before, after: answers.
        region, change, beyond: of the region that changed most; NaN where there are no effects.
    """

    own: Array
    before: Array
    after: Array
    region: Array
    change: Array
    beyond: Array
    notes: tuple[str, ...]

    @property
    def flipped(self) -> Array:
        return self.before != self.after

    @property
    def compared(self) -> Array:
        return ~self.flipped & ~np.isnan(self.beyond)

    @property
    def changed(self) -> Array:
        return self.compared & (self.beyond > 0)


def _pair(first: Survey, second: Survey) -> _Pair:
    for name, one, other in (
        ("data set", first.about.get("data"), second.about.get("data")),
        ("classes", first.about.get("classes"), second.about.get("classes")),
    ):
        if one != other:
            raise UsageError(
                f"{first.folder} and {second.folder} are surveys of another {name}; survey both models on the same "
                "images"
            ).of(name, asked=str(second.folder))
    places = {int(number): place for place, number in enumerate(second.index)}
    own = np.array([place for place, number in enumerate(first.index) if int(number) in places], np.int64)
    if not len(own):
        raise UsageError(
            f"{first.folder} and {second.folder} have no image in common; survey the same part of the data"
        ).of("images", asked=str(second.folder), found=0)
    other = np.array([places[int(first.index[place])] for place in own], np.int64)
    if (first.labels[own] != second.labels[other]).any():  # of streams, which have no fingerprint
        raise UsageError(
            f"{first.folder} and {second.folder} are surveys of another data set: labels differ; survey both models on "
            "the same images"
        ).of("data set", asked=str(second.folder), found="labels")
    found = _reasons(first, second, own, other)
    return _Pair(own, first.predicted[own], second.predicted[other], *found)


def _noise(first: Survey, pair: _Pair, seed: Survey) -> SeedNoise:
    """A training of another seed beside the change, on the images that all have."""
    if first.about.get("model") is not None and first.about.get("model") == seed.about.get("model"):
        raise UsageError(
            f"{seed.folder}, given as the floor, is a survey of the same model as {first.folder}, which tells "
            "nothing of seeds; give a survey of a training with another seed"
        ).of("floor", asked=str(seed.folder), found="the same model")
    floor = _pair(first, seed)
    _, one, other = np.intersect1d(pair.own, floor.own, return_indices=True)
    if not len(one):
        raise UsageError(
            f"{seed.folder} has no image in common with both surveys; survey the same part of the data"
        ).of("floor", asked=str(seed.folder), found=0)
    after, before = pair.flipped[one], floor.flipped[other]
    compared = pair.compared[one] & floor.compared[other]
    changed, noisy = pair.changed[one] & compared, floor.changed[other] & compared
    return SeedNoise(
        survey=str(seed.folder),
        n_images=len(one),
        flips=int(before.sum()),
        flips_after=int(after.sum()),
        p_flips=_mcnemar(int((before & ~after).sum()), int((after & ~before).sum())),
        n_compared=int(compared.sum()),
        reasons=int(noisy.sum()),
        reasons_after=int(changed.sum()),
        p_reasons=(
            _mcnemar(int((noisy & ~changed).sum()), int((changed & ~noisy).sum())) if compared.any() else math.nan
        ),
    )


def _reasons(first: Survey, second: Survey, own: Array, other: Array) -> tuple[Array, Array, Array, tuple[str, ...]]:
    """For each image the region that changed most beyond both errors, by how much, and how much beyond; NaN if none."""
    nothing = np.full(len(own), -1), np.full(len(own), math.nan), np.full(len(own), math.nan)
    if "effects" not in first.columns or "effects" not in second.columns:
        return (*nothing, ())
    differing = [name for name in SAME if first.about.get(name) != second.about.get(name)]
    if differing:
        return (*nothing, (f"Effects were not compared: the surveys have another {', '.join(differing)}.",))
    moved = second.columns["effects"][other] - first.columns["effects"][own]
    allowed = second.columns["effects_error"][other] + first.columns["effects_error"][own]
    rounding = np.finfo(np.float32).eps * 16 * np.abs(first.columns["effects"][own]).max(axis=1, keepdims=True)
    beyond = np.abs(moved) - allowed - rounding
    most = beyond.argmax(axis=1)
    rows = np.arange(len(own))
    return most, moved[rows, most], beyond[rows, most], ()


def _count(found: Survey) -> int:
    return found.columns["effects"].shape[1] if "effects" in found.columns else 0


def _mcnemar(worse: int, better: int) -> float:
    """The two-sided exact p-value."""
    total, fewer = worse + better, min(worse, better)
    if worse == better:
        return 1.0
    logs = [
        math.lgamma(total + 1) - math.lgamma(one + 1) - math.lgamma(total - one + 1) - total * math.log(2)
        for one in range(fewer + 1)
    ]
    return min(1.0, 2 * math.fsum(map(math.exp, logs)))


def holds(condition: str, found: SurveyDiff) -> bool:
    """Whether "flips > 5" or "accuracy_drop>0.01" is so.

    Raises:
        UsageError: it can't be read, or names no number.
    """
    match = re.fullmatch(r"\s*([a-z_]+)\s*(>=|<=|>|<)\s*([0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*", condition)
    if match is None or match[1] not in found.numbers:
        raise UsageError(
            f"the condition {condition!r} can't be read; write a number's name, >, >=, < or <=, and a limit: "
            f"accuracy_drop>0.01. The numbers are {', '.join(found.numbers)}"
        ).of("condition", asked=condition, known=found.numbers)
    return CONDITIONS[match[2]](found.numbers[match[1]], float(match[3]))
