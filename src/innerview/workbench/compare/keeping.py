"""What a comparison found about a model, written down, so that it is the default later (`session.kept`)."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from innerview.errors import OutputError
from innerview.files.atomic import write
from innerview.model import Model
from innerview.results.comparison import Comparison
from innerview.session.kept import places_for
from innerview.workbench.compare.entrants import is_drawn_elsewhere


def keep(found: Comparison, model: Model, named: str = "") -> tuple[Path, ...]:
    """Write what was found where it is looked for, wherever that can be; nowhere if it does not decide.

    A comparison of too few images, or one whose best method is no better than a control, is no reason to draw another
    map than the usual; what an earlier one decided stays. So it does where the best is a map that nothing else draws:
    one of Captum's, one from (or over) images of the data set, one without its signs.

    Args:
        found: the comparison.
        model: that was compared on.
        named: as it stands on a command line.

    Raises:
        OutputError: no place can be written.
    """
    if not found.decides:
        return ()
    row, best = found.row("truth"), found.column(found.best)
    if not is_drawn_elsewhere(found.best, found.texts[best]):
        return ()
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
    places, problems = list[Path](), list[OutputError]()
    for place in places_for(model.fingerprint, named):
        with suppress(OSError):  # writing says so
            place.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(place, (json.dumps(told, indent=1) + "\n").encode())
        except OutputError as problem:
            problems.append(problem)
        else:
            places.append(place)
    if not places:
        raise problems[0]
    return tuple(places)


def _plain(value: float) -> float:
    return round(float(value), 6)
