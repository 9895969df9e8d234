"""One image's rows: exact truth under each fill, every entrant's sums over the regions, and what its order is worth."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from time import process_time
from typing import Any, Final, cast

import numpy as np

from innerview.adapters.variants import resized, shuffled
from innerview.data.baselines import make_baselines
from innerview.errors import ImageError, InnerviewError, ModelError, UsageError
from innerview.fills import DATA, Fill, fill_name, other_image
from innerview.methods import Progress, segment_sums, shapley
from innerview.methods.agreement import spearman
from innerview.methods.complexity import entropy, rise
from innerview.methods.controls import CONTROLS
from innerview.methods.filled import rounding_of
from innerview.methods.orders import FRACTIONS, Orders, moved
from innerview.methods.partitions import Labels
from innerview.methods.passes import forward_logits
from innerview.methods.pointing import mosaic, pointed, quarter
from innerview.methods.regions import JUDGED_REGIONS, count_regions, divide
from innerview.model import Model
from innerview.results import Provenance, as_attribution
from innerview.types import Image, Map
from innerview.workbench.compare.entrants import Entrant, Objectives, choose_objectives, resolve
from innerview.workbench.compare.rows import Row

NOISE: Final = 0.02
"""Standard deviation of the noise for stability, in units of pixel values: hardly seen."""

DEAR: Final = 400
"""Passes from which on an entrant is asked about every image that is checked, and not about the others."""

OTHERS: Final = "shapley, other fills"
"""The truth itself as an entrant: judged under each fill by its values under the others."""


@dataclass(frozen=True)
class Subject:
    """What a comparison is about, without the model itself.

    Attributes:
        entrants: name, how it is asked for, and baselines of each method.
        fills: of the truth.
        regions: how many.
        classes: of the model.
        provenance: of the comparison.
    """

    entrants: tuple[tuple[str, str, tuple[str, ...]], ...]
    fills: tuple[str, ...]
    regions: int
    classes: int
    provenance: Provenance


@dataclass(frozen=True, eq=False)
class Plan:
    """What is measured.

    Attributes:
        model: the model.
        entrants: methods.
        fills: of the truth, by name.
        regions: rows and columns of a grid, a number, or superpixels of each image.
        seed: of all that is random.
        checked: every so many images the order of the pixels, stability, shuffled weights and dear entrants are
            measured too; 0 for never.
        references: images of the data set, for methods that take a set.
        drawn: others, each with its words, for the fill "data".
    """

    model: Model
    entrants: tuple[Entrant, ...]
    fills: tuple[str, ...]
    regions: int | tuple[int, int] | str
    seed: int = 0
    checked: int = 4
    references: Sequence[Image] = ()
    drawn: Sequence[tuple[str, Image]] = ()

    @property
    def about(self) -> Mapping[str, Any]:
        """What rows of the same question have in common."""
        return {
            "model": self.model.fingerprint,
            "fills": self.fills,
            **({"drawn": [words for words, _ in self.drawn]} if self.drawn else {}),
            "regions": self.regions,
            "seed": self.seed,
            "checked": self.checked,
            "entrants": [[one.name, one.text, *one.baselines] for one in self.entrants],
        }

    def fill(self, name: str, image: Image) -> str | Fill:
        """What a fill of the truth is for an image.

        Raises:
            UsageError: there is no such fill, or no other image in the data set.
        """
        return other_image(self.drawn, image) if name == DATA else fill_name(name)

    @property
    def subject(self) -> Subject:
        """What is known of the comparison beside its rows."""
        return Subject(
            tuple((one.name, one.text, one.baselines) for one in self.entrants), self.fills, self.n_regions,
            len(self.model.output.class_names),
            Provenance.of(self.model, f"{self.objectives.score.unit} of the predicted class", seed=self.seed),
        )  # fmt: skip

    @property
    def objectives(self) -> Objectives:
        """What is explained."""
        return choose_objectives(self.model.output)

    @cached_property
    def shuffled(self) -> Model | None:
        """The model with its weights shuffled."""
        return shuffled(self.model, self.seed) if self.checked else None

    @cached_property
    def doubled(self) -> Model | None:
        """The model for mosaics of four images."""
        return resized(self.model, 2 * self.model.input.height, 2 * self.model.input.width)

    @cached_property
    def n_regions(self) -> int:
        """How many there are in each image."""
        return count_regions(self.model.input.height, self.model.input.width, self.regions, JUDGED_REGIONS)

    def labels(self, image: Image) -> Labels:
        """Of each pixel's region."""
        return divide(image, self.regions, JUDGED_REGIONS).labels

    def random(self, *of: str) -> np.random.Generator:
        """A generator of its own for each image and purpose, whatever else is measured."""
        return np.random.default_rng([self.seed, *(zlib.crc32(one.encode()) for one in of)])

    def is_dear(self, entrant: Entrant) -> bool:
        """Whether it is asked about checked images only; where none is checked it is asked about all."""
        return bool(self.checked) and (entrant.chosen.passes(self.model) or _guessed(entrant)) > DEAR


