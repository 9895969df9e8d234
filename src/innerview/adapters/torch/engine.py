"""Passes on PyTorch: for its own modules, and for what Keras runs on it."""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false, reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from innerview.adapters.engine import Factors, Pulled, Run
from innerview.adapters.torch.back import gradients
from innerview.adapters.torch.calls import Look, array_of, device, looking
from innerview.model import OUTPUT
from innerview.types import Array


@final
@dataclass(frozen=True)
class TorchEngine:
    """Passes of one model, where it is.

    Attributes:
        model: whose device is used, and which is put back as it was.
        pixels: in one pass; 65,536 are 64 images of 32 × 32, or one of 224 × 224.
        format: how a batch lies in memory.
        changing: weights that the model changes in place while it runs, copied to be put back.
        half: the precision of torch.autocast; None for none.
    """

    model: torch.nn.Module
    pixels: int = 65_536
    format: torch.memory_format = torch.contiguous_format
    changing: Collection[torch.Tensor] = ()
    half: torch.dtype | None = None

    @contextmanager
    def looking(self, model: object, dtype: np.dtype[np.floating]) -> Generator[Look, None, None]:  # noqa: ARG002
        """Frozen weights, evaluation mode of any PyTorch module inside, autocast as `half`, while the block runs."""
        with looking(self.model, self.changing, self.half) as look:
            yield look

    def enter(self, inputs: Array) -> torch.Tensor:
        """Take an array that nobody else holds to the model's device: what gradients are had by."""
        return torch.from_numpy(inputs).to(device(self.model))

    def laid(self, entering: torch.Tensor) -> torch.Tensor:
        """Copy what has entered as it is to lie in memory; a model may change its input in place."""
        return entering.clone(memory_format=self.format)

    def forward(self, run: Run, inputs: Array, asked: frozenset[str]) -> dict[str, Array]:
        """Run, and copy what was asked for."""
        values = dict[str, Array]()

        def tap(name: str, value: Any) -> Any:
            if name in asked:
                values[name] = np.array(array_of(value))
            return value

        with torch.no_grad():
            values[OUTPUT] = np.array(array_of(run(self.laid(self.enter(inputs)), tap)))
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
            entering = self.enter(inputs).requires_grad_()
            kept[OUTPUT] = run(self.laid(entering), tap)
            values = {name: np.array(array_of(value)) for name, value in kept.items()}
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
        by_input, *by_layer = (np.stack([array_of(part) for part in one]) for one in zip(*rows, strict=True))
        return Pulled(values, by_input, {**nothing, **dict(zip(followed, by_layer, strict=True))})
