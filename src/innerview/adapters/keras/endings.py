"""How a Keras model ends: a softmax or sigmoid that makes probabilities of what we want, and setting it aside."""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from innerview.adapters.endings import Found, take_off, words
from innerview.adapters.keras.calls import kind_of
from innerview.errors import ModelError
from innerview.model import WEIGHTED, OutputSpec


@dataclass(frozen=True)
class Ending:
    """A last activation that is set aside while we look.

    Attributes:
        layer: that has it.
        name: the operation.
    """

    layer: Any
    name: Found

    @property
    def words(self) -> str:
        """What was found, for people."""
        return words(self.name, f" ({self.layer.name})")


def find_ending(layer: Any, calls: int, output: OutputSpec) -> Ending | None:
    """Say what is to be set aside of the layer that gave the output; None where the output is taken as it is.

    Args:
        layer: that gave the output; None if no layer did.
        calls: how often it was called in one pass.
        output: what was declared.

    Raises:
        ModelError: the model ends in something else than was declared.
    """
    name = last_operation(layer)
    if layer is None or not take_off(name, output, f" ({layer.name})"):
        return None
    if calls > 1:
        raise ModelError(
            f"the model ends in {name} ({layer.name}), and the same layer is used {calls} times, so nothing before it "
            "can be taken; declare kind 'probabilities' or 'scores'"
        ).of("ending", layer=layer.name, found=calls)
    return Ending(layer, name)


@contextmanager
def set_aside(ending: Ending) -> Generator[None, None, None]:
    """Let the value pass unchanged where the ending stands, while the block runs."""
    held: dict[str, Any] = ending.layer.__dict__
    key = "call" if isinstance(ending.layer, keras.layers.Softmax) else "activation"
    own, before = key in held, held.get(key)
    held[key] = _unchanged if key == "call" else keras.activations.linear
    try:
        yield
    finally:
        if own:
            held[key] = before
        else:
            del held[key]


def _unchanged(inputs: Any, *_given: Any, **_options: Any) -> Any:
    return inputs


def last_operation(layer: Any) -> Found:
    """What a layer does last; "linear" for weights alone, "" for anything that bounds its values or is not known."""
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    found = getattr(layer, "activation", None)
    known = _known().get(found, "") if callable(found) else ""
    return "" if known == "linear" and kind_of(layer) not in WEIGHTED else known


def _known() -> Mapping[Any, Found]:
    given = keras.activations
    return {
        given.softmax: "softmax",
        given.log_softmax: "log_softmax",
        given.sigmoid: "sigmoid",
        given.log_sigmoid: "log_sigmoid",
        given.linear: "linear",
    }
