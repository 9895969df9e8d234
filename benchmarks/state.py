"""What it takes to find out a model's axes once, and to take its state down before every pass, in its own passes.

Two ratios in one process, in processor time, each over models of PyTorch's own parts (random weights; what the parts
hold decides the cost, not what they learnt). *State*: entering and leaving the block in which buffers, modes, flags
and generators are taken down and put back, against one whole gradient of one picture and of eight. The two take turns,
so that whatever else the machine does meets both alike; of all pairs the median of the ratio, with quartiles. *Axes*:
wrapping a model, and then asking for its layers for the first time, against one evaluation of one picture.

    python benchmarks/state.py [--pairs 30] [--wraps 5]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import nn

from innerview.adapters.torch.calls import looking
from innerview.adapters.torch.model import TorchModel
from innerview.model import OUTPUT, InputSpec, OutputSpec

SIDE, CLASSES = 64, 10


def convolutions(normalised: bool) -> nn.Module:  # noqa: FBT001 the two models differ in nothing else
    """Twelve convolutions, with a batch normalisation (three buffers) behind each or without."""
    parts: list[nn.Module] = []
    for number in range(12):
        parts.append(nn.Conv2d(3 if not number else 32, 32, 3, padding=1, stride=2 if number in {3, 7} else 1))
        parts += [nn.BatchNorm2d(32)] * normalised
        parts.append(nn.ReLU())
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, CLASSES))


class Tokens(nn.Module):
    """Six blocks of attention over patches."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 64, 8, 8)
        self.blocks = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(64, 4, 128, batch_first=True, norm_first=True), 6, enable_nested_tensor=False
        )
        self.head = nn.Linear(64, CLASSES)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Patches, blocks, mean, classes."""
        return self.head(self.blocks(self.patches(value).flatten(2).transpose(1, 2)).mean(1))


MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "12 convolutions": lambda: convolutions(normalised=False),
    "12 convolutions with batch normalisation": lambda: convolutions(normalised=True),
    "6 transformer blocks": Tokens,
}


def seconds(work: Callable[[], object]) -> float:
    """Processor time of one call."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def quartiles(values: list[float]) -> str:
    """Median, and the quartiles around it."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def wrapped(make: Callable[[], nn.Module]) -> TorchModel:
    """The model of a new model."""
    torch.manual_seed(0)
    return TorchModel(make(), InputSpec(SIDE, SIDE, layout="CHW"), OutputSpec(CLASSES))


def gradient(model: TorchModel, batch: int) -> Callable[[], object]:
    """A whole gradient of one logit, for each picture of a batch."""
    images = np.random.default_rng(0).random((batch, SIDE, SIDE, 3), np.float32)

    def one(outputs: np.ndarray) -> np.ndarray:
        found = np.zeros((1, *outputs.shape), outputs.dtype)
        found[..., 3] = 1
        return found

    return lambda: model.vjp(images, {OUTPUT: one})


def state(model: TorchModel, batch: int, pairs: int) -> tuple[list[float], list[float]]:
    """What taking the state down takes, pair by pair: in milliseconds, and in per cent of a pass."""
    work = gradient(model, batch)

    def take_down() -> None:
        with looking(model.model):
            pass

    for warm in (work, take_down):
        warm()
    both = [(seconds(take_down), seconds(work)) for _ in range(pairs)]
    return [1000 * taken for taken, _ in both], [100 * taken / passed for taken, passed in both]


def axes(make: Callable[[], nn.Module], wraps: int) -> tuple[list[float], list[float]]:
    """Wrapping, and the layers' axes, in evaluations of one picture."""
    wrapping, finding = list[float](), list[float]()
    for _ in range(wraps):
        found = list[TorchModel]()
        wrap = seconds(lambda kept=found: kept.append(wrapped(make)))
        layers = seconds(lambda kept=found: kept[0].layers)
        work = gradient(found[0], 1)
        work()
        one = float(np.median([seconds(work) for _ in range(5)]))
        wrapping.append(wrap / one)
        finding.append(layers / one)
    return wrapping, finding


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--wraps", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print("| model | state, ms | % of a gradient of 1 | of 8 | wrapping, in evaluations | axes, in evaluations |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, make in MODELS.items():
        model = wrapped(make)
        (taken, one), (_, eight) = (state(model, batch, asked.pairs) for batch in (1, 8))
        cells = map(quartiles, (taken, one, eight, *axes(make, asked.wraps)))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
