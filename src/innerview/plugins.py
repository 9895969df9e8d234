"""What other packages add to innerview, found by the entry points that they declare.

    innerview.methods     a row of the registry of methods, or several (`innerview.methods.method.Method`)
    innerview.backends    an adapter for models (`innerview.adapters.Backend`)
    innerview.datasets    a data set by name (`innerview.data.named.Dataset`)

Nothing is read before somebody asks for a group, so `import innerview` runs no code of others. A plug-in that fails to
import is told of by name and left out; everything else works. Plug-ins come in the order of their package's and their
own name, so that which of two counts does not depend on how they were installed.
"""

from __future__ import annotations

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
        value: what it names, imported.
    """

    name: str
    package: str
    value: object

    @property
    def words(self) -> str:
        """The plug-in for people."""
        return f"the plug-in {self.name!r} of {self.package}"


def read_plugins(group: Group) -> tuple[tuple[Plugin, ...], tuple[str, ...]]:
    """Import all plug-ins of a group; give those that work, and a sentence for each that does not."""
    found: list[Plugin] = []
    problems: list[str] = []
    for point in sorted(entry_points(group=group), key=lambda one: (_package(one), one.name)):
        package = _package(point)
        try:
            found.append(Plugin(point.name, package, point.load()))
        except Exception as problem:  # noqa: BLE001 whatever somebody else's module raises while it is imported
            said = " ".join(str(problem).split())[:LONGEST]
            problems.append(
                f"the plug-in {point.name!r} of {package} ({point.value}) can't be imported "
                f"({type(problem).__name__}: {said}); it is left out"
            )
    return tuple(found), tuple(problems)


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown package"
