"""What the waist costs: gradients through innerview against the same gradients in bare PyTorch, batch 32, one thread.

Bare is what one would write by hand: the model in evaluation mode with frozen weights, a tensor in its axis order,
one autograd call, a tensor back. Through the waist it is a NumPy array of pixels in and out, with all that innerview
does for it (mode, frozen weights, hooks, checks, chain rule through the normalisation). The two take turns in one
process, first one then the other first, so that whatever else the machine does meets both alike; the ratio of each
neighbouring pair is taken, and of all pairs the median, with a 95 % interval by bootstrap over the pairs. Wall time and
the process's own processor time are told apart: the second one does not see what others compute, only what they do to
memory and caches.

Two more ways tell where the difference comes from: bare PyTorch between NumPy and NumPy with nothing of innerview
(`copies`: what moving pixels takes), and bare PyTorch on a batch whose channels lie last in memory (`bare, last`), as
innerview lays it where the model can do with it, and few people write by hand.

    python benchmarks/overhead.py                 # both models, 2 minutes each at most
    python benchmarks/overhead.py allcnn --seconds 60 [--batch 32] [--layers] [--threads 1]

lite0 is examples/efficientnet_lite0, which says what to install.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
from engines import in_torch

from innerview.adapters.torch.model import TorchModel
from innerview.model import OUTPUT
from innerview.session.models import ModelRequest, open_model
from innerview.targets import Logit, together

LITE0 = Path(__file__).parents[1] / "examples" / "efficientnet_lite0"
NETWORKS, CLASS = ("allcnn", "lite0"), 3
SAMPLES = 10_000
"""Of the bootstrap."""

LEAST = 6
"""Pairs at least, however slow the machine is."""


def model_of(name: str) -> TorchModel:
    """The wrapped model."""
    found = in_torch() if name == "allcnn" else open_model(ModelRequest(str(LITE0), classes="1000", trust=True))
    assert isinstance(found, TorchModel)
    return found


def bare(
    wrapped: TorchModel, images: np.ndarray, memory: torch.memory_format = torch.contiguous_format
) -> Callable[[], torch.Tensor]:
    """The gradient of one logit for every picture, as one would write it in PyTorch."""
    # Frozen, or PyTorch keeps what the weights' gradients need.
    model = wrapped.model.eval().requires_grad_(requires_grad=False)
    spec = wrapped.input
    inputs = torch.tensor((images * spec.scale + spec.offset).astype(np.float32).transpose(0, 3, 1, 2).copy())
    inputs = inputs.contiguous(memory_format=memory)

    def work() -> torch.Tensor:
        entering = inputs.clone().requires_grad_()
        return torch.autograd.grad(model(entering)[:, CLASS].sum(), entering)[0]

    return work


def copying(wrapped: TorchModel, images: np.ndarray) -> Callable[[], object]:
    """The same between pixels in NumPy and gradients by the pixels in NumPy, still by hand."""
    model, spec = wrapped.model, wrapped.input
    scale, offset = (torch.tensor(values, dtype=torch.float32) for values in (spec.scale, spec.offset))

    def work() -> object:
        pixels = torch.tensor(images).requires_grad_()
        entering = (pixels * scale + offset).permute(0, 3, 1, 2).contiguous()
        return torch.autograd.grad(model(entering)[:, CLASS].sum(), pixels)[0].numpy().copy()

    return work


def through_the_waist(model: TorchModel, images: np.ndarray, layers: list[str]) -> Callable[[], object]:
    """The same by innerview."""
    return lambda: model.vjp(images, {OUTPUT: together([Logit(CLASS)])}, layers).input_gradients


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time of one call, with no collection of garbage in it."""
    gc.collect()
    gc.disable()
    start, busy = time.perf_counter(), time.process_time()
    work()
    taken = time.perf_counter() - start, time.process_time() - busy
    gc.enable()
    return taken


def take_turns(ways: dict[str, Callable[[], object]], limit: float) -> dict[str, np.ndarray]:
    """Time all ways in turn, forwards and backwards, until `limit` seconds are over: way → pair × (wall, processor)."""
    for work in ways.values():
        work()  # warms up
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    until = time.perf_counter() + limit
    while time.perf_counter() < until or len(found["bare"]) < LEAST:
        order = list(ways) if len(found["bare"]) % 2 else list(reversed(ways))
        for name in order:
            found[name].append(seconds(ways[name]))
    return {name: np.array(times) for name, times in found.items()}


def overhead(times: np.ndarray, bare_times: np.ndarray) -> str:
    """The median of the ratios of neighbours, less 1, with its interval."""
    ratios = times / bare_times - 1
    picks = np.random.default_rng(0).integers(len(ratios), size=(SAMPLES, len(ratios)))
    low, high = np.quantile(np.median(ratios[picks], axis=1), (0.025, 0.975))
    return f"{100 * np.median(ratios):+.1f} % (95 %: {100 * low:+.1f} to {100 * high:+.1f})"


def measure(name: str, batch: int, limit: float, *, tapping: bool) -> None:
    """Measure one model and print."""
    model = model_of(name)
    images = np.random.default_rng(0).random((batch, *model.input.shape), np.float32)
    layers = [layer.name for layer in model.layers] if tapping else []
    ways = {
        "bare": bare(model, images),
        "bare, last": bare(model, images, torch.channels_last),
        "copies": copying(model, images),
        "innerview": through_the_waist(model, images, layers),
    }
    times = take_turns(ways, limit)
    shape = " × ".join(map(str, model.input.shape))
    print(
        f"\n{name}, {batch} pictures of {shape}{', with every layer' if layers else ''}, n = {len(times['bare'])} pairs"
    )
    for place, kind in enumerate(("wall time", "processor time")):
        milliseconds = {way: 1e3 * float(np.median(found[:, place])) for way, found in times.items()}
        print(f"  {kind}: " + ", ".join(f"{way} {found:.1f} ms" for way, found in milliseconds.items()))
        for way, than in (("copies", "bare"), ("innerview", "bare"), ("innerview", "bare, last")):
            found = overhead(times[way][:, place], times[than][:, place])
            print(f"    {way} against {than}: {found}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "networks", nargs="*", metavar="NETWORK", help=f"of {', '.join(NETWORKS)}; both if none is named"
    )
    parser.add_argument("--seconds", type=float, default=110, help="for each network")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--taps", action="store_true", help="also ask for every layer's values and gradients")
    arguments = parser.parse_args()
    if unknown := set(arguments.models) - set(NETWORKS):
        parser.error(f"there is no model {', '.join(sorted(unknown))}; there are {', '.join(NETWORKS)}")
    torch.set_num_threads(arguments.threads)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    print(f"Python {platform.python_version()}, torch {metadata.version('torch')}, {torch.get_num_threads()} threads")
    for name in arguments.models or NETWORKS:
        measure(name, arguments.batch, arguments.seconds, tapping=arguments.layers)


if __name__ == "__main__":
    main()
