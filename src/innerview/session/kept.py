"""What a comparison found about a model, as the default of whatever explains it: kept in a file, read here alone.

A file beside a model that is one, and one in the user's own data folder, by the model's fingerprint: the first goes
with the model to other machines, the second is found however the model was opened. What is kept is for exactly this
model: a file of another fingerprint is passed over. Whoever names a method or a baseline, or says `kept=False`, has
what they say.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from innerview.data.baselines import parse_baseline
from innerview.errors import DataError, UsageError
from innerview.files.documents import read_json
from innerview.files.regular import exists, is_folder
from innerview.methods.registry import USUAL, map_methods, read_method
from innerview.model import Model
from innerview.reprs import short
from innerview.session.answers import OpenedModel
from innerview.session.methods import choose_methods
from innerview.session.query import Query
from innerview.viewer.hello import BASELINES

NAME: Final = "innerview-comparison.json"
LARGEST: Final = 2**20
"""Bytes of such a file, at most."""


@short
@dataclass(frozen=True)
class Kept:
    """What is known of a model from its last comparison.

    Attributes:
        method: as it is asked for: "class-evidence".
        baselines: that it was asked with; empty where it takes none.
        agreement: median of Spearman's correlation with exact truth; `low`, `high`: its interval.
        n: images.
        advice: in a sentence.
        path: of the file.
    """

    method: str
    baselines: tuple[str, ...]
    agreement: float
    low: float
    high: float
    n: int
    advice: str
    path: Path

    @property
    def name(self) -> str:
        """Of the method, without its options."""
        return self.method.partition(":")[0]

    @property
    def start(self) -> str:
        """What it begins from, in words; empty where it takes no baseline."""
        return f" from {', '.join(self.baselines)}" if self.baselines else ""

    @property
    def told(self) -> str:
        """Which comparison decides, in half a sentence."""
        return (
            f"Of the methods compared on this model (n = {self.n} images) {self.name}{self.start} agrees most with "
            f"taking regions away, {self.agreement:.2f} ({self.low:.2f} to {self.high:.2f})"
        )


def data_folder() -> Path | None:
    """Where the user's programs keep what they know: XDG_DATA_HOME, or what the system has in its place.

    None for a user without a home, as containers have.
    """
    given = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA", "")
    if given:
        return Path(given) / "innerview"
    usual = ("Library", "Application Support") if sys.platform == "darwin" else (".local", "share")
    try:
        return Path.home().joinpath(*usual) / "innerview"
    except RuntimeError:
        return None


def places_for(fingerprint: str, named: str = "") -> Iterator[Path]:
    """Where a model's comparison is kept, the nearest first.

    Args:
        fingerprint: of the model.
        named: as it stands on a command line; where that is a file or folder, what is kept lies beside or in it too.
    """
    file = Path(named.partition(":")[0]) if named else Path()
    if named and exists(file):
        yield (file if is_folder(file) else file.parent) / NAME
    folder = data_folder()
    if folder is not None:
        yield folder / "comparisons" / f"{fingerprint}.json"


def kept_comparison(model: Model, named: str = "") -> Kept | None:
    """What the last comparison found about exactly this model; None where there was none.

    Args:
        model: the model.
        named: as it stands on a command line; beside a file lies what is kept.

    Raises:
        DataError: the file is damaged.
    """
    return _read(model.fingerprint, named)


def _read(fingerprint: str, named: str) -> Kept | None:
    for place in places_for(fingerprint, named):
        if not exists(place):
            continue
        told: Any = read_json(place, "the comparison", LARGEST)
        try:
            if told["model"] != fingerprint:
                continue
            numbers = {name: float(told[name]) for name in ("agreement", "low", "high")}
            return Kept(
                str(told["method"]), tuple(map(str, told["baselines"])), **numbers, n=int(told["n"]),
                advice=str(told["advice"]), path=place,
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError) as problem:
            raise DataError(f"{place} can't be read as a comparison ({problem!r}); remove it and compare again").of(
                "comparison", path=place
            ) from None
    return None


def _chosen(opened: OpenedModel) -> tuple[Kept | None, str]:
    """What is kept, where its method and baselines are still there and have a meaning here; or why it is not used."""
    try:
        kept = _read(opened.fingerprint, opened.named)
        if kept is not None:
            _check(kept, opened)
    except (DataError, UsageError) as problem:
        return None, f"What was compared on this model is not used: {problem}."
    return kept, ""


def _check(kept: Kept, opened: OpenedModel) -> None:
    """Raise UsageError for a method or a baseline that can't be asked for here."""
    chosen = read_method(kept.method)
    if kept.name != USUAL:
        choose_methods((kept.method,), opened.model)
    if (chosen.method.uses_baselines and not kept.baselines) or chosen.fills_by_data:
        raise UsageError(
            f"{kept.name} was compared with images of the data set, and nothing else draws it so; compare again"
        ).of("baselines", asked=kept.method, found=0, path=kept.path)
    for baseline in kept.baselines:
        parse_baseline(baseline)


def with_kept(query: Query, opened: OpenedModel) -> tuple[Query, str]:
    """Ask for the method that a comparison has found best for this model, where none was named.

    Args:
        query: with methods or baselines of its own, or with `kept=False`, it stays as it is.
        opened: the model.

    Returns:
        The query, and what was chosen and why in a sentence; empty where nothing is kept. A file that can't be read, or
        a method that is no longer there, is told of there, and changes nothing.
    """
    if not query.is_open:
        return query, ""
    kept, problem = _chosen(opened)
    if kept is None:
        return query, problem
    usual = kept.name == USUAL
    drawn = "integrated gradients are" if usual else f"{kept.name} is drawn beside integrated gradients, both"
    done = f"so {drawn}{kept.start}" if kept.baselines else f"so {kept.name} is drawn as well"
    asked = replace(query, methods=() if usual else (kept.method,), baselines=kept.baselines or query.baselines)
    return asked, f"{kept.told}, {done}. Name a method or a baseline, or say --no-kept (kept=False), for another."


def kept_facts(opened: OpenedModel) -> dict[str, Any]:
    """The same for a viewer: the method and the baseline of its first map, and why in a sentence; empty for none.

    A viewer asks for methods by name, from one of its baselines: what it can't ask for it is not told to.
    """
    kept, problem = _chosen(opened)
    if kept is None:
        return {"words": problem} if problem else {}
    if kept.name not in map_methods(opened.model) or len(kept.baselines) > 1 or not set(kept.baselines) <= {*BASELINES}:
        return {}
    baseline = {"baseline": kept.baselines[0]} if kept.baselines else {}
    options = kept.method.partition(":")[2]
    usual = f" (compared with {options}, shown with its own defaults)" if options else ""
    return {"method": kept.name, **baseline, "words": f"{kept.told}, so it is shown first{usual}."}
