"""THE question: what is asked of a model, an image or a training, with its default for whatever is not said.

Frozen and hashable, so that an answer can be kept by what it depends on. Built from a command line, from Python
keywords (lists and single names are taken for tuples), and from JSON that anyone may have sent: there every field is
checked, and none can name a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from innerview import renames
from innerview.data.baselines import DEFAULT_BASELINE, parse_baseline
from innerview.errors import UsageError
from innerview.fills import DATA, DEFAULT_FILLS, SPELLINGS, fill_name
from innerview.methods import BUDGET, DEFAULT_FRACTIONS, TUTORIAL2018_ALPHAS
from innerview.methods.ask import DEFAULT_PLACEBOS
from innerview.methods.integrated_gradients import DEFAULT_RULE, DEFAULT_STEPS, usual_tolerance
from innerview.methods.interior_gradients import check_alphas
from innerview.methods.masking import check_fractions
from innerview.methods.placebos import Box, is_box
from innerview.methods.regions import JUDGED_REGIONS, SUPERPIXELS, count_regions, named_number
from innerview.methods.registry import USUAL, find_method
from innerview.methods.shapley import MOST_REGIONS, count_passes
from innerview.methods.tolerance import check_tolerance
from innerview.model import DifferentiableModel, InputSpec, Model, OutputSpec, has_gradients
from innerview.pictures.overlay import require_style
from innerview.quadrature import Rule, fixed_rule
from innerview.session.layers import choose_layers
from innerview.session.methods import choose_methods
from innerview.targets import OBJECTIVES, Margin, Target, find_class, label, named_target, usual_kind
from innerview.viewer.hello import BASELINES
from innerview.viewer.schema import schema

CURVE_FRACTIONS: Final = tuple(
    percent / 100
    for percent in (0, 1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 85, 90, 95, 100)
)  # fmt: skip
"""Twenty-one positions of the viewer's slider, denser at both ends."""

TIMELINE_STEPS: Final = 16
"""Evaluations of each map of a training's timeline, where no number is asked for."""

LISTS: Final = (
    "baselines", "fills", "alphas", "fractions", "layers", "methods", "select", "probes", "curve_fractions", "cells",
    "region", "masks", "marks", "position", "rows",
)  # fmt: skip
"""Fields that hold several values; one alone is taken for a list of one."""


class Unnamed(tuple[str, ...]):
    """Baselines that nobody named: equal to the same ones named, and told apart by class, in copies and pickles too."""

    __slots__ = ()


