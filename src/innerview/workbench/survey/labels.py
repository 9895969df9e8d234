"""Which labels of a data set may be wrong: those to which the model gives the least probability.

    self-confidence   p(label), the lowest first
    agreement         share of the k nearest images, by the cosine between features, that have the label

Self-confidence is that of Northcutt, Jiang and Chuang 2021 (arXiv 1911.00068); it ranks wrong labels well where the
model did not learn these images. Agreement (Zhu and others 2022, arXiv 2110.06283) is told beside it and ranks nothing:
of flipped labels, the mean of both finds no more (docs/evidence/survey.md). It says what images like it are called.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from innerview.errors import UsageError
from innerview.files.atomic import write
from innerview.methods.passes import batches
from innerview.reprs import short
from innerview.types import Array
from innerview.workbench.csv_table import csv_table
from innerview.workbench.survey.dynamics import read_dynamics
from innerview.workbench.survey.reading import Survey, read_survey

Rank: TypeAlias = Literal["probability", "margin"]

NEIGHBOURS: Final = 20
AT_ONCE: Final = 512
"""Images whose neighbours are looked for at once."""

Pair: TypeAlias = tuple[str, str, float, bool]
"""Two images, the cosine between their features, and whether their labels agree."""

ALIKE: Final = 0.999
"""Cosine of the features from which on two images are nearly the same."""


@short
@dataclass(frozen=True)
class Suspect:
    """A label that may be wrong.

    Attributes:
        image: where it is; `index`: its number in the data set.
        label: that it has.
        predicted: by the model.
        neighbours_say: the label that most of its neighbours have; empty without features.
        p_label: probability that the model gives the label, in [0, 1]; `p_predicted`: that it
            gives its answer.
        agreement: share of the neighbours that have the label, in [0, 1]; NaN without features.
        region: that speaks most for the prediction, where that is not the label: the place in the grid, row by row; −1
            where nothing was measured. `effect`: what it does to the prediction's score, in its unit, with `error`.
        margin: mean over the checkpoints of log p(label) − log p(the most probable other), in nats; NaN without any.
        believed: share of the checkpoints that predict the label, in [0, 1]; `forgotten`: how often a checkpoint did
            and the next one did not; NaN and −1 likewise.
    """

    image: str
    index: int
    label: str
    predicted: str
    neighbours_say: str
    p_label: float
    p_predicted: float
    agreement: float
    region: int = -1
    effect: float = math.nan
    error: float = math.nan
    margin: float = math.nan
    believed: float = math.nan
    forgotten: int = -1


@short
@dataclass(frozen=True)
class LabelAudit:
    """All labels of a survey, those that the model believes least first.

    Attributes:
        suspects: every labelled image in that order.
        duplicates: pairs of images that are nearly the same to the model, those with different labels first: image,
            image, cosine, whether the labels agree.
        notes: what should be known, in sentences.
        across: pairs of an image and one of the training's survey that are nearly the same, in the same order.
        columns: of the grid of regions; 0 without one.
    """

    suspects: tuple[Suspect, ...]
    duplicates: tuple[Pair, ...]
    notes: tuple[str, ...]
    across: tuple[Pair, ...] = ()
    columns: int = 0

    def place_of(self, one: Suspect) -> str:
        """Where the region lies that misled, in words; empty where there is none."""
        if one.region < 0 or not self.columns:
            return ""
        return f"the region in row {one.region // self.columns + 1}, column {one.region % self.columns + 1}"

    def write(self, folder: str | Path, count: int) -> tuple[Path, ...]:
        """Write the first `count` suspects as labels.csv, and the pairs as duplicates.csv and across.csv.

        What nothing is known of is an empty cell.
        """
        names = tuple(one.name for one in fields(Suspect))
        rows = [[_told(getattr(one, name)) for name in names] for one in self.suspects[:count]]
        found = [Path(folder) / "labels.csv"]
        write(found[0], csv_table(names, rows))
        for name, pairs in (("duplicates", self.duplicates), ("across", self.across)):
            if pairs:
                found.append(Path(folder) / f"{name}.csv")
                write(found[-1], csv_table(("image", "other", "cosine", "same_label"), pairs))
        return tuple(found)


def audit_labels(
    folder: str | Path,
    *,
    neighbours: int | None = None,
    train: str | Path | None = None,
    checkpoints: Sequence[str | Path] = (),
    rank: Rank = "probability",
) -> LabelAudit:
    """Rank the labels of a survey by how likely they are wrong.

    Args:
        folder: that `innerview.survey` wrote, of a data set with labels.
        neighbours: how many images with the most similar features are looked at; None for 20, or all of fewer.
        train: a survey by the same model of the images that were learnt from: those that are nearly alike are paired.
        checkpoints: surveys of the same images by the training's checkpoints, in the order of their steps; what they
            say is told beside each label.
        rank: by which number, the lowest first: "probability" of the label, or its "margin" over the checkpoints, which
            finds more where these images were learnt from (docs/evidence/survey.md).

    Raises:
        UsageError: no probabilities or labels; too few images for so many neighbours; another survey is of another
            model, other data or other classes.
        DataError: the survey can't be read.
    """
    found = read_survey(folder)
    known: Array = np.flatnonzero(found.labels >= 0)
    probabilities = found.columns.get("probabilities")
    if not len(known) or probabilities is None:
        what = "probabilities" if len(known) else "labels that the model knows"
        raise UsageError(f"the survey in {found.folder} has no {what}; labels can't be judged by it").of(
            what, asked=str(found.folder), found=None
        )
    count = min(NEIGHBOURS, len(known) - 1) if neighbours is None else neighbours
    if not 1 <= count < len(known):
        raise UsageError(
            f"{count} neighbours were asked for among {len(known)} labelled images; an image is not its own: give "
            "fewer, or survey more images"
        ).of("neighbours", asked=count, limit=len(known) - 1)
    labels = found.labels[known]
    images: list[str] = [found.names[int(place)] for place in known]
    chances = _chances(found, probabilities[known])
    own = chances[np.arange(len(known)), labels]
    agreement = np.full(len(known), math.nan)
    said: list[str] = [""] * len(known)
    pairs: tuple[Pair, ...] = ()
    notes = ["A model that learnt these images knows their labels by heart: audit images that it did not learn."]
    features = found.columns.get("features")
    if features is None:
        notes.append("The survey has no features, so nothing is said of images like it.")
    else:
        votes, alike = neighbours_of(features[known], labels, chances.shape[1], count)
        agreement = votes[np.arange(len(known)), labels] / count
        said = [found.name_of(int(one)) for one in votes.argmax(axis=1)]
        pairs = tuple(
            (images[one], images[other], cosine, bool(labels[one] == labels[other])) for one, other, cosine in alike
        )
    dynamics = read_dynamics(found, known, checkpoints) if checkpoints else None
    region, effect, error = _misleading(found, known)
    across = () if train is None else _across(found, read_survey(train))
    if rank == "margin" and dynamics is None:
        raise UsageError("labels were to be ranked by their margin over checkpoints, and none were given").of(
            "rank", asked=rank, found=None
        )
    by = own if rank == "probability" or dynamics is None else dynamics.margin
    order: list[int] = np.lexsort((agreement, by)).tolist()
    predicted = found.predicted[known]
    suspects = tuple(
        Suspect(
            image=images[at],
            index=int(found.index[known[at]]),
            label=found.name_of(int(labels[at])),
            predicted=found.name_of(int(predicted[at])),
            neighbours_say=said[at],
            p_label=float(own[at]),
            p_predicted=float(chances[at, predicted[at]]) if 0 <= predicted[at] < chances.shape[1] else math.nan,
            agreement=float(agreement[at]),
            region=int(region[at]),
            effect=float(effect[at]),
            error=float(error[at]),
            margin=math.nan if dynamics is None else float(dynamics.margin[at]),
            believed=math.nan if dynamics is None else float(dynamics.believed[at]),
            forgotten=-1 if dynamics is None else int(dynamics.forgotten[at]),
        )
        for at in order
    )
    return LabelAudit(suspects, _in_order(pairs), tuple(notes), _in_order(across), _columns(found))


def _told(value: object) -> object:
    """A cell: nothing for −1, which stands for no region and for no checkpoints."""
    return None if value == -1 and isinstance(value, int) else value


def _columns(found: Survey) -> int:
    grid: Any = found.about.get("regions")
    return 0 if grid is None else int(grid[1])


def _in_order(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Those with different labels first."""
    return tuple(sorted(pairs, key=lambda one: (one[3], -one[2])))


