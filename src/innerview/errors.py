"""Every error that innerview raises on purpose.

    InnerviewError
    ├── UsageError          what was asked for does not exist or has no meaning (exit code 2)
    │   ├── UnknownLayer
    │   ├── UnknownClass
    │   └── MissingExtra    the request needs a package that is not installed
    ├── PictureError        a picture can't be read, or is not what the network takes
    ├── NetworkError        a network broke its promises: shapes, finiteness, independence of rows
    ├── DataError           a data set or its folder is not as described
    └── OutputError         a result can't be written where it was asked for

A message says what was asked, what was found (shape, value, name) and what to do. The command line prints it
alone: a traceback is for `--debug`.
"""

from __future__ import annotations

from collections.abc import Iterable


class InnerviewError(Exception):
    """Base of all errors raised on purpose; its message is fit to be shown to a user as it is."""

    exit_code = 1


class UsageError(InnerviewError):
    """The request itself is wrong; repeating it can't help."""

    exit_code = 2


class UnknownLayer(UsageError):
    """A layer was named that the network does not have."""

    def __init__(self, asked: object, known: Iterable[str]) -> None:
        super().__init__(f"there is no layer {asked!r}; the layers are {', '.join(known)}")


class UnknownClass(UsageError):
    """A class was named that the network does not know."""

    def __init__(self, asked: object, known: Iterable[str]) -> None:
        listed = ", ".join(f"{index} {name}" for index, name in enumerate(known))
        super().__init__(f"there is no class {asked!r}; the classes are {listed}")


class MissingExtra(UsageError):
    """Something needs a package that comes with one of innerview's extras."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs a package that is not installed: pip install 'innerview[{extra}]'")


class PictureError(InnerviewError):
    """A picture can't be read safely, or does not fit the network."""


class NetworkError(InnerviewError):
    """A network returned something that no explanation can be built on."""


class DataError(InnerviewError):
    """A data set is missing, incomplete or not laid out as described."""


class OutputError(InnerviewError):
    """A file or folder can't be written."""
