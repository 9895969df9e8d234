"""What a GPU brings: speed, what crosses to it, and whether its maps are the processor's.

    python benchmarks/device.py                  # the processor, and every device that PyTorch sees here
    python benchmarks/device.py --seconds 5 resnet18

For each model of timm (random weights, 224 × 224) on each device, with the batch that the adapter takes there:
evaluations per second, one being a pass forward and back of one image (median and tenth to ninetieth of a hundred of
rounds); how long the same images take to be sent and gradients of their size to be fetched, as a fraction of that; and
integrated gradients with 16 steps beside the processor's, as L1 distance over the processor's L1 norm.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from passes import LARGE, in_timm

import innerview
from innerview.model import OUTPUT, DifferentiableModel
from innerview.targets import Logit, together
from innerview.types import Array

STEPS, TARGET = 16, 3


def devices() -> list[str]:
    """The processor first."""
    found = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    return [*found, *(["mps"] if torch.backends.mps.is_available() else [])]


def wait(device: str) -> None:
    """Until the device has done what it was given."""
    kind = device.partition(":")[0]
    if kind != "cpu":
        getattr(torch, kind).synchronize()


def seconds(work: Callable[[], object], device: str, limit: float) -> Array:
    """What each of many rounds took."""
    work()
    taken = list[float]()
    until = time.perf_counter() + limit
    while time.perf_counter() < until or len(taken) < 3:
        wait(device)
        begun = time.perf_counter()
        work()
        wait(device)
        taken.append(time.perf_counter() - begun)
    return np.array(taken)


def row(name: str, device: str, limit: float, known: Array | None) -> tuple[str, Array]:
    """A line of the table, and the map."""
    torch.manual_seed(0)
    model: DifferentiableModel = in_timm(name, device)
    size = model.batch_size
    random = np.random.default_rng(0)
    images = random.random((size, *model.input.shape)).astype(np.float32)
    asked = {OUTPUT: together([Logit(TARGET)])}
    passes = seconds(lambda: model.vjp(images, asked), device, limit)
    crossing = seconds(lambda: torch.from_numpy(images).to(device).cpu(), device, limit / 4)
    rates = size / np.percentile(passes, [50, 90, 10])
    share = 0.0 if device == "cpu" else float(np.median(crossing) / np.median(passes))
    found = innerview.integrated_gradients(
        model, images[0], TARGET, baseline="black", rule="riemann-left", n_steps=STEPS
    ).heatmap
    apart = "" if known is None else f"{np.abs(found - known).sum() / np.abs(known).sum():.1e}"
    cells = f"{rates[0]:.3g} ({rates[1]:.3g} to {rates[2]:.3g}, n = {len(passes)})"
    return f"| {name} | {device} | {size} | {cells} | {share:.1%} | {apart} |", found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of timm; {', '.join(LARGE)} if none is named")
    parser.add_argument("--seconds", type=float, default=20, help="for each model and device")
    arguments = parser.parse_args()
    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    print(f"PyTorch {torch.__version__}; {', '.join(names) or 'no GPU'}\n")
    print("| model | device | batch | evaluations/s | of it crossing | map beside the processor's |")
    print("|---|---|---|---|---|---|")
    for name in arguments.models or LARGE:
        known: Array | None = None
        for device in devices():
            line, found = row(name, device, arguments.seconds, known)
            known = found if known is None else known
            print(line, flush=True)


if __name__ == "__main__":
    main()
