"""Following tensors of PyTorch through one run: every operation is seen, whoever calls it, and none is changed.

What is computed between the calls of layers is followed operation by operation, in place or not, so an addition, a
concatenation or a gate that is no module is seen for what it is.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false, reportUntypedBaseClass=false

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, final

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from innerview.adapters.wiring import Origin, Wiring
from innerview.model import INPUT

TURNING: Final = frozenset(
    {"view", "_unsafe_view", "reshape", "_reshape_alias", "permute", "transpose", "t", "unsqueeze", "squeeze"}
    | {"alias", "detach", "clone", "_to_copy"}
)
"""Operations that leave every value as it is."""


@final
class Following(TorchDispatchMode):
    """While it is entered, follows what is computed.

    Attributes:
        wiring: what was seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.wiring = Wiring()
        self._origins = WeakTensorKeyDictionary()
        self._inside = list[str]()

    def begin(self, pixels: torch.Tensor) -> None:
        """Say which tensor is the image."""
        self._origins[pixels] = Origin(frozenset({INPUT}), INPUT)

    def enter(self, name: str, given: Iterable[Any]) -> None:
        """A call begins."""
        self._inside.append(name)
        self.wiring.give(name, self._known(given))

    def leave(self, name: str, result: Any) -> None:
        """It ended."""
        self._inside.remove(name)
        for value in _tensors(result):
            self._origins[value] = Origin(frozenset({name}), name)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, and note what its results are made from."""
        origins = self._known([*args, *(kwargs or {}).values()])
        result = func(*args, **(kwargs or {}))
        if self._inside:
            now = self._inside[-1]
            # what a module reaches without being given it
            self.wiring.give_aside(now, origins)
            made = Origin(frozenset({now}))
        else:
            made = self.wiring.compute(origins, as_is=_name(func) in TURNING)
        if origins or self._inside:
            for value in _tensors(result):
                self._origins[value] = made
        return result

    def _known(self, given: Iterable[Any]) -> list[Origin]:
        return [self._origins[value] for value in _tensors(list(given)) if value in self._origins]


def _tensors(given: Any) -> list[torch.Tensor]:
    return [value for value in tree_leaves(given) if isinstance(value, torch.Tensor)]


def _name(func: Any) -> str:
    return str(func.overloadpacket).rpartition(".")[2]
