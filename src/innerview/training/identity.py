"""Which code, on which libraries, made a run."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOMS = ("training", "runs", "data")


def code_identity() -> dict[str, str]:
    """The package's version and one SHA-256 over the sources that a training runs: paths and contents."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(path for room in ROOMS for path in (package / room).rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return {"version": installed("innerview"), "rooms": " ".join(ROOMS), "sha256": digest.hexdigest()}


def versions() -> dict[str, str]:
    """The versions of the interpreter and of the libraries that a training uses, and the kind of machine."""
    libraries = ("torch", "numpy", "safetensors", "pillow")
    return {
        "python": platform.python_version(),
        **{name: installed(name) for name in libraries},
        "machine": f"{platform.system()} {platform.machine()}",
    }


def installed(name: str) -> str:
    """The version of an installed package, or "not installed" where its code runs from a checkout."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
