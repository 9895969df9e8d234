"""Options without a default of their own: what is not given is left to the function that takes it.

So each default stands in one place, the signature, and the help reads it there, but only when somebody asks for help:
nothing is imported before.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, Final, TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

QUERY: Final = "innerview.session.query:Query"


def signature_of(home: str) -> inspect.Signature:
    """The signature of a function or class: `home` is its module and, behind a colon, its name."""
    module, _, name = home.partition(":")
    return inspect.signature(vars(import_module(module))[name])


def default_of(home: str, name: str) -> Any:
    """The default of an argument where it stands."""
    return signature_of(home).parameters[name].default


class Elsewhere(click.Option):
    """An option whose default stands in a signature: what is not given is left to it, and the help reads it there.

    Args:
        home: of the signature (`signature_of`).
        shown: how the help writes the default; as it is if None.
        settings: of any option; its name is the argument's.
    """

    def __init__(
        self, *args: Any, home: str = QUERY, shown: Callable[[Any], str] | None = None, **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.home = home
        self.shown = shown

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Show the default there, unless the help says what happens without one."""
        shown = copy.copy(self)
        default = default_of(self.home, str(self.name))
        if self.shown is not None:
            shown.default, shown.show_default = self.shown(default), True
        elif _is_said(default) and not (isinstance(self.show_default, str) or str(self.help).endswith("]")):
            shown.default, shown.show_default = default, True
        return click.Option.get_help_record(shown, ctx)


def _is_said(default: object) -> bool:
    """Whether a default says something: nothing, none and no are what everybody expects."""
    return default is not None and default is not False and default not in ((), "")


def option(*names: str, several: bool = False, **settings: Any) -> Decorator:
    """An option of the query; or of another `home` (`Elsewhere`)."""
    usual: dict[str, Any] = {"cls": Elsewhere, "multiple": several} | ({} if several else {"default": None})
    return click.option(*names, **(usual | settings))


def said(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given on the line, of what may be left to its default elsewhere."""
    return {name: value for name, value in given.items() if value not in (None, ())}


def grid(shape: Iterable[int]) -> str:
    """Rows and columns as they are typed."""
    return "x".join(map(str, shape))


def constant(home: str, place: int | None = None) -> Callable[[Any], str]:
    """Shows what stands for None: a module's constant, behind a colon; or what is at a place in it."""
    module, _, name = home.partition(":")

    def shown(_: object) -> str:
        value = vars(import_module(module))[name]
        return str(value if place is None else value[place])

    return shown
