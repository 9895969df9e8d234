"""Groups of images that share a reason which works in any image: what a model cheats by, proved by transplants.

For every answer of the model, over the images that it gives it to:

1. They are divided at random into halves. All that is chosen is chosen on the first, all that is claimed is measured
   on the second: with other images, and put into other hosts.
2. On the first half each image's parts and traits are put into hosts, images of other answers (`methods.transplants`);
   groups are rules on features alone (`groups`): the model's, and of ways that take a trait of the whole also what the
   trait is (`traits.numbers_of`).
3. The `TRIED` groups of a class that are surest to be beyond the margin go on. On the second half the rule says which
   images are in the group, and p is that of its effect being above the others' by more than the margin
   (`permutation`), corrected for every group that was tried in any class.

The margin is the larger of a share of what divides the class (the mean score of its images less that of all others)
and some standard deviations of what the way does in the class's other images. A real part of an object works in other
images too, so an excess of nothing is no fair null, and where a class's images differ much in what a way does anyway,
some of them lie far out; how far without any cheat was measured on clean networks (docs/decisions/suspects.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.data.fitting import parse_crop, preprocess
from innerview.data.records import Record, Source
from innerview.errors import UsageError
from innerview.files.atomic import write
from innerview.fills import DEFAULT_FILLS, make_fill
from innerview.methods.paired import holm
from innerview.methods.passes import batches, forward_logits
from innerview.methods.transplants import mask_of, transplants, way_names
from innerview.model import Model
from innerview.reprs import short
from innerview.session.models import take_model
from innerview.session.progress import Report, silent
from innerview.targets import LogOdds, Probability, Target
from innerview.types import Array, Images
from innerview.typing import ModelLike
from innerview.workbench.csv_table import csv_table
from innerview.workbench.survey.groups import LEAST, find_groups, space_of
from innerview.workbench.survey.matching import open_surveyed, require_model
from innerview.workbench.survey.permutation import interval_of_excess, p_beyond
from innerview.workbench.survey.reading import Survey, read_survey
from innerview.workbench.survey.traits import WHOLE, describe, numbers_of

HOSTS: Final = (4, 8)
"""Images that receive, for each class: where groups are looked for, and where they are tested."""

MOST: Final = 400
"""Images of a class in a half; of more, so many are drawn."""

FEWEST: Final = 20
"""Images of a class in a half, without which it is not tested."""

TRIED: Final = 3
"""Groups of a class that are tested on the second half."""

LEVEL: Final = 0.05
"""Chance of one false finding or more, of all classes together, where no excess is beyond the margin."""

MARGINS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"region": (0.2, 2.0), "border": (0.25, 2.0), "colour": (0.45, 2.2), "detail": (0.2, 1.5)}
)
"""What a clean network's groups may reach: the larger of a share of what divides the class, and so many standard
deviations of the effects of the class's other images."""

EXAMPLES: Final = 8
"""Images of a group that are named as examples: evenly from the strongest effect to the weakest."""

TOLD: Final = 64
"""Images of a class, and of others, whose scores tell what divides them."""

LARGEST: Final = 65504.0
"""Of float16."""

AT_ONCE: Final = 32
"""Images read at a time."""


def margin_of(way: str, others: Array, scale: float) -> float:
    """The margin of a way.

    Args:
        way: its name.
        others: what it does of the class's images that are not in the group, in the score's unit.
        scale: what divides the class, in that unit.
    """
    share, spreads = MARGINS[way.partition(" ")[0]]
    return max(share * scale, spreads * float(others.std()))


