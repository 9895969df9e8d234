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
alone: a traceback is for `--debug`. A program reads the fields instead, which all errors have (see `InnerviewError`);
messages may change from one version to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from reprlib import Repr
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar, Unpack

from innerview import renames

LISTED: Final = 30
"""Names, at most, that a message lists; of more, those near the one that was asked for, the first and the last."""

_BRIEF: Final = Repr()
"""Fields as `repr` prints them: a list of a thousand classes is six."""


E = TypeVar("E", bound="InnerviewError")


class _Fields(TypedDict, total=False):
    """What an error may hold besides its message; see `InnerviewError`."""

    asked: object
    found: object
    known: Iterable[object]
    limit: object
    path: str | PathLike[str] | None
    layer: str | None


class InnerviewError(Exception):
    """Base of all errors raised on purpose; its message is fit to be shown to a user as it is.

    Attributes:
        about: what is wrong, in a word: the name of an argument or an option ("n_steps", "fill"), or the property of
            a file, an image or a model that does not fit ("size", "dtype", "schema"). It tells problems apart.
        asked: what was asked for, given or expected: a value, a name, a shape.
        found: what there was instead: a shape, a type, a number, a name.
        known: names of what would do, where they can be listed; empty elsewhere.
        limit: the least or the most that is allowed, in the unit of what was asked or found.
        path: the file or folder.
        layer: the layer or operation of the model.

    A field that has no meaning for an error is None. Fields are kept by `copy` and by pickles; `repr` shows them.
    """

    exit_code = 1

    about: str = ""
    asked: Any = None
    found: Any = None
    known: tuple[str, ...] = ()
    limit: Any = None
    path: Path | None = None
    layer: str | None = None

    def of(self: E, about: str, **fields: Unpack[_Fields]) -> E:  # noqa: PYI019 beartype, in tests, takes no Self
        """Say what the error is about, and what its other fields are: `raise UsageError(…).of("n_steps", asked=0)`."""
        vars(self).update({"about": about} | _held(fields))
        return self

    def retold(self: E, message: str, **fields: Unpack[_Fields]) -> E:  # noqa: PYI019 the same
        """The same error in other words, with further fields."""
        again = _made(type(self), (message,))
        vars(again).update(vars(self), **_held(fields))
        return again

    @property
    def nearest(self) -> tuple[str, ...]:
        """Of what is known, up to five names that are most like the one that was asked for."""
        return tuple(_near(self.asked, self.known))

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (type(self), self.args), vars(self)

    def __repr__(self) -> str:
        fields = (f", {name}={_BRIEF.repr(value)}" for name, value in vars(self).items() if not name.startswith("_"))
        return f"{type(self).__name__}({str(self)!r}{''.join(fields)})"


class UsageError(InnerviewError):
    """The request itself is wrong; repeating it can't help.

    `about` is the argument or option, `asked` its value; `known` or `limit` say what it can be.
    """

    exit_code = 2


class UnknownLayer(UsageError):
    """A layer was named that the model does not have.

    Attributes:
        about: "layer".
        asked: as it was named.
        known: names of the layers that there are.
    """

    def __init__(self, asked: object, known: Iterable[str]) -> None:
        names = tuple(known)
        super().__init__(f"there is no layer {asked!r}; {_listed(asked, 'layers', names)}")
        self.of("layer", asked=asked, known=names)


class UnknownClass(UsageError):
    """A class was named that the model does not know.

    Attributes:
        about: "class".
        asked: its number or name, as it was given.
        known: names of the classes that there are; of an ambiguous name, those that have it, with their numbers.
    """

    def __init__(self, asked: object, known: Iterable[str]) -> None:
        names = tuple(known)
        numbered = [f"{index} {name}" for index, name in enumerate(names)]
        super().__init__(f"there is no class {asked!r}; {_listed(asked, 'classes', numbered)}")
        self.of("class", asked=asked, known=names)


class AmbiguousClass(UnknownClass):
    """A class was named by a name that several classes have."""

    def __init__(self, asked: object, found: Iterable[tuple[int, str]]) -> None:
        known = tuple(f"{index} {name}" for index, name in found)
        UsageError.__init__(
            self, f"several classes are called {asked!r}; say which by its number: {' or '.join(known)}"
        )
        self.of("class", asked=asked, known=known)


class MissingExtra(UsageError):
    """Something needs a package that comes with one of innerview's extras: it is not there, or importing it fails.

    Attributes:
        about: "extra".
        asked: what needs it.
        found: the kind of error that importing it raised; None where it is not installed.
        extra: brings it.
        command: installs it.
    """

    def __init__(self, what: str, extra: str, problem: Exception | None = None) -> None:
        broken = problem is not None and not isinstance(problem, ModuleNotFoundError)
        again = "--force-reinstall " if broken else ""
        self.extra, self.command = extra, f"pip install {again}'innerview[{extra}]'"
        super().__init__(
            f"{what} needs a package that is installed and can't be imported ({type(problem).__name__}: "
            f"{' '.join(str(problem).split())[:200]}). Builds or versions that do not belong together do that; install "
            f"them anew, together: {self.command}"
            if broken
            else f"{what} needs a package that is not installed: {self.command}"
        )
        self.of("extra", asked=what, found=type(problem).__name__ if broken else None)


class ImageError(InnerviewError):
    """An image can't be read safely, or does not fit the model.

    `about` is what does not fit ("size", "dtype", "file", "kind"); `path` the file, where the image has one.
    """


class ModelError(InnerviewError):
    """A model returned something that no explanation can be built on.

    `about` is what does not fit, of what it takes, gives or was declared as; `layer` where that is known.
    """


class OutOfMemory(ModelError, MemoryError):
    """Memory ended while a model ran; a smaller batch may fit."""


class DataError(InnerviewError):
    """A data set, a run, a result or another file is missing, incomplete or not as described.

    `path` is the file or folder, `about` what of it does not fit.
    """


class OutputError(InnerviewError):
    """A file or folder can't be written; `path` is the place."""


def _made(kind: type[E], args: tuple[object, ...]) -> E:
    """An error without its constructor, whose arguments are not the message."""
    return InnerviewError.__new__(kind, *args)


def _held(fields: _Fields) -> dict[str, Any]:
    held = dict[str, Any](fields)
    if "known" in fields:
        held["known"] = tuple(map(str, fields["known"]))
    if (path := fields.get("path")) is not None:
        held["path"] = Path(path)
    return held


def _near(asked: object, names: Sequence[str]) -> list[str]:
    text = str(asked).lower()
    inside = [name for name in names if text and text in name.lower()]
    return (inside or get_close_matches(text, names, cutoff=0.5))[:5]


def _listed(asked: object, what: str, names: Sequence[str]) -> str:
    """All names, or where they are many those that are near."""
    if len(names) <= LISTED:
        return f"the {what} are {', '.join(names)}"
    near = _near(asked, names)
    nearby = f"near it are {', '.join(near)}; " if near else ""
    return f"{nearby}the {len(names):,} {what} are {', '.join(names[:3])}, …, {names[-1]}"


if not TYPE_CHECKING:  # checkers would take every name for known
    __getattr__ = renames.of_module(__name__, {"PictureError": "ImageError", "NetworkError": "ModelError"})
