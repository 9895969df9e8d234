"""How many images go through a model at once can be said of every backend, and stays with its copies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from innerview.adapters import wrap
from innerview.errors import UsageError
from innerview.model import InputSpec, Model, OutputSpec
from raising import raises

FIRST, LAST, ABC = InputSpec(4, 4, layout="CHW"), InputSpec(4, 4), OutputSpec(3)


def torch_(batch_size: int) -> Model:
    from torch import nn

    return wrap(nn.Sequential(nn.Flatten(), nn.Linear(48, 3)), input=FIRST, output=ABC, batch_size=batch_size)


def keras_(batch_size: int) -> Model:
    import keras

    layers = [keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    return wrap(keras.Sequential(layers), input=LAST, output=ABC, batch_size=batch_size)


def jax_(batch_size: int) -> Model:
    def answer(weights: Any, images: Any) -> Any:
        return images.reshape(len(images), -1) @ weights["dense"]

    weights = {"dense": np.ones((48, 3), np.float32)}
    return wrap(answer, input=LAST, output=ABC, parameters=weights, batch_size=batch_size)


def function(batch_size: int) -> Model:
    return wrap(lambda images: images.mean(axis=(1, 2)), input=LAST, output=ABC, batch_size=batch_size)


MAKERS = [
    pytest.param(torch_, marks=pytest.mark.torch),
    pytest.param(keras_, marks=pytest.mark.keras),
    pytest.param(jax_, marks=pytest.mark.jax),
    function,
]


@pytest.mark.parametrize("make", MAKERS)
def test_it_can_be_said_and_stays_with_copies(make: Callable[[int], Any]) -> None:
    model = make(3)
    assert model.batch_size == 3
    if make is not function:
        assert model.astype(np.float32).batch_size == 3
    with raises(UsageError, "batch_size", asked=0):
        make(0)
