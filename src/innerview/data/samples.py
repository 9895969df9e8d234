"""The sample photos that come with innerview, so that a first look needs no image and no download.

Authors and licences are in samples/LICENCES.md, beside the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from innerview.data.image import Image
from innerview.data.reading import load_image
from innerview.data.sources import Source
from innerview.errors import ImageError
from innerview.files.regular import exists, is_file

# Name, and the class of CIFAR-10 that it belongs to; there, moose are among the deer.
_SAMPLES = {"cat": "cat", "moose": "deer", "coffee": None, "rocket": None, "astronaut": None}


_OUTSIDE = {"coffee": "a cup of coffee", "rocket": "a rocket", "astronaut": "an astronaut"}
"""What the others show; no class of CIFAR-10."""

_CIFAR10 = frozenset({"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"})


def example_outside(name: str, class_names: Sequence[str]) -> str:
    """What a sample photo shows where a model can't say it, for these are CIFAR-10's classes; else empty."""
    return _OUTSIDE.get(name, "") if frozenset(class_names) == _CIFAR10 else ""


def example_names() -> tuple[str, ...]:
    """Names of the sample photos, the best one to begin with first."""
    return tuple(_SAMPLES)


def example_image(name: str) -> Image:
    """Read a sample photo; its truth is the class of CIFAR-10 that it belongs to, if there is one.

    Raises:
        ImageError: there is none of this name; lists those that there are.
    """
    if name not in _SAMPLES:
        raise ImageError(f"there is no sample photo {name!r}; there are {', '.join(_SAMPLES)}").of(
            "sample", asked=name, known=_SAMPLES
        )
    content = files("innerview.data").joinpath("samples", f"{name}.jpg").read_bytes()
    return load_image(content, name=name, label=_SAMPLES[name])


def find_image(asked: Source) -> Image:
    """Read what a user names: a file, or a sample photo if there is no such file; or whatever `load_image` takes.

    Raises:
        ImageError: it is neither, or the file can't be read; says which.
    """
    if not isinstance(asked, str):
        return load_image(asked)
    if asked in _SAMPLES and not is_file(Path(asked)):
        return example_image(asked)
    try:
        return load_image(asked)
    except ImageError as problem:
        if exists(Path(asked)):
            raise
        raise problem.retold(f"{problem}; sample photos are {', '.join(_SAMPLES)}", known=tuple(_SAMPLES)) from problem
