"""What parts of an image alone are predicted as: the parts that the sentences are about, and the sentences."""

from __future__ import annotations

import numpy as np

from innerview.results import Parts
from innerview.viewer.payload import Payload, make_payload
from innerview.viewer.payloads.stamp import Stamp


def parts_payload(found: Parts, stamp: Stamp) -> Payload:
    """Show the parts that are told of; one that was not found has a sentence and no window."""
    kinds = ("other", "alone", "in place")
    told = zip(kinds, (found.surest_other, found.smallest_alone, found.smallest_in_place), strict=True)
    known = [(kind, number) for kind, number in told if number is not None]
    return make_payload(
        "parts",
        {"windows": found.windows[[number for _, number in known]].astype(np.uint16)},
        **stamp.texts,
        kinds=[kind for kind, _ in known],
        says=dict(zip(kinds, found.sentences, strict=True)),
        fills=list(found.fills),
        notes=list(found.notes),
        n_evaluations=found.n_evaluations,
    )
