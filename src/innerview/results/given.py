"""A result for somebody who gave a tensor: every array of it comes in the kind in which the picture came.

The result inside is the frozen NumPy object that the method made, `numpy`; nothing of it is converted before it is
asked for, and nothing that was converted is kept. Whoever draws or saves takes the NumPy object out.
"""

# What users give, and what arrays come back, may be anything: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Final, Generic, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

from innerview.types import Array

R = TypeVar("R")

PLACED: Final = frozenset(
    {"attribution", "baseline", "fill", "gradient", "gradients", "image", "images", "layers", "points"}
)
"""Names of what ends in height × width × channel in a result, unless it has fewer axes than that."""


@runtime_checkable
class Kind(Protocol):
    """An array's framework, precision and device, without the array."""

    def give(self, values: Array) -> Any:
        """Make a new array of this kind; floats in its precision, whole numbers and truths as they are."""
        ...


@dataclass(frozen=True, repr=False)
class AsGiven(Generic[R]):
    """A result as it is wanted by whoever gave a tensor: `result.map`, `result.error` and all other arrays are tensors.

    Attributes:
        numpy: the result in NumPy, channels last; whatever has no arrays (`unit`, `evaluations`) is the same in both.
        kind: what arrays are made into.
        channels: where the picture had them: "first" moves them there in all that has height and width too.
    """

    numpy: R
    kind: Kind
    channels: Literal["first", "last"] = "last"

    def __getattr__(self, name: str) -> Any:
        if name in {"numpy", "kind", "channels"} or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)  # an object that is being copied or unpickled has no fields yet
        value = getattr(self.numpy, name)
        return value if name.startswith("_") else self._give(value, placed=name in PLACED)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.numpy)})

    def __repr__(self) -> str:
        return f"{type(self.numpy).__name__} with arrays as {self.kind}; .numpy has it in NumPy"

    def _give(self, value: Any, *, placed: bool) -> Any:
        match value:
            case np.ndarray():
                first = placed and self.channels == "first" and value.ndim > 2
                return self.kind.give(np.moveaxis(value, -1, -3) if first else value)
            case Mapping():
                return {key: self._give(one, placed=placed) for key, one in value.items()}
            case tuple() | list():
                return type(value)(self._give(one, placed=placed) for one in value)
            case _ if callable(value):
                return lambda *asked, **named: self._give(value(*asked, **named), placed=False)
            case _ if is_dataclass(value) and any(isinstance(one, np.ndarray) for one in vars(value).values()):
                return AsGiven(value, self.kind, self.channels)
            case _:
                return value
