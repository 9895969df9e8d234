"""What a trained model said of labelled test images, kept in its run folder: answers, never the images.

    from innerview.runs import RunFolder, answers

    found = answers.latest(RunFolder.open(path))  # None where nobody tested it

`innerview train` writes them at the end of a training, of all test images and the last weights; so do the runs that
come along. Whoever reads them can draw the confusion matrix, the accuracy of each class and the list of the surest
mistakes without having the data. The names of the classes are the manifest's, `run.manifest.data["classes"]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.errors import DataError
from innerview.files.regular import reading
from innerview.reprs import short
from innerview.runs.folder import RunFolder
from innerview.types import Array

SERIES: Final = "predictions"
"""`observations/predictions-<step>.safetensors`, with the arrays "predicted", "probability" and "label"."""

OLDER: Final = {"said": "predicted", "truth": "label"}
"""Names of arrays up to version 2 of run folders, and in those that come along."""


@short
@dataclass(frozen=True, eq=False)
class Answers:
    """Answers on the test part of the data set, in its order; each array has one number per image.

    Attributes:
        predicted: number of the class with the highest output, int64.
        probability: of that class, float32, in [0, 1].
        label: number of the class that it belongs to, int64.
        step: updates that the weights had had.
    """

    predicted: Array
    probability: Array
    label: Array
    step: int = 0

    @property
    def accuracy(self) -> float:
        """Fraction that is right, in [0, 1]."""
        return float((self.predicted == self.label).mean())

    @property
    def surest_mistakes(self) -> Array:
        """Positions of the wrong answers, the most probable one first; int64."""
        order = np.argsort(-self.probability, kind="stable")
        return order[(self.predicted != self.label)[order]]


def keep(run: RunFolder, found: Answers) -> None:
    """Write answers into a run folder.

    Raises:
        OutputError: the folder can't be written.
    """
    run.observe(
        SERIES,
        found.step,
        {
            "predicted": found.predicted.astype(np.uint16),
            "probability": found.probability.astype(np.float32),
            "label": found.label.astype(np.uint16),
        },
    )


def latest(run: RunFolder) -> Answers | None:
    """Read the answers of the latest step at which there are some; None where there are none.

    Raises:
        DataError: the file is damaged, or its arrays don't belong together.
    """
    steps = run.observed(SERIES)
    if not steps:
        return None
    arrays, path = run.observation(SERIES, steps[-1]), run.observed_at(SERIES, steps[-1])
    with reading(path, "the answers"):
        named = {OLDER.get(name, name): values for name, values in arrays.items()}
        predicted, probability, label = named["predicted"], named["probability"], named["label"]
    if not predicted.size or not predicted.shape == probability.shape == label.shape == (predicted.size,):
        raise DataError(
            f"the answers {path} don't belong together: "
            f"{predicted.shape} answers, {probability.shape} probabilities, {label.shape} true classes"
        ).of("shape", path=path, found=(predicted.shape, probability.shape, label.shape))
    if predicted.dtype.kind not in "iu" or label.dtype.kind not in "iu" or probability.dtype.kind != "f":
        raise DataError(
            f"the answers {path} are damaged: classes are whole numbers, probabilities are floats; {predicted.dtype}, "
            f"{label.dtype} and {probability.dtype} were found"
        ).of("dtype", path=path, found=(predicted.dtype.name, label.dtype.name, probability.dtype.name))
    return Answers(predicted.astype(np.int64), probability, label.astype(np.int64), steps[-1])
