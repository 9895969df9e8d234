"""Passes on JAX: what is watched is an output of the function, and its gradient that of a zero added to it."""

# JAX is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingImports=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final, final

import jax
import jax.numpy as jnp
import numpy as np

from innerview.adapters.engine import Factors, Pulled, Run
from innerview.adapters.precisions import widened
from innerview.model import OUTPUT
from innerview.types import Array

_WIDE: Final[Any] = (jax if "enable_x64" in dir(jax) else import_module("jax.experimental")).enable_x64
"""It moved out of jax.experimental in later versions."""


@final
class JaxEngine:
    """Passes of pure functions; what the user compiled stays compiled unless a layer inside is watched."""

    pixels: int = 65_536
    """64 images of 32 × 32, or one of 224 × 224."""

    @contextmanager
    def looking(self, model: object, dtype: np.dtype[np.floating]) -> Generator[None, None, None]:  # noqa: ARG002
        """Allow float64 while the block runs, if that is the precision; JAX cuts it to float32 otherwise."""
        with _WIDE(dtype == np.float64):
            yield

    def forward(self, run: Run, inputs: Array, asked: frozenset[str]) -> dict[str, Array]:
        """Run, and copy what was asked for."""
        values = dict[str, Any]()

        def tap(name: str, value: Any) -> Any:
            if name in asked:
                values[name] = value
            return value

        with jax.disable_jit(bool(asked)):  # inside a compiled function there are no values to see
            values[OUTPUT] = run(jnp.asarray(inputs), tap)
        return {name: _array(value) for name, value in values.items()}

    def vjp(
        self, run: Run, inputs: Array, asked: Mapping[str, tuple[int, ...]], places: Sequence[str], factors: Factors
    ) -> Pulled:
        """Linearise once, and pull each target back."""

        def follow(entering: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
            values = dict[str, Any]()

            def tap(name: str, value: Any) -> Any:
                if name not in asked:
                    return value
                values[name] = value + changes[name].astype(value.dtype) if name in changes else value
                return values[name]

            return values | {OUTPUT: run(entering, tap)}

        changes = {name: jnp.zeros((len(inputs), *asked[name]), inputs.dtype) for name in places}
        with jax.disable_jit(bool(asked)):
            found, back = jax.vjp(follow, jnp.asarray(inputs), changes)
            values = {name: _array(value) for name, value in found.items()}
            wanted = factors(values)
            nothing = {name: jnp.zeros_like(value) for name, value in found.items()}
            rows = [
                back({**nothing, **{name: jnp.asarray(one[target], found[name].dtype) for name, one in wanted.items()}})
                for target in range(len(next(iter(wanted.values()))))
            ]
        return Pulled(
            values,
            np.stack([np.array(by_input) for by_input, _ in rows]),
            {name: np.stack([np.array(by_layer[name]) for _, by_layer in rows]) for name in places},
        )


def _array(value: Any) -> Array:
    return widened(np.array(value))
