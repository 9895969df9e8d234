"""Every published figure by one command: runs the benchmarks one after the other, and keeps what each of them says.

    python benchmarks/all OUT --list                          what there is, and how long it takes
    python benchmarks/all OUT --data FOLDER                   everything that is not in OUT yet; hours
    python benchmarks/all OUT --only cores winograd           some

FOLDER holds CIFAR-10 as class folders (`train` and `test`). OUT/NAME.txt begins with the machine, the versions and
whether the machine was free before and after; a benchmark that is there is not run again. One that measures time waits
until nothing else needs a core (--wait seconds), and says so in its file where that did not come.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from instructions import FORCED
from quiet import shares, wait_until_free
from table import TABLE, Benchmark

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("innerview", "numpy", "torch", "keras", "tensorflow-cpu", "jax", "captum")


def surroundings() -> str:
    """The machine and the versions, a line each."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")), platform.processor()
    )
    found = [f"{os.cpu_count()} cores of {model}", f"{platform.system()}, Python {platform.python_version()}"]
    return "\n".join([*found, *(f"{name} {_version(name)}" for name in PACKAGES)])


def _cpu_lines() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def _version(name: str) -> str:
    try:
        return version(name)
    except ImportError:
        return "not installed"


def run(one: Benchmark, out: Path, data: Path | None, wait: float) -> bool:
    """Run a benchmark and keep what it printed; whether it ended well."""
    given = {"data": data, "out": out, "weights": out / "twin.safetensors"}
    command = [sys.executable, *one.command.format(**given).split()]
    free = wait_until_free(wait) if one.timed else True
    head = [f"python {one.command}", f"begun {datetime.now(UTC):%Y-%m-%d %H:%M} UTC", surroundings()]
    if one.timed:
        head.append("the machine was free" if free else "OTHER WORK WAS RUNNING: don't publish times of this run")
    print(f"{one.name}: about {one.minutes:g} min", flush=True)
    left = {name: value for name, value in os.environ.items() if name not in FORCED}
    environment = {**left, "PYTHONPATH": str(ROOT / "src")}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    after = "" if not one.timed else f"\nafterwards each core gave {', '.join(f'{one:.0%}' for one in shares())}"
    name = f"{one.name}.txt" if answer.returncode == 0 else f"{one.name}.failed.txt"
    said = answer.stdout + (answer.stderr if answer.returncode else "")
    (out / name).write_text("\n".join([*head, "", said.rstrip()]) + after + "\n", encoding="utf-8")
    return answer.returncode == 0


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", nargs="+", choices=[one.name for one in TABLE], metavar="NAME")
    parser.add_argument("--wait", type=float, default=600, help="seconds for a busy machine")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    chosen = [one for one in TABLE if not options.only or one.name in options.only]
    if options.list:
        for one in chosen:
            done = "done" if (options.out / f"{one.name}.txt").exists() else ""
            print(f"{one.name:14} {one.minutes:5g} min  {one.page:36} {done}")
        return
    lacking = [one.name for one in chosen if "{data}" in one.command and options.data is None]
    if lacking and options.only:
        raise SystemExit(f"{', '.join(lacking)} need --data, CIFAR-10 as class folders")
    options.out.mkdir(parents=True, exist_ok=True)
    out, data = options.out.resolve(), options.data.resolve() if options.data else None
    failed = []
    for one in chosen:
        if one.name in lacking:
            print(f"{one.name}: left out, it needs --data")
        elif not (out / f"{one.name}.txt").exists() and not run(one, out, data, options.wait):
            failed.append(one.name)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}; see {out}/NAME.failed.txt")


if __name__ == "__main__":
    main()
