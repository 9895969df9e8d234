"""What parts of an image are predicted as, alone and in place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.spec import OutputKind, answer_name
from innerview.targets import label
from innerview.types import Array


@short
@dataclass(frozen=True)
class Parts(Result["Parts[Array]", A_co]):
    """The prediction of every window, cut out and enlarged (*alone*), and with all else filled (*in place*).

    Attributes:
        image: as the model saw it (pixels).
        windows: left, top, width and height of each, in pixels.
        fills: in words.
        alone_answers: number of what is predicted of each window alone (see `Prediction.index`), and
            `alone_confidences`: its probability in [0, 1]; NaN where there is none.
        placed_answers: likewise in place, under each fill, and `placed_confidences`.
        empty_answers: of each fill alone, with no window, and `empty_confidences`: what a prediction in place must be
            held against.
        shuffled_answers: of each window alone with its pixels in random order, and `shuffled_confidences`: the control,
            which has a part's colours and none of its shapes; None in results of before.
        answer: of the image, and `confidence`: its probability.
        class_names: one per class; `output_kind`: what the outputs are.
        n_evaluations: forward passes of one image.
        provenance: where the values come from.
        notes: what should be known before the values are believed, in sentences.
    """

    image: Float[A_co, "height width channel"]
    windows: Int[A_co, "window 4"]
    fills: tuple[str, ...]
    alone_answers: Int[A_co, " window"]
    alone_confidences: Float[A_co, " window"]
    placed_answers: Int[A_co, "fill window"]
    placed_confidences: Float[A_co, "fill window"]
    empty_answers: Int[A_co, " fill"]
    empty_confidences: Float[A_co, " fill"]
    answer: int
    confidence: float
    class_names: tuple[str, ...]
    output_kind: OutputKind
    n_evaluations: int
    provenance: Provenance
    notes: tuple[str, ...] = ()
    shuffled_answers: Int[A_co, " window"] | None = None
    shuffled_confidences: Float[A_co, " window"] | None = None

    @property
    def fractions(self) -> Float[A_co, " window"]:
        """Of the image that each window covers."""
        return self.windows[:, 2] * self.windows[:, 3] / (self.image.shape[0] * self.image.shape[1])

    @property
    def surest_other(self) -> int | None:
        """The window that alone is predicted as something else most surely; None if none is."""
        return self._first(self.alone_answers != self.answer, -self.alone_confidences)

    @property
    def smallest_alone(self) -> int | None:
        """The smallest window that alone is predicted as the image is (of equal ones the surest); None if none is."""
        return self._first(self.alone_answers == self.answer, self.fractions - 1e-6 * self.alone_confidences)

    @property
    def smallest_in_place(self) -> int | None:
        """The smallest window that keeps the prediction under every fill; None if none does."""
        surely = self.placed_confidences.min(axis=0)
        return self._first((self.placed_answers == self.answer).all(axis=0), self.fractions - 1e-6 * surely)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the parts tell, with their numbers."""
        return self._told_other(), self._told_alone(), self._told_in_place()

    @property
    def found(self) -> dict[str, int]:
        """The windows that the sentences are about, in their order: "other", "alone", "in place"; those there are."""
        told = {"other": self.surest_other, "alone": self.smallest_alone, "in place": self.smallest_in_place}
        return {kind: number for kind, number in told.items() if number is not None}

    def said(self, kind: str) -> str:
        """What a window of `found` is predicted as, "cat (83 %)": in place, with the least over the fills."""
        number = self.found[kind]
        if kind != "in place":
            answer, chance = int(self.alone_answers[number]), float(self.alone_confidences[number])
            return f"{answer_name(answer, self.class_names)} ({self._chance(chance)})"
        chance = float(self.placed_confidences[:, number].min())
        least = "" if np.isnan(chance) else " at least"
        return f"{answer_name(self.answer, self.class_names)} ({self._chance(chance)}{least})"

    def _first(self, wanted: Bool[np.ndarray, " window"], key: Array) -> int | None:
        """The wanted window with the lowest key."""
        found = np.flatnonzero(wanted)
        if not len(found):
            return None
        keys = np.nan_to_num(key[found], nan=0.0)
        return int(found[keys.argmin()])

    def _told_other(self) -> str:
        number = self.surest_other
        if number is None:
            return f"Every part that was tried predicts {self._name(self.answer)} alone."
        return f"This {self._window(number)} part alone: {self._alone(number)}.{self._told_control(number)}"

    def _told_control(self, number: int) -> str:
        """How often a part without its shapes would be something else as surely."""
        if self.shuffled_answers is None or self.shuffled_confidences is None:
            return ""
        least = self.alone_confidences[number]
        sure = self.shuffled_confidences >= least if least == least else np.ones(len(self.windows), bool)
        like = int(((self.shuffled_answers != self.answer) & sure).sum())
        return f" With their pixels in random order {like} of {len(self.windows)} parts are something else as surely."

    def _told_alone(self) -> str:
        number, name = self.smallest_alone, self._name(self.answer)
        if number is None:
            return f"No part that was tried predicts {name} alone."
        like = int((self.alone_answers == self.answer).sum())
        fraction, chance = self._fraction(number), self._chance(self.alone_confidences[number])
        return (
            f"Smallest part that still predicts {name} alone: {self._window(number)}, {fraction} ({chance}); {like} of "
            f"{len(self.windows)} parts do."
        )

    def _told_in_place(self) -> str:
        number, name, count = self.smallest_in_place, self._name(self.answer), len(self.fills)
        under = f"under each of {count} fills" if count > 1 else "under the fill"
        if number is None:
            return f"No part that was tried keeps {name} in place {under}."
        blank = int((self.empty_answers == self.answer).sum())
        warning = f" ({blank} of them alone predicted so, with no part at all)" if blank else ""
        found = f"{self._window(number)}, {self._fraction(number)}"
        return f"Smallest part that still predicts {name} in place, {under}{warning}: {found}."

    def _fraction(self, number: int) -> str:
        return f"{100 * self.fractions[number]:.2g} % of the image"

    def _alone(self, number: int) -> str:
        name = self._name(int(self.alone_answers[number]))
        chance = self._chance(self.alone_confidences[number])
        return f"{name} ({chance})"

    def _window(self, number: int) -> str:
        left, top, width, height = self.windows[number].tolist()
        return f"{width} × {height} (at {left},{top})"

    def _chance(self, value: float) -> str:
        return "no probability" if np.isnan(value) else f"{100 * value:.0f} %"

    def _name(self, answer: int) -> str:
        if answer < len(self.class_names):
            return label(answer, self.class_names)
        return answer_name(answer, self.class_names)
