"""Whether a survey's memory grows with its images: the largest resident size of a process that surveys so many.

    python benchmarks/survey_memory.py DATA [--images 100 1000]

Each number of images is surveyed by a process of its own, without regions, from a folder and from a generator.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """
import resource, sys
from pathlib import Path
import innerview
data, count, kind, output = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
files = lambda: ((file, file.parent.name) for file in sorted((data / "test").rglob("*.jpg")))
given = data if kind == "folder" else files()
innerview.survey("allcnn", given, regions=None, limit=count, output=output)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    """Print the sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--images", type=int, nargs="+", default=[100, 1000])
    options = parser.parse_args()
    for kind in ("folder", "generator"):
        first = 0
        for count in options.images:
            with tempfile.TemporaryDirectory() as folder:
                line = [sys.executable, "-c", SCRIPT, str(options.data), str(count), kind, f"{folder}/rows"]
                size = int(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
            first = first or size
            print(f"| {kind} | {count:,} | {size / 1024:.1f} MiB | {size / first - 1:+.1%} |", flush=True)


if __name__ == "__main__":
    main()