def _misleading(found: Survey, known: Array) -> tuple[Array, Array, Array]:
    """The region that speaks most for a prediction that is not the label, its effect, and that effect's error."""
    region, effect = np.full(len(known), -1), np.full(len(known), math.nan)
    error = effect.copy()
    if "effects" in found.columns and "effects_error" in found.columns:
        effects, errors = found.columns["effects"][known], found.columns["effects_error"][known]
        rows, most = np.arange(len(known)), effects.argmax(axis=1)
        wrong = found.predicted[known] != found.labels[known]
        region[wrong] = most[wrong]
        effect[wrong], error[wrong] = effects[rows, most][wrong], errors[rows, most][wrong]
    return region, effect, error


def _across(found: Survey, train: Survey) -> tuple[Pair, ...]:
    """Images of two surveys that are nearly the same to their model."""
    for what in ("model", "classes"):
        if found.about.get(what) != train.about.get(what):
            raise UsageError(
                f"{found.folder} and {train.folder} are surveys by another {what}; survey the images that were learnt "
                "from by the same model"
            ).of("train", asked=str(train.folder), found=what)
    if "features" not in found.columns or "features" not in train.columns:
        raise UsageError(
            f"{found.folder} or {train.folder} has no features, by which images that are nearly the same are found"
        ).of("features", asked=str(train.folder), found=None)
    first, second = (one.columns["features"].astype(np.float32) for one in (found, train))
    mean = second.mean(axis=0)
    first, second = _of_length_one(first - mean), _of_length_one(second - mean)
    pairs: list[Pair] = []
    for part in batches(len(first), AT_ONCE):
        cosines = first[part] @ second.T
        for row, other in np.argwhere(cosines >= ALIKE).tolist():
            one = int(part.start) + int(row)
            same = bool(found.labels[one] == train.labels[other])
            pairs.append((found.names[one], train.names[other], min(float(cosines[row, other]), 1.0), same))
    return tuple(pairs)