@short
@dataclass(frozen=True)
class Finding:
    """A group that shares a reason.

    Attributes:
        answer: the class that it makes the model answer.
        way: what was put into other images: "region 0" to "region 8" row by row, "border", "colour" or "detail".
        shares: what its images have in common there, against the others of the class, in words.
        images: in the group, of the second half; `others`: images of the class there that are not.
        effect: what it adds to the score of images of other classes, mean; `control`: the same part or trait of the
            others. In the score's unit.
        excess: the difference; `low`, `high`: its 95 % interval over images and hosts.
        portion: the excess as a share of what divides the class's images from all others.
        answered: share of transplants that made the model answer the class, in [0, 1]; `control_answered`: of the
            others' transplants.
        removed: what the group's own images lose without that region, mean over fills, and `control_removed`: what the
            others lose; NaN for colour and detail.
        p: that the excess is no larger than the margin; `corrected`: for all groups that were tried.
        members: the group's images; `examples`: some of them, evenly from the strongest effect to the weakest.
    """

    answer: str
    way: str
    shares: str
    images: int
    others: int
    effect: float
    control: float
    excess: float
    low: float
    high: float
    portion: float
    answered: float
    control_answered: float
    removed: float
    control_removed: float
    p: float
    corrected: float
    members: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def words(self) -> str:
        """What was found, in a sentence or two."""
        return (
            f"{self.answer}: {self.images} of {self.images + self.others} images share something in "
            f"{place_of(self.way)} ({self.shares}). Put into images of other classes it makes {self.answered:.0%} of "
            f"them {self.answer}, against {self.control_answered:.0%} for the others' own; excess {self.excess:+.1f} "
            f"[{self.low:+.1f}, {self.high:+.1f}] in log-odds, p = {self.corrected:.2g} corrected."
        )


@short
@dataclass(frozen=True)
class Suspects:
    """What a model may cheat by.

    Attributes:
        findings: groups whose reason works in other images, the strongest first; none is the good news.
        tried: groups that were tested, in all classes together.
        classes: that were tested; `skipped`: what was not, and why, in sentences.
        seed: of halves, hosts and permutations.
        notes: what should be known, in sentences.
    """

    findings: tuple[Finding, ...]
    tried: int
    classes: tuple[str, ...]
    skipped: tuple[str, ...]
    seed: int
    notes: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        told = (
            f"{self.tried} groups in {len(self.classes)} classes were tested on images that had no say in choosing them"
        )
        if not self.classes:
            return ("Nothing was tested: no answer was given to images enough.",)
        none = f"No group shares a reason that works in other images beyond the margin: {told}."
        return (*(one.words for one in self.findings), f"{told[0].upper()}{told[1:]}." if self.findings else none)

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write suspects.csv, a row a finding, and members.csv, a row for each image of one."""
        names = [one.name for one in fields(Finding) if one.name not in {"members", "examples"}]
        files = Path(folder) / "suspects.csv", Path(folder) / "members.csv"
        write(files[0], csv_table(["finding", *names], [
            [number, *(getattr(one, name) for name in names)] for number, one in enumerate(self.findings, 1)
        ]))  # fmt: skip
        write(files[1], csv_table(["finding", "answer", "image", "example"], [
            [number, one.answer, image, image in one.examples]
            for number, one in enumerate(self.findings, 1)
            for image in one.members
        ]))  # fmt: skip
        return files


PLACES: Final = ("upper left", "upper middle", "upper right", "middle left", "middle", "middle right",
                 "lower left", "lower middle", "lower right")  # fmt: skip


def place_of(way: str) -> str:
    """A way in words: "the upper left"."""
    kind, _, number = way.partition(" ")
    if kind == "region":
        return f"the {PLACES[int(number)]}"
    return {"border": "the border", "colour": "the colours of the whole", "detail": "the fine detail of the whole"}[
        kind
    ]


def find_suspects(
    rows: str | Path,
    model: ModelLike,
    data: Source,
    *,
    seed: int = 0,
    progress: Report | None = None,
) -> Suspects:
    """Look for groups of a survey's images that share a reason which works in any image.

    Args:
        rows: folder that `innerview.survey` wrote.
        model: that was surveyed.
        data: the data set that was surveyed.
        seed: of halves, hosts and permutations.
        progress: told how many images are done; raising in it stops the work.

    Raises:
        UsageError: the model or the data set is another; the survey has no features; the model's classes do not
            exclude each other.
        DataError: the survey or the data set can't be read.
        ModelError: the model broke its promises.
    """
    found = read_survey(rows)
    opened = take_model(model)
    search = _Search(found, opened, _records(found, opened, data), seed, progress or silent)
    return search.run()


def _records(found: Survey, model: Model, data: Source) -> Sequence[Record]:
    """The data set's images, if model and data are those of the survey."""
    require_model(found.folder, found.about, (model.fingerprint,))
    records = open_surveyed(found.folder, found.about, data)
    if "features" not in found.columns:
        raise UsageError(f"the survey in {found.folder} has no features, by which groups are found").of(
            "features", path=found.folder, found=None
        )
    if model.output.kind not in {"logits", "probabilities"} or len(model.output.class_names) < 2:
        raise UsageError(
            f"the model's output is {model.output.kind!r} of {len(model.output.class_names)}; suspects are looked for "
            "where one of several classes is the answer"
        ).of("kind", found=model.output.kind)
    return records.items


