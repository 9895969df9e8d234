"""What made a run: which code, on which libraries, with which settings, from which data."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from innerview.data.labelled import Dataset
from innerview.errors import DataError
from innerview.runs import Manifest
from innerview.training.recipe import Configuration

ROOMS: Final = ("training", "runs", "data", "allcnn")
"""The parts of the package whose sources a training runs."""


def manifest_of(configuration: Configuration, data: Dataset, notes: tuple[str, ...]) -> Manifest:
    """Everything about a run that is known before its first step."""
    return Manifest(
        model={"name": "allcnn", "channels": configuration.channels, "classes": len(data.classes)},
        configuration=configuration.to_dict(),
        data=data.identity(),
        code=code_identity(),
        versions=versions(),
        notes=notes,
    )


def check_same(old: Manifest, new: Manifest, folder: Path) -> None:
    """Make sure that a run can be continued as `new` describes it.

    Another version of the code or of a library does not stand in the way: it may change the last bits, and the
    manifest goes on naming what the run began with.

    Raises:
        DataError: if the model, a setting or the data differ; says which.
    """
    # an old configuration is read and written anew, so that settings of today have a value in it
    known = replace(old, configuration=Configuration.from_dict(old.configuration).to_dict())
    asked, found = (json.loads(json.dumps(asdict(manifest))) for manifest in (new, known))
    kept = {
        "another model": ("model", asked["model"]),
        "another configuration": ("configuration", asked["configuration"]),
        "other data": ("data", ("sha256", "classes")),
    }
    for different, (name, keys) in kept.items():
        ours: dict[str, Any] = found[name]
        for key in keys:
            value = asked[name][key]
            if value != ours.get(key):
                raise DataError(
                    f"the run in {folder} can't be resumed with {different} ({key}: {ours.get(key)!r} in the "
                    f"folder, {value!r} asked for). Choose another folder to begin a new run"
                ).of(key, path=folder, asked=value, found=ours.get(key))


def code_identity() -> dict[str, str]:
    """The package's version, and one SHA-256 over the paths and contents of the sources that a training runs."""
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
