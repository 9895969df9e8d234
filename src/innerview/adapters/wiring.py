"""How the layers of a model hang together: which layers' outputs each one is made from, and which takes one as it is.

A framework's adapter tells of every call and of everything that is computed between the calls; here it is put
together, the same for all. What is no layer (an addition, a slice, a window that is cut out) is looked through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from innerview.model import INPUT, Layer

NOTHING: Final = frozenset[str]()


@dataclass(frozen=True)
class Origin:
    """Where a value comes from.

    Attributes:
        sources: the calls (and INPUT) whose outputs it is made from, those behind other calls left out.
        as_is: the one call whose output it is, perhaps turned or reshaped; empty if something was computed from it.
    """

    sources: frozenset[str] = NOTHING
    as_is: str = ""


@dataclass
class Wiring:
    """What was seen of one run.

    Attributes:
        reached: by call, what its inputs are made from.
        taken: by call, the calls whose outputs it was given as they are; "" among them for anything else.
        takers: by call, who takes its output as it is: calls, or "" for something between calls.
    """

    reached: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    taken: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    takers: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def give(self, name: str, given: Iterable[Origin]) -> None:
        """A call is given values."""
        reached, taken = self.reached.setdefault(name, set()), self.taken.setdefault(name, set())
        for origin in given:
            reached |= origin.sources - {name}
            taken.add(origin.as_is)
            if origin.as_is:
                self.takers.setdefault(origin.as_is, set()).add(name)

    def give_aside(self, name: str, given: Iterable[Origin]) -> None:
        """A call takes values while it runs; those that it makes itself have it as their source."""
        outside = [origin for origin in given if origin.sources and name not in origin.sources]
        self.reached.setdefault(name, set()).update(*(origin.sources for origin in outside))
        for origin in outside:
            if origin.as_is:
                self.takers.setdefault(origin.as_is, set()).add(name)

    def compute(self, given: Sequence[Origin], *, as_is: bool) -> Origin:
        """Something between the calls makes a value of others; `as_is` if it only turns or reshapes one."""
        if as_is and len(given) == 1:
            return given[0]
        for origin in given:
            if origin.as_is:
                self.takers.setdefault(origin.as_is, set()).add("")
        return Origin(NOTHING.union(*(origin.sources for origin in given)))


def wired(layers: Sequence[Layer], wiring: Wiring | None) -> list[Layer]:
    """Give layers their wiring; without any, they are left as they are. Calls that are no layers are looked through."""
    if wiring is None:
        return list(layers)
    known = {layer.name: place for place, layer in enumerate(layers)}
    seen: dict[str, frozenset[str]] = {}
    found = list[Layer]()
    for layer in layers:
        if layer.name not in wiring.reached:  # another way was taken this time
            found.append(layer)
            continue
        sources = _through(layer.name, wiring.reached, known, seen)
        taken = wiring.taken[layer.name]
        before = next(iter(taken)) if len(taken) == 1 else ""
        alone = before in known and wiring.takers.get(before) == {layer.name}
        ordered = tuple(sorted(sources, key=lambda name: known.get(name, -1)))
        found.append(replace(layer, sources=ordered, follows=before if alone else ""))
    return found


def _through(
    name: str, reached: Mapping[str, set[str]], known: Mapping[str, int], seen: dict[str, frozenset[str]]
) -> frozenset[str]:
    """The layers that a call is made from, where some of the calls before it are none."""
    if name not in seen:
        seen[name] = NOTHING  # a call can't be made from itself
        parts = [
            frozenset({source}) if source in known or source == INPUT else _through(source, reached, known, seen)
            for source in sorted(reached.get(name, ()))
        ]
        seen[name] = NOTHING.union(*parts)
    return seen[name]
