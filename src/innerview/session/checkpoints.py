"""A checkpoint of a run as a model: of the built-in architecture it runs in NumPy, whatever trained it.

"RUN@STEP" names one: a run folder, or a built-in model, and a step that it kept, "final" or "initial".
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from innerview import allcnn
from innerview.adapters.numpy.model import NumpyModel
from innerview.errors import ModelError, UsageError
from innerview.files.regular import exists, reading
from innerview.model import InputSpec, OutputSpec
from innerview.runs import RunFolder

ARCHITECTURE: Final = "allcnn"

LARGEST: Final = 1024
"""Pixels in height and width of the images of a run that are run in NumPy."""


def model_of_run(folder: RunFolder, name: str, step: int, series: str = "step") -> NumpyModel:
    """Open a checkpoint as a model.

    Raises:
        ModelError: it is of another architecture, or its weights are not finite; `DataError`: it can't be read.
    """
    described = folder.manifest.model
    if described.get("name") != ARCHITECTURE:
        raise ModelError(
            f"the run {name} trained {described.get('name')!r}; only checkpoints of the built-in architecture "
            f"({ARCHITECTURE!r}) can be run without the framework and the code that made them"
        ).of("model", asked=name, found=described.get("name"), known=(ARCHITECTURE,))
    checkpoint = folder.read(step, series)
    shape = folder.manifest.data.get("shape")
    if shape is None or max(shape[:2]) > LARGEST:
        raise ModelError(
            f"the run {name} says that its images have the shape {shape}; only up to {LARGEST} pixels in height "
            "and width they are run here"
        ).of("size", asked=name, found=shape, limit=LARGEST)
    with reading(folder.place_of(step, series), "the metadata of"):
        mean, std = (tuple(float(part) for part in checkpoint.metadata[key].split(",")) for key in ("mean", "std"))
        temperature, classes = float(checkpoint.metadata["temperature"]), checkpoint.metadata["classes"].split(",")
    return allcnn.build(
        checkpoint.weights,
        input=InputSpec(shape[0], shape[0], mean=mean, std=std),
        output=OutputSpec(tuple(classes), temperature=temperature),
    )


def divide_name(name: str) -> tuple[str, str] | None:
    """The run and the step of "RUN@STEP"; None for any other name of a model."""
    home, at, step = name.rpartition("@")
    if not at or ":" in step or exists(Path(name)):
        return None
    return (home, step) if home in allcnn.NAMES or (exists(Path(home)) and Path(home).is_dir()) else None


def open_checkpoint(home: str, step: str) -> NumpyModel:
    """Open what "RUN@STEP" names.

    Raises:
        UsageError: the run has no such checkpoint; lists them.
        DataError: the folder is no run, or the checkpoint can't be read.
        ModelError: it can't be run.
    """
    built_in = home in allcnn.NAMES and not exists(Path(home))
    folder = RunFolder.open(allcnn.run_folder(home) if built_in else Path(home))
    steps = folder.steps()
    known = {str(one): one for one in steps}
    if steps:
        known |= {"final": steps[-1], **({"initial": 0} if 0 in steps else {})}
    if step not in known:
        raise UsageError(f"checkpoint {step!r} of {home} was asked for; there are {', '.join(known) or 'none yet'}").of(
            "checkpoint", asked=step, known=tuple(known)
        )
    if built_in:
        return allcnn.load_pretrained(home, known[step])
    return model_of_run(folder, Path(home).name, known[step])
