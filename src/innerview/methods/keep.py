"""Show the network only the pixels that a map ranks highest, and ask again.

If far fewer of them than of random pixels keep the network's answer, the map has found pixels that suffice. A
picture with holes is unlike anything the network was trained on, so a part of any change may come from the holes:
the fill is part of the question. After Petsiuk, Das, Saenko 2018, arXiv 1806.07421 (insertion); Hooker and others
2019, arXiv 1806.10758, on what the holes do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import PictureError, UsageError
from innerview.methods.passes import check_picture, predict
from innerview.network import Network
from innerview.results import Keep, Provenance, show_only
from innerview.types import Array, Image, Map

ORDERS: Final[Mapping[str, Callable[[Array], Array]]] = MappingProxyType(
    {
        "highest": lambda values: -values,
        "lowest": lambda values: values,
        "strongest": lambda values: -np.abs(values),
    }
)
"""What is kept first, as a key to sort by."""

DEFAULT_SHARES: Final = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


def keep(
    network: Network,
    image: Image,
    values: Map,
    *,
    fill: Image,
    shares: Sequence[float] = DEFAULT_SHARES,
    order: str = "highest",
    target: int | None = None,
) -> Keep:
    """Predict with only a share of the pixels shown, for each of `shares`.

    Args:
        network: any network; no gradients are needed.
        image: one picture (pixels in [0, 1], height × width × channel).
        values: the map that ranks the pixels, height × width, in any unit.
        fill: what stands where a pixel is taken away, a picture of the same shape.
        shares: of the pixels that are kept, in [0, 1]; round(share × height × width) pixels.
        order: "highest" first, "lowest" first, or "strongest" (absolute value) first. Equal values are taken in
            reading order.
        target: number of the class that the map explains, taken down in the result.

    Raises:
        UsageError: an unknown order, or a share outside [0, 1].
        PictureError: picture, fill or map does not fit the network.
    """
    check_picture(network, image, "picture")
    check_picture(network, fill, "fill")
    if values.shape != image.shape[:2] or not np.isfinite(values).all():
        raise PictureError(
            f"the map has shape {values.shape} (or values that are not finite); a finite map of "
            f"{image.shape[0]} × {image.shape[1]} is needed to rank the pixels"
        )
    if order not in ORDERS:
        raise UsageError(f"there is no order {order!r}; the orders are {', '.join(ORDERS)}")
    portions = check_shares(shares)
    ranking = rank(values, order)
    kept = np.floor(portions * values.size + 0.5).astype(np.int64)
    predictions = predict(network, show_only(image, fill, ranking, kept))
    return Keep(
        image=image,
        fill=fill,
        ranking=ranking,
        order=order,
        shares=portions,
        kept=kept,
        logits=np.stack([one.logits for one in predictions]),
        probabilities=np.stack([one.probabilities for one in predictions]),
        class_names=network.output.class_names,
        target=target,
        provenance=Provenance.of(network),
        output_kind=network.output.kind,
    )


def check_shares(shares: Sequence[float]) -> Float[np.ndarray, " share"]:
    """Give shares as a float64 array, or raise UsageError unless each is in [0, 1] and there is one."""
    portions = np.asarray(shares, dtype=np.float64)
    if portions.size == 0 or not ((portions >= 0) & (portions <= 1)).all():
        raise UsageError(f"shares {list(shares)} were asked for; give at least one, each from 0 to 1")
    return portions


def rank(values: Map, order: str) -> Int[np.ndarray, "height width"]:
    """Give each pixel its place in the order, 0 for the one kept first."""
    sequence = np.argsort(ORDERS[order](values).ravel(), kind="stable")
    ranks = np.empty(values.size, dtype=np.int64)
    ranks[sequence] = np.arange(values.size)
    return ranks.reshape(values.shape)