def _of_length_one(values: Array) -> Array:
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def neighbours_of(
    features: Array, labels: Array, classes: int, count: int
) -> tuple[Array, list[tuple[int, int, float]]]:
    """The labels of each image's nearest others (image × class), and the pairs that are nearly the same.

    Args:
        features: image × feature.
        labels: class numbers.
        classes: how many there are.
        count: of neighbours, fewer than images.
    """
    values = features.astype(np.float32)
    values = _of_length_one(values - values.mean(axis=0))
    votes = np.zeros((len(values), classes), np.int64)
    alike: list[tuple[int, int, float]] = []
    for part in batches(len(values), AT_ONCE):
        cosines = values[part] @ values.T
        rows = np.arange(len(cosines))
        cosines[rows, np.arange(len(values))[part]] = -np.inf
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        np.add.at(votes, (np.arange(len(values))[part][:, None], labels[nearest]), 1)
        for row, other in zip(*np.nonzero(cosines >= ALIKE), strict=True):
            one = int(part.start + row)
            if one < other:
                alike.append((one, int(other), min(float(cosines[row, other]), 1.0)))
    return votes, alike


def _chances(found: Survey, probabilities: Array) -> Array:
    """A column for each answer: of a single output also for "not"."""
    return np.hstack([probabilities, 1 - probabilities]) if len(found.class_names) == 1 else probabilities
