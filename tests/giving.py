"""Tensors in, the same kind out: the round trip through the public methods, for whichever framework.

Run as a program, `python giving.py tensorflow`, where a framework is to have a process of its own (with
PYTHONPATH=src:tests).
"""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest

import innerview
from innerview.reprs import LINES
from innerview.results.result import Result, kind_of
from innerview.types import Array
from models import MODELS, numpy_model

MODEL = MODELS["mixed"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float32)
IMAGE = np.random.default_rng(5).random(MODEL.input.shape).astype(np.float32)
BLACK = np.zeros_like(IMAGE)
LABELS = innerview.grid_segments(*IMAGE.shape[:2], 3, 2)
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
        NETWORK, give(IMAGE), TARGET, baselines=[give(BLACK), give(BLACK + 0.5)], n_samples=4
    ),
    "grad_cam": lambda give: innerview.grad_cam(NETWORK, give(IMAGE), TARGET, "conv2"),
    "gradient": lambda give: innerview.gradient(NETWORK, give(IMAGE), TARGET),
    "gradient_input": lambda give: innerview.gradient_input(NETWORK, give(IMAGE), TARGET, baseline=give(BLACK)),
    "integrated_gradients": lambda give: innerview.integrated_gradients(
        NETWORK, give(IMAGE), TARGET, baseline=[give(BLACK), give(BLACK + 0.5)], n_steps=4, interior=(0.5,)
    ),
    "interior_gradients": lambda give: innerview.interior_gradients(
        NETWORK, give(IMAGE), TARGET, baseline=give(BLACK), alphas=(0.5, 1)
    ),
    "keep": lambda give: (
        innerview.insertion(NETWORK, give(IMAGE), give(IMAGE)[..., 0], fill=give(BLACK))
        if give(IMAGE).shape[-1] == 3
        else innerview.insertion(NETWORK, give(IMAGE), give(IMAGE)[0], fill=give(BLACK))
    ),
    "make_baseline": lambda give: innerview.make_baseline("blurred:2", MODEL.input, give(IMAGE)),
    "occlusion": lambda give: innerview.occlusion(NETWORK, give(IMAGE), TARGET, fill=give(BLACK), window=9),
    "smooth_grad": lambda give: innerview.smooth_grad(
        NETWORK,
        give(IMAGE),
        TARGET,
        method=partial(innerview.gradient_input, baseline=give(BLACK)),
        n_samples=3,
    ),
    "aggregate_segments": lambda give: innerview.aggregate_segments(
        innerview.gradient_input(NETWORK, give(IMAGE), TARGET), give(LABELS)
    ),
    "var_grad": lambda give: innerview.var_grad(NETWORK, give(IMAGE), TARGET, n_samples=3),
}
"""Each public method of one image, with all its images made by the framework."""


def check_round_trip(framework: str, method: str, *, first: bool) -> None:
    """The numbers are those of NumPy, in the framework's kind and the image's axes, and NumPy's are still there."""
    make = MAKERS[framework]
    kind = type(make(IMAGE))
    plain = METHODS[method](lambda values: values)
    found = METHODS[method](
        lambda values: make(turned(values) if first and values.shape[-3:] == IMAGE.shape else values)
    )
    assert kind_of(found) is not None
    assert kind_of(plain) is None
    assert type(found.numpy) is type(plain)
    assert isinstance(found, type(plain))
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


def every_result() -> dict[str, Any]:
    """One result of every class, by the class's name."""
    from results.saved import results

    found: dict[str, Any] = {"Baseline": innerview.make_baseline("gray", MODEL.input, IMAGE)}

    def walk(value: object) -> None:
        if isinstance(value, Result):
            found.setdefault(type(value).__name__, value)
        if is_dataclass(value):
            walk(tuple(vars(value).values()))
        for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ():
            walk(inner)

    walk(results())
    return found


def tensors_in(value: object, kind: type) -> list[Any]:
    """All tensors that a value holds; asserts that it holds no array of NumPy."""
    assert not isinstance(value, np.ndarray)
    if isinstance(value, kind):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple | list) else ()
    if isinstance(value, Result):
        inner = [getattr(value, one.name) for one in fields(value)]
    return [one for part in inner for one in tensors_in(part, kind)]


def check_class(framework: str, name: str, *, first: bool) -> None:
    """A result with tensors is one of its class, and can be replaced, copied, pickled, compared and read."""
    plain, kind = every_result()[name], type(MAKERS[framework](IMAGE))
    found = plain.to(framework, channels="first" if first else "last")
    assert isinstance(found, type(plain))
    assert found.numpy is plain
    assert found.to("numpy") is plain
    assert plain.numpy is plain
    assert len(repr(found).splitlines()) <= LINES
    assert repr(found).startswith(f"{name}[{framework}")
    held = tensors_in(found, kind)
    assert len(held) >= 1
    for again in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found)), replace(found)):  # noqa: S301
        assert type(again) is type(found)
        for one, other in zip(tensors_in(again, kind), held, strict=True):
            np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    for changed in [one.name for one in fields(plain) if isinstance(getattr(plain, one.name), np.ndarray)][:1]:
        doubled = replace(found, **{changed: getattr(found, changed) * 2})
        assert isinstance(doubled, type(plain))
        np.testing.assert_allclose(
            getattr(doubled.numpy, changed), getattr(plain, changed) * 2, rtol=1e-6
        )  # JAX: float32
    assert {one.name for one in fields(found)} == set(asdict(found)) == {one.name for one in fields(plain)}
    for member in [one for one in dir(plain) if isinstance(vars(type(plain)).get(one), property)]:
        tensors_in(getattr(found, member), kind)
    with pytest.raises(FrozenInstanceError):
        setattr(found, fields(plain)[0].name, None)


def check_all(framework: str) -> None:
    """What a process of its own runs."""
    for method in METHODS:
        for first in (False, True):
            check_round_trip(framework, method, first=first)
    for name in every_result():
        for first in (False, True):
            check_class(framework, name, first=first)


if __name__ == "__main__":
    check_all(sys.argv[1])
