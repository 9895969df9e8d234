"""Make the built-in model's twin with ReLU in place of ELU: the same weights, then a short fine-tuning at a low rate.

    python benchmarks/attribution/twin.py OUT.safetensors --data PATH [--epochs 0.4] [--weights FILE]

PATH is whatever `innerview train --data` takes. Pictures are changed and shown as in the model's own training; the
accuracy on 2,000 test pictures is printed before and after, and kept in the file's metadata.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from innerview import allcnn
from innerview.data.cifar10 import load
from innerview.training import ALLCNN, augment
from innerview.training.measure import balanced, measured
from innerview.training.model import POOLED, AllCnn
from innerview.training.optimisers import Optimisers

RATES = {"muon_lr": 0.004, "adam_lr": 6e-4}
"""A fifth of those that the model was trained with, falling to 0."""

TESTED = 2000
"""Test pictures for the accuracy, the same number of every class."""


class Twin(AllCnn):
    """The architecture with ReLU after all nine convolutions."""

    def layers(self, images: torch.Tensor) -> Iterator[torch.Tensor]:
        """Give the output of each layer in turn, after its ReLU."""
        x = (images - self.mean) / self.std
        for number, weight in enumerate(self.weights, start=1):
            x = functional.avg_pool2d(x, 2) if number in POOLED else x
            x = functional.relu(functional.conv2d(x, weight, padding=weight.shape[2] // 2))
            yield x


def main() -> None:
    """Fine-tune and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--epochs", type=float, default=0.4)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    source = allcnn.read(options.weights) if options.weights else allcnn.load_pretrained()
    data = load(options.data)
    how, temperature = replace(ALLCNN.optimisation, **RATES), source.output.temperature
    twin = Twin(len(source.weights()["conv1.weight"]), len(data.classes), source.input.mean, source.input.std)
    twin.take({name: torch.from_numpy(np.asarray(value)) for name, value in source.weights().items()})
    optimisers = Optimisers(twin, how)
    tested = balanced(data.test, TESTED)
    _, before = measured(twin, twin.named(), tested, temperature)
    print(f"as it is: {before:.2%}", flush=True)
    steps, begun = round(options.epochs * len(data.train.images) / ALLCNN.batch_size), time.perf_counter()
    for step in range(steps):
        draw = augment.drawn(0, step, ALLCNN.batch_size, len(data.train.images))
        images = augment.changed(data.train.images[draw.numbers], draw, ALLCNN.augmentation, 0, step)
        with torch.autocast("cpu", torch.bfloat16):
            logits = twin(images)
        labels = torch.from_numpy(data.train.labels[draw.numbers])
        loss = functional.cross_entropy(logits / temperature, labels, label_smoothing=how.label_smoothing)
        optimisers.zero()
        loss.backward()
        optimisers.step(1 - step / steps)
        if step % 10 == 0:
            right = (logits.argmax(1) == labels).float().mean().item()
            print(
                f"{time.perf_counter() - begun:6.0f} s step {step}/{steps} loss {loss.item():.3f} {right:.0%}",
                flush=True,
            )
    _, after = measured(twin, twin.named(), tested, temperature)
    print(f"fine-tuned: {after:.2%}", flush=True)
    weights = {name: weight.detach().numpy() for name, weight in twin.named().items()}
    made = allcnn.build(weights, input=source.input, output=source.output)
    notes = {
        "before": f"{before:.4f}",
        "accuracy": f"{after:.4f}",
        "epochs": f"{options.epochs:g}",
        "activation": "relu",
        "tested": str(TESTED),
    }
    allcnn.write(options.out, made, notes=notes)


if __name__ == "__main__":
    main()