@renames.arguments(
    shares="fractions",
    scale="vmax",
    style="overlay",
    channels="max_channels",
    picks="select",
    budget="max_evaluations",
    evaluations="n_steps",
)
@dataclass(frozen=True, kw_only=True)
class Query:
    """What is asked; two that are equal have the same answer.

    Attributes:
        target: class that is explained, by number or name; None for the predicted one.
        versus: class that it is set against ("why this and not that").
        objective: what is explained of it: "log-odds", "logit", "contrast" or "probability"; empty for the usual one
            of the model's outputs (`targets.usual_kind`), and of regions that are taken away (`usual_of_regions`). With
            `versus` it is the difference of two logits instead.
        method: key of the method of one map; `methods`: maps by other methods beside the integrated gradients, such as
            "occlusion:window=8,stride=4".
        baselines: names or files; several are averaged in the integrated gradients, and the first one is the start of
            the interior gradients.
        kept: where neither methods nor baselines are named, what `innerview compare` has found best for the model.
        fill: stands in the place of pixels that are taken away; empty for the first baseline.
        fills: stand in the place of regions, each on its own (`innerview.fills`); `regions`: how many the image is cut
            into, to show the model every combination of them; or "3x3", "superpixels", "superpixels:8".
        parts: tell what windows of the image are predicted as, alone and in place; about 2,000 passes.
        judge: hold every map against what that says; None: where the image is small.
        tolerance: of the integrated gradients' error, relative to the map: 0.01 is 1 %; None for what is
            usual for the size of the model's images.
        max_evaluations: to spend on that; `more`: how often it is made four times as large.
        rule: a quadrature rule instead of a tolerance; `n_steps`: its evaluations (each alone is enough).
        alphas: positions on the path for the interior gradients, in [0, 1].
        layers: numbers (counted from 1) or names; empty for three spread over the model.
        fractions: of the pixels shown, in [0, 1].
        vmax: "per-image" for each map its own colour scale, "shared" for one over all images, or the largest |value|.
        overlay: how maps are drawn over the image, one of `pictures.STYLES`.
        max_channels: drawn of each layer.
        max_classes: maps that share the passes: of the class explained, the label, the predicted class, the next one.
        max_alphas: positions of the viewer's path; None for what the image's size allows.
        curve_fractions: of the pixels shown in the viewer; `n_random`: random orders of pixels there.
        data: data set to take images from, and by `seed` the fill "data"; `select`: which images: "17", "horse" or
            "horse:3".
        crop: "center", "whole" or "left,top,width,height".
        probes: images that are followed through a training; with none, and none selected, all examples.
        axis: of a training's curves: "step" or "time" (minutes of training).
        smooth: values averaged in a curve; None for a hundredth of the run.
        num_images: test images, drawn without repetition by `seed`.
        num_checkpoints: that are run, at most.
        kind: of the answer, a kind of the viewer's schema.
        model: its fingerprint; `image`: eight hexadecimal digits, or `data-` and its
            number in a surveyed data set; `run`: of a training.
        mask: base64 of bits; `cells`: rows and columns of them. `marks`: several such masks, each a region instead of
            `regions`, the rest of the image being the last one.
        region: that is asked about: left, top, width and height in pixels of the image as the model sees it, as numbers
            or as "4,2,12,10"; or several; or "superpixels" ("superpixels:8" for so many), each of them. `masks`: files
            of images as large as that, bright where a region is; without any of them, the mask is the region.
        n_placebos: other positions to hold each region against, at most.
        layer: name of the one layer that is wanted whole; empty for all, in part.
        channel: of that layer, from 0; `position`: row and column in it, of the one number that is taken apart.
        rows: numbers of images of a surveyed data set, to be shown small; `embedding`: how its images are placed on a
            plane, "pca" or "umap".
    """

    target: int | str | None = None
    versus: int | str | None = None
    objective: str = ""
    method: str = USUAL
    methods: Sequence[str] = ()
    baselines: Sequence[str] = Unnamed((DEFAULT_BASELINE,))
    kept: bool = True
    fill: str = ""
    fills: Sequence[str] = DEFAULT_FILLS
    regions: int | str = JUDGED_REGIONS
    parts: bool = False
    judge: bool | None = None
    tolerance: float | None = None
    max_evaluations: int = BUDGET
    more: int = 0
    rule: str = ""
    n_steps: int | None = None
    alphas: Sequence[float] = TUTORIAL2018_ALPHAS
    layers: Sequence[str] = ()
    fractions: Sequence[float] = DEFAULT_FRACTIONS
    vmax: str = "per-image"
    overlay: str = "tint"
    max_channels: int = 27
    max_classes: int = 3
    max_alphas: int | None = None
    curve_fractions: Sequence[float] = CURVE_FRACTIONS
    n_random: int = 5
    data: Path | None = None
    select: Sequence[str] = ()
    crop: str = "center"
    probes: Sequence[str] = ()
    axis: Literal["step", "time"] = "step"
    smooth: int | None = None
    num_images: int = 500
    num_checkpoints: int = 7
    seed: int = 0
    kind: str = ""
    model: str = ""
    image: str = ""
    run: str = ""
    mask: str = ""
    marks: Sequence[str] = ()
    cells: Sequence[int] = ()
    region: Box | Sequence[str | Box] = ()
    masks: Sequence[str] = ()
    n_placebos: int = DEFAULT_PLACEBOS
    layer: str = ""
    channel: int = 0
    position: Sequence[int] = ()
    rows: Sequence[int] = ()
    embedding: str = ""

    def __post_init__(self) -> None:
        for name in LISTS:
            value: object = getattr(self, name)
            if not isinstance(value, tuple):
                several = isinstance(value, Sequence) and not isinstance(value, str)
                object.__setattr__(self, name, tuple(cast("Sequence[object]", value)) if several else (value,))
        object.__setattr__(self, "region", _read_regions(cast("tuple[object, ...]", self.region)))
        object.__setattr__(self, "masks", tuple(map(str, self.masks)))
        object.__setattr__(self, "fills", tuple(SPELLINGS.get(fill, fill) for fill in self.fills))
        least = {"smooth": 1, "num_images": 1, "n_steps": 1, "num_checkpoints": 2, "max_channels": 1, "max_classes": 1}
        least |= {"n_placebos": 0, "seed": 0}
        for name, most in least.items():
            number: int | None = getattr(self, name)
            if number is not None and number < most:
                raise UsageError(f"{name} {number} was asked for; it is at least {most}").of(
                    name, asked=number, limit=most
                )
        if self.select and self.data is None:
            raise UsageError(f"the selection {self.select[0]!r} needs a data set: name it with --data FOLDER").of(
                "select", asked=self.select[0]
            )

    @property
    def marked(self) -> tuple[str | Box, ...]:
        """Regions that are asked about: boxes, and superpixels by name."""
        return cast("tuple[str | Box, ...]", self.region)

    @property
    def is_open(self) -> bool:
        """Whether neither methods nor baselines were named, so that what a comparison has kept may decide."""
        return self.kept and not self.methods and isinstance(self.baselines, Unnamed)

    @property
    def budget(self) -> int:
        """Evaluations at most, with those that were asked for on top."""
        return self.max_evaluations * 4**self.more

    def tolerance_for(self, spec: InputSpec) -> float:
        """The accuracy of the integrated gradients, of a model of these images."""
        return usual_tolerance(spec) if self.tolerance is None else self.tolerance

    @property
    def fixed_rule(self) -> Rule | None:
        """The rule of the integrated gradients, where one (or its evaluations) was asked for instead of a tolerance."""
        if not (self.rule or self.n_steps):
            return None
        return fixed_rule(self.rule or DEFAULT_RULE, self.n_steps or DEFAULT_STEPS)

    @property
    def timeline_steps(self) -> int:
        """Evaluations of each map of a training's timeline."""
        return self.n_steps or TIMELINE_STEPS

    def fixed_vmax(self) -> float | None:
        """The scale as a number, or None for "per-image" and "shared".

        Raises:
            UsageError: neither a word that is known nor a number above 0.
        """
        if self.vmax in {"per-image", "shared"}:
            return None
        try:
            value = float(self.vmax)
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            raise UsageError(f"vmax {self.vmax!r} was asked for; it is per-image, shared or a number above 0").of(
                "vmax", asked=self.vmax
            )
        return value

    def classes(self, output: OutputSpec) -> tuple[int | None, int | None]:
        """Numbers of the class that is explained and of the one that it is set against; None where nobody said.

        Raises:
            UnknownClass: lists what there is. `UsageError`: a class against itself.
        """
        names = output.class_names
        index = None if self.target is None else _find_target(self.target, names)
        other = None if self.versus is None else find_class(self.versus, names)
        if other is not None and index == other:
            raise UsageError(f"{label(other, names)} was to be explained against itself; name another class").of(
                "versus", asked=other, found="itself"
            )
        return index, other

    def explained(self, output: OutputSpec) -> Target:
        """What is explained, as a number for each image; an open class is the predicted one.

        Raises:
            UsageError: an unknown class or objective, or a class against itself; lists what there is.
        """
        index, other = self.classes(output)
        kind = self.objective or usual_kind(output)
        if other is not None:
            return Margin(index, other)
        return named_target(kind, index)