@dataclass(frozen=True, eq=False)
class _Half:
    """Places in the survey, in one half: of a class's images, of all others, and of the hosts among these."""

    own: Array
    others: Array
    hosts: Array


@dataclass(frozen=True, eq=False)
class _Trial:
    """A group before its p-value is corrected."""

    answer: int
    way: str
    half: _Half
    members: Array
    effects: Array
    answered: Array
    scale: float
    margin: float
    p: float


@dataclass(frozen=True, eq=False)
class _Search:
    survey: Survey
    model: Model
    items: Sequence[Record]
    seed: int
    report: Report

    def run(self) -> Suspects:
        names = way_names()
        random = np.random.default_rng(self.seed)
        half = random.permutation(len(self.survey.predicted)) % 2
        features = features_of(self.survey)
        trials, classes, skipped = list[_Trial](), list[str](), list[str]()
        answers = self.model.output.answers
        sizes = np.bincount(self.survey.predicted[self.survey.predicted >= 0], minlength=len(answers))
        done, total = 0, int(np.minimum(sizes, 2 * MOST).sum())
        for answer, name in enumerate(answers):
            halves = [self._half(answer, half == number, HOSTS[number], random) for number in (0, 1)]
            least = min(len(one.own) for one in halves)
            self.report(done, total, name)
            if least < FEWEST or min(len(one.hosts) for one in halves) < min(HOSTS):
                if sizes[answer]:
                    skipped.append(
                        f"{name} is not tested: {sizes[answer]} images have this answer, and {2 * FEWEST} are needed."
                    )
                continue
            classes.append(name)
            trials += self._tried(
                answer,
                halves,
                features,
                names,
                lambda count, done=done, name=name: self.report(done + count, total, name),
            )
            done += min(int(sizes[answer]), 2 * MOST)
        self.report(total, total, "")
        corrected = holm(np.array([one.p for one in trials], np.float64)).tolist()
        kept = [(one, p) for one, p in zip(trials, corrected, strict=True) if p <= LEVEL]
        findings = [self._told(one, p) for one, p in _apart(kept)]
        return Suspects(
            findings=tuple(sorted(findings, key=lambda one: -one.portion)),
            tried=len(trials),
            classes=tuple(classes),
            skipped=tuple(skipped),
            seed=self.seed,
            notes=("What works in other images is a cheat only if it is no part of the class: look at the examples.",),
        )

    def _half(self, answer: int, inside: Array, hosts: int, random: np.random.Generator) -> _Half:
        own = np.flatnonzero((self.survey.predicted == answer) & inside)
        if len(own) > MOST:
            own = np.sort(random.choice(own, MOST, replace=False))
        other = np.flatnonzero((self.survey.predicted >= 0) & (self.survey.predicted != answer) & inside)
        return _Half(own, other, np.sort(random.choice(other, min(hosts, len(other)), replace=False)))

    def _tried(
        self, answer: int, halves: Sequence[_Half], features: Array, names: tuple[str, ...],
        progress: Callable[[int], None],
    ) -> Iterator[_Trial]:  # fmt: skip
        """Choose groups on the first half, test them on the second."""
        first, second = halves
        target = self._target(answer)
        scale = self._divides(first, target)
        effects, _ = self._effects(first, target, names, progress)
        effects = effects.mean(axis=2)
        chosen = self._chosen(halves, features, names, effects, scale)
        if not chosen:
            return
        tried = tuple(dict.fromkeys(way for way, _ in chosen))
        found, answered = self._effects(second, target, tried, lambda count: progress(len(first.own) + count))
        for number, (name, members) in enumerate(chosen):
            way = tried.index(name)
            values = found[:, way].mean(axis=1)
            margin = margin_of(name, values[~members], scale)
            p = p_beyond(values, members, margin, self.seed + number)
            yield _Trial(answer, name, second, members, found[:, way], answered[:, way], scale, margin, p)

    def _chosen(
        self, halves: Sequence[_Half], features: Array, names: tuple[str, ...], effects: Array, scale: float
    ) -> list[tuple[str, Array]]:
        """The groups that are surest beyond the margin on the first half: their way, and members of the second."""
        known = [(features[half.own],) for half in halves]
        traits = [self._traits(half, names) for half in halves]
        found = list[tuple[float, str, Array]]()
        for way, name in enumerate(names):
            margin = partial(margin_of, name, scale=scale)
            told = [(own[0], also[name]) for own, also in zip(known, traits, strict=True) if name in also]
            for blocks in (known, told) if told else (known,):
                space = space_of(*blocks[0])
                for group in find_groups(space.of(*blocks[0]), effects[:, way], margin):
                    members = group.members(space.of(*blocks[1]))
                    if members.sum() >= LEAST and not members.all():
                        found.append((group.strength, name, members))
        chosen = list[tuple[str, Array]]()
        for _, name, members in sorted(found, key=lambda one: -one[0]):
            if all(name != other or _overlap(members, others) <= 0.8 for other, others in chosen):
                chosen.append((name, members))
        return chosen[:TRIED]

    def _traits(self, half: _Half, names: Sequence[str]) -> dict[str, Array]:
        """What ways that take a trait of the whole find in each image, by the way's name."""
        found: dict[str, list[Array]] = {name: [] for name in names if name in WHOLE}
        for images in self._read(half.own):
            for name, numbers in found.items():
                numbers.append(numbers_of(name, images))
        return {name: np.concatenate(numbers) for name, numbers in found.items()}

    def _target(self, answer: int) -> Target:
        if self.model.output.kind == "logits":
            return LogOdds(answer, self.model.output.temperature)
        return replace(Probability(answer), given=True)

    def _divides(self, half: _Half, target: Target) -> float:
        """The mean score of the class's images less that of the others, of as many as tell it well enough."""
        own, others = (
            np.concatenate([
                target.score(forward_logits(self.model, images.astype(self.model.dtype)))
                for images in self._read(places[np.linspace(0, len(places) - 1, min(TOLD, len(places))).astype(int)])
            ]).mean()
            for places in (half.own, half.others)
        )  # fmt: skip
        return max(float(own - others), 1e-6)

    def _effects(
        self, half: _Half, target: Target, names: tuple[str, ...], progress: Callable[[int], None]
    ) -> tuple[Array, Array]:
        """Image × way × host: what each does, and whether the class is the answer then."""
        hosts = np.concatenate(list(self._read(half.hosts)))
        effects, answered = list[Array](), list[Array]()
        for images in self._read(half.own):
            found = transplants(self.model, images, hosts, target, names)
            effects.append(found.effect)
            answered.append(found.answered)
            progress(sum(map(len, effects)))
        return np.concatenate(effects), np.concatenate(answered)

    def _read(self, places: Array) -> Iterator[Images]:
        crop = parse_crop(str(self.survey.about.get("crop", "center")))
        for part in batches(len(places), AT_ONCE):
            records = [self.items[int(number)] for number in self.survey.index[places[part]]]
            yield np.stack([preprocess(one.read(), self.model.input, crop).pixels for one in records])

    def _told(self, trial: _Trial, corrected: float) -> Finding:
        group, way = trial.members, trial.way
        values = trial.effects.mean(axis=1)
        low, high = interval_of_excess(trial.effects, group, self.seed)
        own, others = trial.half.own[group], trial.half.own[~group]
        order = own[np.argsort(-values[group], kind="stable")]
        picked = np.unique(np.linspace(0, len(order) - 1, min(EXAMPLES, len(order))).round().astype(int))
        mask = mask_of(way, self.model.input.height, self.model.input.width)
        shown = [np.concatenate(list(self._read(places[:64]))) for places in (own, others)]
        target = self._target(trial.answer)
        removed = [math.nan, math.nan] if mask is None else [self._removed(one, mask, target) for one in shown]
        return Finding(
            answer=self.model.output.answers[trial.answer],
            way=way,
            shares=describe(shown[0], shown[1], mask),
            images=int(group.sum()),
            others=int((~group).sum()),
            effect=float(values[group].mean()),
            control=float(values[~group].mean()),
            excess=_excess(values, group),
            low=low,
            high=high,
            portion=_excess(values, group) / trial.scale,
            answered=float(trial.answered[group].mean()),
            control_answered=float(trial.answered[~group].mean()),
            removed=removed[0],
            control_removed=removed[1],
            p=trial.p,
            corrected=corrected,
            members=tuple(self.survey.names[int(place)] for place in order),
            examples=tuple(self.survey.names[int(place)] for place in order[picked]),
        )

    def _removed(self, images: Images, mask: Array, target: Target) -> float:
        """What images lose without a region, the mean over fills."""
        lost = list[float]()
        for image in images[:AT_ONCE]:
            made = [make_fill(name, image).paint(image, ~mask[None])[0] for name in DEFAULT_FILLS]
            scores = target.score(forward_logits(self.model, np.stack([image, *made]).astype(self.model.dtype)))
            lost.append(float(scores[0] - scores[1:].mean()))
        return float(np.mean(lost))


