"""How a Keras model ends: a softmax or sigmoid that makes probabilities of what we want, and setting it aside."""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import keras

from innerview.errors import NetworkError
from innerview.network import OutputKind

BEFORE: Final = {("softmax", "logits"), ("sigmoid", "sigmoid")}
"""Endings that are set aside, with the kind of output that is declared: then it is what stands before them."""

MEANT: Final = {
    ("softmax", "sigmoid"): "declare kind 'logits' (taken from before the softmax) or 'probabilities'",
    ("sigmoid", "logits"): "declare kind 'sigmoid' (one independent logit per class, taken from before it)",
    ("sigmoid", "probabilities"): "declare kind 'sigmoid': such outputs do not sum to 1",
}
"""Declarations that contradict what was found, with the way out."""


@dataclass(frozen=True)
class Ending:
    """A last activation that is set aside while we look.

    Attributes:
        layer: that has it.
        name: "softmax" or "sigmoid".
    """

    layer: Any
    name: str

    @property
    def words(self) -> str:
        """What was found, for people."""
        return f"the model ends in {self.name} ({self.layer.name}); its logits are taken from before it"


def find_ending(layer: Any, calls: int, kind: OutputKind) -> Ending | None:
    """Say what is to be set aside of the layer that gave the output; None where the output is taken as it is.

    Args:
        layer: that gave the output; None if no layer did.
        calls: how often it was called in one pass.
        kind: of output that was declared.

    Raises:
        NetworkError: the model ends in something else than was declared.
    """
    name = _activation(layer)
    if (name, kind) in MEANT:
        raise NetworkError(f"the model ends in {name} ({layer.name}), but {kind!r} was declared: {MEANT[name, kind]}")
    if (name, kind) not in BEFORE:
        return None
    if calls > 1:
        raise NetworkError(
            f"the model ends in {name} ({layer.name}), and the same layer is used {calls} times, so nothing before it "
            "can be taken; declare kind 'probabilities' or 'scores'"
        )
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


def _activation(layer: Any) -> str:
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    found = getattr(layer, "activation", None)
    known = {keras.activations.softmax: "softmax", keras.activations.sigmoid: "sigmoid"}
    return known.get(found, "") if callable(found) else ""
