"""Look at one model again and again, with errors in between, and see that nothing grows: memory, hooks, objects.

Run as a program for many calls: `python tests/adapters/leaking.py 1000 torch numpy jax` (PYTHONPATH=src:tests); for
Keras on the backend that KERAS_BACKEND names, `… 1000 keras`.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from innerview.adapters.numpy.operations import Convolution, Dense, GlobalMean, ReLU
from innerview.model import OUTPUT, InputSpec
from innerview.targets import Logit, together
from innerview.types import Array
from models import BUILDERS, ModelSpec

MODEL = ModelSpec(
    InputSpec(64, 64),
    {"conv.weight": (32, 3, 3, 3), "dense.weight": (3, 32), "dense.bias": (3,)},
    (Convolution("conv"), ReLU("relu"), GlobalMean("mean"), Dense("dense")),
)
"""A layer's values take 2 MB for four images: a hundred of them that are kept can't be overlooked."""

MEGABYTES = 40
"""Growth that is none: allocators keep some memory at hand. One layer's values kept in each of 100 calls are 200."""

OBJECTS = 200
"""The same for Python's objects; one kept by each of 100 calls and layers would be 400."""


@dataclass(frozen=True)
class State:
    """What could grow."""

    megabytes: float
    objects: int
    hooks: int


def state(model: Any) -> State:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    hooks = sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks)
        for part in (model.modules() if model is not None else ())
    )
    return State(pages * 4096 / 1e6, len(gc.get_objects()), hooks)


def refuse(value: Array) -> Array:
    raise ZeroDivisionError


def look(model: Any, images: Array) -> None:
    """One forward pass, one vjp, and one that fails."""
    layers = [layer.name for layer in model.layers]
    model.forward(images, layers)
    model.vjp(images, {OUTPUT: together([Logit(0), Logit(2)])}, layers)
    try:
        model.vjp(images, {OUTPUT: refuse}, layers)
    except ZeroDivisionError:
        return
    raise AssertionError("the error did not come through")


def grown(adapter: str, calls: int, after: Callable[[Any], State] = state) -> tuple[State, State]:
    """Look `calls` times, and give what there was after the first fifth of them and at the end."""
    wrapped = BUILDERS[adapter](MODEL, MODEL.weights(), np.float32)
    model = wrapped.model if adapter == "torch" else None
    images = np.random.default_rng(0).random((4, 64, 64, 3)).astype(np.float32)
    for _ in range(max(calls // 5, 5)):
        look(wrapped, images)
    before = after(model)
    for _ in range(calls):
        look(wrapped, images)
    return before, after(model)


def main() -> None:
    calls, adapters = int(sys.argv[1]), sys.argv[2:]
    for adapter in adapters:
        before, now = grown(adapter, calls)
        words = f"{adapter}: {calls} calls, {before.megabytes:.0f} to {now.megabytes:.0f} MB, "
        print(f"{words}{before.objects:,} to {now.objects:,} objects, {now.hooks} hooks", flush=True)  # noqa: T201
        assert now.megabytes - before.megabytes < MEGABYTES
        assert now.objects - before.objects < OBJECTS
        assert now.hooks == before.hooks == 0


if __name__ == "__main__":
    main()
