"""Small models whose answers are known in closed form, each in every adapter, with the same weights.

    linear      z = W x + b                     dz_k/dx = W_k
    quadratic   z = W x² + b                    dz_k/dx = 2 x W_k
    hidden      z = W relu(V x + a) + b         dz_k/dx = Vᵀ (W_k · [V x + a > 0])
    mixed       one of each operation; no formula, but the same in NumPy and PyTorch

x is the model's input, ((low + (high − low) pixel) − mean) / std, so that each of them tests the chain rule too.
"""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from innerview.adapters import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.model import InputSpec, Model, OutputSpec
from innerview.types import Array

OUTPUT_SPEC = OutputSpec(("ant", "bee", "cow"), temperature=0.5)
COLOURS: Mapping[str, Any] = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.5, 0.25), "value_range": (-0.5, 1.5)}
SMALL = InputSpec(3, 4, 3, **COLOURS)
LARGE = InputSpec(21, 18, 3, **COLOURS)  # not square, and not a multiple of every pooling
GREY = InputSpec(12, 9, 1, mean=(0.5,), std=(0.2,))


@dataclass(frozen=True)
class Square(Operation):
    """x², as anyone might add an operation."""

    kind: ClassVar[str] = "activation"
    takes: ClassVar[int] = 0

    def forward(self, value: Array, prepared: tuple[Array, ...]) -> tuple[Array, Any]:
        return value**2, value

    def vjp(self, gradient: Array, saved: Any, prepared: tuple[Array, ...]) -> Array:
        return 2 * saved * gradient


@dataclass(frozen=True)
class ModelSpec:
    """One model, apart from any adapter.

    `formula` gives, from the model's input (batch × …, flat) and the weights, the outputs (batch × class) and
    their derivatives by the input (class × batch × …).
    """

    input: InputSpec
    shapes: Mapping[str, tuple[int, ...]]
    operations: tuple[Operation, ...]
    formula: Callable[[Array, Mapping[str, Array]], tuple[Array, Array]] | None = None
    output: OutputSpec = OUTPUT_SPEC

    def weights(self, seed: int = 0) -> dict[str, Array]:
        random = np.random.default_rng(seed)
        return {
            name: random.normal(0, 1, shape) / math.sqrt(math.prod(shape[1:])) for name, shape in self.shapes.items()
        }

    def known(self, images: Array, weights: Mapping[str, Array]) -> tuple[Array, Array]:
        """Outputs, and derivatives by the pixels (class × batch × height × width × channel), in float64."""
        assert self.formula is not None
        spec = self.input
        inner = (spec.low + (spec.high - spec.low) * images.astype(np.float64) - spec.mean) / spec.std
        outputs, slopes = self.formula(inner.reshape(len(images), -1), weights)
        return outputs, slopes.reshape(-1, *images.shape) * ((spec.high - spec.low) / np.array(spec.std))


def _linear(x: Array, w: Mapping[str, Array]) -> tuple[Array, Array]:
    return x @ w["dense.weight"].T + w["dense.bias"], np.repeat(w["dense.weight"][:, None], len(x), axis=1)


def _quadratic(x: Array, w: Mapping[str, Array]) -> tuple[Array, Array]:
    return x**2 @ w["dense.weight"].T + w["dense.bias"], 2 * x[None] * w["dense.weight"][:, None]


def _hidden(x: Array, w: Mapping[str, Array]) -> tuple[Array, Array]:
    before = x @ w["hidden.weight"].T + w["hidden.bias"]
    outputs = np.where(before > 0, before, 0) @ w["dense.weight"].T + w["dense.bias"]
    return outputs, np.einsum("kh,bh,hx->kbx", w["dense.weight"], (before > 0).astype(float), w["hidden.weight"])


_OUT = {"dense.weight": (3, 36), "dense.bias": (3,)}

MODELS: Mapping[str, ModelSpec] = {
    "linear": ModelSpec(SMALL, _OUT, (Flatten("flatten"), Dense("dense")), _linear),
    "quadratic": ModelSpec(SMALL, _OUT, (Square("square"), Flatten("flatten"), Dense("dense")), _quadratic),
    "hidden": ModelSpec(
        SMALL,
        {"hidden.weight": (7, 36), "hidden.bias": (7,), "dense.weight": (3, 7), "dense.bias": (3,)},
        (Flatten("flatten"), Dense("hidden"), ReLU("relu"), Dense("dense")),
        _hidden,
    ),
    "mixed": ModelSpec(
        LARGE,
        {
            "conv1.weight": (4, 3, 3, 3),
            "conv1.bias": (4,),
            "conv2.weight": (6, 4, 3, 3),
            "conv3.weight": (5, 6, 1, 1),
            "dense.weight": (3, 20),
            "dense.bias": (3,),
        },
        (
            Convolution("conv1", bias=True),
            ELU("elu1"),
            MeanPooling("pool1"),
            Convolution("conv2", stride=2, padding=1),
            ReLU("relu2"),
            Convolution("conv3", padding="valid"),
            ELU("elu3"),
            MaxPooling("pool3", size=2),
            Flatten("flatten", layout="CHW"),
            Dense("dense"),
        ),
    ),
    "means": ModelSpec(
        GREY,
        {"conv1.weight": (3, 1, 3, 3)},
        (Convolution("conv1", padding="valid"), ELU("elu1"), GlobalMean("mean")),
    ),
}


