"""What a run's model answers on test images, for the viewer: worked out while somebody waits, or as it was kept.

Three sources. Images of a data set, shown to the last checkpoint in a random order that a longer draw goes on from.
Answers that were kept when the training ended, over more images than anybody waits for here: they stay, and the data
set adds images of mistakes. The labelled probe images of a recorder, for models that can't be run here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Int

from innerview.errors import DataError, ImageError, InnerviewError, ModelError, UsageError
from innerview.methods import predict
from innerview.pictures.words import count
from innerview.results import Prediction
from innerview.runs import answers, observations
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.session.training.models import model_at
from innerview.session.training.reading import Recorded
from innerview.session.training.testing import Labelled, kept_answers, labelled_images
from innerview.spec import kind_of, possible_answers
from innerview.types import Image

MISTAKES: Final = 12
"""That are shown."""

COUNT: Final = 500
"""Images that are tested unasked; each time that more is asked for, four times as many."""

BLOCK: Final = 5
"""Images in one pass: others wait for their turn no longer than that takes."""

FIRST_LEVEL: Final = 100
"""Tested images after which there is something to show; then whenever they have doubled."""

NOTHING: Final = (
    "no test images are at hand. Start with `innerview serve RUN --data FOLDER`, or let the recorder look at "
    "images of known classes: `Recorder(…, probes=images, labels=labels, input=…, output=…)`"
)

COMING: Final = "Their images were not saved; errors with images appear while those of {} are tested."

UNSEEN: Final = "The images of the errors were not saved. With `innerview serve --data FOLDER` they are shown."


@dataclass(frozen=True, eq=False)
class Mistake:
    """A wrong answer.

    Attributes:
        name: of the image.
        image: its pixels in [0, 1]; None where they are not at hand.
        label: number of its class; `predicted`: of the prediction, which has `probability`.
    """

    name: str
    image: Image | None
    label: int
    predicted: int
    probability: float


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers on test images.

    Attributes:
        step: of the weights that gave them.
        classes: names.
        confusion: images by label and prediction.
        about: whose answers were counted, on which images.
        mistakes: the surest first, MISTAKES at most.
        mistakes_about: from which images these are, or why there are none; empty if `about` says it.
        more: whether more images can be tested.
    """

    step: int
    classes: tuple[str, ...]
    confusion: Int[np.ndarray, "label predicted"]
    about: str
    mistakes: tuple[Mistake, ...] = ()
    mistakes_about: str = ""
    more: bool = False


def answers_of(
    run: Recorded, data: Path | None, listener: Listener, level: Callable[[Answers], None], *, more: int = 0
) -> Answers:
    """Find out what a run's model answers on test images.

    Args:
        run: as it is now.
        data: data set to draw test images from; None if none was named.
        listener: told of the progress, in images.
        level: given what there is so far.
        more: how often four times as many images are wanted.

    Raises:
        UsageError: nothing was kept, and nothing can be worked out; says why and what to do.
    """
    kept = kept_in_full(run) or probed(run)
    missing = ""
    if data is not None:
        if kept is not None:
            level(replace(kept, mistakes_about=COMING.format(data.resolve().name)) if kept.mistakes_about else kept)
        try:
            return tested(run, data, kept, listener, level, COUNT * 4**more)
        except (ModelError, DataError, ImageError) as problem:
            missing = str(problem)
    if kept is None:
        raise UsageError(f"what {run.name} takes for what is not known: {missing or NOTHING}").of(
            "answers", asked=run.name, found=missing
        )
    if kept.mistakes_about == "" and kept.mistakes:
        return kept
    return replace(kept, mistakes_about=f"{UNSEEN} What was named can't be used: {missing}." if missing else UNSEEN)


