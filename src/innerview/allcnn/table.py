"""The built-in model's architecture as a table: nine convolutions, ELU after each, mean pooling before two.

No bias and no normalisation layer: a black input stays 0 through all layers. It is fully convolutional, so the
table has no image size in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, GlobalMean, MeanPooling, Operation
from innerview.model import InputSpec, OutputSpec
from innerview.types import Array

CLASS_NAMES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""CIFAR-10's, in its order."""


@dataclass(frozen=True)
class Row:
    """One convolution of the table.

    Attributes:
        kernel: height and width of its kernels, "same" padding, stride 1.
        std: standard deviation of its weights before training (mean 0), as the 2018 tutorial has it.
        inputs: channels in; None for the number that the model is built with.
        outputs: channels out; likewise.
        pool: 2 × 2 mean pooling comes before it.
    """

    kernel: int
    std: float
    inputs: int | None = None
    outputs: int | None = None
    pool: bool = False


TABLE: Final = (
    Row(3, 0.04, inputs=3),
    Row(3, 0.05),
    Row(3, 0.06),
    Row(3, 0.04, pool=True),
    Row(3, 0.05),
    Row(3, 0.06),
    Row(3, 0.06, pool=True),
    Row(1, 0.05),
    Row(1, 0.04, outputs=len(CLASS_NAMES)),
)


def shapes(channels: int = 128) -> dict[str, tuple[int, int, int, int]]:
    """Shape of each weight, output × input × height × width."""
    return {
        f"conv{number}.weight": (row.outputs or channels, row.inputs or channels, row.kernel, row.kernel)
        for number, row in enumerate(TABLE, start=1)
    }


def operations() -> list[Operation]:
    """What the table says, in its order: "conv1", "elu1", …, "pool3", …, "elu9", "mean"."""
    steps = list[Operation]()
    for number, row in enumerate(TABLE, start=1):
        if row.pool:
            steps.append(MeanPooling(f"pool{number - 1}"))
        steps += [Convolution(f"conv{number}"), ELU(f"elu{number}")]
    return [*steps, GlobalMean("mean")]


def build(
    weights: Mapping[str, Array],
    *,
    size: int = 32,
    input: InputSpec | None = None,  # noqa: A002 the waist's name for it
    output: OutputSpec | None = None,
    dtype: np.dtype[np.floating] | type[np.floating] = np.float32,
) -> NumpyModel:
    """Make a model of this architecture.

    Args:
        weights: "conv1.weight" to "conv9.weight", output × input × height × width, of any number of channels.
        size: height and width of its images in pixels, at least 4, if `input` is not given.
        input: how pixels enter; raw pixels in [0, 1] if not given.
        output: what comes out; logits of CIFAR-10's classes at temperature 1 if not given.
        dtype: float32 or float64.

    Raises:
        ModelError: a weight is missing, has the wrong shape or is not finite.
    """
    return NumpyModel(input or InputSpec(size, size), output or OutputSpec(CLASS_NAMES), operations(), weights, dtype)


def initial_weights(seed: int, channels: int = 128) -> dict[str, Array]:
    """Draw the weights before training as the 2018 tutorial does: normal, mean 0, the table's deviations (float32)."""
    random = np.random.default_rng(seed)
    return {
        name: random.normal(0, row.std, shape).astype(np.float32)
        for row, (name, shape) in zip(TABLE, shapes(channels).items(), strict=True)
    }
