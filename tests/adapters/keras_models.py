"""The contract's models as Keras models, on whichever backend this process has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from innerview.adapters.keras.model import KerasModel
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.types import Array
from models import ModelSpec, Square


class SquareLayer(keras.layers.Layer):
    """x²."""

    def call(self, inputs: Any) -> Any:
        return inputs * inputs


class ChannelsInFront(keras.layers.Flatten):
    """Flattens as PyTorch would."""

    def call(self, inputs: Any) -> Any:
        return super().call(keras.ops.transpose(inputs, (0, 3, 1, 2)))


class Padded(keras.layers.Conv2D):
    """A convolution with one zero on every side."""

    def call(self, inputs: Any) -> Any:
        return super().call(keras.ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0))))

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        batch, height, width, channels = input_shape
        return super().compute_output_shape((batch, height + 2, width + 2, channels))


def translate(step: Operation, weights: Mapping[str, Array], dtype: str) -> keras.layers.Layer:
    """One operation as one layer."""
    named = {"name": step.name, "dtype": dtype}
    match step:
        case Convolution():
            outputs, _, *kernel = weights[f"{step.name}.weight"].shape
            kind, padding = (keras.layers.Conv2D, step.padding) if isinstance(step.padding, str) else (Padded, "valid")
            return kind(outputs, tuple(kernel), step.stride, padding, use_bias=step.bias, **named)
        case Dense():
            return keras.layers.Dense(len(weights[f"{step.name}.weight"]), **named)
        case Flatten():
            return (ChannelsInFront if step.layout == "CHW" else keras.layers.Flatten)(**named)
        case GlobalMean():
            return keras.layers.GlobalAveragePooling2D(**named)
        case Square():
            return SquareLayer(**named)
        case ELU():
            return keras.layers.ELU(**named)
        case ReLU():
            return keras.layers.ReLU(**named)
        case _:
            pooling = keras.layers.AveragePooling2D if isinstance(step, MeanPooling) else keras.layers.MaxPooling2D
            return pooling(step.size, **named)


KERNELS = {2: (1, 0), 4: (2, 3, 1, 0)}


def own(weights: Mapping[str, Array]) -> dict[str, Array]:
    """By Keras's names, in its axis order."""
    return {
        name.replace(".weight", "/kernel").replace(".bias", "/bias"): value.transpose(KERNELS.get(value.ndim, (0,)))
        for name, value in weights.items()
    }


def model_of(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> keras.Model:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(np.dtype(dtype).name)
    layers = [translate(step, weights, np.dtype(dtype).name) for step in model.operations]
    built = keras.Sequential([keras.Input(model.input.shape, dtype=np.dtype(dtype).name), *layers])
    keras.config.set_dtype_policy(before)
    given = own(weights)
    for layer in built.layers:
        for variable in layer.weights:
            variable.assign(given[f"{layer.name}/{variable.name}"])
    return built


def built(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> KerasModel:
    return KerasModel(model_of(model, weights, dtype), model.input, model.output)
