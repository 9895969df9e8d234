"""What other packages add to innerview, found by the entry points that they declare.

    innerview.methods     NAME = a row of the registry of methods, or several (`methods.method.Method`)
    innerview.backends    PACKAGE = what wraps a model whose class is defined in that package (`adapters`)
    innerview.datasets    NAME = a function without arguments that gives a folder of class folders (`data.folders`)

Nothing is imported before it is asked for, so `import innerview` runs no code of others. A plug-in that fails to import
is told of by name and left out; everything else works. Plug-ins come in the order of their package's and their own
name, so that which of two counts does not depend on how they were installed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Literal, TypeAlias

Group: TypeAlias = Literal["innerview.methods", "innerview.backends", "innerview.datasets"]

LONGEST: Final = 200
"""Characters at most of what a plug-in said when it failed."""


@dataclass(frozen=True)
class Plugin:
    """One thing that a package adds.

    Attributes:
        name: of the entry point.
        package: that declares it, with its version: "tea 1.0".
        value: what it names, imported; None where that failed.
        problem: why it failed; empty where it did not.
    """

    name: str
    package: str
    value: object
    problem: str = ""

    @property
    def words(self) -> str:
        """The plug-in for people."""
        return f"the plug-in {self.name!r} of {self.package}"


def plugin_names(group: Group) -> tuple[str, ...]:
    """Names of the plug-ins of a group; none of them is imported."""
    return tuple(dict.fromkeys(point.name for point in _points(group)))


def find_plugin(group: Group, name: str) -> Plugin | None:
    """Import the plug-in of this name, the first of several; None if there is none."""
    return next((_load(point) for point in _points(group) if point.name == name), None)


def read_plugins(group: Group) -> tuple[Plugin, ...]:
    """Import all plug-ins of a group; those that fail are among them, with their problem."""
    return tuple(_load(point) for point in _points(group))


@functools.cache
def _points(group: Group) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda one: (_package(one), one.name)))


def _load(point: EntryPoint) -> Plugin:
    try:
        return Plugin(point.name, _package(point), point.load())
    except Exception as problem:  # noqa: BLE001 whatever somebody else's module raises while it is imported
        said = " ".join(str(problem).split())[:LONGEST]
        return Plugin(point.name, _package(point), None, f"{point.value}: {type(problem).__name__}: {said}")


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown package"
