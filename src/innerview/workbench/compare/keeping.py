"""What a comparison found about a model, kept in a file beside it, so that it can be the default later.

Beside a model that is a file; in the user's own data folder for the others, by the model's fingerprint. What is kept
is for exactly this model: a file of another fingerprint is passed over.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from innerview.errors import DataError
from innerview.files.atomic import write
from innerview.files.documents import read_json
from innerview.model import Model
from innerview.reprs import short
from innerview.results.comparison import Comparison

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


def data_folder() -> Path:
    """Where the user's programs keep what they know: XDG_DATA_HOME, or what the system has in its place."""
    given = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA", "")
    if given:
        return Path(given) / "innerview"
    usual = ("Library", "Application Support") if sys.platform == "darwin" else (".local", "share")
    return Path.home().joinpath(*usual) / "innerview"


def place_for(model: Model, named: str = "") -> Path:
    """Where a model's comparison is kept.

    Args:
        model: the model.
        named: as it stands on a command line; where that is a file or folder, what is kept lies beside or in it.
    """
    file = Path(named.partition(":")[0]) if named else Path()
    if named and file.exists():
        return (file if file.is_dir() else file.parent) / NAME
    return data_folder() / "comparisons" / f"{model.fingerprint}.json"


def keep(found: Comparison, place: Path) -> Path | None:
    """Write what was found; None where no method was judged.

    Raises:
        OutputError: the place can't be written.
    """
    if not found.best:
        return None
    row, best = found.row("truth"), found.column(found.best)
    told = {
        "model": found.provenance.fingerprint,
        "method": found.texts[best],
        "baselines": found.starts[best],
        "agreement": _plain(found.medians[row, best]),
        "low": _plain(found.lows[row, best]),
        "high": _plain(found.highs[row, best]),
        "n": found.count("truth", found.best),
        "advice": found.advice,
        "versions": dict(found.provenance.versions),
    }
    place.parent.mkdir(parents=True, exist_ok=True)
    write(place, (json.dumps(told, indent=1) + "\n").encode())
    return place


def kept_comparison(model: Model, named: str = "") -> Kept | None:
    """What the last comparison found about exactly this model; None where there was none.

    Raises:
        DataError: the file is damaged.
    """
    place = place_for(model, named)
    if not place.exists():
        return None
    told: Any = read_json(place, "the comparison", LARGEST)
    try:
        if told["model"] != model.fingerprint:
            return None
        numbers = {name: float(told[name]) for name in ("agreement", "low", "high")}
        return Kept(
            str(told["method"]), tuple(map(str, told["baselines"])), **numbers, n=int(told["n"]),
            advice=str(told["advice"]), path=place,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as problem:
        raise DataError(f"{place} can't be read as a comparison ({problem!r}); remove it and compare again") from None


def _plain(value: float) -> float:
    return round(float(value), 6)
