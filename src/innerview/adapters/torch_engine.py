"""Passes on PyTorch for what Keras runs on it; PyTorch's own modules have an adapter of their own."""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, final

import numpy as np
import torch

from innerview.adapters.engine import Factors, Pulled, Run
from innerview.adapters.torch_back import gradients
from innerview.adapters.torch_calls import device, looking
from innerview.model import OUTPUT
from innerview.types import Array


@final
class TorchEngine:
    """Passes of one model, where it is.

    Args:
        model: whose device is used, and which is put back as it was.
    """

    pixels: ClassVar[int] = 65_536
    """64 images of 32 × 32, or one of 224 × 224."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model

    @contextmanager
    def looking(self, model: object, dtype: np.dtype[np.floating]) -> Generator[None, None, None]:  # noqa: ARG002
        """Frozen weights, no autocast, evaluation mode of any PyTorch module inside while the block runs."""
        with looking(self._model):
            yield

    def forward(self, run: Run, inputs: Array, asked: frozenset[str]) -> dict[str, Array]:
        """Run, and copy what was asked for."""
        values = dict[str, Array]()

        def tap(name: str, value: Any) -> Any:
            if name in asked:
                values[name] = _array(value)
            return value

        with torch.no_grad():
            values[OUTPUT] = _array(run(self._enter(inputs), tap))
        return values

    def vjp(
        self, run: Run, inputs: Array, asked: Mapping[str, tuple[int, ...]], places: Sequence[str], factors: Factors
    ) -> Pulled:
        """Run on the graph, and differentiate once for each target; nothing is worked out for the weights."""
        kept = dict[str, torch.Tensor]()

        def tap(name: str, value: Any) -> Any:
            if name not in asked:
                return value
            kept[name] = value.clone()
            return kept[name].clone()  # what follows in place can't reach the value that is kept

        with torch.enable_grad():
            entering = self._enter(inputs).requires_grad_()
            kept[OUTPUT] = run(entering, tap)
            values = {name: _array(value) for name, value in kept.items()}
            wanted = factors(values)
            followed = [name for name in places if kept[name].requires_grad]
            targets = len(next(iter(wanted.values())))
            rows = gradients(
                kept,
                [entering, *(kept[name] for name in followed)],
                {
                    name: [torch.tensor(one, dtype=kept[name].dtype, device=entering.device) for one in given]
                    for name, given in wanted.items()
                },
            )
        nothing = {name: np.zeros((targets, *values[name].shape), inputs.dtype) for name in places}
        if not rows:
            return Pulled(values, np.zeros((targets, *inputs.shape), inputs.dtype), nothing)
        by_input, *by_layer = (np.stack([_array(part) for part in one]) for one in zip(*rows, strict=True))
        return Pulled(values, by_input, {**nothing, **dict(zip(followed, by_layer, strict=True))})

    def _enter(self, inputs: Array) -> torch.Tensor:
        return torch.tensor(inputs, device=device(self._model))


def _array(value: torch.Tensor) -> Array:
    detached = value.detach().cpu()
    half = detached.dtype in {torch.float16, torch.bfloat16}  # NumPy has none of the second; float32 holds both
    return np.array((detached.float() if half else detached).numpy())
