"""What each channel of a surveyed layer responds to: images, share of the data that fires it, and the class it is for.

    selectivity for a class = P(x > y) + ½ P(x = y),   x of an image of the class, y of one of another; 0.5 is chance

x and y are the channel's largest value in an image: the area under the ROC curve. The class is the one for which it is
largest on one half of the images; the number and its 95 % interval (DeLong, DeLong and Clarke-Pearson 1988) are
of the other half, so that the best of many classes does not flatter itself. It speaks for every class whose interval
on that half lies above 0.5, with the level divided among all classes (Bonferroni). Real images tell people more of a
channel than synthetic ones (Borowski and others 2021, arXiv 2010.12606), so those are shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.files.atomic import write
from innerview.reprs import short
from innerview.targets import find_class
from innerview.types import Array
from innerview.workbench.csv_table import csv_table
from innerview.workbench.survey.reading import Survey, read_survey

QUANTILES: Final = 4
"""Equal parts of the images by their value, of each of which one is drawn, the lowest first."""

FEWEST: Final = 5
"""Images of a class in a half, without which it is not looked at."""

LEVEL: Final = 0.05

SPOKEN: Final = 3
"""Classes that are named for a channel, at most."""


@short
@dataclass(frozen=True)
class Shown:
    """An image that stands for a channel.

    Attributes:
        image: where it is; `index`: its number in the data set.
        value: the channel's largest in it; `position`: where in the layer, row × width + column.
    """

    image: str
    index: int
    value: float
    position: int


@short
@dataclass(frozen=True)
class Selective:
    """How selective a channel is for a class.

    Attributes:
        answer: the class.
        selectivity: in [0, 1]; `low`, `high`: an interval of it.
    """

    answer: str
    selectivity: float
    low: float
    high: float


@short
@dataclass(frozen=True)
class Channel:
    """One channel.

    Attributes:
        layer: its name.
        channel: its number, from 0.
        fires: share of the images in which its largest value is above 0, in [0, 1].
        answer: the class that it is most selective for; empty without labels, or where no class has images enough.
        selectivity: for that class, in [0, 1], on the half of the images that did not choose it; `low`, `high`: its
            95 % interval. NaN likewise.
        speaks_for: the classes for which it is selective beyond chance on that half, the most selective first, three at
            most; intervals hold for all classes at once.
        top: images with the largest values, the largest first.
        quantiles: one image drawn from each equal part of the data, by value, the lowest first.
    """

    layer: str
    channel: int
    fires: float
    answer: str
    selectivity: float
    low: float
    high: float
    speaks_for: tuple[Selective, ...]
    top: tuple[Shown, ...]
    quantiles: tuple[Shown, ...]


@short
@dataclass(frozen=True)
class Channels:
    """Every channel of the surveyed layers.

    Attributes:
        channels: in order of layer and number.
        images: in the survey; notes: what should be known, in sentences.
        seed: by which the halves were made, and the images of `quantiles` drawn.
    """

    channels: tuple[Channel, ...]
    images: int
    notes: tuple[str, ...]
    seed: int = 0

    def of_class(self, asked: str | int, class_names: Sequence[str]) -> tuple[Channel, ...]:
        """Those that are most selective for a class, beyond chance by their interval, the most selective first.

        Raises:
            UnknownClass: there is no such class.
            AmbiguousClass: several have this name.
        """
        name = class_names[find_class(asked, class_names)]
        found = [one for one in self.channels if one.answer == name and one.low > 0.5]
        return tuple(sorted(found, key=lambda one: -one.selectivity))

    def write(self, file: str | Path) -> Path:
        """Write a table, a row a channel; images of a list are divided by |."""
        names = ("layer", "channel", "fires", "answer", "selectivity", "low", "high")
        rows = [
            [
                *(getattr(one, name) for name in names),
                "|".join(each.answer for each in one.speaks_for),
                "|".join(each.image for each in one.top),
                "|".join(f"{each.value:.6g}" for each in one.top),
                "|".join(str(each.position) for each in one.top),
                "|".join(each.image for each in one.quantiles),
            ]
            for one in self.channels
        ]
        write(Path(file), csv_table([*names, "speaks_for", "top", "values", "positions", "quantiles"], rows))
        return Path(file)


def survey_channels(rows: str | Path, *, top: int = 9, seed: int = 0) -> Channels:
    """Say of each channel of a survey's layers what it responds to.

    Args:
        rows: folder that `innerview.survey` wrote with `layers`.
        top: images named for each channel.
        seed: of the halves, and of the images drawn from the quantiles.

    Raises:
        UsageError: the survey kept no layer's channels.
        DataError: the survey can't be read.
    """
    found = read_survey(rows)
    layers = [name.removeprefix("max:") for name in found.columns if name.startswith("max:")]
    if not layers:
        raise UsageError(f"the survey in {found.folder} kept no channels; survey with --layers, such as --layers 6").of(
            "layers", asked=str(found.folder), found=None
        )
    random = np.random.default_rng(seed)
    half = random.permutation(len(found.names)) % 2 == 1
    channels = tuple(
        _channel(found, layer, number, half, top, random)
        for layer in layers
        for number in range(found.columns[f"max:{layer}"].shape[1])
    )
    labelled = bool((found.labels >= 0).any())
    told = () if labelled else ("No label is known, so nothing is said of classes.",)
    left_out = (f"{found.problems:,} images with a problem were left out.",) if found.problems else ()
    return Channels(channels, len(found.names), (*told, *left_out), seed)


def _channel(found: Survey, layer: str, number: int, half: Array, top: int, random: np.random.Generator) -> Channel:
    values, at = found.columns[f"max:{layer}"][:, number], found.columns[f"at:{layer}"][:, number]
    order = np.argsort(-values, kind="stable")
    parts = [part for part in np.array_split(order[::-1], QUANTILES) if len(part)]
    labels = found.labels
    counts = np.bincount(labels[half & (labels >= 0)], minlength=len(found.class_names))
    known = np.flatnonzero((counts >= FEWEST) & (counts <= counts.sum() - FEWEST))
    answer = int(known[areas(values[half], labels[half])[known].argmax()]) if len(known) else -1
    selectivity, low, high = (
        (math.nan, math.nan, math.nan) if answer < 0 else selective(values[~half], labels[~half], answer)
    )

    def shown(place: int) -> Shown:
        return Shown(found.names[place], int(found.index[place]), float(values[place]), int(at[place]))

    return Channel(
        layer=layer,
        channel=number,
        fires=float((values > 0).mean()),
        answer=found.name_of(answer),
        selectivity=selectivity,
        low=low,
        high=high,
        speaks_for=_spoken(found, values[~half], labels[~half]),
        top=tuple(shown(int(place)) for place in order[:top]),
        quantiles=tuple(shown(int(random.choice(part))) for part in parts),
    )


def _spoken(found: Survey, values: Array, labels: Array) -> tuple[Selective, ...]:
    """The classes for which a channel is selective beyond chance, each at its share of the level."""
    counts = np.bincount(labels[labels >= 0], minlength=len(found.class_names))
    known = np.flatnonzero((counts >= FEWEST) & (counts <= counts.sum() - FEWEST))
    if not len(known):
        return ()
    area = areas(values, labels)
    first: list[int] = known[np.argsort(-area[known], kind="stable")][:SPOKEN].tolist()
    told = [Selective(found.name_of(one), *selective(values, labels, one, LEVEL / len(known))) for one in first]
    return tuple(one for one in told if one.low > 0.5)


def areas(values: Array, labels: Array) -> Array:
    """For each class the area under the curve, from ranks; NaN of one without images or without others."""
    own, classes = values[labels >= 0], labels[labels >= 0]
    ranked = np.sort(own)
    ranks = (np.searchsorted(ranked, own, "left") + np.searchsorted(ranked, own, "right") + 1) / 2
    counts = np.bincount(classes)
    sums = np.bincount(classes, ranks, minlength=len(counts))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (sums - counts * (counts + 1) / 2) / (counts * (len(own) - counts))


def selective(values: Array, labels: Array, answer: int, level: float = LEVEL) -> tuple[float, float, float]:
    """How selective values are for a class, with its interval; NaN where either side has fewer than two images.

    Args:
        values: one for each image.
        labels: class numbers; −1 where unknown, which are left out.
        answer: the class.
        level: how often the interval may miss: 0.05 for one of 95 %.
    """
    own, others = values[labels == answer], values[(labels >= 0) & (labels != answer)]
    if min(len(own), len(others)) < 2:
        return math.nan, math.nan, math.nan
    above, below = _placed(own, others), 1 - _placed(others, own)
    share = float(above.mean())
    half = NormalDist().inv_cdf(1 - level / 2) * math.sqrt(
        float(above.var(ddof=1)) / len(own) + float(below.var(ddof=1)) / len(others)
    )
    return share, max(share - half, 0.0), min(share + half, 1.0)


def _placed(values: Array, others: Array) -> Array:
    """For each value the share of the others that are below it, those that are equal counted half."""
    ranked = np.sort(others)
    return (np.searchsorted(ranked, values, "left") + np.searchsorted(ranked, values, "right")) / (2 * len(others))
