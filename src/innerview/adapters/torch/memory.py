"""How much memory a pass takes, measured on one image before many are run together, and how many fit.

On the way forward PyTorch keeps what the way back needs: all of that is counted, each piece of memory once, weights
left out. Beside it a pass needs room for the values at work, a few times the largest that was kept. On a processor
batches are small, since they are fastest so (`PIXELS` of `adapters.torch`); on an accelerator as many images go
together as fit into half of what is free, up to `MOST`.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from innerview.adapters.engine import at_once
from innerview.errors import ModelError, UsageError

AT_WORK: Final = 3
"""Values at work at once beside those that are kept, each as large as the largest of them."""

MOST: Final = 64
"""Images at once on an accelerator, at most; of small ones as many as have the pixels of so many of 224 × 224."""

SIDE: Final = 224

SHARE: Final = 0.5
"""Of the memory that is free, how much a pass may take."""

MEMINFO: Final = Path("/proc/meminfo")


@dataclass(frozen=True)
class Need:
    """Memory of one image's pass forward and back.

    Attributes:
        kept: bytes that the way back needs.
        largest: bytes of the largest piece of it.
        weights: bytes of the model itself, which a batch needs once.
    """

    kept: int
    largest: int
    weights: int

    @property
    def image(self) -> int:
        """Bytes for each image of a batch."""
        return self.kept + AT_WORK * self.largest


def measure(model: torch.nn.Module, run: Callable[[], object]) -> Need:
    """Measure one pass.

    Args:
        model: whose weights are not counted.
        run: runs one image forward, on the graph.
    """
    own = _pieces([*model.parameters(), *model.buffers()])
    seen = dict[int, int]()

    def pack(value: Any) -> Any:
        if isinstance(value, torch.Tensor) and value.layout is torch.strided:
            seen.update(_pieces([value]))
        return value

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        run()
    kept = [size for place, size in seen.items() if place not in own]
    return Need(sum(kept), max(kept, default=0), sum(own.values()))


def _pieces(tensors: Iterable[torch.Tensor]) -> dict[int, int]:
    """Pieces of memory, each once, with their bytes."""
    strided = [one for one in tensors if one.layout is torch.strided]
    return {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes() for one in strided}


def free(device: torch.device) -> int | None:
    """Bytes of memory that are free where a model is; None where nobody says."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines() if device.type == "cpu" else []
    except OSError:
        return None
    told = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(told[0]) * 1024 if told else None


def usual(device: torch.device, pixels: int, height: int, width: int) -> int:
    """Images at once where memory is no matter.

    Args:
        device: where the model is.
        pixels: at once on a processor.
        height: of an image.
        width: of an image.
    """
    return at_once(pixels if device.type == "cpu" else MOST * SIDE * SIDE, height, width)


def fitting(wanted: int, need: Callable[[], Need | None], device: torch.device) -> int:
    """How many of the images wanted at once fit; one always does, or fails with the framework's words.

    `need` is asked only where there are several; where it is not known, as many go together as were wanted.
    """
    room = free(device) if wanted > 1 else None
    one = need() if room is not None else None
    return wanted if room is None or one is None else max(min(wanted, int(room * SHARE) // max(one.image, 1)), 1)


def moved(model: Any, device: str) -> torch.nn.Module:
    """Move a model to a device that is there.

    Raises:
        UsageError: there is none of this name here, or the model is none of PyTorch's.
        ModelError: it has no room there, or numbers that the device does not know.
    """
    if not isinstance(model, torch.nn.Module):
        raise UsageError(
            f"--device {device} is for PyTorch modules, and a {type(model).__name__} was opened; its framework says "
            "itself where it runs"
        ).of("device", asked=device, found=type(model).__name__)
    place = place_of(device)
    try:
        return model.to(place)
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ModelError(
            f"the model can't be moved to {device} ({' '.join(str(error).split())[:200].rstrip('.')}); free memory "
            "there, convert the model, or leave --device out"
        ).of("device", asked=device, found=type(error).__name__) from error


def place_of(device: str) -> torch.device:
    """The device of a name.

    Raises:
        UsageError: there is none of this name here.
    """
    try:
        place = torch.device(device)
        torch.empty(1, device=place)  # a name alone says nothing of what is there
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        there = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        there += ["mps"] if torch.backends.mps.is_available() else []
        raise UsageError(
            f"--device {device} can't be used ({' '.join(str(error).split())[:200].rstrip('.')}); PyTorch sees "
            f"{', '.join(there)} here"
        ).of("device", asked=device, known=there) from error
    return place
