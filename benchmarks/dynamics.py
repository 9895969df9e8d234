"""Whether what a training's checkpoints say finds more flipped labels than its last one does.

    python benchmarks/dynamics.py DATA [--seeds 5]

A small network (`cheats/networks.py`) is trained on 5,000 images of CIFAR-10 of which 5 % have a flipped label, with a
checkpoint after every epoch. Counted are the flipped labels among the first 10 % by each ranking: of the images that it
learnt from, and of 4,000 others, of which 5 % are flipped too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).with_name("cheats")))
from networks import ASKED, BATCH, EPOCHS, TRAINED, Small, read

from innerview.types import Array, Images
from innerview.workbench.survey.dynamics import dynamics_of

SHARE = 0.05


def flipped(labels: Array, seed: int) -> tuple[Array, Array]:
    """Labels of which 5 % are another class's, and which."""
    random = np.random.default_rng(seed)
    chosen = random.random(len(labels)) < SHARE
    other = (labels + random.integers(1, int(labels.max()) + 1, len(labels))) % (int(labels.max()) + 1)
    return np.where(chosen, other, labels), chosen


def trained(images: Images, labels: Array, asked: list[Images], seed: int) -> list[Array]:
    """Probabilities of each set of images after every epoch: step × image × class."""
    import torch
    from torch.nn import functional

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = Small(int(labels.max()) + 1).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), 4e-3)
    given, truth = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
    steps = EPOCHS * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    found: list[list[Array]] = [[] for _ in asked]
    for _ in range(EPOCHS):
        model.train()
        order = torch.randperm(len(labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            at = order[start : start + BATCH]
            loss = functional.cross_entropy(model(given[at]), truth[at])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        model.eval()
        with torch.no_grad():
            for kept, one in zip(found, asked, strict=True):
                parts = torch.from_numpy(one).permute(0, 3, 1, 2).split(500)
                kept.append(torch.cat([model(part).softmax(1) for part in parts]).double().numpy())
    return [np.stack(one) for one in found]


def rankings(chances: Array, labels: Array) -> dict[str, Array]:
    """Suspicion of each label."""
    dynamics, last = dynamics_of(chances, labels), chances[-1][np.arange(len(labels)), labels]
    order = {name: np.argsort(np.argsort(values)) for name, values in (("m", dynamics.margin), ("p", last))}
    return {
        "probability at the end": -last,
        "mean margin over the checkpoints": -dynamics.margin,
        "mean of both ranks": -(order["m"] + order["p"]).astype(float),
        "share of checkpoints that do not predict the label": -dynamics.believed,
        "times forgotten": dynamics.forgotten.astype(float),
    }


def main() -> None:
    """Print the shares found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    images, truth = read(options.data, "train", 0, TRAINED)
    others, other_truth = read(options.data, "test", 0, ASKED)
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(options.seeds):
        labels, chosen = flipped(truth, seed)
        other_labels, other_chosen = flipped(other_truth, 1000 + seed)
        learnt, asked = trained(images, labels, [images, others], seed)
        print(f"seed {seed}: right on {(asked[-1].argmax(1) == other_truth).mean():.1%} of the others", flush=True)
        for part, chances, given, planted in (
            ("learnt", learnt, labels, chosen),
            ("others", asked, other_labels, other_chosen),
        ):
            for name, suspicion in rankings(chances, given).items():
                first = np.argsort(-suspicion, kind="stable")[: round(2 * SHARE * len(given))]
                found.setdefault((part, name), []).append(float(planted[first].sum() / planted.sum()))
    for (part, name), shares in found.items():
        told = f"{np.mean(shares):.1%} ({min(shares):.1%} to {max(shares):.1%})"
        print(f"| {part} | {name} | {told} | {[round(one, 4) for one in shares]} |")


if __name__ == "__main__":
    main()
