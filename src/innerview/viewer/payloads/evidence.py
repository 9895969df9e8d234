"""Class evidence for the first screen: what each position of the last map gives to each shown class."""

from __future__ import annotations

from innerview.results import ClassEvidence
from innerview.viewer.payload import Payload, counted, make_payload, numbered
from innerview.viewer.payloads.stamp import Stamp, shown_classes


def evidence_payload(found: ClassEvidence, stamp: Stamp, *, versus: int | None = None) -> Payload:
    """Show the parts of the shown classes' outputs; `versus` is the class that the target is set against."""
    outputs = found.evidence.sum(axis=(0, 1))
    classes = shown_classes(outputs, (found.target, versus))
    arrays = {
        "evidence": numbered(found.evidence[:, :, classes].transpose(2, 0, 1)),
        "outputs": numbered(outputs[classes]),
        "classes": counted(classes),
    }
    return make_payload(
        "evidence",
        arrays,
        **stamp.texts,
        layer=found.layer,
        field=None if found.receptive_field is None else list(found.receptive_field),
        says=found.notes[0],
    )
