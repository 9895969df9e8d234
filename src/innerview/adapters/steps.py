"""What a network becomes for the page's engine (`export.web`), whatever framework it is followed in: steps and weights.

Each step names those that it takes, and the weights that it has. Normalisation is folded into the convolution before it
where that alone reads it, and is a step of its own elsewhere; zeros around a value are put there by the convolution
behind it. What the engine does not run is refused with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from innerview.errors import UsageError
from innerview.types import Array

Step: TypeAlias = dict[str, Any]
Around: TypeAlias = tuple[int, int, int, int]

NOTHING: Final[Around] = (0, 0, 0, 0)
"""Rows above and below, columns left and right."""


@dataclass(frozen=True)
class Value:
    """A value on its way: which step gives it (0: the image), and zeros around it that no step has put there yet."""

    step: int
    around: Around = NOTHING


@dataclass
class Steps:
    """What was followed: steps as in `export.web`, and the weights that they name."""

    operations: list[Step] = field(default_factory=list[Step])
    weights: dict[str, Array] = field(default_factory=dict[str, Array])

    def add(self, name: str, sources: Sequence[Value], step: Mapping[str, object]) -> Value:
        """Append a step; a second one of its name is "name#2"."""
        known = sum(one["name"] == name or one["name"].startswith(f"{name}#") for one in self.operations)
        unique = f"{name}#{known + 1}" if known else name
        self.operations.append({"name": unique, "from": [one.step for one in sources], **step})
        return Value(len(self.operations))

    def affine(self, name: str, source: Value, scale: Array, offset: Array) -> Value:
        """Append a step that multiplies each channel by `scale` and adds `offset`."""
        named = {"weight": f"{name}.scale", "bias": f"{name}.offset"}
        self.weights |= {named["weight"]: np.array(scale), named["bias"]: np.array(offset)}
        return self.add(name, [source], {"kind": "affine", **named})

    def normalise(self, name: str, source: Value, scale: Array, offset: Array, *, alone: bool) -> Value:
        """The same, done by the convolution that gives the value where that is the last step and is read `alone`."""
        last = self.operations[source.step - 1] if source.step else {}
        if last.get("kind") != "convolution" or not alone or source.step != len(self.operations):
            return self.affine(name, source, scale, offset)
        weight = last["weight"]
        self.weights[weight] = self.weights[weight] * scale[:, None, None, None]
        bias = self.weights.get(last.get("bias", ""), np.zeros(len(scale)))
        last["bias"] = last.get("bias", f"{weight.rpartition('.')[0]}.bias")
        self.weights[last["bias"]] = bias * scale + offset
        return source


ARITHMETIC: Final[Mapping[str, Callable[[Any, bool], tuple[Any, Any]]]] = {
    "add": lambda by, _: (1.0, by),
    "multiply": lambda by, _: (by, 0.0),
    "less": lambda by, first: (1.0, -by) if first else (-1.0, by),
    "over": lambda by, _: (1 / by, 0.0),
}
"""Scale and offset of a value that meets a constant; `first`: the value stands in front, as it has to in a division."""


def refused(name: str, what: str) -> UsageError:
    """The error for a part of a network that the engine does not run."""
    return UsageError(f"the network is not made of what the engine in the page runs: {name} {what}").of(
        "operation", found=what, layer=name
    )