def features_of(survey: Survey) -> Array:
    """What groups are found by: the features, and the channels' largest values where the survey kept them."""
    blocks = [
        survey.columns["features"],
        *(values for name, values in survey.columns.items() if name.startswith("max:")),
    ]
    found = np.concatenate([one.astype(np.float64) for one in blocks], axis=1)
    return np.clip(np.nan_to_num(found), -LARGEST, LARGEST)  # beyond float16 is infinite


def _excess(values: Array, group: Array) -> float:
    return float(values[group].mean() - values[~group].mean())


def _overlap(one: Array, other: Array) -> float:
    """Images in both, as a share of those in the smaller."""
    return float((one & other).sum() / max(min(one.sum(), other.sum()), 1))


def _apart(kept: Sequence[tuple[_Trial, float]]) -> Iterator[tuple[_Trial, float]]:
    """Of groups of a class that are half the same images, the one whose excess is the most margins."""
    taken: list[_Trial] = []

    def strength(one: _Trial) -> float:
        return _excess(one.effects.mean(axis=1), one.members) / one.margin

    for trial, p in sorted(kept, key=lambda one: -strength(one[0])):
        if all(other.answer != trial.answer or _overlap(other.members, trial.members) < 0.5 for other in taken):
            taken.append(trial)
            yield trial, p
