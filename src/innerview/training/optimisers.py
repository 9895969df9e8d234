"""The optimisers of a run as one: Muon for all layers but the last, Adam for the rest, one schedule for both."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from innerview.training.model import AllCnn
from innerview.training.muon import Muon
from innerview.training.recipe import Optimisation


class Optimisers:
    """Moves the weights of a model.

    Args:
        model: whose weights are moved; their gradients must be there before a step.
        how: see Optimisation.
    """

    def __init__(self, model: AllCnn, how: Optimisation) -> None:
        self.named = model.named()
        names = list(self.named)
        turned = names[0 if how.first else 1 : -1] if how.muon_lr else []
        outer = [name for name in names if name not in turned]
        self.parts: list[tuple[torch.optim.Optimizer, float]] = [
            (
                torch.optim.AdamW(
                    [self.named[name] for name in outer],
                    lr=how.adam_lr,
                    weight_decay=0.0,
                    amsgrad=how.amsgrad,
                ),
                how.adam_lr,
            )
        ]
        if turned:
            muon = Muon([self.named[name] for name in turned], how.muon_lr, how.momentum, hold=how.fix_weight_norm)
            self.parts.append((muon, how.muon_lr))

    def zero(self) -> None:
        """Forget the gradients."""
        for optimiser, _ in self.parts:
            optimiser.zero_grad()

    def step(self, factor: float) -> None:
        """Move every weight once, at `factor` times each full learning rate; factor in (0, 1]."""
        for optimiser, rate in self.parts:
            for group in optimiser.param_groups:
                group["lr"] = rate * factor
            optimiser.step()

    def state(self) -> dict[str, torch.Tensor]:
        """All that the next step needs beside the weights, as "moment/weight's name"."""
        return {
            f"{key}/{name}": value
            for name, weight in self.named.items()
            for optimiser, _ in self.parts
            for key, value in optimiser.state.get(weight, {}).items()
        }

    def restore(self, tensors: Mapping[str, torch.Tensor], place: torch.device) -> None:
        """Take up what `state` gave, on a device; other tensors in the mapping are left alone.

        The number of steps stays on the processor, where Adam counts.
        """
        for optimiser, _ in self.parts:
            for group in optimiser.param_groups:
                for weight in group["params"]:
                    name = next(name for name, known in self.named.items() if known is weight)
                    optimiser.state[weight] = {
                        key.removesuffix(f"/{name}"): value.clone()
                        if key == f"step/{name}"
                        else value.to(place, copy=True)
                        for key, value in tensors.items()
                        if key.endswith(f"/{name}") and not key.startswith("average/")
                    }
