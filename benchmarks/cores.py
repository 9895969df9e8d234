"""What two cores bring to the NumPy adapter: OpenBLAS's threads, one thread, or parts of the batch side by side.

    python benchmarks/cores.py [--rounds 20] [--batch 4]

Each way runs in processes of its own, in turns, since OpenBLAS's threads go on spinning after a product; once with the
machine as it is, and once with a process beside that keeps one core busy. Wall and processor time in ms for the batch:
forward and gradient of the built-in model, and forward alone; medians and quartiles over the processes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np

from innerview import allcnn
from innerview.adapters.numpy import cores
from innerview.model import OUTPUT
from innerview.types import Array

WAYS = {"OpenBLAS's threads": (True, True), "one thread": (False, True), "parts side by side": (False, False)}
"""Whether the library keeps its threads, and whether the batch stays whole."""

REPEATS = 15


def measure(way: str, batch: int) -> dict[str, tuple[float, float]]:
    """Medians of wall and processor time in this process."""
    library, whole = WAYS[way]
    model = allcnn.load_pretrained()
    images = np.random.default_rng(0).random((batch, *model.input.shape), dtype=np.float32)

    def factors(outputs: Array) -> Array:
        return np.eye(outputs.shape[1], dtype=outputs.dtype)[None, [3] * len(outputs)]

    work = {"evaluation": lambda: model.vjp(images, {OUTPUT: factors}), "forward": lambda: model.forward(images)}
    with ExitStack() as stack:
        if whole:
            stack.enter_context(patch.object(cores, "cores", lambda: 1))
        if library:
            stack.enter_context(patch.object(cores.BLAS, "alone", nullcontext))
        found = {}
        for name, run in work.items():
            run()
            times = []
            for _ in range(REPEATS):
                wall, processor = time.perf_counter(), time.process_time()
                run()
                times.append((time.perf_counter() - wall, time.process_time() - processor))
            found[name] = tuple(float(1000 * value) for value in np.median(times, axis=0))
    return found


def main() -> None:
    """Measure all ways, or one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.batch)))
        return
    print(f"{cores.cores()} cores, NumPy {np.__version__}, {options.batch} images, {options.rounds} processes each")
    for beside in ("nothing beside", "one busy process beside"):
        rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for _ in range(options.rounds):
            for way in WAYS:
                busy = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if beside[0] == "o" else None
                try:
                    command = [sys.executable, str(Path(__file__)), "--batch", str(options.batch), "--way", way]
                    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
                finally:
                    if busy:
                        busy.kill()
                        busy.wait()
                for name, times in told.items():
                    rows.setdefault((way, name), []).append(tuple(times))
        for (way, name), times in rows.items():
            low, middle, high = np.percentile(np.array(times), (25, 50, 75), axis=0)
            wall, processor = (f"{middle[one]:.0f} ({low[one]:.0f} to {high[one]:.0f})" for one in (0, 1))
            print(f"| {beside} | {way} | {name} | {wall} | {processor} |")


if __name__ == "__main__":
    main()
