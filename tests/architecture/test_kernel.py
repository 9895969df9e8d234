"""The engine's committed binary is what its C source compiles to, where there is a compiler that says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "frontend" / "engine" / "kernel.wasm"
MADE_BY = "clang version 14."
"""That made the committed file; another one's code differs byte by byte."""


def compilers() -> bool:
    return all(shutil.which(name) for name in ("clang", "wasm-ld"))


def exported(binary: bytes) -> list[str]:
    """Names of what a module exports: its seventh section, a list of names with a kind and a number each."""

    def number(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            value |= (binary[at] & 127) << shift
            shift += 7
            at += 1
            if binary[at - 1] < 128:
                return value, at

    at = 8
    while at < len(binary):
        kind = binary[at]
        size, at = number(at + 1)
        if kind != 7:
            at += size
            continue
        count, at = number(at)
        names: list[str] = []
        for _ in range(count):
            length, at = number(at)
            names.append(binary[at : at + length].decode())
            _, at = number(at + length + 1)
        return names
    return []


def test_the_kernel_is_small_and_exports_what_the_engine_calls() -> None:
    binary = BINARY.read_bytes()
    interface = (ROOT / "frontend" / "engine" / "kernel.ts").read_text(encoding="utf-8")
    block = interface[interface.index("interface Kernel {") : interface.index("/** Activations")]
    called = {line.split("(")[0].strip().rstrip("?") for line in block.splitlines() if "): void" in line}
    assert set(exported(binary)) == called
    assert len(binary) < 16_000


@pytest.mark.skipif(not compilers(), reason="clang with lld is not installed")
def test_the_committed_binary_is_what_its_source_compiles_to(tmp_path: Path) -> None:
    made = tmp_path / "kernel.wasm"
    subprocess.run([ROOT / "frontend" / "tools" / "kernel.sh", made], check=True)
    assert set(exported(made.read_bytes())) == set(exported(BINARY.read_bytes()))
    version = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout
    if MADE_BY in version:
        assert made.read_bytes() == BINARY.read_bytes()
