"""What a model gets right and wrong on labelled images: counts, fractions, the most confident errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import UsageError
from innerview.reprs import short
from innerview.results import Prediction
from innerview.spec import possible_answers
from innerview.types import Array

Z: Final = 1.96
"""Standard deviations of a normal distribution on each side that hold 95 % of it."""


@short
@dataclass(frozen=True)
class Mistakes:
    """Answers of a model on labelled images.

    A model with a single output has two answers: 0, its class, and 1, "not" that class. Independent outputs have one
    more than there are classes: that it is none of them.

    Attributes:
        confusion: images by true class (rows) and by prediction (columns).
        class_names: one per answer.
        surest: positions of the wrongly predicted images, the most confident answer first.
        confidence: probability of the answer for each image, in [0, 1]; where outputs have no probabilities, NaN.
    """

    confusion: Int[np.ndarray, "label predicted"]
    class_names: tuple[str, ...]
    surest: Int[np.ndarray, " wrong"]
    confidence: Float[np.ndarray, " image"]

    @property
    def n_images(self) -> int:
        """How many images were shown."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Fraction of them predicted correctly, in [0, 1]."""
        return float(np.trace(self.confusion) / max(1, self.n_images))

    @property
    def by_class(self) -> Float[np.ndarray, " class"]:
        """The same for the images of each class; NaN where there was none."""
        totals = self.confusion.sum(axis=1)
        return np.where(totals > 0, np.diag(self.confusion) / np.maximum(totals, 1), np.nan)

    @property
    def predicted(self) -> Float[np.ndarray, " class"]:
        """Fraction of all images predicted as each class."""
        return self.confusion.sum(axis=0) / max(1, self.n_images)


def mistakes(predictions: Sequence[Prediction], labels: Sequence[int]) -> Mistakes:
    """Compare predictions with the labels.

    Args:
        predictions: one or more.
        labels: the number of each image's true class.

    Raises:
        UsageError: a single score, from which no answer can be read.
    """
    if not predictions[0].decided:
        raise UsageError(
            f"the model gives one score for {predictions[0].class_names[0]}, and from which value on that means yes "
            "was not declared, so nothing can be counted; declare kind 'sigmoid' or 'probabilities'"
        ).of("kind", found=predictions[0].class_names[0])
    predicted = np.array([prediction.index for prediction in predictions], dtype=np.int64)
    confidence = np.array([prediction.confidence for prediction in predictions], dtype=np.float64)
    return mistakes_among(
        predicted,
        confidence,
        np.asarray(labels, dtype=np.int64),
        possible_answers(predictions[0].class_names, predictions[0].output_kind),
    )


def mistakes_among(
    predicted: Int[np.ndarray, " image"],
    confidence: Float[np.ndarray, " image"],
    labels: Int[np.ndarray, " image"],
    class_names: tuple[str, ...],
) -> Mistakes:
    """Compare predictions with the labels, where no more is known of an answer than its class and its probability.

    Args:
        predicted: the number of the class predicted for each image.
        confidence: its probability, in [0, 1].
        labels: the number of each image's true class.
        class_names: one per class.
    """
    confusion = np.zeros((len(class_names), len(class_names)), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    order = np.argsort(-np.nan_to_num(confidence), kind="stable")
    return Mistakes(confusion, class_names, order[(predicted != labels)[order]], confidence)


def interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval for a share found in `count` draws (E. B. Wilson, 1927), in [0, 1]."""
    if count == 0:
        return 0.0, 1.0
    spread = Z**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def confused(found: Mistakes) -> list[tuple[int, int, int]]:
    """The mix-ups, the most frequent first: truth, what was predicted, how often."""
    wrong: Array = found.confusion * (1 - np.eye(len(found.class_names), dtype=np.int64))
    pairs = [(int(row), int(column), int(wrong[row, column])) for row, column in np.argwhere(wrong)]
    return sorted(pairs, key=lambda pair: -pair[2])
