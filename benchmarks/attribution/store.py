"""Results as lines of JSON in a folder, so that a measurement can be made in pieces and goes on where it was ended."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import torch

from innerview.files.atomic import write

Row: TypeAlias = dict[str, Any]

PACKAGES = ("numpy", "torch", "captum", "saliency")


class Store:
    """One file for each case and piece: FOLDER/case/piece.jsonl."""

    def __init__(self, folder: Path, case: str, identity: str) -> None:
        self.folder, self.case = folder / case, case
        self.folder.mkdir(parents=True, exist_ok=True)
        known = self.folder / "network.json"
        if known.exists() and json.loads(known.read_text())["identity"] != identity:
            raise SystemExit(f"{self.folder} holds figures of another model; take another folder, or remove it")
        write(known, json.dumps({"identity": identity, **surroundings()}, indent=1).encode())  # whole, or not at all

    def rows(self, piece: str) -> list[Row]:
        """What is there of a piece."""
        return read(self.folder / f"{piece}.jsonl")

    def add(self, piece: str, row: Row) -> None:
        """Write one more row, at once."""
        with (self.folder / f"{piece}.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    def missing(self, piece: str, wanted: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Those of the named things that have no row yet."""
        done = {row["picture"] for row in self.rows(piece)}
        return [named for named in wanted if named[0] not in done]


def read(path: Path) -> list[Row]:
    """The rows of one file; none if there is no such file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def surroundings() -> Row:
    """The machine and the versions that figures come from."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = f"{len(names)} × {names[0]}" if names else processor
    return {
        "processor": processor,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: installed(name) for name in PACKAGES},
    }


def installed(name: str) -> str:
    """Version of a package, or "not installed"."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)