def numpy_model(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> NumpyModel:
    return NumpyModel(model.input, model.output, model.operations, weights, dtype)


def torch_module(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> Any:
    """Translate operations into modules of PyTorch, one by one."""
    import torch
    from torch import nn

    class SquareModule(nn.Module):
        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return value**2

    class Mean(nn.Module):
        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return value.mean((2, 3))

    def translate(step: Operation) -> nn.Module:
        match step:
            case Convolution():
                outputs, inputs, *kernel = weights[f"{step.name}.weight"].shape
                return nn.Conv2d(inputs, outputs, tuple(kernel), step.stride, step.padding, bias=step.bias)
            case Dense():
                return nn.Linear(*reversed(weights[f"{step.name}.weight"].shape))
            case _:
                size = getattr(step, "size", 1)
                return {
                    ELU: nn.ELU,
                    ReLU: nn.ReLU,
                    Flatten: nn.Flatten,
                    Square: SquareModule,
                    GlobalMean: Mean,
                    MeanPooling: lambda: nn.AvgPool2d(size),
                    MaxPooling: lambda: nn.MaxPool2d(size),
                }[type(step)]()

    module = nn.Sequential(OrderedDict((step.name, translate(step)) for step in model.operations))
    module.to({np.float32: torch.float32, np.float64: torch.float64}[dtype])
    module.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return module


def torch_model(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> Any:
    from dataclasses import replace

    from innerview.adapters.torch.model import TorchModel

    # The formulas flatten images as they cross the waist; convolutions of PyTorch want channels in front.
    layout = "HWC" if model.formula else "CHW"
    return TorchModel(torch_module(model, weights, dtype), replace(model.input, layout=layout), model.output)


def function_model(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> FunctionModel:
    formula = model.formula
    assert formula is not None

    def function(inputs: Array) -> Array:
        return formula(inputs.reshape(-1, math.prod(model.input.shape)), weights)[0]

    return FunctionModel(function, model.input, model.output, dtype)


def jax_model(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> Any:
    from adapters import jax_models

    return jax_models.built(model, weights, dtype)


def keras_model(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> Any:
    from adapters import keras_models

    return keras_models.built(model, weights, dtype)


BUILDERS: Mapping[str, Callable[..., Model]] = {
    "numpy": numpy_model,
    "torch": torch_model,
    "jax": jax_model,
    "keras": keras_model,
    "function": function_model,
}

BACKEND = os.environ.get("INNERVIEW_TEST_BACKEND", "")
"""Keras has one backend a process: where this names one, the process tests Keras on it and nothing else."""

DTYPES = (np.float32,) if BACKEND in {"torch", "jax"} else (np.float32, np.float64)
"""The precisions there are: Keras has float64 on TensorFlow alone."""

HERE = ("keras",) if BACKEND else ("numpy", "torch", "jax", "function")
"""The adapters that this process tests; tests/adapters/test_keras_backends.py starts the others."""


@dataclass(frozen=True)
class Subject:
    """One model in one adapter."""

    adapter: str
    name: str

    @property
    def model(self) -> ModelSpec:
        return MODELS[self.name]

    @property
    def differentiable(self) -> bool:
        return self.adapter != "function"

    def build(self, dtype: type[np.floating] = DTYPES[-1], weights: Mapping[str, Array] | None = None) -> Any:
        return BUILDERS[self.adapter](self.model, self.model.weights() if weights is None else weights, dtype)

    def own_weights(self) -> dict[str, Array]:
        """The weights by the names and in the axis order of the framework."""
        weights = self.model.weights()
        match self.adapter:
            case "function":
                return {}
            case "keras":
                from adapters import keras_models

                return keras_models.own(weights)
            case _:
                return weights

    def images(self, count: int = 3, dtype: type[np.floating] = np.float64, seed: int = 1) -> Array:
        return np.random.default_rng(seed).random((count, *self.model.input.shape)).astype(dtype)


FEW: Mapping[str, tuple[str, ...]] = {"jax": ("hidden", "mixed"), "keras": ("hidden", "mixed")}
"""Where every new shape is compiled, or each test takes a process's start: one with a formula, one of everything."""

SUBJECTS = tuple(
    Subject(adapter, name)
    for adapter in HERE
    for name, model in MODELS.items()
    if (adapter not in FEW or name in FEW[adapter])
    if adapter != "function" or model.formula is not None
)
