"""Trainings in words: what the curves, layers, channels, timelines and predictions of a run show.

Each sentence carries its own numbers. A warning names the section of the page whose figure says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.methods.health import TrainingWarning
from innerview.methods.mistakes import Mistakes, confused, interval
from innerview.pictures.timeline import Timeline
from innerview.pictures.words import count, number, several, share
from innerview.runs.status import RunStatus
from innerview.targets import label
from innerview.types import Array

MOST_TIMES: Final = 1e6
"""A factor beyond it is told as that."""


@dataclass(frozen=True)
class Warned:
    """A warning in words, and the key of the section whose figure says so."""

    text: str
    section: str


def _times(value: float, median: float) -> str:
    if not median:
        return "; most of the time it is zero"
    factor = value / median
    times = number(factor) if factor <= MOST_TIMES else "more than a million"
    return f", {times} times its median ({number(median)})"


def _channels(found: TrainingWarning) -> str:
    few, all_of, _ = (int(value) for value in found.values)
    return f"{few} of {count(all_of)} channels in {found.layer}"


def _verb(found: TrainingWarning, one: str, many: str) -> str:
    return one if found.values[0] == 1 else many


def _seen(found: TrainingWarning) -> str:
    n_images = int(found.values[2])
    return f" on {count(n_images)} image{'s' * (n_images != 1)}" if n_images else " on the recorder's images"


WORDS: Final[Mapping[str, tuple[str, Callable[[TrainingWarning, Sequence[str]], str]]]] = MappingProxyType(
    {
        "nan or infinite": (
            "weights",
            lambda found, _: (
                f"{several(int(found.values[0]), 'weight')} of {found.layer} {_verb(found, 'is', 'are')} NaN or "
                f"infinite at step {count(found.step)}: from there on no prediction has a meaning."
            ),
        ),
        "diverged": (
            "curves",
            lambda found, _: (
                f"The loss or a gradient was NaN or infinite in step {count(found.step)}. It began in {found.layer}, "
                "and the training stopped there; the weights saved are those before that step."
            ),
        ),
        "not learning": (
            "curves",
            lambda found, _: (
                f"The loss has {'risen' if found.values[1] > 1.03 * found.values[0] else 'hardly fallen'}: "
                f"{number(found.values[0])} at the beginning, {number(found.values[1])} at step {count(found.step)}."
            ),
        ),
        "degrading": (
            "curves",
            lambda found, _: (
                f"The test accuracy was best at step {count(found.step)} ({share(found.values[0])}) and "
                f"is {share(found.values[1])} now."
            ),
        ),
        "overfitting": (
            "curves",
            lambda found, _: (
                f"Overfitting: the accuracy is {share(found.values[0])} on training images "
                f"and {share(found.values[1])} on test images at step {count(found.step)}."
            ),
        ),
        "spike": (
            "curves",
            lambda found, _: (
                f"The gradient's norm reached {number(found.values[0])} at step {count(found.step)}"
                f"{_times(found.values[0], found.values[1])}."
            ),
        ),
        "stopped": (
            "layers",
            lambda found, _: (
                f"{_capital(found.layer)} stopped changing at step {count(found.step)}: up to step "
                f"{count(int(found.values[1]))} its weights moved by {share(found.values[0])} of their size."
            ),
        ),
        "frozen": (
            "layers",
            lambda found, _: (
                f"{_capital(found.layer)} is frozen: after {count(found.step)} steps its weights are "
                f"{share(found.values[0])} of their size away from where they began."
            ),
        ),
        "dead": (
            "units",
            lambda found, _: f"{_channels(found)} {_verb(found, 'is', 'are')} dead{_seen(found)}: never above 0.",
        ),
        "saturated": (
            "units",
            lambda found, _: (
                f"{_channels(found)} {_verb(found, 'is', 'are')} saturated{_seen(found)}, where the activation is "
                "flat: hardly any gradient comes through."
            ),
        ),
        "collapsed": (
            "mistakes",
            lambda found, names: (
                f"{share(found.values[1])} of the test images are predicted as {label(int(found.values[0]), names)}."
            ),
        ),
    }
)
"""For each kind of finding the section whose figure says so, and the sentence."""


def warning(found: TrainingWarning, class_names: Sequence[str] = (), run: str = "") -> Warned:
    """Say what a rule found; `run` names the run where there are several."""
    section, say = WORDS[found.kind]
    text = say(found, class_names)
    return Warned(f"{run}: {text}" if run else text, section)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@dataclass(frozen=True)
class Course:
    """What is said of a run's course; None for what is not known.

    Attributes:
        name: of the run.
        step: the last one; `planned`: how many there are to be, 0 if not known.
        epochs: passes through the images; `minutes`: that the steps took.
        loss: smoothed, at the end; `accuracy` likewise, in [0, 1].
        test: accuracy at the latest test, and on how many images.
        final: accuracy of the last weights on all test images; `average`: of their running mean.
        n_images: how many test images there are.
        ending: how it ended; None where it does not say.
    """

    name: str
    step: int
    planned: int
    epochs: float | None
    minutes: float | None
    loss: float | None
    accuracy: float | None
    test: tuple[float, int] | None
    final: float | None
    average: float | None
    n_images: int
    ending: RunStatus | None = None


ENDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "done": "finished",
        "interrupted": "stopped by Ctrl-C",
        "diverged": "stopped because it diverged: its loss or a gradient was NaN or infinite",
    }
)
"""How a run stands that says how it ended."""


def course(run: Course) -> str:
    """Say how far a run has come and how well it does."""
    spent = [f"{run.epochs:.1f} epochs"] if run.epochs is not None else []
    spent += [f"{several(round(run.minutes), 'minute')} of training"] if run.minutes and run.minutes >= 1 else []
    begun = f"{run.name}: step {count(run.step)}"
    if run.planned > run.step:
        begun += f" of {count(run.planned)}, {_standing(run.ending)}"
    text = f"{begun}{_brackets(spent)}."
    known = (
        [] if run.loss is None else [f"the loss is {number(run.loss) if np.isfinite(run.loss) else 'NaN or infinite'}"]
    )
    known += [f"the training accuracy is {share(run.accuracy)}"] if run.accuracy is not None else []
    if known:
        text += f" {_capital(' and '.join(known))}."
    if run.final is not None:
        mean = f", of their running mean {share(run.average)}" if run.average is not None else ""
        text += f" On all {count(run.n_images)} test images the last weights' accuracy is {share(run.final)}{mean}."
    elif run.test is not None:
        text += f" At the latest test the accuracy was {share(run.test[0])} on {count(run.test[1])} images."
    return text


def _standing(ending: RunStatus | None) -> str:
    """How a run stands that has fewer steps than were planned."""
    if ending is None:
        return "still being trained, or killed"
    return ENDED[ending.how] + "; --resume goes on" * (ending.how == "interrupted")


def _brackets(parts: Sequence[str]) -> str:
    return f" ({', '.join(parts)})" if parts else ""


def spread(layers: Sequence[str], std: Array) -> str:
    """Say which layer's weights widened most, and which least, from the first checkpoint (`std`: row 0) to the last."""
    growth = std[-1] / np.where(std[0] > 0, std[0], np.nan)
    if not np.isfinite(growth).any() or len(std) < 2:
        return "There is only one checkpoint; changes are seen from the second on."
    most, least = int(np.nanargmax(growth)), int(np.nanargmin(growth))
    verb = "widened most" if growth[most] > 1 else "narrowed least" if growth[most] < 1 else "kept its width"
    text = (
        f"{_capital(layers[most])} {verb}: standard deviation {number(float(std[0, most]))} to "
        f"{number(float(std[-1, most]))}"
    )
    if least != most:
        if growth[least] == 1:
            return f"{text}; {layers[least]} kept its width."
        verb = "widened least" if growth[least] > 1 else "narrowed most" if growth[most] < 1 else "narrowed"
        text += f"; {layers[least]} {verb}: {number(float(std[0, least]))} to {number(float(std[-1, least]))}"
    return text + "."


