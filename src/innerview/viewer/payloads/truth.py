"""What regions do to the answer, exactly, with the verdicts on maps of the same class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from innerview.results import ImagePart, RegionTruth, Verdict
from innerview.viewer import sentences
from innerview.viewer.payload import Payload, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp


def truth_payload(
    found: RegionTruth, verdicts: Mapping[str, Verdict], stamp: Stamp, *, versus: int | None = None
) -> Payload:
    """Show a truth; `verdicts`: on maps, by method; `versus`: the class that the target is set against."""
    values = found.values
    parts = [(name, one) for name, one in (("alone", found.alone), ("without", found.without)) if one is not None]
    arrays = {"labels": values.labels.astype(np.uint16), "values": numbered(values.values)}
    if parts:
        arrays["parts"] = to_bytes(np.stack([one.image for _, one in parts]))
    return make_payload(
        "truth",
        arrays,
        **stamp.texts,
        target=values.target,
        versus=versus,
        unit=values.unit,
        target_words=values.provenance.target,
        names=list(found.names),
        regions=values.provenance.regions,
        fills=list(values.fills),
        unsure=list(values.unsure_regions),
        lines=sentences.regions(found).splitlines(),
        parts=[_part(name, one) for name, one in parts],
        verdicts={name: {"kind": one.kind, "says": sentences.verdict(one)} for name, one in verdicts.items()},
        n_evaluations=values.n_evaluations,
    )


def _part(name: str, part: ImagePart) -> dict[str, Any]:
    return {
        "name": name,
        "regions": list(part.regions),
        "says": sentences.part(part),
        "fill": part.fill,
        "same": part.same,
        "sets": part.sets,
    }