def _read_regions(given: tuple[object, ...]) -> tuple[str | Box, ...]:
    """Boxes as numbers, whether one was given, or several, or text; superpixels by their name."""
    return (_box(given),) if is_box(given) else tuple(_box(one) for one in given)


def _box(given: object) -> str | Box:
    if isinstance(given, str) and given.startswith(SUPERPIXELS):
        return given
    parts = [part.strip() for part in given.split(",")] if isinstance(given, str) else []
    if len(parts) == 4 and all(part.removeprefix("-").isdecimal() for part in parts):
        given = tuple(map(int, parts))
    if not is_box(given) or len(cast("Sequence[int]", given)) != 4:
        raise UsageError(
            f"the region {given!r} was given; write left,top,width,height in whole pixels, such as 4,2,12,10"
        ).of("region", asked=given)
    left, top, width, height = map(int, cast("Sequence[int]", given))
    return left, top, width, height


def _find_target(asked: int | str, class_names: Sequence[str]) -> int:
    try:
        return find_class(asked, class_names)
    except UsageError as problem:
        if asked in OBJECTIVES:
            raise problem.retold(
                f"{problem}; --target is a class, what is explained of it is --objective {asked}"
            ) from None
        raise


def check_query(query: Query, model: Model) -> None:
    """Raise UsageError for whatever can be told to be wrong before anything is computed or written."""
    query.explained(model.output)
    query.fixed_vmax()
    choose_layers(query.layers, model)
    require_style(query.overlay)
    check_alphas(query.alphas)
    check_fractions(query.fractions)
    count_passes(count_regions(model.input.height, model.input.width, query.regions, JUDGED_REGIONS), len(query.fills))
    for fill in query.fills:
        if fill != DATA or query.data is None:
            fill_name(fill)
    for baseline in query.baselines:
        parse_baseline(baseline)
    if query.fixed_rule is None and has_gradients(model):
        check_tolerance(cast("DifferentiableModel", model), query.tolerance_for(model.input))
    choose_methods(query.methods, model)


