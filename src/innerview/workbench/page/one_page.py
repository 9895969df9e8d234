"""What was worked out of one image as it goes into one file: packed, chosen for size; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from innerview.methods.registry import USUAL
from innerview.model import Model
from innerview.session.answers import map_facts
from innerview.session.compute.explanation import FORWARD, Look
from innerview.session.compute.integrated import is_large
from innerview.types import Array
from innerview.viewer.one_file import Packed, pack
from innerview.viewer.payloads.check import check_payload
from innerview.viewer.payloads.evidence import evidence_payload
from innerview.viewer.payloads.layers import Shown, layers_payload
from innerview.viewer.payloads.map import map_payload
from innerview.viewer.payloads.masking import masking_payload
from innerview.viewer.payloads.parts import parts_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo, subject_payload
from innerview.viewer.payloads.truth import truth_payload


@dataclass(frozen=True)
class Sizes:
    """How much of each layer goes into a file; `large_layers`: of a large image's."""

    layers: Shown = field(default_factory=Shown)
    large_layers: Shown = field(default_factory=lambda: Shown(side=28))


def payloads_of(
    model: Model, look: Look, photo: Photo, baseline: str, sizes: Sizes, weights: Mapping[str, Array]
) -> list[Packed]:
    """Pack everything about one image.

    Args:
        model: that was asked.
        look: what it said.
        photo: the image.
        baseline: what the baselines are called in the page.
        sizes: how much of each layer.
        weights: of the model.
    """
    stamp, large = Stamp(model.fingerprint, photo.image_hash), is_large(photo.image)
    packed = [pack(subject_payload(photo, look.prediction, model.fingerprint))]
    method = FORWARD if look.along is None else USUAL
    facts = [map_facts(query, model, method) for query in look.queries]
    for number, (about, found) in enumerate(zip(facts, look.maps, strict=True)):
        payload = map_payload(found, about, stamp, small=large and number > 0)
        keys = {"target": about.target, "versus": about.versus, "method": method, "baseline": baseline}
        packed.append(pack(payload, **keys))
    versus = facts[0].versus
    for name, found in look.methods.items():
        if name != method:
            about = replace(facts[0], method=name)
            keys = {"target": about.target, "versus": versus, "method": name, "baseline": baseline}
            packed.append(pack(map_payload(found, about, stamp, small=large), **keys))
    first = {"target": facts[0].target, "versus": versus, "baseline": baseline}
    if look.evidence is not None:
        packed.append(pack(evidence_payload(look.evidence, stamp, versus=versus), target=None, versus=None))
    if look.truth is not None:
        packed.append(pack(truth_payload(look.truth, look.verdicts, stamp, versus=versus), **first))
    if look.check is not None:
        packed.append(pack(check_payload(look.check, facts[0].target, stamp, versus=versus), **first))
    if look.parts is not None:
        packed.append(pack(parts_payload(look.parts, stamp)))
    if look.path is not None:
        packed.append(pack(path_payload(look.path, stamp, versus=versus), **first))
    if look.orders:
        kept = masking_payload(look.orders, stamp, fill=look.fill.words, seed=0, versus=versus)
        packed.append(pack(kept, **first, fill=baseline))
    shown = sizes.large_layers if large else sizes.layers
    packed.append(pack(layers_payload(look.inside, model.layers, weights, stamp, shown)))
    return packed
