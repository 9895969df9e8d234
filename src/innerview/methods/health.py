"""Signs that a training goes wrong, each a rule on what the run itself recorded.

A rule finds facts and says nothing: sentences are made elsewhere. The thresholds are named here, with their reasons;
they are meant to be quiet on a healthy run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from innerview.methods.units import LayerUnits
from innerview.reprs import short
from innerview.types import Array

STILL: Final = 1e-3
"""A layer stands still from where its weights stay within this share of their size of where they end."""

LASTING: Final = 0.2
"""Standing still counts if it lasts this share of the run: a falling learning rate stills every layer at the end."""

FROZEN: Final = 0.05
"""A layer has hardly moved if it ends within this share of its size from where it began."""

SPIKE: Final = 20.0
"""A gradient this many times the median, after the first tenth of the run, in which gradients are often large."""

FALL: Final = 0.03
"""Test accuracy this far below its best: more than the noise of a thousand test images (about one point)."""

GAP: Final = 0.15
"""Accuracy in training this far above that on test images."""

FEWEST: Final = 3
"""Images that must have been shown before a channel is called dead or saturated: one image leaves many so."""

ONE_CLASS: Final = 0.6
"""Share of answers that go to one class."""


@dataclass(frozen=True)
class TrainingWarning:
    """One sign.

    Attributes:
        kind: the rule that found it.
        layer: where; empty where it is about the whole model.
        step: from when on, or when; -1 where time plays no part.
        values: the figures that say so, as the rule documents.
    """

    kind: str
    layer: str = ""
    step: int = -1
    values: tuple[float, ...] = ()


def nothing() -> Array:
    """An empty row of numbers."""
    return np.zeros(0)


@short
@dataclass(frozen=True)
class TrainingSignals:
    """What the rules look at; empty where it was not recorded.

    Attributes:
        steps: of the training records, with `loss`, `accuracy` (smoothed, in [0, 1]) and `gradient` (norm; NaN where
            it was not taken) at each.
        test_steps: of the tests, with `test_accuracy` in [0, 1].
        checkpoints: steps of the checkpoints.
        layers: names of the weights.
        distance: checkpoint × layer, how far the weights are from the last ones, as a share of the size of those.
        broken: checkpoint × layer, how many weights are no finite number.
        units: of the last checkpoint, on `n_images` images (0: a recorder's own, whose number is not known).
        predicted: fraction of the test images predicted as each class.
        broken_at: the step in which the loss or its gradient was no number and the training stopped; -1 for none.
        broken_in: where that began.
    """

    steps: Array = field(default_factory=nothing)
    loss: Array = field(default_factory=nothing)
    accuracy: Array = field(default_factory=nothing)
    gradient: Array = field(default_factory=nothing)
    test_steps: Array = field(default_factory=nothing)
    test_accuracy: Array = field(default_factory=nothing)
    checkpoints: Array = field(default_factory=nothing)
    layers: tuple[str, ...] = ()
    distance: Array = field(default_factory=lambda: np.zeros((0, 0)))
    broken: Array = field(default_factory=lambda: np.zeros((0, 0)))
    units: Sequence[LayerUnits] = ()
    n_images: int = 0
    predicted: Array = field(default_factory=nothing)
    broken_at: int = -1
    broken_in: str = ""


def diverged(signals: TrainingSignals) -> list[TrainingWarning]:
    """A loss or a gradient that was NaN or infinite and stopped the training: where it began, in which step."""
    return [TrainingWarning("diverged", signals.broken_in, signals.broken_at)] if signals.broken_at >= 0 else []


def not_finite(signals: TrainingSignals) -> list[TrainingWarning]:
    """Weights that are NaN or infinite: layer, the first checkpoint with any, how many there."""
    found: list[TrainingWarning] = []
    for place, layer in enumerate(signals.layers):
        bad = np.flatnonzero(signals.broken[:, place])
        if bad.size:
            count = float(signals.broken[bad[0], place])
            found.append(TrainingWarning("nan or infinite", layer, int(signals.checkpoints[bad[0]]), (count,)))
    return found


def stopped(signals: TrainingSignals) -> list[TrainingWarning]:
    """Layers that stand still long before the end: layer, since when, the share by which they moved since, the end."""
    found: list[TrainingWarning] = []
    if len(signals.checkpoints) < 3:
        return found
    end = int(signals.checkpoints[-1])
    for place, layer in enumerate(signals.layers):
        distance = signals.distance[:, place]
        moving = np.flatnonzero(~(distance < STILL))
        still = int(moving[-1]) + 1 if moving.size else 0
        since = int(signals.checkpoints[still]) if still < len(distance) else end
        if since <= (1 - LASTING) * end:
            found.append(TrainingWarning("stopped", layer, since, (float(distance[still]), end)))
    return found


def frozen(signals: TrainingSignals) -> list[TrainingWarning]:
    """Layers that end nearly where they began: layer, the last step, the distance as a share of their size.

    Judged once some layer has moved: before that, the run is young.
    """
    if len(signals.checkpoints) < 3 or not (signals.distance[0] > 5 * FROZEN).any():
        return []
    end = int(signals.checkpoints[-1])
    return [
        TrainingWarning("frozen", layer, end, (float(signals.distance[0, place]),))
        for place, layer in enumerate(signals.layers)
        if signals.distance[0, place] < FROZEN
    ]


def enough(signals: TrainingSignals) -> bool:
    """Whether channels were watched on enough images to say something of them."""
    return signals.n_images == 0 or signals.n_images >= FEWEST


def dead(signals: TrainingSignals) -> list[TrainingWarning]:
    """Channels that never fire: layer, how many, of how many, on how many images."""
    return [
        TrainingWarning("dead", one.layer, -1, (one.dead.size, one.positive.size, signals.n_images))
        for one in signals.units
        if one.dead.size and enough(signals)
    ]


def saturated(signals: TrainingSignals) -> list[TrainingWarning]:
    """Channels whose gradient is gone though they fire: layer, how many, of how many, on how many images."""
    return [
        TrainingWarning("saturated", one.layer, -1, (one.saturated_channels.size, one.positive.size, signals.n_images))
        for one in signals.units
        if one.saturated_channels.size and enough(signals)
    ]


def spikes(signals: TrainingSignals) -> list[TrainingWarning]:
    """The largest gradient after the beginning: step, its norm, the median norm."""
    late = signals.steps > 0.1 * signals.steps.max(initial=0)
    if late.sum() < 10 or len(signals.gradient) != len(signals.steps):
        return []
    norms, steps = signals.gradient[late], signals.steps[late]
    if not np.isfinite(norms).any():
        return []
    largest, median = int(np.nanargmax(norms)), float(np.nanmedian(norms))
    if not norms[largest] > SPIKE * median:
        return []
    return [TrainingWarning("spike", "", int(steps[largest]), (float(norms[largest]), median))]


def not_learning(signals: TrainingSignals) -> list[TrainingWarning]:
    """A loss that hardly fell: the loss at the beginning, the loss now, and the step of now."""
    if len(signals.loss) < 20:
        return []
    tenth = max(1, len(signals.loss) // 20)
    first, last = float(signals.loss[:tenth].mean()), float(signals.loss[-tenth:].mean())
    return [TrainingWarning("not learning", "", int(signals.steps[-1]), (first, last))] if last > 0.97 * first else []


def degrading(signals: TrainingSignals) -> list[TrainingWarning]:
    """Test accuracy that was better before: the best one's step, the best, the last."""
    if len(signals.test_accuracy) < 2:
        return []
    best = int(signals.test_accuracy.argmax())
    high, last = float(signals.test_accuracy[best]), float(signals.test_accuracy[-1])
    return [TrainingWarning("degrading", "", int(signals.test_steps[best]), (high, last))] if high - last > FALL else []


def overfitting(signals: TrainingSignals) -> list[TrainingWarning]:
    """Training accuracy far above test accuracy: the step of the last test, both."""
    if not (len(signals.test_accuracy) and len(signals.accuracy)):
        return []
    known, new = float(signals.accuracy[-1]), float(signals.test_accuracy[-1])
    return [TrainingWarning("overfitting", "", int(signals.test_steps[-1]), (known, new))] if known - new > GAP else []


def collapsed(signals: TrainingSignals) -> list[TrainingWarning]:
    """One class that takes most answers: its number, its share."""
    if not len(signals.predicted) or signals.predicted.max() < max(ONE_CLASS, 1.5 / len(signals.predicted)):
        return []
    return [TrainingWarning("collapsed", "", -1, (float(signals.predicted.argmax()), float(signals.predicted.max())))]


RULES: Final[tuple[Callable[[TrainingSignals], list[TrainingWarning]], ...]] = (
    diverged,
    not_finite,
    not_learning,
    degrading,
    overfitting,
    spikes,
    frozen,
    stopped,
    dead,
    saturated,
    collapsed,
)
"""In the order in which people should hear of them."""


def examine_health(signals: TrainingSignals) -> list[TrainingWarning]:
    """Apply every rule."""
    return [finding for rule in RULES for finding in rule(signals)]
