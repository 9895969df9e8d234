"""What parts of an image alone are predicted as: the parts that the sentences are about, and the sentences."""

from __future__ import annotations

import numpy as np

from innerview.results import Parts
from innerview.viewer.payload import Payload, make_payload
from innerview.viewer.payloads.stamp import Stamp


def parts_payload(found: Parts, stamp: Stamp) -> Payload:
    """Show the parts that are told of; one that was not found has a sentence and no window."""
    return make_payload(
        "parts",
        {"windows": found.windows[list(found.found.values())].astype(np.uint16)},
        **stamp.texts,
        kinds=list(found.found),
        said=[found.said(kind) for kind in found.found],
        says=dict(zip(("other", "alone", "in place"), found.sentences, strict=True)),
        fills=list(found.fills),
        notes=list(found.notes),
        n_evaluations=found.n_evaluations,
    )