def movement(layers: Sequence[str], steps: Array, moved: Array) -> str:
    """Say which layer moves most per step at the beginning and at the end (`moved`: checkpoint × layer, fractions)."""
    if len(steps) < 2 or not np.isfinite(moved[1:]).any():
        return "There is only one checkpoint; movement is seen from the second on."
    known = [row for row in (moved[1], moved[-1]) if np.isfinite(row).any()]
    first, last = int(np.nanargmax(known[0])), int(np.nanargmax(known[-1]))
    if not known[0][first] and not known[-1][last]:
        return f"Nothing moves, neither up to step {count(int(steps[1]))} nor at the end."
    if len(known) == 1:
        return f"{_capital(layers[first])} moves most ({number(100 * float(known[0][first]))} % of its size per step)."
    return (
        f"Up to step {count(int(steps[1]))}, {layers[first]} moves most ({number(100 * float(moved[1, first]))} % of "
        f"its size per step); at the end, {layers[last]} ({number(100 * float(moved[-1, last]))} %)."
    )


def moved_in_all(layers: Sequence[str], steps: Array, distance: Array) -> str:
    """Say of two checkpoints how far the layers are apart, as fractions of their last size (`distance`: row 0)."""
    known = np.where(np.isfinite(distance[0]), distance[0], np.nan)
    text = f"There are two checkpoints, of steps {count(int(steps[0]))} and {count(int(steps[1]))}"
    if np.isnan(known).all():
        return f"{text}; how far their weights are apart is not known."
    most, least = int(np.nanargmax(known)), int(np.nanargmin(known))
    return (
        f"{text}: from one to the other {layers[most]} moved most (by {number(100 * float(known[most]))} % of its "
        f"size) and {layers[least]} least ({number(100 * float(known[least]))} %). What lies between was not saved."
    )