def _guessed(entrant: Entrant) -> int:
    """Passes of a method that can't say: its limit, or a hundred."""
    return int(entrant.chosen.options.get("max_evaluations", 0)) if entrant.text.count("max_evaluations") else 100


def passes_of(plan: Plan) -> int:
    """About how many passes an image takes, checked ones and others together."""
    number, model = plan.n_regions, plan.model
    truth = len(plan.fills) * (2**number - 1) + 1
    each = {one: (one.chosen.passes(model) or _guessed(one)) * max(len(one.baselines), 1) for one in plan.entrants}
    maps = sum(passes for one, passes in each.items() if not plan.is_dear(one))
    orders = 4 * len(FRACTIONS) * (len(plan.entrants) + len(CONTROLS) + 1)
    return truth + maps + ((2 * sum(each.values()) + orders) // plan.checked if plan.checked else 0)


def judge(plan: Plan, number: int, name: str, image: Image, progress: Progress | None = None) -> Row:
    """Measure one image; what can't be measured is said in the row.

    Args:
        plan: what is measured.
        number: of the image, from 0; every `plan.checked`-th is checked for more.
        name: of the image.
        image: one image (pixels in [0, 1], height × width × channel).
        progress: called with parts done and in all.
    """
    try:
        return _judged(plan, number, name, image, progress or _unheard)
    except (ImageError, ModelError) as problem:
        return {"image": name, "problem": str(problem)}


def judge_more(plan: Plan, number: int, row: Row, image: Image, progress: Progress | None = None) -> Row:
    """Measure an image's entrants that its row lacks, such as a method that was added since.

    Args:
        plan: what is measured.
        number: of the image, as for `judge`.
        row: what `judge` gave.
        image: the same image.
        progress: called with parts done and in all.

    Raises:
        ImageError, ModelError: as `judge` says in its row.
    """
    checked, told = _is_checked(plan, number), progress or _unheard
    asking = lacking(plan, number, row)
    asked = resolve(plan.objectives, forward_logits(plan.model, image[None])[0], plan.model.output)
    labels, found = plan.labels(image), dict[str, Row]()
    for done, entrant in enumerate(asking, start=1):
        found[entrant.name] = _entered(plan, asked, entrant, row["image"], image, labels if checked else None)
        told(done, len(asking))
    _sum_up(plan, row["image"], found, labels, Orders(plan.model, image, asked.score) if checked else None)
    return short_numbers(found)


def lacking(plan: Plan, number: int, row: Row) -> list[Entrant]:
    """Entrants that were not measured on an image, and should be; none of one that could not be judged."""
    return [one for one in _asking(plan, number) if one.name not in row["found"]] if "found" in row else []


def _asking(plan: Plan, number: int) -> list[Entrant]:
    return [one for one in plan.entrants if _is_checked(plan, number) or not plan.is_dear(one)]


def _is_checked(plan: Plan, number: int) -> bool:
    return bool(plan.checked) and number % plan.checked == 0


def _sum_up(plan: Plan, name: str, found: Mapping[str, Row], labels: Labels, orders: Orders | None) -> None:
    """Put what is kept of each map in its place: sums over the regions, and what its order of the pixels is worth."""
    for key, one in found.items():
        if "map" in one:
            values = one.pop("map")
            one["sums"] = segment_sums(values, labels).tolist()
            if orders is not None:
                one["order"] = orders.curves(values)
                one["elsewhere"] = orders.curves(moved(values, plan.random(name, key, "moved")))


def short_numbers(value: Any) -> Any:
    """Every number to six digits: a row is read by people too, and float32 has no more."""
    match value:
        case dict():
            return {key: short_numbers(one) for key, one in cast("Row", value).items()}
        case list() | tuple():
            return [short_numbers(one) for one in cast("Sequence[Any]", value)]
        case float():
            return float(f"{value:.6g}")
        case _:
            return value


def _unheard(_done: int, _total: int) -> None:
    pass


def _judged(plan: Plan, number: int, name: str, image: Image, progress: Progress) -> Row:
    model, checked = plan.model, _is_checked(plan, number)
    outputs = forward_logits(model, image[None])
    asked = resolve(plan.objectives, outputs[0], model.output)
    asking = _asking(plan, number)
    parts, labels = len(plan.fills) + len(asking) + 1, plan.labels(image)
    truth, exact = _truth(plan, asked, image, labels, lambda fills: progress(fills, parts))
    found: dict[str, Row] = {}
    for place, entrant in enumerate(asking, start=len(plan.fills) + 1):
        found[entrant.name] = _entered(plan, asked, entrant, name, image, labels if checked else None)
        progress(place, parts)
    for control, draw in CONTROLS.items():
        found[control] = {"map": draw(image, plan.random(name, control)), "passes": 0, "seconds": 0.0}
        if checked:
            other = draw(_noised(plan, name, image), plan.random(name, control, "noised"))
            found[control]["stable"] = _alike(labels, found[control]["map"], other)
            if plan.shuffled is not None:
                found[control]["rise"] = 0.0  # it does not look at the weights
    if exact is not None:
        found[OTHERS] = {"map": exact, "passes": truth["passes"], "seconds": truth["seconds"]}
    _sum_up(plan, name, found, labels, Orders(model, image, asked.score) if checked else None)
    progress(parts, parts)
    probabilities = model.output.probabilities(outputs)[0]
    index = asked.score.index
    sure = float("nan") if index is None else float(probabilities[index])
    return short_numbers({"image": name, "class": index, "sure": sure, "truth": truth, "found": found})


def _truth(
    plan: Plan, asked: Objectives, image: Image, labels: Labels, told: Callable[[int], None]
) -> tuple[Row, Map | None]:
    """What the regions do under each fill, and their mean over the fills as a map."""
    fills: dict[str, Row] = {}
    began, passes, values = process_time(), 0, list[Any]()
    for done, fill in enumerate(plan.fills, start=1):
        exact = shapley(plan.model, image, asked.score, regions=labels, fills=[plan.fill(fill, image)])
        scores, count = exact.scores[0], exact.values.shape[1]
        fills[fill] = {
            "values": exact.values[0].tolist(),
            "without": [float(scores[-1] - scores[(2**count - 1) ^ (1 << one)]) for one in range(count)],
            "alone": [float(scores[1 << one] - scores[0]) for one in range(count)],
            "judged": bool(np.ptp(scores) > rounding_of(plan.model, scores)),
            "sufficient": [len(one) for one in exact.sufficient[0]],
            "decisive": [len(one) for one in exact.decisive[0]],
        }
        values.append(exact.values[0])
        passes += exact.n_evaluations
        told(done)
    seconds = process_time() - began
    mean = np.mean(values, axis=0)
    sizes = np.bincount(labels.ravel())
    drawn = (mean / sizes)[labels] if any(one["judged"] for one in fills.values()) else None
    return {"fills": fills, "passes": passes, "seconds": seconds}, drawn


def _entered(plan: Plan, asked: Objectives, entrant: Entrant, name: str, image: Image, labels: Labels | None) -> Row:
    """A method's map with its cost; with labels also its stability over them, and what shuffled weights do to it."""
    try:
        began = process_time()
        values, passes = explained(plan, plan.model, asked, entrant, image)
        row: Row = {"map": values, "passes": passes, "seconds": process_time() - began}
        if labels is not None:
            other, _ = explained(plan, plan.model, asked, entrant, _noised(plan, name, image))
            row["stable"] = _alike(labels, values, other)
            if plan.shuffled is not None:
                row["rise"] = _risen(plan, asked, entrant, image, values)
    except InnerviewError as problem:
        return {"problem": str(problem)}
    return row


def _risen(plan: Plan, asked: Objectives, entrant: Entrant, image: Image, values: Map) -> float:
    """How much more complex the map is with shuffled weights; NaN where they give none (their values may overflow)."""
    assert plan.shuffled is not None  # noqa: S101 as was asked before
    try:
        after, _ = explained(plan, plan.shuffled, asked, entrant, image)
    except InnerviewError:
        return float("nan")
    return rise(entropy(values), entropy(after))


def explained(plan: Plan, model: Model, asked: Objectives, entrant: Entrant, image: Image) -> tuple[Map, int]:
    """An entrant's map of an image (height × width), and the passes that it took.

    Raises:
        InnerviewError: as the method.
    """
    if entrant.of_data:
        made = _references(plan, image)
        if not made:
            raise UsageError(f"{entrant.method.name} compares with images of the data set, and none was given").of(
                "baselines", asked=entrant.method.name, found=None
            )
    else:
        made = [one.image for one in make_baselines(entrant.baselines or ("black",), model.input, image)]
    target = asked.of(entrant.method)
    chosen = entrant.chosen.filled(lambda: other_image(_drawn(plan, image), image))
    found = as_attribution(chosen.run(model, image, target, baselines=made, progress=None))
    values = found.heatmap.astype(np.float64)
    return (np.abs(values) if entrant.absolute else values), found.n_evaluations


def _references(plan: Plan, image: Image) -> list[Image]:
    """Images of the data set; for a mosaic four of them each."""
    given = list(plan.references)
    if not given or given[0].shape == image.shape:
        return given
    return [mosaic([given[(place + step) % len(given)] for step in range(4)]) for place in range(len(given))]


def _drawn(plan: Plan, image: Image) -> Sequence[tuple[str, Image]]:
    """Images for the fill "data"; for a mosaic four times the same."""
    return [(words, one if one.shape == image.shape else mosaic([one] * 4)) for words, one in plan.drawn]


def _noised(plan: Plan, name: str, image: Image) -> Image:
    return (image + NOISE * plan.random(name, "noise").standard_normal(image.shape)).astype(image.dtype)


def _alike(labels: Labels, one: Map, other: Map) -> float:
    return spearman(segment_sums(one, labels), segment_sums(other, labels))


def point(plan: Plan, number: int, tiles: Sequence[tuple[str, int, Image]], progress: Progress | None = None) -> Row:
    """Ask every entrant about one of four images on a mosaic: how much of what speaks for its class lies on it.

    Args:
        plan: what is measured; its model takes mosaics.
        number: of the mosaic, from 0; decides which of the four is asked about.
        tiles: name, class and pixels of four images of different classes.
        progress: called with entrants done and in all.
    """
    model = plan.doubled
    assert model is not None  # noqa: S101 as was asked before
    whole, which = mosaic([image for _, _, image in tiles]), number % 4
    height, width = whole.shape[:2]
    inside = quarter(height, width, which)
    asked = Objectives(*(replace(one, index=tiles[which][1]) for one in _open(plan.objectives)))
    asked = resolve(asked, forward_logits(model, whole[None])[0], model.output)
    name = f"mosaic {number}"
    found: dict[str, float] = {}
    for done, entrant in enumerate(plan.entrants, start=1):
        if not plan.is_dear(entrant):
            try:
                found[entrant.name] = pointed(explained(plan, model, asked, entrant, whole)[0], inside)
            except InnerviewError:
                found[entrant.name] = float("nan")
        if progress is not None:
            progress(done, len(plan.entrants))
    for control, draw in CONTROLS.items():
        values = draw(whole, plan.random(name, control))
        found[control] = pointed(values, inside)
    told = {"mosaic": name, "images": [one for one, _, _ in tiles], "class": tiles[which][1], "found": found}
    return short_numbers(told)


def _open(asked: Objectives) -> tuple[Any, Any]:
    return asked.score, asked.of_outputs
