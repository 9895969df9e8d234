"""Train the small ConvNeXt or the small vision transformer of `small_models.py` on CIFAR-10, in minutes to an hour.

    python benchmarks/training/small.py vit OUT --data PATH [--epochs 12] [--seed 0]

OUT gets `vit.safetensors` (float16), `vit.json` (accuracy on the test images with its 95 % interval, what it took) and,
while it runs, `vit.state.pt`: started again, a run goes on from its last whole epoch.

Muon moves the matrices, AdamW all else; both rates rise for a tenth of the steps and fall to 0. Images are flipped and
shifted by up to 4 pixels. The vision transformer sees half of the tokens until the last fifth of its training.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from small_models import MEAN, STD, VisionTransformer, convnext, vit
from torch import nn
from torch.nn import functional

from innerview.data.cifar10 import load
from innerview.data.labelled import LabelledImages
from innerview.methods.mistakes import interval
from innerview.training.muon import Muon

MAKERS = {"convnext": convnext, "vit": vit}
BATCH = 128
MUON, ADAMW = 0.03, 2e-3
"""Full learning rates."""

WHOLE = 0.8
"""From here on the vision transformer sees every token."""


def tensors(images: LabelledImages) -> tuple[torch.Tensor, torch.Tensor]:
    """Image × channel × height × width in bytes, and the labels."""
    return torch.from_numpy(np.ascontiguousarray(images.images.transpose(0, 3, 1, 2))), torch.from_numpy(images.labels)


def fed(pixels: torch.Tensor) -> torch.Tensor:
    """Bytes as the models' input."""
    mean, std = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, STD))
    return (pixels.float() / 255 - mean) / std


def varied(pixels: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    """Each image flipped or not, and shifted by up to 4 pixels, its edge repeated."""
    side = pixels.shape[-1]
    wide = functional.pad(pixels.float(), (4, 4, 4, 4), mode="reflect").to(torch.uint8)
    down, across = torch.randint(0, 9, (2, len(pixels), 1), generator=random) + torch.arange(side)
    flipped = torch.rand(len(pixels), 1, generator=random) < 0.5
    across = torch.where(flipped, across.flip(1), across)
    return wide[torch.arange(len(pixels))[:, None, None], :, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2)


def optimisers(model: nn.Module) -> list[tuple[torch.optim.Optimizer, float]]:
    """Muon for the matrices between hidden layers, AdamW for the rest, each with its full rate."""
    named = dict(model.named_parameters())
    inner = {
        name
        for name, weight in named.items()
        if weight.ndim >= 2 and weight.shape[1] > 1 and not name.startswith(("head", "class_token", "positions"))
    }
    rest = [weight for name, weight in named.items() if name not in inner]
    return [
        (Muon([named[name] for name in sorted(inner)], MUON, 0.9, hold=False), MUON),
        (torch.optim.AdamW(rest, lr=ADAMW, weight_decay=0.0), ADAMW),
    ]


@torch.no_grad()
def correct(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> int:
    """How many are predicted rightly, in float32."""
    model.eval()
    right = sum(
        int((model(fed(part)).argmax(1) == truth).sum())
        for part, truth in zip(images.split(500), labels.split(500), strict=True)
    )
    model.train()
    return right


@dataclass
class Training:
    """One model on its way: `done` epochs of `epochs`, which took `seconds` of the processor."""

    name: str
    seed: int
    epochs: int
    model: nn.Module
    parts: list[tuple[torch.optim.Optimizer, float]]
    done: int = 0
    seconds: float = 0.0

    def epoch(self, images: torch.Tensor, labels: torch.Tensor) -> float:
        """Go over the images once; gives the mean loss."""
        started, seed = time.process_time(), 1000 * self.seed + self.done
        torch.manual_seed(seed)
        random = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(images), generator=random)
        batches = [order[at : at + BATCH] for at in range(0, len(images) - BATCH + 1, BATCH)]
        total = 0.0
        for place, chosen in enumerate(batches):
            total += self._step(
                fed(varied(images[chosen], random)), labels[chosen], (self.done + place / len(batches)) / self.epochs
            )
        self.done, self.seconds = self.done + 1, self.seconds + time.process_time() - started
        return total / len(batches)

    def _step(self, batch: torch.Tensor, labels: torch.Tensor, at: float) -> float:
        """Move the weights once, `at` of the way."""
        if isinstance(self.model, VisionTransformer):
            self.model.kept = 32 if at < WHOLE else 64
        with torch.autocast("cpu", torch.bfloat16):
            outputs = self.model(batch.to(memory_format=torch.channels_last))
        loss = functional.cross_entropy(outputs.float(), labels)
        loss.backward()
        for optimiser, rate in self.parts:
            for group in optimiser.param_groups:
                group["lr"] = rate * min(at / 0.1, (1 - at) / 0.9)
            optimiser.step()
            optimiser.zero_grad()
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Keep all that the next epoch needs."""
        moments = [optimiser.state_dict() for optimiser, _ in self.parts]
        kept = {"epoch": self.done, "seconds": self.seconds, "model": self.model.state_dict(), "optimisers": moments}
        torch.save(kept, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Go on from what was kept."""
        kept = torch.load(path, weights_only=True)
        self.done, self.seconds = kept["epoch"], kept["seconds"]
        self.model.load_state_dict(kept["model"])
        for (optimiser, _), values in zip(self.parts, kept["optimisers"], strict=True):
            optimiser.load_state_dict(values)

    def write(self, folder: Path, tested: LabelledImages) -> dict[str, object]:
        """Write the weights in float16, and how many test images they predict rightly."""
        whole = self.model.state_dict()
        half = {name: one.half() if one.is_floating_point() else one for name, one in whole.items()}
        save_file({name: one.contiguous() for name, one in half.items()}, folder / f"{self.name}.safetensors")
        self.model.load_state_dict({name: one.to(whole[name].dtype) for name, one in half.items()})
        right, count = correct(self.model, *tensors(tested)), len(tested.labels)
        told: dict[str, object] = {
            "model": self.name,
            "parameters": sum(weight.numel() for weight in self.model.parameters()),
            "epochs": self.epochs,
            "seed": self.seed,
            "processor seconds": round(self.seconds),
            "test images": count,
            "correct": right,
            "accuracy": right / count,
            "interval": [round(one, 4) for one in interval(right / count, count)],
            "torch": torch.__version__,
        }
        (folder / f"{self.name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        return told


def main() -> None:
    """Train, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MAKERS)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(asked.seed)
    data = load(asked.data)
    model = MAKERS[asked.model]().train()
    run = Training(asked.model, asked.seed, asked.epochs, model, optimisers(model))
    state = asked.out / f"{asked.model}.state.pt"
    if state.is_file():
        run.load(state)
    images, labels = tensors(data.train)
    while run.done < run.epochs:
        loss = run.epoch(images, labels)
        run.save(state)
        print(f"epoch {run.done} of {run.epochs}: loss {loss:.3f}, {run.seconds:.0f} s of processor", flush=True)
    json.dump(run.write(asked.out, data.test), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
