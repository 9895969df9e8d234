"""What a recorder asks of a model; one file a framework answers it, and imports its framework only then.

Whoever answers leaves the model as it was: mode, gradients, hooks, precision, random state; after errors too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Protocol, SupportsFloat, cast, runtime_checkable

import numpy as np

from innerview.errors import UsageError
from innerview.model import DifferentiableModel
from innerview.recorders.probe_config import ProbeConfig
from innerview.runs.observations import Channels
from innerview.types import Array

WATCHED: Final = {"torch": "innerview.recorders.torch", "keras": "innerview.recorders.keras_model"}
"""Where a framework's answers are, by the package in which the model's class (or one of its bases) was defined."""


@dataclass(frozen=True)
class Measure:
    """One weight after an update, in numbers.

    Attributes:
        weight_norm: Euclidean norm of the weight.
        gradient_norm: of its gradient at that update; None if it has none.
        update_norm: of the change by that update; None if the weight before it is not known.
        nan: how many values of the weight are not a number; `infinite`: plus or minus infinity.
        gradient_nan: the same of its gradient; `gradient_infinite` likewise.
    """

    weight_norm: float
    gradient_norm: float | None = None
    update_norm: float | None = None
    nan: int = 0
    infinite: int = 0
    gradient_nan: int = 0
    gradient_infinite: int = 0

    @property
    def wrong(self) -> int:
        """How many values of weight and gradient are no finite number."""
        return self.nan + self.infinite + self.gradient_nan + self.gradient_infinite


@dataclass(frozen=True)
class Seen:
    """What a model gives for the probe images.

    Attributes:
        outputs: image × class, or None if it gives something else.
        channels: statistics of the layers that are looked at, by their names.
    """

    outputs: Array | None
    channels: Mapping[str, Channels]


@runtime_checkable
class Watched(Protocol):
    """A model in training."""

    @property
    def model(self) -> DifferentiableModel | None:
        """The same model at the waist, for maps; None if input and output were not declared, or no adapter has it."""
        ...

    @property
    def layout(self) -> str:
        """Axis order of convolutions' weights: "OIHW" or "HWIO"."""
        ...

    def describe(self) -> dict[str, Any]:
        """Name, framework and version, and every weight with its shape: the manifest's `model`."""
        ...

    def weights(self) -> dict[str, Array]:
        """Copies of what is trained, float32 or float64."""
        ...

    def beside(self) -> dict[str, Array]:
        """Copies of what else the model needs to run: running means and the like."""
        ...

    def gradients(self) -> dict[str, Array]:
        """Copies of the gradients of the weights; only of those that have one."""
        ...

    def remember(self) -> None:
        """Keep the weights as they are, so that `measure` can tell the change."""
        ...

    def measure(self) -> dict[str, Measure]:
        """Measure each weight; forgets what was remembered."""
        ...

    def images(self) -> Array | None:
        """The probe images as they were given; None if there are none."""
        ...

    def look(self) -> Seen | None:
        """Run the probe images; None if there are none."""
        ...

    def undisturbed(self) -> AbstractContextManager[None]:
        """Keep everything random, and whatever else a pass of the model could change, as it is."""
        ...

    def hold(self, value: Any) -> SupportsFloat:
        """Keep a metric so that it can be read later, without waiting for the device; UsageError if it is no number."""
        ...


def one_number(value: object) -> float:
    """Take a metric that is a number, or raise UsageError."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biuf":
        raise UsageError(f"a metric is one number, or a tensor of one; {str(value)[:60]} was given").of(
            "metric", found=type(value).__name__
        )
    return float(array.item())


def watch(model: object, config: ProbeConfig) -> Watched:
    """Make a model fit to be watched.

    Raises:
        UsageError: it is of no framework that can be watched.
    """
    for kind in type(model).__mro__:
        package = kind.__module__.partition(".")[0]
        if package in WATCHED:
            return cast("Watched", import_module(WATCHED[package]).watch(model, config))
    raise UsageError(
        f"a {type(model).__name__} can't be recorded; give a PyTorch module, or a Keras model through "
        "innerview.recorders.keras.RecorderCallback"
    ).of("model", found=type(model).__name__)
