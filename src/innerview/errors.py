"""Every error that innerview raises on purpose.

    InnerviewError
    ├── UsageError          what was asked for does not exist or has no meaning (exit code 2)
    │   ├── UnknownLayer
    │   ├── UnknownClass
    │   │   └── AmbiguousClass   several classes have the name
    │   └── MissingExtra    the request needs a package that is not installed
    ├── ImageError        an image can't be read, or is not what the model takes
    ├── ModelError        a model broke its promises: shapes, finiteness, independence of rows
    │   └── OutOfMemory     memory ended while it ran (a MemoryError too)
    ├── DataError           a data set or its folder is not as described
    └── OutputError         a result can't be written where it was asked for

A message says what was asked, what was found (shape, value, name) and what to do. The command line prints it
alone: a traceback is for `--debug`.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from innerview import renames

LISTED: Final = 30
"""Names, at most, that a message lists; of more, those near the one that was asked for, the first and the last."""


class InnerviewError(Exception):
    """Base of all errors raised on purpose; its message is fit to be shown to a user as it is."""

    exit_code = 1


class UsageError(InnerviewError):
    """The request itself is wrong; repeating it can't help."""

    exit_code = 2


class UnknownLayer(UsageError):
    """A layer was named that the model does not have.

    Attributes:
        asked: as it was named.
        known: names of the layers that there are.
    """

    def __init__(self, asked: object, known: Iterable[str]) -> None:
        self.asked, self.known = asked, tuple(known)
        super().__init__(f"there is no layer {asked!r}; {_listed(asked, 'layers', list(self.known))}")


class UnknownClass(UsageError):
    """A class was named that the model does not know.

    Attributes:
        asked: its number or name, as it was given.
        known: names of the classes that there are; of an ambiguous name, those that have it, with their numbers.
    """

    def __init__(self, asked: object, known: Iterable[str]) -> None:
        self.asked, self.known = asked, tuple(known)
        numbered = [f"{index} {name}" for index, name in enumerate(self.known)]
        super().__init__(f"there is no class {asked!r}; {_listed(asked, 'classes', numbered)}")


class AmbiguousClass(UnknownClass):
    """A class was named by a name that several classes have."""

    def __init__(self, asked: object, found: Iterable[tuple[int, str]]) -> None:
        self.asked, self.known = asked, tuple(f"{index} {name}" for index, name in found)
        UsageError.__init__(
            self, f"several classes are called {asked!r}; say which by its number: {' or '.join(self.known)}"
        )


class MissingExtra(UsageError):
    """Something needs a package that comes with one of innerview's extras.

    Attributes:
        what: needs it.
        extra: brings it.
        command: installs it.
    """

    def __init__(self, what: str, extra: str) -> None:
        self.what, self.extra, self.command = what, extra, f"pip install 'innerview[{extra}]'"
        super().__init__(f"{what} needs a package that is not installed: {self.command}")


class ImageError(InnerviewError):
    """An image can't be read safely, or does not fit the model."""


class ModelError(InnerviewError):
    """A model returned something that no explanation can be built on."""


class OutOfMemory(ModelError, MemoryError):
    """Memory ended while a model ran; a smaller batch may fit."""


class DataError(InnerviewError):
    """A data set is missing, incomplete or not laid out as described."""


class OutputError(InnerviewError):
    """A file or folder can't be written."""


def _listed(asked: object, what: str, names: list[str]) -> str:
    """All names, or where they are many those that are near."""
    if len(names) <= LISTED:
        return f"the {what} are {', '.join(names)}"
    text = str(asked).lower()
    near = [name for name in names if text and text in name.lower()] or get_close_matches(text, names, cutoff=0.5)
    nearby = f"near it are {', '.join(near[:5])}; " if near else ""
    return f"{nearby}the {len(names):,} {what} are {', '.join(names[:3])}, …, {names[-1]}"


if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"PictureError": "ImageError", "NetworkError": "ModelError"})
