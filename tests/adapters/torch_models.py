"""A PyTorch model that is hard to look into without a trace, and everything about it that could be found changed."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit, together
from innerview.types import Array

CLASSES = OutputSpec(("a", "b", "c"))
SPEC = InputSpec(6, 8, layout="CHW")
EVERY = together([Logit(index) for index in range(3)])


class Reused(nn.Module):
    """One in-place activation after two convolutions, dropout and batch statistics, a part that is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.spare = nn.Linear(2, 2)
        self.output = nn.Linear(4, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        value = self.relu(self.norm(self.conv1(images)))
        value = value + self.relu(self.conv2(value))
        return self.output(self.drop(nn.functional.elu(value).mean((2, 3))))


def model(seed: int = 0) -> Reused:
    torch.manual_seed(seed)
    module = Reused()
    module.norm.running_mean += 0.1 * torch.randn(4)
    return module


def random_images(count: int = 2) -> Array:
    return np.random.default_rng(1).random((count, 6, 8, 3)).astype(np.float32)


def state(module: nn.Module) -> dict[str, object]:
    """Everything about a model that someone could find changed."""
    return {
        "modes": [part.training for part in module.modules()],
        "wanted": [parameter.requires_grad for parameter in module.parameters()],
        "gradients": [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        "tensors": {name: value.clone() for name, value in module.state_dict().items()},
        "types": [value.dtype for value in module.state_dict().values()],
        "devices": [value.device for value in module.state_dict().values()],
        "hooks": [
            (len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks))
            for part in module.modules()
        ],
        "fast": torch.backends.mha.get_fastpath_enabled(),
        "grad": torch.is_grad_enabled(),
        "random": torch.get_rng_state(),
    }


def same(a: object, b: object) -> bool:
    match a, b:
        case dict(), dict():
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        case list(), list():
            return len(a) == len(b) and all(map(same, a, b))
        case torch.Tensor(), torch.Tensor():
            return torch.equal(a, b)
        case _:
            return a == b


def in_the_middle_of_training() -> Reused:
    """Mixed modes and frozen parts, gradients that wait for a step, hooks of someone else."""
    module = model()
    module(torch.rand(4, 3, 6, 8)).sum().backward()
    module.norm.eval()
    module.conv2.weight.requires_grad_(False)
    module.conv1.register_forward_hook(lambda *_: None)
    module.register_forward_pre_hook(lambda *_: None)
    return module


class Returning(nn.Module):
    """A linear model that gives its output in some wrapping."""

    def __init__(self, wrapping) -> None:
        super().__init__()
        self.dense = nn.Linear(6 * 8 * 3, 3)
        self.wrapping = wrapping

    def forward(self, value: torch.Tensor) -> object:
        return self.wrapping(self.dense(value.flatten(1)))
