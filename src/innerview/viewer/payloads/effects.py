"""What a region that somebody marked does to the score, beside regions of its shape elsewhere."""

from __future__ import annotations

import numpy as np

from innerview.results import RegionEffects
from innerview.types import Array
from innerview.viewer.payload import Payload, make_payload, numbered
from innerview.viewer.payloads.stamp import Stamp


def effects_payload(found: RegionEffects, stamp: Stamp, *, versus: int | None = None) -> Payload:
    """Show the first region's effects; `versus`: the class that the target is set against."""
    known = np.s_[:, : int(found.n_placebos[0])]
    removed, alone = found.told(0)
    return make_payload(
        "effects",
        {
            "removed": numbered(found.removed[0]),
            "alone": numbered(found.alone[0]),
            "removed_elsewhere": numbered(found.removed_elsewhere[0][known].mean(axis=0)),
            "alone_elsewhere": numbered(found.alone_elsewhere[0][known].mean(axis=0)),
        },
        **stamp.texts,
        target=found.target,
        versus=versus,
        unit=found.unit,
        target_words=found.explained,
        name=found.names[0],
        fills=list(found.fills),
        says={"removed": removed, "alone": alone},
        notes=list(found.notes),
        p={"removed": _known(found.removed_p), "alone": _known(found.alone_p)},
        adjusted={"removed": _known(found.removed_adjusted), "alone": _known(found.alone_adjusted)},
        tries=found.tries,
        n_evaluations=found.n_evaluations,
    )


def _known(values: Array) -> float | None:
    """The first one; None where there is no other place."""
    return None if np.isnan(values[0]) else float(values[0])
