"""Following tensors of Keras through one run, by what they are: the very object that one layer gave, another takes.

Operations in the graph of a functional model (an addition written with +) are followed like layers. What a subclassed
model computes on tensors itself can't be seen: of a layer that takes such a tensor the wiring is not known.
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, Final, final

import keras

from innerview.adapters.wiring import Origin, Wiring
from innerview.model import INPUT

TURNING: Final = frozenset({"Reshape", "Transpose", "Squeeze", "ExpandDims"})
"""Operations that leave every value as it is."""


@final
class Following:
    """Hears of every call, and follows what goes in and comes out.

    Attributes:
        wiring: what was seen.
    """

    def __init__(self) -> None:
        self.wiring = Wiring()
        self._lost = set[str]()
        # the tensors are kept with their origins, so that no other one can have their identity
        self._origins = dict[int, tuple[Any, Origin]]()

    def enter(self, name: str, given: Iterable[Any]) -> None:
        """A layer is called."""
        origins = self._known(given)
        if origins is None:
            self._lost.add(name)
        self.wiring.give(name, origins or ())

    def leave(self, name: str, result: Any) -> None:
        """It gave this."""
        for value in _tensors(result):
            self._origins[id(value)] = (value, Origin(frozenset({name}), name))

    def end(self) -> Wiring:
        """What was seen, without the calls that took something unseen."""
        for name in self._lost:
            self.wiring.reached.pop(name, None)
        return self.wiring

    @contextmanager
    def operations(self, model: Any) -> Generator[None, None, None]:
        """Follow the operations in the graphs of functional models while the block runs."""
        found = [
            one
            for part in model._flatten_layers()  # noqa: SLF001 pyright: ignore[reportPrivateUsage]
            for one in getattr(part, "operations", ())
            if not isinstance(one, keras.layers.Layer)
        ]
        try:
            for operation in found:
                self._watch(operation)
            yield
        finally:
            for operation in found:
                operation.__dict__.pop("call", None)

    def _watch(self, operation: Any) -> None:
        original = operation.call

        def call(*given: Any, **options: Any) -> Any:
            result = original(*given, **options)
            origins = self._known([given, options])
            if origins is not None:
                made = self.wiring.compute(origins, as_is=type(operation).__name__ in TURNING)
                for value in _tensors(result):
                    self._origins[id(value)] = (value, made)
            return result

        operation.__dict__["call"] = call

    def _known(self, given: Iterable[Any]) -> list[Origin] | None:
        """Where tensors come from; None if that is not known of one. Before any layer only the image can be there."""
        found = list[Origin]()
        for value in _tensors(given):
            if id(value) in self._origins:
                found.append(self._origins[id(value)][1])
            elif not any(origin.sources != frozenset({INPUT}) for _, origin in self._origins.values()):
                self._origins[id(value)] = (value, Origin(frozenset({INPUT}), INPUT))
                found.append(self._origins[id(value)][1])
            else:
                return None
        return found


def _tensors(given: Any) -> list[Any]:
    return [value for value in keras.tree.flatten(given) if keras.ops.is_tensor(value)]
