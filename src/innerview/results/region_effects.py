"""What parts of an image that somebody asked about do to the score, beside parts like them elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.reprs import short
from innerview.results.provenance import Provenance
from innerview.results.result import A_co, Result
from innerview.spec import OutputKind, answer_name
from innerview.targets import label
from innerview.types import Array

LEVEL = 0.05
"""The level at which a sentence calls a region different from others; the p-value stands beside it."""


@short
@dataclass(frozen=True)
class RegionEffects(Result["RegionEffects[Array]", A_co]):
    """The effect of taking each region away and of showing it alone, under several fills.

    An effect is in units of the target, one for each fill: of removing, the image's score less the score without the
    region; of showing it alone, the score with nothing but the region less that of the fill alone. Beside it stand the
    same of *placebos*, regions of its size and shape elsewhere in the image.

    Attributes:
        image: as the model saw it (pixels).
        regions: the pixels of each.
        names: of each, as it was asked for.
        fills: in words.
        removed: effect of removing; `alone`: of showing alone.
        removed_elsewhere: of the placebos, the same; `alone_elsewhere` likewise. NaN behind the last one.
        positions: top and left edge of each placebo; −1 behind the last one.
        removed_probabilities: of the class, without the region; `alone_probabilities`: with it alone, and
            `empty_probabilities`: with the fill alone. In [0, 1]; NaN where the outputs have none.
        removed_answers: number of what is predicted without the region (see `Prediction.index`), −1 where no answer
            can be read; `alone_answers` likewise.
        removed_p: p-value of removing; `alone_p`: of showing alone. The fraction, among all positions that were tried
            and the region's own, of those whose effect, the mean over the fills, is as large or larger in size. NaN
            where there is no other position.
        removed_adjusted: the p-value corrected for the number of tries (Holm 1979); `alone_adjusted` likewise.
        tries: how many were counted: two for each region, and those made before.
        earlier: p-values of tries that were made before on this image and count too, by what was asked (`asked`).
        sampled: whether only some of the other positions were tried.
        answer: of the image: number of what is predicted, −1 where none can be read.
        probability: of the class; `score`: of the target.
        class_names: one per class; `output_kind`: what the outputs are.
        unit: of the effects; `explained`: the target in words.
        target: number of the class.
        n_evaluations: forward passes of one image.
        provenance: where the values come from.
        notes: what should be known before the values are believed, in sentences.
    """

    image: Float[A_co, "height width channel"]
    regions: Bool[A_co, "region height width"]
    names: tuple[str, ...]
    fills: tuple[str, ...]
    removed: Float[A_co, "region fill"]
    alone: Float[A_co, "region fill"]
    removed_elsewhere: Float[A_co, "region fill placebo"]
    alone_elsewhere: Float[A_co, "region fill placebo"]
    positions: Int[A_co, "region placebo 2"]
    removed_probabilities: Float[A_co, "region fill"]
    alone_probabilities: Float[A_co, "region fill"]
    empty_probabilities: Float[A_co, " fill"]
    removed_answers: Int[A_co, "region fill"]
    alone_answers: Int[A_co, "region fill"]
    removed_p: Float[A_co, " region"]
    alone_p: Float[A_co, " region"]
    removed_adjusted: Float[A_co, " region"]
    alone_adjusted: Float[A_co, " region"]
    tries: int
    sampled: bool
    answer: int
    probability: float
    score: float
    class_names: tuple[str, ...]
    output_kind: OutputKind
    unit: str
    explained: str
    target: int | None
    n_evaluations: int
    provenance: Provenance
    notes: tuple[str, ...] = ()
    earlier: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])

    @property
    def asked(self) -> Mapping[str, tuple[float, ...]]:
        """P-values of the own tries, by a hash of each question: the region, its placebos, the score and the fills.

        Whoever asks the same again does not try twice.
        """
        return {
            self._question(number): tuple(float(p[number]) for p in (self.removed_p, self.alone_p))
            for number in range(len(self.names))
            if np.isfinite(self.removed_p[number])
        }

    @property
    def made(self) -> Mapping[str, tuple[float, ...]]:
        """P-values of all tries on this image so far: what a later answer counts of this one."""
        return {**self.earlier, **self.asked}

    def is_about_same(self, other: RegionEffects) -> bool:
        """Whether both are about the same image and model, so that the tries of one count for the other."""
        same = self.provenance.fingerprint == other.provenance.fingerprint
        return same and np.array_equal(self.image, other.image)

    def _question(self, number: int) -> str:
        hashed = hashlib.sha256(repr((self.explained, self.fills)).encode())
        placed = self.positions[number][self.positions[number, :, 0] >= 0]
        for part in (np.packbits(self.regions[number]), np.ascontiguousarray(placed, np.int64)):
            hashed.update(part.tobytes())
        return hashed.hexdigest()[:12]

    @property
    def n_placebos(self) -> Int[A_co, " region"]:
        """How many other positions each region is held against."""
        return (self.positions[:, :, 0] >= 0).sum(axis=1)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Each region's effect in words, with its numbers."""
        return tuple(" ".join(self.told(number)) for number in range(len(self.names)))

    def told(self, number: int) -> tuple[str, str]:
        """One region's effect in words: of taking it away, and of showing it alone; regions count from 0."""
        fraction = _percent(float(self.regions[number].mean()))
        took = f"Without the region {self.names[number]} ({fraction} of the image)"
        gone = (
            f"{took} the score ({self.explained}) {_change(-self.removed[number])}{self._chances(number)}"
            f"{self._became(number)}. "
            f"{self._held_against(number, self.removed_p, self.removed_adjusted)}"
        )
        shown = (
            f"Shown alone, it {_change(self.alone[number], 'raises', 'lowers', 'changes', ' the score of the fill')}"
            f"{self._called(number)}. "
            f"{self._held_against(number, self.alone_p, self.alone_adjusted)}"
        )
        return gone, shown

    def _held_against(self, number: int, p: Array, adjusted: Array) -> str:
        """Whether an effect stands out from the placebos', with the p-value."""
        if np.isnan(p[number]):
            if self.sampled:
                return "It has not been held against regions of its shape elsewhere."
            return "There is no other place of its size and shape to hold it against."
        corrected = f", {adjusted[number]:.2g} corrected for {self.tries} tries" if self.tries > 1 else ""
        found = "This is more than" if adjusted[number] <= LEVEL else "This is not clearly more than"
        others = int(self.n_placebos[number])
        return f"{found} what regions of its shape do elsewhere (p = {p[number]:.2g}{corrected}; {others} of them)."

    def _chances(self, number: int) -> str:
        """Probabilities of the class in words; nothing where there are none."""
        values = self.removed_probabilities[number]
        if np.isnan(values).any():
            return ""
        low, high = _percent(float(values.min())), _percent(float(values.max()))
        now = low if low == high else f"between {low} and {high}"
        return f", its probability from {_percent(self.probability)} to {now}"

    def _became(self, number: int) -> str:
        """What is predicted without the region, under the fills that change the prediction."""
        if self.answer < 0:
            return ""
        answers: list[int] = self.removed_answers[number].tolist()
        changed = [answer for answer in answers if answer != self.answer]
        if not changed:
            return f"; {self._name(self.answer)} is still predicted"
        names = " or ".join(dict.fromkeys(map(self._name, changed)))
        return f"; {names} is predicted under {len(changed)} of {len(answers)} fills"

    def _called(self, number: int) -> str:
        """What is predicted of the region alone."""
        if self.answer < 0:
            return ""
        answers: list[int] = self.alone_answers[number].tolist()
        return f"; {' or '.join(dict.fromkeys(map(self._name, answers)))} is predicted"

    def _name(self, answer: int) -> str:
        if answer < len(self.class_names):
            return label(answer, self.class_names)
        return answer_name(answer, self.class_names)


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _change(values: Array, up: str = "rises", down: str = "falls", unclear: str = "changes", what: str = "") -> str:
    """How something changes under the fills: the mean, and from the least to the largest."""
    mean, low, high = float(values.mean()), float(values.min()), float(values.max())
    if low == high == 0:
        return f"does not change{what}"
    if low < 0 < high:
        told = f"{unclear}{what} by {mean:+.3g} ({low:+.3g} to {high:+.3g} over {len(values)} fills, which disagree)"
        return told.replace("-", "−")
    small, large = sorted((abs(low), abs(high)))
    among = f" ({small:.3g} to {large:.3g} over {len(values)} fills)" if len(values) > 1 else ""
    return f"{down if mean < 0 else up}{what} by {abs(mean):.3g}{among}"
