"""The contract's models as JAX functions that name every value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from innerview.adapters.jax.model import JaxModel, tap
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    Operation,
    ReLU,
)
from innerview.types import Array
from models import ModelSpec, Square


def apply(step: Operation, weights: Mapping[str, Any], value: Any) -> Any:
    """One operation, channels last."""
    match step:
        case Convolution():
            pad = step.padding.upper() if isinstance(step.padding, str) else [(step.padding, step.padding)] * 2
            strides = (step.stride, step.stride)
            axes = ("NHWC", "OIHW", "NHWC")
            value = jax.lax.conv_general_dilated(value, weights["weight"], strides, pad, dimension_numbers=axes)
            return value + weights["bias"] if step.bias else value
        case Dense():
            return value @ weights["weight"].T + weights["bias"]
        case Flatten():
            value = value.transpose(0, 3, 1, 2) if step.layout == "CHW" else value
            return value.reshape(len(value), -1)
        case GlobalMean():
            return value.mean((1, 2))
        case Square():
            return value**2
        case ELU():
            return jax.nn.elu(value)
        case ReLU():
            return jax.nn.relu(value)
        case _:
            window = (1, step.size, step.size, 1)
            start, reduce = (-jnp.inf, jax.lax.max) if isinstance(step, MaxPooling) else (0.0, jax.lax.add)
            pooled = jax.lax.reduce_window(value, start, reduce, window, window, "VALID")
            return pooled if isinstance(step, MaxPooling) else pooled / step.size**2


def tree(weights: Mapping[str, Array], dtype: type[np.floating]) -> dict[str, dict[str, Array]]:
    """{"conv1.weight": …} as {"conv1": {"weight": …}}."""
    found: dict[str, dict[str, Array]] = {}
    for name, value in weights.items():
        layer, _, kind = name.partition(".")
        found.setdefault(layer, {})[kind] = value.astype(dtype)
    return found


def built(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> JaxModel:
    def function(parameters: Mapping[str, Mapping[str, Any]], value: Any) -> Any:
        for step in model.operations:
            value = apply(step, parameters.get(step.name, {}), value)
            value = tap(step.name, value, step.kind, step.parameters)
        return value

    return JaxModel(function, model.input, model.output, parameters=tree(weights, dtype), dtype=dtype)
