"""The models that are measured, each with its pictures: as innerview sees them, and as a PyTorch module for others.

| case | model | pictures |
|---|---|---|
| allcnn | the built-in model, 32 × 32, ELU | CIFAR-10's test set, class by class, without those used to calibrate |
| tutorial2018 | the same architecture, trained as the 2018 recipe has it | the same |
| twin | allcnn with ReLU in place of ELU, fine-tuned by twin.py (`--weights`) | the same, from grey |
| lite | EfficientNet-Lite0, 224 × 224, ImageNet, ReLU6; not trained here | crops of the sample photos |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from efficientnet import lite0
from PIL import Image as Pillow
from torch import nn
from torch.nn import functional

from innerview import allcnn
from innerview.adapters.checks import enter
from innerview.adapters.torch.model import TorchModel
from innerview.allcnn import TABLE
from innerview.data.samples import example_image, example_names
from innerview.model import InputSpec, OutputSpec
from innerview.pictures.pixels import to_bytes
from innerview.types import Array, Image

SEED = 20261122


@dataclass(frozen=True)
class Sizes:
    """How many pictures each piece takes, and how exact the references of `coverage` are.

    Attributes:
        cost: pictures explained to 1 %.
        coverage: pictures compared with a reference.
        tolerance: of what is compared; the reference is twenty times finer, by its own estimate.
        rules: pictures on which other libraries' rules are measured.
        steps: pictures with the recipe's 3000 steps.
    """

    cost: int
    coverage: int
    tolerance: float
    rules: int
    steps: int


@dataclass(frozen=True)
class Case:
    """One model with its pictures.

    Attributes:
        name: as in the table.
        title: in words.
        model: as innerview sees it.
        pictures: each with its name.
        sizes: how many of them.
        level: the baseline's pixels: 0 is black. A ReLU model without biases has the same gradient all the way from
            black to a picture, so that there is nothing to integrate: its path begins at grey.
    """

    name: str
    title: str
    model: TorchModel
    pictures: Callable[[], Iterator[tuple[str, Image]]]
    sizes: Sizes
    level: float = 0.0

    def baseline(self, picture: Image) -> Image:
        """Where the path begins: one value everywhere."""
        return np.full_like(picture, self.level)

    @property
    def module(self) -> nn.Module:
        """What other libraries are given; it takes what `tensor` makes."""
        return self.model.model

    def tensor(self, picture: Image) -> torch.Tensor:
        """A picture as the module takes it, as a batch of one."""
        return torch.tensor(enter(self.model.input, picture[None], self.model.dtype))

    def take(self, count: int) -> list[tuple[str, Image]]:
        """The first so many pictures, each with its name."""
        chosen: list[tuple[str, Image]] = []
        for named in self.pictures():
            if len(chosen) == count:
                break
            chosen.append(named)
        return chosen


class Architecture(nn.Module):
    """The built-in architecture in PyTorch, with any activation, from normalised pixels to logits."""

    def __init__(self, weights: dict[str, Array], activation: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.kernels = nn.ParameterList(torch.tensor(np.asarray(value)) for value in weights.values())
        self.activation = activation

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Batch × class."""
        for row, kernel in zip(TABLE, self.kernels, strict=True):
            value = functional.avg_pool2d(value, 2) if row.pool else value
            value = self.activation(functional.conv2d(value, kernel, padding=row.kernel // 2))
        return value.mean((2, 3))


def built_in(weights: Path | None, activation: Callable[..., torch.Tensor], name: str = "allcnn") -> TorchModel:
    """The built-in architecture with the weights of a model that comes along, or others."""
    known = allcnn.read(weights) if weights else allcnn.load_pretrained(name)
    spec = known.input
    declared = InputSpec(spec.height, spec.width, mean=spec.mean, std=spec.std, layout="CHW")
    return TorchModel(Architecture(dict(known.weights()), activation).eval(), declared, known.output)


def calibrated(classes: list[str]) -> set[tuple[str, int]]:
    """Pictures that rules and estimates were chosen on: (class, position), as they were drawn then."""
    used = set[tuple[str, int]]()
    for seed in (5, 77):
        random = np.random.default_rng(seed)
        used |= {(classes[number % 10], int(random.integers(1000))) for number in range(12)}
    return used


def test_pictures(data: Path) -> Iterator[tuple[str, Image]]:
    """CIFAR-10's test pictures, class by class in turn, in an order drawn once."""
    root = data / "test" if (data / "test").is_dir() else data
    classes = sorted(path.name for path in root.iterdir() if path.is_dir())
    files = {name: sorted((root / name).iterdir()) for name in classes}
    random = np.random.default_rng(SEED)
    orders = {name: random.permutation(len(files[name])) for name in classes}
    used = calibrated(classes)
    for place in range(min(map(len, files.values()))):
        for name in classes:
            position = int(orders[name][place])
            if (name, position) not in used:
                pixels = np.asarray(Pillow.open(files[name][position]).convert("RGB"), dtype=np.float32) / 255
                yield f"{name}/{position}", pixels


def crops(size: int) -> Iterator[tuple[str, Image]]:
    """The centre of each sample photo, then windows of it at random places and sizes, drawn once."""
    random = np.random.default_rng(SEED)
    for round_ in range(20):
        for name in example_names():
            photo = Pillow.fromarray(to_bytes(example_image(name).pixels))
            short = min(photo.size)
            side = short if round_ == 0 else int(short * random.uniform(0.5, 1))
            left, top = (
                (length - side) // 2 if round_ == 0 else int(random.integers(0, length - side + 1))
                for length in photo.size
            )
            window = photo.crop((left, top, left + side, top + side)).resize((size, size), Pillow.Resampling.BICUBIC)
            yield f"{name}/{left},{top},{side}", np.asarray(window, dtype=np.float32) / 255


def case_of(name: str, data: Path | None, weights: Path | None) -> Case:
    """Make one of the cases.

    Args:
        name: as in the table above.
        data: class folders of pictures, for all but "lite".
        weights: a weight file; needed for "twin".
    """
    if name == "lite":
        spec = InputSpec(224, 224, mean=(127 / 255,) * 3, std=(128 / 255,) * 3, layout="CHW")
        model = TorchModel(lite0(), spec, OutputSpec(tuple(map(str, range(1000)))))
        return Case(name, "EfficientNet-Lite0, ReLU6", model, partial(crops, 224), Sizes(20, 20, 0.05, 3, 0))
    if data is None or (name == "twin" and weights is None):
        raise SystemExit(f"{name} needs --data" + (" and --weights" if name == "twin" else ""))
    title, activation, sizes = {
        "allcnn": ("built-in, ELU", functional.elu, Sizes(1000, 200, 0.01, 10, 20)),
        "tutorial2018": ("the recipe's training, ELU", functional.elu, Sizes(200, 100, 0.01, 10, 20)),
        "twin": ("ReLU twin of the built-in", functional.relu, Sizes(100, 100, 0.05, 6, 0)),
    }[name]
    level = 0.5 if name == "twin" else 0.0
    model = built_in(weights, activation, "tutorial2018" if name == "tutorial2018" else "allcnn")
    return Case(name, title, model, partial(test_pictures, data), sizes, level)
