"""A comparison in words: which method agrees best with taking parts away, and which do not beat a control."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from innerview.pictures.words import MINUS
from innerview.results.comparison import Comparison

NAMED: Final = 3
"""Methods that are named where several are meant; the others are counted."""


def advise(found: Comparison) -> Comparison:
    """Give a comparison its sentence, and say what its metrics can't tell."""
    return replace(found, advice=advice(found), notes=(*found.notes, *doubts(found)))


def advice(found: Comparison) -> str:
    """Say which method to take, with its figures, and which are no better than a map that knows nothing."""
    if not found.best:
        return "No method was compared: only controls and regions."
    row, best = found.row("truth"), found.column(found.best)
    figures = (
        f"Spearman {_number(found.medians[row, best])}, {_number(found.lows[row, best])} to "
        f"{_number(found.highs[row, best])}, n = {found.count('truth', found.best)}"
    )
    if not found.enough():
        return (
            f"On this model {found.best} stands highest ({figures}), but the images are too few to tell any of "
            f"{len(found.entrants)} apart: take more (limit)."
        )
    beaten = lost_to(found)
    if found.best in beaten:
        return (
            f"On this model no method is shown to beat every control: the best, {found.best} ({figures}), is not told "
            f"from {beaten[found.best]!r}. Take parts away instead (shapley), or compare on more images."
        )
    ranked = found.ranking(kind="method")  # what was measured on few images may stand above the best
    equal = [one for one in ranked if one != found.best and not found.beats(found.best, one)]
    also = f", not to be told from {_listed(equal)}" if equal else ""
    first = f"On this model {found.best} agrees best with taking parts away ({figures}{also})"
    return f"{first}{_worse(beaten)}."


def doubts(found: Comparison) -> tuple[str, ...]:
    """Say of each metric whether it can tell what is nearest to the truth from every control."""
    few = [one for one in found.metrics if not found.enough(one)]
    told = [
        f"“{one}” can't tell {found.reference(one)} from every control on this model: read nothing from it."
        for one, telling in zip(found.metrics, found.telling, strict=True)
        if one not in few and not telling and found.reference(one)
    ]
    if few:
        told.append(f"{_listed([f'“{one}”' for one in few], len(few))}: measured on too few images for a test.")
    return tuple(told)


def lost_to(found: Comparison) -> dict[str, str]:
    """Methods that do not beat every control, each with the control that stands highest among those."""
    controls = [one for one in found.ranking() if found.kinds[found.column(one)] == "control"]
    lost: dict[str, str] = {}
    for method in found.ranking(kind="method"):
        unbeaten = [one for one in controls if not found.beats(method, one)]
        if unbeaten:
            lost[method] = unbeaten[0]
    return lost


def _worse(beaten: dict[str, str]) -> str:
    if not beaten:
        return "; every method beats every control"
    strongest = max(set(beaten.values()), key=list(beaten.values()).count)
    those = [method for method, control in beaten.items() if control == strongest]
    verb = "is" if len(those) == 1 else "are"
    return f"; {_listed(those)} {verb} not shown to beat the control {strongest!r}"


def _listed(names: list[str], most: int = NAMED) -> str:
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} others"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _number(value: float) -> str:
    return "unknown" if not np.isfinite(value) else f"{value:.2f}".replace("-", MINUS)
