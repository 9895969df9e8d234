"""Naming values inside a JAX function, so that they can be looked at: a function has no layers unless it says so."""

# JAX is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingImports=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import jax.numpy as jnp

from innerview.adapters.engine import Order
from innerview.network import OUTPUT, Layer

AXES: Final = {2: "channel", 3: "token channel", 4: "height width channel"}
"""Axes behind the batch, channels last, by the number of axes with it."""


@dataclass(frozen=True)
class Named:
    """What a function says of a value: see `tap`."""

    kind: str
    parameters: tuple[str, ...]
    order: Order | None


Seen: TypeAlias = Callable[[str, Named, Any], Any]

_SEEN: Final[ContextVar[Seen | None]] = ContextVar("innerview_jax_taps", default=None)


def tap(name: str, value: Any, kind: str = "other", parameters: Sequence[str] = (), order: Order | None = None) -> Any:
    """Give `value` a name by which it can be looked at; without anyone looking, it is just given back.

    Args:
        name: of the layer; a second value of this name is "name#2".
        value: a float array with the batch in front.
        kind: one of the kinds of `Layer`; "convolution" and "dense" are counted from 1.
        parameters: names of the weights that made it.
        order: "first" or "last", where its channels are; as in the network's input unless given.
    """
    seen = _SEEN.get()
    return value if seen is None else seen(name, Named(kind, tuple(parameters), order), value)


@contextmanager
def observing(seen: Seen) -> Generator[None, None, None]:
    """Call `seen` with the name of each value while the block runs; what it returns takes the value's place."""
    calls = Counter[str]()

    def count(name: str, named: Named, value: Any) -> Any:
        calls[name] += 1
        number = calls[name]
        return seen(name if number == 1 and name != OUTPUT else f"{name}#{number}", named, value)

    token = _SEEN.set(count)
    try:
        yield
    finally:
        _SEEN.reset(token)


@dataclass
class Survey:
    """What a dry run finds: the values that the function names, in order, and where each has its channels."""

    batch: int
    entering: Order
    layers: list[Layer] = field(default_factory=list[Layer])
    orders: dict[str, Order] = field(default_factory=dict[str, Order])

    def __call__(self, name: str, named: Named, value: Any) -> Any:
        """Take down one value; one that is not a float array with the batch in front is no layer."""
        shape = tuple(int(size) for size in value.shape)
        if shape[:1] == (self.batch,) and jnp.issubdtype(value.dtype, jnp.floating):
            order: Order = "last" if len(shape) < 3 else named.order or (self.entering if len(shape) == 4 else "last")
            self.orders[name] = order
            inner = (*shape[2:], *shape[1:2]) if order == "first" else shape[1:]
            self.layers.append(Layer(name, named.kind, named.parameters, AXES.get(len(shape), ""), inner))
        return value