def channels(layers: Sequence[str], dead: Array, saturated: Array, sizes: Array, about: str) -> str:
    """Say how many channels are dead or saturated at the last checkpoint (last row), on which images."""
    none, flat = int(dead[-1].sum()), int(saturated[-1].sum())
    text = f"At the last checkpoint {none} of {count(int(sizes.sum()))} channels are dead on {about}"
    if none:
        text += f", most of them in {layers[int(dead[-1].argmax())]}"
    return f"{text}; {flat or 'none'} {'is' if flat in {0, 1} else 'are'} saturated."


def timeline(shown: Timeline) -> str:
    """Say what was predicted for one image, from which step on."""
    calls = [(frame.step, frame.prediction.label) for frame in shown.frames]
    runs = [call for before, call in zip([(0, ""), *calls], calls, strict=False) if before[1] != call[1]]
    told = ", ".join(f"{predicted} from step {count(step)} on" for step, predicted in runs[-4:])
    more = "after other predictions, " if len(runs) > 4 else ""
    truth = "" if shown.label is None else f" (label {label(shown.label, shown.frames[0].prediction.class_names)})"
    return f"{_capital(shown.name)}{truth}: {more}{told}."


def tested(found: Mistakes) -> str:
    """Give the accuracy with its interval, the hardest class, and what is confused most."""
    names = found.class_names
    if not found.n_images:
        return "No test image was predicted."
    low, high = interval(found.accuracy, found.n_images)
    text = (
        f"On {count(found.n_images)} test images, the accuracy of the last weights is {share(found.accuracy)} (95 % "
        f"interval {share(low)} to {share(high)})"
    )
    if np.isfinite(found.by_class).any() and np.nanmin(found.by_class) < 1:
        worst = int(np.nanargmin(found.by_class))
        text += f"; {label(worst, names)} is hardest ({share(float(found.by_class[worst]))})"
    mixed = confused(found)
    if mixed:
        true, predicted, times = mixed[0]
        text += f", and {label(true, names)} is most often predicted as {label(predicted, names)} ({times} of "
        text += f"{count(int(found.confusion[true].sum()))})"
    return text + "."


def surest(found: Mistakes, names: Sequence[str], predicted: Array, most: int = 3) -> str:
    """Name the most confident errors, where there are no images to show, and how to see them.

    Args:
        found: counts and mistakes.
        names: of the images, which tell the label.
        predicted: number of the class predicted for each.
        most: how many are named.
    """
    if not len(found.surest):
        return "The predictions are those that the run saved of its last test; none of them is wrong."
    told = "; ".join(
        f"{names[place]}, predicted as {label(int(predicted[place]), found.class_names)} "
        f"({share(float(found.confidence[place]))})"
        for place in found.surest[:most].tolist()
    )
    return (
        f"The predictions are those that the run saved of its last test. Most confident errors: {told}. With the data "
        "at hand, --data DATA shows such images, with the maps of their wrong predictions."
    )
