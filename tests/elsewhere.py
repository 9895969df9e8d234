"""A device that is not there: tensors sent to "cuda" stay in memory, and are kept apart as a GPU keeps its own.

What a GPU refuses is refused: an operation on tensors of both places (a single number may come along), and the memory
of a tensor there as an array. So code that forgets to send or to fetch something fails here as it would there, while
every number is the processor's, to the bit.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

NAME: Final = "cuda"
DEVICE: Final = torch.Tensor.device.__get__  # type: ignore[attr-defined]


class Elsewhere(TorchFunctionMode):
    """While it is entered, "cuda" is such a device.

    Attributes:
        sent: bytes that went there.
        fetched: bytes that came back.
        worked: operations that ran there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent = self.fetched = self.worked = 0
        self._there: dict[int, torch.UntypedStorage] = {}  # kept, so that no other takes its number
        self._operations = _Operations(self)

    def __enter__(self) -> Elsewhere:
        self._operations.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        super().__exit__(*ended)
        self._operations.__exit__(*ended)

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is there."""
        return tensor.untyped_storage()._cdata in self._there

    def take(self, tensor: torch.Tensor) -> torch.Tensor:
        """Count a tensor as one there."""
        storage = tensor.untyped_storage()
        self._there[storage._cdata] = storage
        return tensor

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Send, fetch, say where a tensor is, and refuse arrays; all else goes on to the operations."""
        named = dict(kwargs or {})
        if function == DEVICE:
            return torch.device(NAME, 0) if self.holds(args[0]) else function(*args)
        if function is torch.Tensor.to:
            device = next(
                (one for one in (*args[1:], named.get("device")) if isinstance(one, torch.device | str)), None
            )
            if device is not None:
                kind = next((one for one in (*args[1:], named.get("dtype")) if isinstance(one, torch.dtype)), None)
                moved = self._moved(args[0], torch.device(device))
                return moved if kind is None else function(moved, kind)
        if function is torch.Tensor.cpu:
            return self._moved(args[0], torch.device("cpu"))
        if function is torch.Tensor.numpy and self.holds(args[0]):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        device = named.get("device")
        if device is not None and torch.device(device).type == NAME:
            made = function(*args, **{**named, "device": "cpu"})
            self.sent += made.numel() * made.element_size() if function in {torch.tensor, torch.as_tensor} else 0
            return self.take(made)
        return function(*args, **(kwargs or {}))

    def _moved(self, tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
        there = self.holds(tensor)
        if there == (device.type == NAME):
            return tensor
        copied = tensor.detach().clone(memory_format=torch.preserve_format)
        size = tensor.numel() * tensor.element_size()
        if there:
            self.fetched += size
            self._there.pop(copied.untyped_storage()._cdata, None)
        else:
            self.sent += size
            self.take(copied)
        return copied


class _Operations(TorchDispatchMode):
    def __init__(self, place: Elsewhere) -> None:
        super().__init__()
        self._place = place

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation where its tensors are."""
        tensors = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, torch.Tensor)]
        there = [self._place.holds(one) for one in tensors]
        apart = [one for one, is_there in zip(tensors, there, strict=True) if not is_there and one.dim()]
        found = function(*args, **(kwargs or {}))
        if not any(there) or function is torch.ops.aten.copy_.default:
            return found
        if apart:
            raise RuntimeError(
                f"Expected all tensors to be on the same device ({function}: {[list(one.shape) for one in apart]})"
            )
        self._place.worked += 1
        return tree_map_only(torch.Tensor, self._place.take, found)
