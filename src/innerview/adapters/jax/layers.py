"""Naming values inside a JAX function, so that they can be looked at: a function has no layers unless it says so."""

# JAX is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportUnknownLambdaType=false, reportMissingImports=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import jax.numpy as jnp

from innerview.adapters.positions import Layout, Order
from innerview.model import IMAGE_AXES, OUTPUT, Layer

Side: TypeAlias = Literal["first", "last"]
"""Where a value has its channels, as people say it."""


SIDES: Final[Mapping[Side, Order]] = {"first": (1, 2, 0), "last": (0, 1, 2)}


@dataclass(frozen=True)
class Named:
    """What a function says of a value: see `tap`."""

    kind: str
    parameters: tuple[str, ...]
    order: Side | None


Seen: TypeAlias = Callable[[str, Named, Any], Any]

_SEEN: Final[ContextVar[Seen | None]] = ContextVar("innerview_jax_taps", default=None)


def tap(name: str, value: Any, kind: str = "other", parameters: Sequence[str] = (), order: Side | None = None) -> Any:
    """Give `value` a name by which it can be looked at; without anyone looking, it is just given back.

    Args:
        name: of the layer; a second value of this name is "name#2".
        value: a float array with the batch in front.
        kind: one of the kinds of `Layer`; "convolution" and "dense" are counted from 1.
        parameters: names of the weights that made it.
        order: "first" or "last", where the channels of a map are. It is found out from what the function does, so give
            it only where that doesn't tell.
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
    """What a dry run finds: the values that the function names, in order, with shapes in the function's own axis order.

    Attributes:
        batch: how many images it is run on.
        layers: their axes are found out later (`positions`).
        declared: what the function says of the axes itself.
    """

    batch: int
    layers: list[Layer] = field(default_factory=list[Layer])
    declared: dict[str, Layout] = field(default_factory=dict[str, Layout])

    def __call__(self, name: str, named: Named, value: Any) -> Any:
        """Take down one value; one that is not a float array with the batch in front is no layer."""
        shape = tuple(int(size) for size in value.shape)
        if shape[:1] == (self.batch,) and jnp.issubdtype(value.dtype, jnp.floating):
            if named.order is not None and len(shape) == 4:
                self.declared[name] = Layout(IMAGE_AXES, SIDES[named.order])
            self.layers.append(Layer(name, named.kind, named.parameters, "", shape[1:]))
        return value
