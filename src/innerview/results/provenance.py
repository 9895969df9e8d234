"""What every result carries: how a computation ended, what it was about, and what the model says."""

from __future__ import annotations

import enum
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from innerview import renames
from innerview.model import Model, precision_of
from innerview.reprs import short
from innerview.results.result import A_co, Result
from innerview.spec import OutputKind, decide
from innerview.targets import label
from innerview.types import Array
from innerview.version import __version__

SCHEMA = 5
"""Number of the layout of results in files (`results.io`)."""


class Status(enum.Enum):
    """How a computation ended; the value says what it means and what to do."""

    FIXED_STEPS = "A fixed number of evaluations was asked for, so no error was aimed at; the gap is the only check."
    CONVERGED = "The estimated error and the gap are both within the tolerance."
    BUDGET_EXHAUSTED = "The budget of evaluations ended first; raise it or the tolerance."
    ROUNDED = "The model's precision does not allow the tolerance; the notes say what can be reached, and why."
    NO_GRADIENT = (
        "The gradients do not account for the score, and more evaluations would not change that; the notes say why and "
        "what to use instead."
    )


def versions() -> dict[str, str]:
    """Versions that a number can depend on."""
    return {"python": platform.python_version(), "numpy": np.__version__, "innerview": __version__}


@renames.attributes(network="fingerprint", chunk="batch_size")
@short
@dataclass(frozen=True)
class Provenance:
    """What was explained and with what, so that a file can be traced and repeated.

    Attributes:
        fingerprint: hash of the model (hexadecimal).
        dtype: precision in which the model computed.
        batch_size: images in one pass; the same batch size gives the same bits on the same machine.
        target: the target in words; empty where there is none.
        baseline: the baseline in words; empty where there is none.
        seed: of whatever was random; None where nothing was.
        versions: of Python, NumPy and innerview.
        schema: number of the layout of the results.
        regions: how the image was divided, in words; empty where it was not.
    """

    fingerprint: str
    dtype: str
    batch_size: int
    target: str = ""
    baseline: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=versions)
    schema: int = SCHEMA
    regions: str = ""

    @staticmethod
    def of(
        model: Model, target: str = "", baseline: str = "", seed: int | None = None, regions: str = ""
    ) -> Provenance:
        """Take down what `model` says of itself."""
        return Provenance(
            model.fingerprint, precision_of(model), model.batch_size, target, baseline, seed, regions=regions
        )


@short
@dataclass(frozen=True)
class Prediction(Result["Prediction[Array]", A_co]):
    """What the model says of one image.

    Attributes:
        logits: its outputs, one per class.
        probabilities: in [0, 1], one per class; NaN where the outputs have none.
        class_names: one per class.
        output_kind: what the outputs are, which decides what is said.
    """

    logits: Float[A_co, " class"]
    probabilities: Float[A_co, " class"]
    class_names: tuple[str, ...]
    output_kind: OutputKind = "logits"

    @property
    def index(self) -> int:
        """Number of the answer: of the winning class; behind the classes where it is not a single one, or none."""
        return int(decide(self.logits[None], self.probabilities[None], self.output_kind)[0])

    @property
    def none(self) -> bool:
        """Whether the answer is none of several independent classes."""
        return self.index == len(self.logits) > 1

    @property
    def decided(self) -> bool:
        """Whether there is an answer: one score without a probability has none."""
        return len(self.logits) > 1 or not np.isnan(self.probabilities[0])

    @property
    def alone(self) -> bool:
        """Whether no other class has an output as high as the answer's."""
        return int((self.logits == self.logits.max()).sum()) == 1

    @property
    def label(self) -> str:
        """Number and name of the answer: "7 horse"; "not dog" where a single output says so, or "none of them"."""
        return label(self.index, self.class_names)

    @property
    def confidence(self) -> float:
        """Probability of the answer, in [0, 1]; NaN where the outputs have none."""
        return self.probability_of(self.index)

    def probability_of(self, answer: int) -> float:
        """Probability of any answer, in [0, 1]; NaN where there is none, as of several classes' absence."""
        if answer < len(self.probabilities):
            return float(self.probabilities[answer])
        return 1 - float(self.probabilities[0]) if len(self.probabilities) == 1 else float("nan")

    @property
    def ranking(self) -> list[int]:
        """All class numbers (of outputs, not of answers), the highest output first."""
        return [int(index) for index in np.argsort(-self.logits, kind="stable")]
