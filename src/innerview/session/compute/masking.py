"""Keep for the viewer: answers to a share of the pixels, by a map's orders and by chance, and to a mask."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Bool

from innerview.data.baselines import Baseline
from innerview.errors import UsageError
from innerview.methods import predict
from innerview.methods.masking import check_fractions, rank
from innerview.methods.passes import batches
from innerview.model import Model
from innerview.results import MaskingCurve, Prediction, Provenance, show_only
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.compute.prediction import resolved
from innerview.session.progress import Listener, Passing
from innerview.session.query import Query
from innerview.types import Array, Image, Map
from innerview.viewer.payloads.masking import RANKED

MOST_CELLS: Final = 32


def keep_by_orders(
    model: Model,
    image: Image,
    values: Map,
    *,
    fill: Image,
    target: int | None,
    listener: Listener,
    shares: Sequence[float] = Query.curve_fractions,
    randoms: int = Query.n_random,
    seed: int = 0,
) -> list[MaskingCurve]:
    """Predict at each share, by each order of the map and by random ones.

    Images that are equal (all pixels, none) are shown once.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map, height × width.
        fill: what stands in the place of pixels that are taken away.
        target: number of the class that the map explains.
        listener: told of the progress.
        shares: of the pixels, in [0, 1].
        randoms: how many random orders.
        seed: of those.
    """
    portions = check_fractions(shares)
    kept = np.floor(portions * values.size + 0.5).astype(np.int64)
    rankings = [rank(values, order) for order in RANKED]
    generator = np.random.default_rng(seed)
    rankings += [generator.permutation(values.size).reshape(values.shape) for _ in range(randoms)]
    alike: dict[tuple[int, int], int] = {}
    images: list[Image] = []
    for order, ranking in enumerate(rankings):
        for place, count in enumerate(kept.tolist()):
            whole = count in {0, values.size}
            known = next((at for (_, other), at in alike.items() if whole and kept[other] == count), None)
            if known is None:
                images.append(show_only(image, fill, ranking, kept[place : place + 1])[0])
            alike[order, place] = len(images) - 1 if known is None else known
    answers: list[Prediction] = []
    for part in batches(len(images), model.batch_size):
        answers += predict(model, np.stack(images[part]))
        listener.progress(len(answers), len(images))
    table = [[answers[alike[order, place]] for place in range(len(kept))] for order in range(len(rankings))]
    provenance = Provenance.of(model, seed=seed)
    return [
        MaskingCurve(
            image=image,
            fill=fill,
            ranking=ranking,
            order=(*RANKED, *("random",) * randoms)[order],
            fractions=portions,
            kept=kept,
            logits=np.stack([one.logits for one in table[order]]),
            probabilities=np.stack([one.probabilities for one in table[order]]),
            class_names=model.output.class_names,
            target=target,
            provenance=provenance,
            output_kind=model.output.kind,
        )
        for order, ranking in enumerate(rankings)
    ]


def read_mask(text: str, cells: Sequence[int], height: int, width: int) -> Bool[np.ndarray, "height width"]:
    """Read which pixels are to be seen.

    Args:
        text: base64 (either alphabet) of bits, a cell each, row by row, the first cell in the highest bit.
        cells: rows and columns of the cells, at most MOST_CELLS each.
        height: of the image, in pixels; a cell covers its share of them.
        width: likewise.

    Raises:
        UsageError: the cells or the number of bits are not as described.
    """
    rows, columns = cells if len(cells) == 2 else (0, 0)
    if not (1 <= rows <= min(MOST_CELLS, height) and 1 <= columns <= min(MOST_CELLS, width)):
        raise UsageError(f"a mask of {list(cells)} cells was given; rows and columns are 1 to {MOST_CELLS}").of(
            "cells", asked=tuple(cells), limit=MOST_CELLS
        )
    try:
        packed = base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise UsageError(f"the mask is no base64 text ({problem})").of("mask", found=str(problem)) from None
    if len(packed) != (rows * columns + 7) // 8:
        raise UsageError(
            f"the mask has {len(packed)} bytes; {rows} × {columns} cells take {(rows * columns + 7) // 8}"
        ).of("mask", found=len(packed), limit=(rows * columns + 7) // 8)
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))[: rows * columns].astype(bool).reshape(rows, columns)
    return bits[np.ix_(_cell(height, rows), _cell(width, columns))]


def _cell(length: int, cells: int) -> Array:
    """The cell that each pixel belongs to."""
    return np.arange(length) * cells // length


def answer_to_mask(model: Model, image: Image, fill: Image, mask: Bool[np.ndarray, "height width"]) -> Prediction:
    """Predict with only the pixels of a mask shown."""
    return predict(model, np.where(mask[..., None], image, fill)[None].astype(image.dtype))[0]


@dataclass(frozen=True, eq=False)
class Masked:
    """What is said of parts of the pixels.

    Attributes:
        curves: by each order of a map, then by random ones; of a mask, none.
        prediction: of the pixels of a mask; None without one.
        pixels: of the mask; `fraction`: that is of all.
        fill: what stands in the place of the others.
    """

    fill: Baseline
    curves: tuple[MaskingCurve, ...] = ()
    prediction: Prediction | None = None
    pixels: int = 0
    fraction: float = 0.0


def _fill(source: Source, query: Query) -> Baseline:
    return source.baselines(replace(query, baselines=(query.fill,)) if query.fill else query)[0]


def _work(source: Source, query: Query, listener: Listener) -> Masked:
    found, fill = source.result(ATTRIBUTION, query, Passing(listener)), _fill(source, query)
    curves = keep_by_orders(
        source.model(query),
        source.photo(query).image,
        found.heatmap,
        fill=fill.image,
        target=resolved(source, query, listener).index,
        listener=listener,
        shares=query.curve_fractions,
        randoms=query.n_random,
        seed=query.seed,
    )
    return Masked(fill, tuple(curves))


def _work_mask(source: Source, query: Query, _: Listener) -> Masked:
    image, fill = source.photo(query).image, _fill(source, query)
    mask = read_mask(query.mask, query.cells, *image.shape[:2])
    prediction = answer_to_mask(source.model(query), image, fill.image, mask)
    return Masked(fill, (), prediction, int(mask.sum()), float(mask.mean()))


def _size(found: Masked) -> int:
    return sum(one.logits.nbytes + one.probabilities.nbytes + one.ranking.nbytes for one in found.curves) + 2048


MASKING: Final = Computation(ATTRIBUTION.fields | {"fill", "curve_fractions", "n_random", "seed"}, _work, _size)
MASK: Final = Computation(IMAGE | {"baselines", "fill", "mask", "cells"}, _work_mask, _size)
