"""Passes on TensorFlow: a tape that watches the input and nothing else."""

# TensorFlow is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, final

import numpy as np
import tensorflow as tf

from innerview.adapters.engine import Factors, Pulled, Run
from innerview.adapters.precisions import widened
from innerview.errors import ModelError
from innerview.model import OUTPUT
from innerview.types import Array


@final
class TensorFlowEngine:
    """Eager passes; what was compiled (tf.function) is run line by line meanwhile, so that it can be seen."""

    pixels: int = 65_536
    """64 images of 32 × 32, or one of 224 × 224."""

    @contextmanager
    def looking(self, model: object, dtype: np.dtype[np.floating]) -> Generator[None, None, None]:  # noqa: ARG002
        """Run functions eagerly while the block runs."""
        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)  # noqa: FBT003 TensorFlow's signature
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(before)

    def forward(self, run: Run, inputs: Array, asked: frozenset[str]) -> dict[str, Array]:
        """Run, and copy what was asked for."""
        values = dict[str, Array]()

        def tap(name: str, value: Any) -> Any:
            if name in asked:
                values[name] = _array(value)
            return value

        values[OUTPUT] = _array(run(tf.constant(inputs), tap))
        return values

    def vjp(
        self, run: Run, inputs: Array, asked: Mapping[str, tuple[int, ...]], places: Sequence[str], factors: Factors
    ) -> Pulled:
        """Run on a tape, and differentiate once for each target."""
        kept = dict[str, Any]()

        def tap(name: str, value: Any) -> Any:
            # An identity: the model goes on with another tensor, so that each call has a gradient of its own.
            return kept.setdefault(name, tf.identity(value)) if name in asked else value

        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            entering = tf.constant(inputs)
            tape.watch(entering)
            kept[OUTPUT] = tf.identity(run(entering, tap))
        values = {name: _array(value) for name, value in kept.items()}
        wanted = factors(values)
        sources = [entering, *(kept[name] for name in places)]
        rows = list[list[Array]]()
        for target in range(len(next(iter(wanted.values())))):
            found: list[Any] = tape.gradient(
                [kept[name] for name in wanted],
                sources,
                output_gradients=[tf.cast(one[target], kept[name].dtype) for name, one in wanted.items()],
            )
            if OUTPUT in wanted and found[0] is None:
                raise ModelError(
                    "the model's output has no gradient by the image: somewhere it leaves TensorFlow's graph "
                    "(tf.stop_gradient, NumPy, an integer). Wrap a function instead, for what needs no gradients"
                ).of("gradient", found=None)
            rows.append([_gradient(one, source) for one, source in zip(found, sources, strict=True)])
        by_input, *by_layer = (np.stack(one) for one in zip(*rows, strict=True))
        return Pulled(values, by_input, dict(zip(places, by_layer, strict=True)))


def _array(value: Any) -> Array:
    return widened(np.array(value.numpy()))


def _gradient(value: Any, source: Any) -> Array:
    return _array(tf.zeros_like(source) if value is None else tf.convert_to_tensor(value))
