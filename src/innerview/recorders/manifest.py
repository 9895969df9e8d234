"""What a recording is, fixed before its first step, and whether an old one may be continued."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from innerview.errors import DataError
from innerview.recorders.probe_config import ProbeConfig
from innerview.recorders.watched import Watched
from innerview.results import versions
from innerview.runs import Manifest, RunFolder
from innerview.types import Array

NOTE = "recorded while another program trained; its code and data are not known here"


def manifest_of(watched: Watched, config: ProbeConfig, settings: Mapping[str, Any]) -> Manifest:
    """Describe a recording.

    Args:
        watched: the model.
        config: what is looked at.
        settings: of the recorder and of the training, as far as somebody told them.
    """
    model = watched.describe()
    found = versions()
    return Manifest(
        model=model,
        configuration={
            **settings,
            "input": None if config.input is None else config.input.described(),
            "output": None if config.output is None else config.output.described(),
        },
        data={"probes": _identity(watched.images())},
        code={"version": found["innerview"]},
        versions={**found, model["framework"]: model["version"]},
        notes=(NOTE,),
    )


def open_recording(folder: Path, manifest: Manifest, resume_at: int | None) -> RunFolder:
    """Begin a recording, or take up the one in `folder` behind a step.

    Raises:
        OutputError: a recording is there and none is to be resumed, or the folder can't be written.
        DataError: there is none to be resumed, or it is of other weights.
    """
    if resume_at is None:
        return RunFolder.create(folder, manifest)
    run = RunFolder.open(folder)
    old: dict[str, list[int]] = run.manifest.model.get("weights", {})
    new: dict[str, list[int]] = manifest.model["weights"]
    other = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if other:
        raise DataError(
            f"the recording in {folder} is of another model: {other[0]} has shape {old.get(other[0])} there and "
            f"{new.get(other[0])} here. Choose another folder"
        ).of("model", path=folder, found=other[0])
    with run.writing():
        run.rewind(resume_at)
    return run


def _identity(images: Array | None) -> dict[str, Any] | None:
    """Number, shape and SHA-256 of the probe images."""
    if images is None:
        return None
    content = np.ascontiguousarray(images).tobytes()
    return {"pictures": len(images), "shape": images.shape[1:], "sha256": hashlib.sha256(content).hexdigest()}
