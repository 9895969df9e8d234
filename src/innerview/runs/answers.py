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
"""`observations/predictions-<step>.safetensors`, with the arrays "said", "probability" and "truth"."""


@short
@dataclass(frozen=True, eq=False)
class Answers:
    """Answers on the test part of the data set, in its order; each array has one number per image.

    Attributes:
        said: number of the class with the highest output, int64.
        probability: of that class, float32, in [0, 1].
        truth: number of the true class, int64.
        step: updates that the weights had had.
    """

    said: Array
    probability: Array
    truth: Array
    step: int = 0

    @property
    def accuracy(self) -> float:
        """Share that is right, in [0, 1]."""
        return float((self.said == self.truth).mean())

    @property
    def surest_mistakes(self) -> Array:
        """Places of the wrong answers, the most probable one first; int64."""
        order = np.argsort(-self.probability, kind="stable")
        return order[(self.said != self.truth)[order]]


def keep(run: RunFolder, found: Answers) -> None:
    """Write answers into a run folder.

    Raises:
        OutputError: the folder can't be written.
    """
    run.observe(
        SERIES,
        found.step,
        {
            "said": found.said.astype(np.uint16),
            "probability": found.probability.astype(np.float32),
            "truth": found.truth.astype(np.uint16),
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
        said, probability, truth = arrays["said"], arrays["probability"], arrays["truth"]
    if not said.size or not said.shape == probability.shape == truth.shape == (said.size,):
        raise DataError(
            f"the answers {path} don't belong together: "
            f"{said.shape} answers, {probability.shape} probabilities, {truth.shape} true classes"
        )
    if said.dtype.kind not in "iu" or truth.dtype.kind not in "iu" or probability.dtype.kind != "f":
        raise DataError(
            f"the answers {path} are damaged: classes are whole numbers, probabilities are floats; {said.dtype}, "
            f"{truth.dtype} and {probability.dtype} were found"
        )
    return Answers(said.astype(np.int64), probability, truth.astype(np.int64), steps[-1])
