"""Which precision this machine convolves faster in, found by trying: no list of processors has to be kept.

bfloat16 is nearly twice as fast where the processor has instructions for it, and several times slower elsewhere,
where each product is taken apart in software.
"""

from __future__ import annotations

import time
from typing import Final, Literal

import torch
import torch.nn.functional as functional

from innerview.training.surroundings import Threads

GAIN: Final = 1.2
"""bfloat16 is taken where it is at least this much faster: below that, float32's exactness is worth more."""

TRIES: Final = 4
"""The fastest try counts, so that other work on the machine decides nothing; the first one warms up."""


def fast_precision() -> Literal["float32", "bfloat16"]:
    """Convolve a small batch forward and backward in both precisions and name the faster; takes about half a second."""
    images = torch.ones(16, 128, 16, 16).contiguous(memory_format=torch.channels_last)
    weight = torch.full((128, 128, 3, 3), 1e-3, requires_grad=True)

    def seconds(*, half: bool) -> float:
        begun = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            hidden = functional.elu(functional.conv2d(images, weight, padding=1))
            result = functional.conv2d(hidden, weight, padding=1)
        result.float().sum().backward()
        return time.perf_counter() - begun

    with Threads(1):  # two would wait for each other where the machine has other work, and hide the difference
        single, half = (min(seconds(half=half) for _ in range(TRIES)) for half in (False, True))
    return "bfloat16" if single > GAIN * half else "float32"
