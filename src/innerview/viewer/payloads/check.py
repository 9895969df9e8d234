"""Whether a map holds: what the model predicts from the part that it points at alone, and from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from innerview.pictures.words import UNKNOWN, number, probability
from innerview.types import Array, Image
from innerview.viewer import sentences
from innerview.viewer.payload import Payload, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp

Kind = Literal["clear", "weak", "chance", "not judged"]


@dataclass(frozen=True)
class Tried:
    """One map under test: its method in words, the verdict, and how often chance does as well (NaN: not judged)."""

    method: str
    kind: Kind
    p: float


@dataclass(frozen=True, eq=False)
class Check:
    """A map's best part, shown to the model alone and taken away, beside other parts of its size and shape.

    Attributes:
        method: name of the map's method; `words`: for people.
        blocks: the map's sums over the blocks of the image, rows × columns.
        best: which of them are its best part.
        images: the best part alone and the image without it, the rest filled: 2 × height × width × channel.
        fill: what stands in the place of the rest, in words.
        unit: of the scores where there are no probabilities.
        values: probability of the class explained (its score where there is none): of the whole image, of the best part
            alone, without it, of the worst part alone, of the fill alone.
        only, without: the same for the other parts, alone and taken away.
        chances: whether values are probabilities.
        p: how often another part does at least as much in both; NaN where nothing can be judged.
        kind: the verdict.
        regions: names of those in which the best part has most of the map, the most first; `share`: of it in there.
        tried: all maps that were tried, this one among them.
        n_evaluations: forward passes for all of them.
    """

    method: str
    words: str
    blocks: Float[np.ndarray, "row column"]
    best: Bool[np.ndarray, "row column"]
    images: tuple[Image, Image]
    fill: str
    unit: str
    values: tuple[float, float, float, float, float]
    only: Array
    without: Array
    chances: bool
    p: float
    kind: Kind
    regions: tuple[str, ...]
    share: float
    tried: tuple[Tried, ...]
    n_evaluations: int

    def written(self, value: float) -> str:
        """A probability or a score as it is shown."""
        return probability(value) if self.chances else f"{number(value, signed=True)} {self.unit}"


def check_payload(found: Check, target: int | None, stamp: Stamp, *, versus: int | None = None) -> Payload:
    """Show a check; `target`: number of the class explained, `versus`: of the one that it is set against."""
    whole, only, without, worst, fill = map(found.written, found.values)
    return make_payload(
        "check",
        {
            "blocks": numbered(found.blocks),
            "best": found.best.astype(np.uint8),
            "parts": to_bytes(np.stack(found.images)),
            "only": numbered(found.only),
            "without": numbered(found.without),
        },
        **stamp.texts,
        target=target,
        versus=versus,
        method=found.method,
        method_words=found.words,
        fill=found.fill,
        verdict=found.kind,
        says=sentences.check_verdict(found.kind),
        written={"whole": whole, "only": only, "without": without, "worst": worst, "fill": fill},
        others={"only": _range(found, found.only), "without": _range(found, found.without)},
        p=None if np.isnan(found.p) else found.p,
        regions=list(found.regions),
        share=found.share,
        tried=[[one.method, sentences.check_verdict(one.kind), number(one.p)] for one in found.tried],
        n_evaluations=found.n_evaluations,
    )


def in_words(found: Check, name: str) -> str:
    """Say in sentences what a check found, of a class of this name: where the map points, and whether that holds."""
    verdict = sentences.check_verdict(found.kind)
    if not found.regions or found.kind == "not judged":
        return f"Asked again with parts of the image: {verdict}."
    named = sentences.listed([f"the {one}" for one in found.regions])
    only, without = (_range(found, values) for values in (found.only, found.without))
    share = f"{100 * float(found.best.mean()):.0f} %"
    return (
        f"The map by {found.words} points at {named}. {verdict[0].upper()}{verdict[1:]}. With its best {share} alone "
        f"{name} has {found.written(found.values[1])} ({len(found.only)} parts of its shape elsewhere: {only[0]}, "
        f"{only[1]} to {only[2]}), without them {found.written(found.values[2])} ({without[0]}, {without[1]} to "
        f"{without[2]})."
    )


def _range(found: Check, values: Sequence[float] | Array) -> list[str]:
    """Mean, least and most as they are shown."""
    known = np.asarray(values, dtype=np.float64)
    if not len(known):
        return [UNKNOWN] * 3
    return [found.written(float(one)) for one in (known.mean(), known.min(), known.max())]
