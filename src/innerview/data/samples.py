"""The sample photos that come with innerview, so that a first look needs no picture and no download.

Authors and licences are in samples/LICENCES.md, beside the files.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from innerview.data.reading import Picture, read_picture
from innerview.data.sources import Source
from innerview.errors import PictureError

# Name, and the class of CIFAR-10 that it belongs to; there, moose are among the deer.
_SAMPLES = {"cat": "cat", "moose": "deer", "coffee": None, "rocket": None, "astronaut": None}


def samples() -> tuple[str, ...]:
    """Names of the sample photos, the best one to begin with first."""
    return tuple(_SAMPLES)


def sample(name: str) -> Picture:
    """Read a sample photo; its truth is the class of CIFAR-10 that it belongs to, if there is one.

    Raises:
        PictureError: there is none of this name; lists those that there are.
    """
    if name not in _SAMPLES:
        raise PictureError(f"there is no sample photo {name!r}; there are {', '.join(_SAMPLES)}")
    content = files("innerview.data").joinpath("samples", f"{name}.jpg").read_bytes()
    return read_picture(content, name=name, truth=_SAMPLES[name])


def find_picture(asked: Source) -> Picture:
    """Read what a user names: a file, or a sample photo if there is no such file; or whatever `read_picture` takes.

    Raises:
        PictureError: it is neither, or the file can't be read; says which.
    """
    if not isinstance(asked, str):
        return read_picture(asked)
    if asked in _SAMPLES and not Path(asked).is_file():
        return sample(asked)
    try:
        return read_picture(asked)
    except PictureError as problem:
        if Path(asked).exists():
            raise
        raise PictureError(f"{problem}; sample photos are {', '.join(_SAMPLES)}") from problem
