"""THE list of methods: our own rows and those of other packages, found by name.

The command line, the viewer, the documentation and the public names are made from it. To add a method, write it in a
file of its own beside the others and add its row to `rows.ROWS`; a package of somebody else's names its row as an
entry point of the group `innerview.methods`. Nothing else lists methods.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, cast

from innerview.errors import UsageError
from innerview.methods import rows
from innerview.methods.method import Chosen, Method
from innerview.methods.rows import CLASS_EVIDENCE, USUAL
from innerview.model import Model, has_gradients
from innerview.plugins import Plugin, read_plugins


@dataclass(frozen=True)
class Registry:
    """All methods there are.

    Attributes:
        methods: by name; our own first.
        problems: what was left out of what other packages add, a sentence each.
    """

    methods: Mapping[str, Method]
    problems: tuple[str, ...]


@functools.cache
def registry() -> Registry:
    """Our own methods and those of other packages, which are imported now and not before."""
    found = {row.name: row for row in rows.ROWS}
    owners = dict.fromkeys(found, "innerview itself")
    said: list[str] = []
    for plugin in read_plugins("innerview.methods"):
        for row in _rows(plugin):
            problem = _check_row(plugin, row, owners)
            if problem:
                said.append(problem)
            else:
                taken = cast("Method", row)
                found[taken.name], owners[taken.name] = taken, plugin.words
    return Registry(MappingProxyType(found), tuple(said))


def _rows(plugin: Plugin) -> tuple[object, ...]:
    """A plug-in may name one row or several."""
    return (
        tuple(cast("tuple[object, ...]", plugin.value)) if isinstance(plugin.value, tuple | list) else (plugin.value,)
    )


def _check_row(plugin: Plugin, row: object, owners: Mapping[str, str]) -> str:
    """Say why a row can't be taken; empty if it can."""
    if plugin.problem:
        return f"{plugin.words} can't be imported ({plugin.problem}); it is left out"
    if not isinstance(row, Method):
        return f"{plugin.words} is a {type(row).__name__} and no innerview.methods.method.Method; it is left out"
    if row.name in owners:
        return f"{plugin.words} adds a method {row.name!r}, which {owners[row.name]} has; it is left out"
    return ""


def find_method(name: str) -> Method:
    """The row of a method that gives a map.

    Raises:
        UsageError: there is none of this name; lists those that there are, and the plug-ins that were left out.
    """
    known = registry()
    if name in map_methods():
        return known.methods[name]
    if name in known.methods:
        raise UsageError(
            f"{name} gives no map of an image ({known.methods[name].result}), so it can't be asked for beside others; "
            f"the methods that do are {', '.join(map_methods())}"
        ).of("method", asked=name, found=known.methods[name].result, known=map_methods())
    near = get_close_matches(name.lower().replace("_", "-"), map_methods(), n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    broken = "".join(f"; {problem}" for problem in known.problems)
    raise UsageError(f"there is no method {name!r}{meant}; the methods are {', '.join(map_methods())}{broken}").of(
        "method", asked=name, known=map_methods()
    )


def read_method(text: str) -> Chosen:
    """Read "occlusion" or "occlusion:window=8,stride=4"; no option is settled yet.

    Raises:
        UsageError: an unknown method or option, or a value that is none.
    """
    name, _, options = text.partition(":")
    row = find_method(name.strip())
    return Chosen(row, row.read(options.split(",") if options.strip() else []))


def map_methods(model: Model | None = None) -> tuple[str, ...]:
    """Names of the methods that give a map; for a model, of those that need nothing that it lacks."""
    return tuple(
        name for name, row in registry().methods.items() if row.result == "map" and (model is None or _fits(row, model))
    )


def _fits(row: Method, model: Model) -> bool:
    return (not row.needs_gradients or has_gradients(model)) and (row.suits is None or row.suits(model))


def public_functions() -> Mapping[str, Callable[..., Any]]:
    """The methods' functions by their own names: what `import innerview` has."""
    return {row.function.__name__: row.function for row in registry().methods.values()}


__all__ = [
    "CLASS_EVIDENCE",
    "USUAL",
    "Registry",
    "find_method",
    "map_methods",
    "public_functions",
    "read_method",
    "registry",
]
