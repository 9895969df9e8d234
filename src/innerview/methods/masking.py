"""Insertion and deletion: predict with only the highest-ranked pixels of a map, or without them.

If far fewer of them than of random pixels keep the model's answer, the map has found pixels that suffice. A
image with holes is unlike anything the model was trained on, so a part of any change may come from the holes:
the fill is part of the question. After Petsiuk, Das, Saenko 2018, arXiv 1806.07421 (insertion); Hooker and others
2019, arXiv 1806.10758, on what the holes do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import ImageError, UsageError
from innerview.fills import Fill, ImageFill, make_fill
from innerview.methods.passes import check_image, predict
from innerview.model import Model
from innerview.results import MaskingCurve, Provenance, show_only
from innerview.types import Array, Image, Map

ORDERS: Final[Mapping[str, Callable[[Array], Array]]] = MappingProxyType(
    {
        "highest": lambda values: -values,
        "lowest": lambda values: values,
        "strongest": lambda values: -np.abs(values),
    }
)
"""What is kept first, as a key to sort by."""

DEFAULT_FRACTIONS: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def insertion(
    model: Model,
    image: Image,
    values: Map,
    *,
    fill: str | Image | Fill,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    order: str = "highest",
    target: int | None = None,
) -> MaskingCurve:
    """Predict with only the first-ranked pixels shown, for each of `fractions`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away: a name (see `fills.FILLS`), an image of the same shape, a fill.
        fractions: of the pixels that are shown, in [0, 1]; round(fraction × height × width) pixels.
        order: "highest" first, "lowest" first, or "strongest" (absolute value) first. Equal values are taken in
            reading order.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError: an unknown order, or a fraction outside [0, 1].
        ImageError: image, fill or map does not fit the model.
    """
    made, portions = _checked(model, image, values, fill, fractions, order)
    return _masked(model, image, made, rank(values, order), portions, order=order, target=target)


def deletion(
    model: Model,
    image: Image,
    values: Map,
    *,
    fill: str | Image | Fill,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    order: str = "highest",
    target: int | None = None,
) -> MaskingCurve:
    """Predict without the first-ranked pixels, for each of `fractions`.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away: a name (see `fills.FILLS`), an image of the same shape, a fill.
        fractions: of the pixels that are taken away, in [0, 1]; round(fraction × height × width) pixels.
        order: as for `insertion`: which pixels are taken away first.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError, ImageError: as for `insertion`.
    """
    made, portions = _checked(model, image, values, fill, fractions, order)
    ranking = values.size - 1 - rank(values, order)  # what is taken away first is kept last
    return _masked(model, image, made, ranking, portions, order=order, target=target, mode="deletion")


def _checked(
    model: Model, image: Image, values: Map, fill: str | Image | Fill, fractions: Sequence[float], order: str
) -> tuple[Fill, Float[np.ndarray, " fraction"]]:
    check_image(model, image, "image")
    if isinstance(fill, np.ndarray):
        check_image(model, fill, "fill")
        made: Fill = ImageFill("image", "", fill)
    else:
        made = make_fill(fill, image)
    if values.shape != image.shape[:2] or not np.isfinite(values).all():
        raise ImageError(
            f"the map has shape {values.shape} (or values that are not finite); a finite map of "
            f"{image.shape[0]} × {image.shape[1]} is needed to rank the pixels"
        ).of("map", found=values.shape, asked=image.shape[:2])
    if order not in ORDERS:
        raise UsageError(f"there is no order {order!r}; the orders are {', '.join(ORDERS)}").of(
            "order", asked=order, known=ORDERS
        )
    return made, check_fractions(fractions)


def _masked(
    model: Model,
    image: Image,
    fill: Fill,
    ranking: Int[np.ndarray, "height width"],
    portions: Float[np.ndarray, " fraction"],
    *,
    order: str,
    target: int | None,
    mode: Literal["insertion", "deletion"] = "insertion",
) -> MaskingCurve:
    changed = np.floor(portions * ranking.size + 0.5).astype(np.int64)
    kept = changed if mode == "insertion" else ranking.size - changed
    alike = isinstance(fill, ImageFill)  # one image, whatever is kept
    nothing = fill.pixels if alike else fill.paint(image, np.zeros((1, *ranking.shape), bool))[0]
    shown = show_only(image, nothing, ranking, kept) if alike else fill.paint(image, ranking < kept[:, None, None])
    predictions = predict(model, shown)
    return MaskingCurve(
        image=image,
        fill=nothing,
        ranking=ranking,
        order=order,
        fractions=portions,
        mode=mode,
        kept=kept,
        logits=np.stack([one.logits for one in predictions]),
        probabilities=np.stack([one.probabilities for one in predictions]),
        class_names=model.output.class_names,
        target=target,
        provenance=Provenance.of(model),
        output_kind=model.output.kind,
        fill_words=fill.words,
        painted=None if alike else shown,
    )


def check_fractions(fractions: Sequence[float]) -> Float[np.ndarray, " fraction"]:
    """Give fractions as a float64 array, or raise UsageError unless each is in [0, 1] and there is one."""
    portions = np.asarray(fractions, dtype=np.float64)
    if portions.size == 0 or not ((portions >= 0) & (portions <= 1)).all():
        raise UsageError(f"fractions {list(fractions)} were asked for; give at least one, each from 0 to 1").of(
            "fractions", asked=tuple(fractions)
        )
    return portions


def rank(values: Map, order: str) -> Int[np.ndarray, "height width"]:
    """Give each pixel its place in the order, 0 for the one kept first."""
    sequence = np.argsort(ORDERS[order](values).ravel(), kind="stable")
    ranks = np.empty(values.size, dtype=np.int64)
    ranks[sequence] = np.arange(values.size)
    return ranks.reshape(values.shape)
