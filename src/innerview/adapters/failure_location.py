"""Where a run of a model is, so that a failure names the layer and the shapes there: the same for every framework."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class FailureLocation:
    """The layer that was entered and has not ended, or else the last one that ended.

    What a model computes between its layers belongs to none of them; then the layer before it is named.

    Attributes:
        where: in words; empty before the first layer.
        layer: the name of the layer that was entered and has not ended; None between two layers.
    """

    where: str = ""
    layer: str | None = None

    def enter(self, name: str, kind: str, shapes: Iterable[tuple[int, ...]]) -> None:
        """A layer begins, with tensors of these shapes (in the model's own axis order)."""
        self.where, self.layer = f"in layer {name} ({kind}), which was given {_listed(shapes)}", name

    def leave(self, name: str, shapes: Iterable[tuple[int, ...]]) -> None:
        """It ended, and gave tensors of these shapes."""
        self.where, self.layer = f"after layer {name}, which gave {_listed(shapes)}", None


def _listed(shapes: Iterable[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "no tensor"
