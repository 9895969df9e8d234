"""What the waist costs: gradients through innerview against the same gradients in bare PyTorch, batch 32.

Bare is what one would write by hand: the model in evaluation mode with frozen weights, a tensor in its axis order,
one autograd call, a tensor back. Through the waist it is a NumPy array of pixels in and out, with all that innerview
does for it (mode, frozen weights, hooks, checks, chain rule through the normalisation). Both take turns in one
process, so that other work on the machine disturbs both; the median of the ratios of neighbouring turns is printed,
with its quartiles.

    python benchmarks/overhead.py allcnn|lite0 [--rounds 20] [--batch 32] [--taps]

lite0 is examples/efficientnet_lite0, which says what to install.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from engines import in_torch

from innerview.adapters.torch import TorchNetwork
from innerview.network import OUTPUT
from innerview.targets import Logit, together
from innerview.workbench.models import ModelRequest, open_model

LITE0 = Path(__file__).parents[1] / "examples" / "efficientnet_lite0"


def network_of(name: str) -> TorchNetwork:
    """The wrapped network."""
    found = in_torch() if name == "allcnn" else open_model(ModelRequest(str(LITE0), classes="1000", trust=True))
    assert isinstance(found, TorchNetwork)
    return found


def bare(network: TorchNetwork, images: np.ndarray, number: int) -> Callable[[], torch.Tensor]:
    """The gradient of one logit for every picture, as one would write it in PyTorch."""
    model = network.model.eval().requires_grad_(
        requires_grad=False
    )  # or PyTorch keeps what the weights' gradients need
    spec = network.input
    inputs = torch.tensor((images * spec.scale + spec.offset).astype(np.float32).transpose(0, 3, 1, 2).copy())

    def work() -> torch.Tensor:
        entering = inputs.clone().requires_grad_()
        return torch.autograd.grad(model(entering)[:, number].sum(), entering)[0]

    return work


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time of one call."""
    start, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - busy


def summary(pairs: list[tuple[float, float]]) -> str:
    """Medians of both ways, and of the ratios of neighbouring turns."""
    low, middle, high = statistics.quantiles([ours / bare for bare, ours in pairs], n=4)
    bare, ours = (statistics.median(each) for each in zip(*pairs, strict=True))
    return (
        f"bare {1e3 * bare:.1f} ms, innerview {1e3 * ours:.1f} ms; overhead {100 * (middle - 1):+.1f} % "
        f"(quartiles {100 * (low - 1):+.1f} to {100 * (high - 1):+.1f}, n = {len(pairs)})"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("allcnn", "lite0"))
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--taps", action="store_true", help="also ask for every layer's values and gradients")
    arguments = parser.parse_args()
    network = network_of(arguments.network)
    images = np.random.default_rng(0).random((arguments.batch, *network.input.shape), np.float32)
    taps = [layer.name for layer in network.layers] if arguments.taps else []
    by_hand = bare(network, images, 3)

    def through_the_waist() -> object:
        return network.pullback(images, {OUTPUT: together([Logit(3)])}, taps).input_gradients

    seconds(by_hand), seconds(through_the_waist)  # the first turns warm up
    turns = [(seconds(by_hand), seconds(through_the_waist)) for _ in range(arguments.rounds)]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    print(f"Python {platform.python_version()}, torch {metadata.version('torch')}, {torch.get_num_threads()} threads")
    shape = " × ".join(map(str, network.input.shape))
    print(f"{arguments.network}, {arguments.batch} pictures of {shape}{', every layer tapped' if taps else ''}")
    for place, kind in enumerate(("wall time", "processor time")):
        print(f"{kind}: {summary([(theirs[place], ours[place]) for theirs, ours in turns])}", flush=True)


if __name__ == "__main__":
    main()