LONGEST: Final = 512
"""Characters of a text in a message, at most; a mask takes 172."""

MOST_MORE: Final = 3
BASELINE: Final = re.compile(rf"({'|'.join(BASELINES)})(:[0-9.]{{1,12}})?")


def read_query(message: Mapping[str, Any]) -> Query:
    """Read a message of the viewer.

    Raises:
        UsageError: the kind is unknown, or a field is not what it should be; says which.
    """
    found: dict[str, Any] = {}
    for name, (field, read) in MESSAGE.items():
        if message.get(name) is not None:
            found[field] = read(name, message[name])
    if found.get("kind") not in schema()["kinds"]:
        raise UsageError(
            f"there is nothing of kind {found.get('kind')!r} to show; there is {', '.join(schema()['kinds'])}"
        ).of("kind", asked=found.get("kind"), known=schema()["kinds"])
    return Query(**found)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise UsageError(
            f"{name} is {type(value).__name__} or too long; give a text of at most {LONGEST} characters"
        ).of(name, found=type(value).__name__, limit=LONGEST)
    return value


def _shown(value: object) -> str:
    """A value of a message in words: whatever is no number by its type, since a list may be nested without end."""
    return ascii(value)[:40] if isinstance(value, bool | int | float) else type(value).__name__


def _whole(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise UsageError(f"{name} is {_shown(value)}; give a whole number from 0").of(name, asked=value)
    return value


def _baseline(name: str, value: object) -> str:
    text = _text(name, value)
    if text and not BASELINE.fullmatch(text):
        raise UsageError(f"there is no {name} {text[:40]!r}; there are {', '.join(BASELINES)}").of(
            name, asked=text, known=BASELINES
        )
    return text


def _method(name: str, value: object) -> str:
    """A method with its own defaults: what its options cost is for whoever types them."""
    return find_method(_text(name, value)).name


def _tolerance(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e-6 <= value <= 1:
        raise UsageError(f"{name} is {_shown(value)}; give a number between 0.000001 and 1: 0.01 is 1 %").of(
            name, asked=value
        )
    return float(value)


def _regions(name: str, value: object) -> int | str:
    """How many regions, or superpixels: as many as all combinations of can be shown."""
    found = _text(name, value) if isinstance(value, str) else _whole(name, value)
    number = named_number(found, JUDGED_REGIONS)
    if not 2 <= number <= MOST_REGIONS:
        raise UsageError(
            f"{name} asks for {number} regions; give a number from 2 to {MOST_REGIONS}, rows and columns such as 3x3, "
            "or superpixels"
        ).of(name, asked=number, limit=MOST_REGIONS)
    return found


def _marks(name: str, value: object) -> tuple[str, ...]:
    """Masks, a region each."""
    if not isinstance(value, list | tuple):
        raise UsageError(f"{name} is {type(value).__name__}; give a list of masks, a region each").of(
            name, found=type(value).__name__
        )
    listed = cast("list[object]", value)
    if not 1 <= len(listed) <= MOST_REGIONS:
        raise UsageError(f"{name} has {len(listed)} masks; give 1 to {MOST_REGIONS}, a region each").of(
            name, asked=len(listed), limit=MOST_REGIONS
        )
    return tuple(_text(f"mark {number}", one) for number, one in enumerate(listed, 1))


MOST_ROWS: Final = 256
"""Images of a data set that one message asks for, at most."""


def _rows(name: str, value: object) -> tuple[int, ...]:
    """Numbers of images."""
    if not isinstance(value, list | tuple):
        raise UsageError(f"{name} is {type(value).__name__}; give a list of numbers of images").of(
            name, found=type(value).__name__
        )
    listed = cast("list[object]", value)
    if len(listed) > MOST_ROWS:
        raise UsageError(f"{name} has {len(listed)} numbers; give {MOST_ROWS} at most").of(
            name, asked=len(listed), limit=MOST_ROWS
        )
    return tuple(_whole(name, one) for one in listed)


def _wholes(what: str, count: int) -> Callable[[str, object], tuple[int, ...]]:
    """Reads so many whole numbers, which are `what` in words."""

    def read(name: str, value: object) -> tuple[int, ...]:
        if not isinstance(value, list | tuple):
            raise UsageError(f"{name} is {type(value).__name__}; give {what}").of(name, found=type(value).__name__)
        listed = cast("list[object]", value)
        if len(listed) != count:
            raise UsageError(f"{name} has {len(listed)} numbers; give {what}").of(name, found=len(listed))
        return tuple(_whole(name, one) for one in listed)

    return read


Read = Callable[[str, object], object]

MESSAGE: Final[Mapping[str, tuple[str, Read]]] = MappingProxyType(
    {
        **{name: (name, _text) for name in ("kind", "mask", "layer", "run", "embedding")},
        "method": ("method", _method),
        "model": ("model", _text),
        "image": ("image", _text),
        "objective": ("objective", lambda name, value: "" if value == "margin" else _text(name, value)),
        "target": ("target", _whole),
        "versus": ("versus", _whole),
        "baseline": ("baselines", lambda name, value: (_baseline(name, value) or Query.baselines[0],)),
        "fill": ("fill", _baseline),
        "tolerance": ("tolerance", _tolerance),
        "cells": ("cells", _wholes("rows and columns", 2)),
        "channel": ("channel", _whole),
        "position": ("position", _wholes("row and column", 2)),
        "regions": ("regions", _regions),
        "marks": ("marks", _marks),
        "region": ("region", _wholes("left, top, width and height in pixels", 4)),
        "rows": ("rows", _rows),
        "more": ("more", lambda name, value: min(_whole(name, value), MOST_MORE)),
    }
)
"""What a message may hold: by its name there, the query's field and how it is read. Nothing else is looked at."""