def tested(
    run: Recorded,
    data: Path,
    kept: Answers | None,
    listener: Listener,
    level: Callable[[Answers], None],
    most: int,
) -> Answers:
    """Show test images to the last weights; arguments as above, and how many images at most.

    Raises:
        ModelError: they can't be run; `DataError`: the data set is none, or not of these classes.
        ImageError: no image can be read.
    """
    model = model_at(run, run.steps[-1])
    problems: list[str] = []
    drawn = labelled_images(data, model, Query(num_images=most + 1), problems)
    found = _Tally(model.output.answers)
    shown = FIRST_LEVEL

    def so_far(*, final: bool) -> Answers:
        left = f", {count(len(problems))} could not be read" if problems else ""
        whose = f"the weights of step {count(run.steps[-1])}"
        about = f"{count(found.total)} test images from {data.resolve().name}, shown to {whose}{left}."
        more = final and next(drawn, None) is not None
        if kept is not None and int(kept.confusion.sum()) > found.total:
            about = f"The most confident errors among {about}"
            return replace(kept, mistakes=found.surest, mistakes_about=about, more=more)
        names = model.output.answers
        return Answers(run.steps[-1], names, found.confusion, f"Counted on {about}", found.surest, more=more)

    for images in _blocks(islice(drawn, most)):
        found.add(images, predict(model, np.stack([one.image for one in images])))
        listener.progress(found.total, most)
        if found.total >= shown:
            level(so_far(final=False))
            shown *= 2
    if not found.total:
        raise ImageError(f"none of the test images in {data.resolve().name} can be read; the first: {problems[0]}").of(
            "images", path=data, found=0
        )
    return so_far(final=True)


class _Tally:
    """Counts answers, and keeps the surest mistakes with their images."""

    def __init__(self, class_names: Sequence[str]) -> None:
        self.confusion = np.zeros((len(class_names), len(class_names)), dtype=np.int64)
        self._wrong: list[Mistake] = []

    @property
    def total(self) -> int:
        return int(self.confusion.sum())

    @property
    def surest(self) -> tuple[Mistake, ...]:
        return tuple(self._wrong)

    def add(self, images: Sequence[Labelled], predictions: Sequence[Prediction]) -> None:
        for one, prediction in zip(images, predictions, strict=True):
            self.confusion[one.label, prediction.index] += 1
            if prediction.index != one.label:
                chance = prediction.confidence
                self._wrong.append(Mistake(one.name, one.image, one.label, prediction.index, chance))
        self._wrong = surest(self._wrong)


def surest(wrong: Sequence[Mistake]) -> list[Mistake]:
    """The mistakes of the highest probability, as many as are shown; where there are no probabilities, the first."""
    return sorted(wrong, key=lambda one: -np.nan_to_num(one.probability))[:MISTAKES]


def _blocks(drawn: Iterator[Labelled]) -> Iterator[list[Labelled]]:
    while block := list(islice(drawn, BLOCK)):
        yield block


def kept_in_full(run: Recorded) -> Answers | None:
    """What was kept of every test image when the training had ended; None where nobody did, or it is damaged."""
    try:
        found, kept = kept_answers(run), answers.latest(run.folder)
    except DataError:
        return None
    if found is None or kept is None:
        return None
    places: list[int] = kept.surest_mistakes[:MISTAKES].tolist()
    wrong = [
        Mistake(found.names[at], None, int(kept.label[at]), int(kept.predicted[at]), float(kept.probability[at]))
        for at in places
    ]
    about = f"Saved with the run: all {count(found.found.n_images)} test images, shown to the weights of step "
    names = found.found.class_names
    return Answers(kept.step, names, found.found.confusion, f"{about}{count(kept.step)}.", tuple(wrong), UNSEEN)


def probed(run: Recorded) -> Answers | None:
    """What the model said of its recorder's probe images when they were last seen; None without labels."""
    output: Any = run.folder.manifest.configuration.get("output")
    steps = run.folder.observed("probes")
    if not (output and steps and run.folder.manifest.configuration.get("input")):
        return None
    try:
        images, labels = observations.images(run.folder)
        seen = observations.probes(run.folder, steps[-1])
    except InnerviewError:  # on its way
        return None
    names = tuple(str(name) for name in output["class_names"])
    kind = kind_of(output.get("kind"))
    if labels is None or len(seen.outputs) != len(images) or len(names) != seen.outputs.shape[1]:
        return None
    possible = possible_answers(names, kind)
    if (labels >= len(possible)).any():
        return None
    called: Any = run.folder.manifest.configuration.get("probes") or {}
    found = _Tally(possible)
    found.add(
        [
            Labelled(called.get(str(place), f"probe {place}"), image.astype(np.float32), int(label))
            for place, (image, label) in enumerate(zip(images, labels, strict=True))
        ],
        [Prediction(row, chance, names, kind) for row, chance in zip(seen.outputs, seen.probabilities, strict=True)],
    )
    about = f"The recorder's {count(found.total)} probe images, as it saw them at step {count(steps[-1])}."
    return Answers(steps[-1], possible, found.confusion, about, found.surest)
