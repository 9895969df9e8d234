"""How long `innerview explain cat` takes, everything written, each time in a process that knows nothing yet.

    python benchmarks/explain.py [--rounds 7]              half a minute on a quiet machine
    python benchmarks/explain.py --beside CHECKOUT         in turns with another checkout, whose viewer is built too

Told are wall time, which another program's work lengthens, and processor time (user and system, of all threads), which
it hardly does; with as many threads as BLAS takes by itself, with one, and without AVX-512.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from instructions import surroundings

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = (
    ("as the processor has them", False),
    ("as the processor has them", True),
    ("without AVX-512", False),
)
"""Instructions, and whether BLAS has one thread."""


def timed(source: Path, instructions: str, *, one_thread: bool) -> tuple[float, float]:
    """Seconds by the wall and of processors."""
    with tempfile.TemporaryDirectory() as folder:
        environment = surroundings(1 if one_thread else None, instructions)
        # What was compared on this machine would decide what is drawn.
        environment |= {"PYTHONPATH": str(source), "XDG_DATA_HOME": folder}
        command = [sys.executable, "-m", "innerview", "explain", "cat", "-o", f"{folder}/out"]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, env=environment, cwd=folder, capture_output=True)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def middle(values: Sequence[float]) -> str:
    """Median, range and count."""
    return f"{statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f}, n = {len(values)})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--beside", type=Path, help="another checkout, measured in turns with this one")
    arguments = parser.parse_args()
    sources = [ROOT / "src", *([arguments.beside / "src"] if arguments.beside else [])]
    for instructions, one_thread in SETTINGS:
        took: dict[Path, list[tuple[float, float]]] = {source: [] for source in sources}
        for number in range(arguments.rounds + 1):
            for source in sources[:: 1 if number % 2 else -1]:
                found = timed(source, instructions, one_thread=one_thread)
                if number:  # the first one brings files into memory
                    took[source].append(found)
        for source, rows in took.items():
            walls, processors = zip(*rows, strict=True)
            name = "this checkout" if source == sources[0] else f"{arguments.beside}"
            threads = "one BLAS thread" if one_thread else "BLAS threads as they come"
            setting = f"{name}, instructions {instructions}, {threads}"
            print(f"{setting}: {middle(walls)} by the wall, {middle(processors)} of processors", flush=True)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
