"""Where a run of a model is, so that a failure names the layer and the shapes there: the same for every framework."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class FailureLocation:
    """The layer that was entered and has not ended, or else the last one that ended.

    What a model computes between its layers belongs to none of them; then the layer before it is named.
    """

    _inside: str = ""
    _behind: str = ""

    def enter(self, name: str, kind: str, shapes: Iterable[tuple[int, ...]]) -> None:
        """A layer begins, with tensors of these shapes (in the model's own axis order)."""
        given = " and ".join(map(str, shapes)) or "no tensor"
        self._inside = f"in layer {name} ({kind}), which was given {given}"

    def leave(self, name: str, shapes: Iterable[tuple[int, ...]]) -> None:
        """It ended, and gave tensors of these shapes."""
        given = " and ".join(map(str, shapes)) or "no tensor"
        self._inside, self._behind = "", f"after layer {name}, which gave {given}"

    @property
    def where(self) -> str:
        """The same in words; empty before the first layer."""
        return self._inside or self._behind
