"""Following the values that a JAX function names, through its jaxpr: nothing is computed.

Between two named values stands what makes the second of the first, so all of that belongs to the second. A named value
follows another one if it is made of it alone, has its shape, and nothing else that is named is made of it.
"""

# JAX is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
from jax.ad_checkpoint import checkpoint_name

from innerview.adapters.jax.layers import Named, observing
from innerview.adapters.wiring import Origin, Wiring
from innerview.model import INPUT, Layer
from innerview.types import Array

MARK: Final = "innerview "
"""In front of the names that are put into the jaxpr."""

INNER: Final = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Where an equation keeps the jaxpr of a function that it calls."""


def follow(call: Callable[[Any], Any], inputs: Array, layers: Sequence[Layer]) -> Wiring | None:
    """Find out how named values hang together; None if the function can't be traced.

    Args:
        call: from the function's input to its output.
        inputs: some of them, of which only the shape counts.
        layers: the named values.
    """

    def seen(name: str, named: Named, value: Any) -> Any:  # noqa: ARG001 as it is called
        return checkpoint_name(value, MARK + name)

    try:
        with jax.disable_jit(), observing(seen):
            traced = jax.make_jaxpr(call)(inputs).jaxpr
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 a function that looks at its values can't be traced
        return None
    wiring = Wiring()
    _walk(traced, {id(traced.invars[0]): Origin(frozenset({INPUT}))}, wiring)
    return _followed(wiring, {layer.name: layer.shape for layer in layers})


def _walk(jaxpr: Any, origins: dict[int, Origin], wiring: Wiring) -> None:
    for equation in jaxpr.eqns:
        given = [origins[id(one)] for one in equation.invars if id(one) in origins]
        label = equation.params.get("name", "") if equation.primitive.name == "name" else ""
        inner = next((equation.params[key] for key in INNER if key in equation.params), None)
        inner = getattr(inner, "jaxpr", inner)
        if label.startswith(MARK):
            name = label.removeprefix(MARK)
            wiring.give(name, given)
            made = [Origin(frozenset({name}))] * len(equation.outvars)
        elif inner is not None and len(inner.invars) == len(equation.invars):
            for outside, inside in zip(equation.invars, inner.invars, strict=True):
                if id(outside) in origins:
                    origins[id(inside)] = origins[id(outside)]
            _walk(inner, origins, wiring)
            made = [origins.get(id(one), Origin()) for one in inner.outvars]
        else:
            made = [wiring.compute(given, as_is=False)] * len(equation.outvars)
        origins |= {id(one): origin for one, origin in zip(equation.outvars, made, strict=True)}


def _followed(wiring: Wiring, shapes: Mapping[str, tuple[int, ...]]) -> Wiring:
    """Say which values follow another one."""
    users: dict[str, set[str]] = {}
    for name, sources in wiring.reached.items():
        for source in sources:
            users.setdefault(source, set()).add(name)
    for name, sources in wiring.reached.items():
        before = next(iter(sources)) if len(sources) == 1 else ""
        wiring.taken[name] = {before if before in shapes and shapes[before] == shapes.get(name) else ""}
    wiring.takers = users
    return wiring
