"""Old names, answered with the new ones: of a module, of an object's attributes, of a call's arguments.

Nothing is done under an old name. `docs/reference/migration.md` lists them all.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


def of_module(module: str, names: Mapping[str, str]) -> Callable[[str], NoReturn]:
    """Make the `__getattr__` of a module that had other names."""

    def answer(name: str) -> NoReturn:
        if name in names:
            raise AttributeError(f"{module}.{name} was renamed; use {module}.{names[name]}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return answer


def attributes(**names: str) -> Callable[[type[T]], type[T]]:
    """Let the objects of a class, and of those made from it, answer old attributes that have a new one there."""

    def decorate(kind: type[T]) -> type[T]:
        def answer(self: object, name: str) -> Any:
            own = type(self)
            if any(name in vars(one) for one in own.__mro__):  # a property that failed: in its own words
                return object.__getattribute__(self, name)
            if name in names and _has(self, names[name]):
                raise AttributeError(f"{own.__name__}.{name} was renamed; use .{names[name]}", name=name, obj=self)
            raise AttributeError(f"{own.__name__!r} object has no attribute {name!r}", name=name, obj=self)

        setattr(kind, "__getattr__", answer)  # noqa: B010 a plain assignment would claim that every name is known
        return kind

    return decorate


def _has(thing: object, name: str) -> bool:
    """Whether an object has a name, without asking it: it would answer by this again, and a half-made one for ever."""
    return name in dir(type(thing)) or name in getattr(thing, "__dict__", {})  # slots have none


def arguments(**names: str) -> Callable[[type[T]], type[T]]:
    """Let the making of a class answer old arguments."""

    def decorate(kind: type[T]) -> type[T]:
        made: Callable[..., None] = kind.__init__

        @functools.wraps(made)
        def answer(self: T, *asked: Any, **named: Any) -> None:
            refuse_old(kind.__name__, named, names)
            made(self, *asked, **named)

        setattr(kind, "__init__", answer)  # noqa: B010 a plain assignment would lose the arguments' types
        return kind

    return decorate


def refuse_old(called: str, named: Mapping[str, object], names: Mapping[str, str]) -> None:
    """Raise TypeError for an old argument."""
    for old in named.keys() & names.keys():
        raise TypeError(f"{called}: {old}= was renamed; use {names[old]}=")
