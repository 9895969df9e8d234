"""Tensors in, the same kind out: the round trip through the public methods, for whichever framework.

Run as a program, `python giving.py tensorflow`, where a framework is to have a process of its own (with
PYTHONPATH=src:tests).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

import innerview
from innerview.results.given import AsGiven
from innerview.types import Array
from networks import MODELS, numpy_network

MODEL = MODELS["mixed"]
NETWORK = numpy_network(MODEL, MODEL.weights(), np.float32)
IMAGE = np.random.default_rng(5).random(MODEL.input.shape).astype(np.float32)
BLACK = np.zeros_like(IMAGE)
LABELS = innerview.grid_labels(*IMAGE.shape[:2], 3, 2)
TARGET = innerview.Logit(1)


def torch_tensor(values: Array, dtype: str = "") -> Any:
    import torch

    made = torch.tensor(values)
    return made.to(getattr(torch, dtype)) if dtype else made


def tensorflow_tensor(values: Array, dtype: str = "") -> Any:
    import tensorflow as tf

    made = tf.constant(values)
    return tf.cast(made, dtype) if dtype else made


def jax_array(values: Array, dtype: str = "") -> Any:
    import jax

    return jax.numpy.asarray(values, dtype or None)


MAKERS: Mapping[str, Callable[..., Any]] = {"torch": torch_tensor, "tensorflow": tensorflow_tensor, "jax": jax_array}


def turned(values: Array) -> Array:
    """Channels from the last place to the one in front of height and width."""
    return np.ascontiguousarray(np.moveaxis(values, -1, -3))


METHODS: Mapping[str, Callable[[Callable[[Array], Any]], Any]] = {
    "activations": lambda give: innerview.activations(NETWORK, give(IMAGE), ["conv2", "dense"]),
    "expected_gradients": lambda give: innerview.expected_gradients(
        NETWORK, give(IMAGE), TARGET, baselines=[give(BLACK), give(BLACK + 0.5)], samples=4
    ),
    "grad_cam": lambda give: innerview.grad_cam(NETWORK, give(IMAGE), TARGET, "conv2"),
    "gradient": lambda give: innerview.gradient(NETWORK, give(IMAGE), TARGET),
    "gradient_input": lambda give: innerview.gradient_input(NETWORK, give(IMAGE), TARGET, baseline=give(BLACK)),
    "integrated_gradients": lambda give: innerview.integrated_gradients(
        NETWORK, give(IMAGE), TARGET, baseline=[give(BLACK), give(BLACK + 0.5)], evaluations=4, interior=(0.5,)
    ),
    "interior_gradients": lambda give: innerview.interior_gradients(
        NETWORK, give(IMAGE), TARGET, baseline=give(BLACK), alphas=(0.5, 1)
    ),
    "keep": lambda give: (
        innerview.keep(NETWORK, give(IMAGE), give(IMAGE)[..., 0], fill=give(BLACK))
        if give(IMAGE).shape[-1] == 3
        else innerview.keep(NETWORK, give(IMAGE), give(IMAGE)[0], fill=give(BLACK))
    ),
    "make_baseline": lambda give: innerview.make_baseline("blurred:2", MODEL.input, give(IMAGE)),
    "occlusion": lambda give: innerview.occlusion(NETWORK, give(IMAGE), TARGET, fill=give(BLACK), window=9),
    "smooth_grad": lambda give: innerview.smooth_grad(
        NETWORK,
        give(IMAGE),
        TARGET,
        method=partial(innerview.gradient_input, baseline=give(BLACK)),
        samples=3,
    ),
    "sum_regions": lambda give: innerview.sum_regions(
        innerview.gradient_input(NETWORK, give(IMAGE), TARGET), give(LABELS)
    ),
    "var_grad": lambda give: innerview.var_grad(NETWORK, give(IMAGE), TARGET, samples=3),
}
"""Each public method of one picture, with all its pictures made by the framework."""


def check_round_trip(framework: str, method: str, *, first: bool) -> None:
    """The numbers are those of NumPy, in the framework's kind and the picture's axes, and NumPy's are still there."""
    make = MAKERS[framework]
    kind = type(make(IMAGE))
    plain = METHODS[method](lambda values: values)
    found = METHODS[method](
        lambda values: make(turned(values) if first and values.shape[-3:] == IMAGE.shape else values)
    )
    assert isinstance(found, AsGiven)
    assert not isinstance(plain, AsGiven)
    seen = 0
    for name, value in vars(plain).items():
        theirs = getattr(found, name)
        if isinstance(value, np.ndarray):
            assert isinstance(theirs, kind), name
            placed = first and value.ndim > 2 and name not in {"probabilities", "logits"}
            wanted = turned(value) if placed else value
            np.testing.assert_array_equal(np.asarray(theirs), wanted.astype(np.asarray(theirs).dtype))
            np.testing.assert_array_equal(getattr(found.numpy, name), value)
            seen += 1
        elif isinstance(value, str | int | float):
            assert theirs == value, name
    assert seen >= 1


def check_all(framework: str) -> None:
    """What a process of its own runs."""
    for method in METHODS:
        for first in (False, True):
            check_round_trip(framework, method, first=first)


if __name__ == "__main__":
    check_all(sys.argv[1])
