"""Attribution summed over regions: superpixels, a grid, or inside and outside of a mask.

    region_r = sum over pixels i with label r of attribution_i

People ask "the head or the grass?", not which pixel; and summing takes away the noise that pixels trade with their
neighbours. XRAI (Kapishnikov and others 2019, arXiv 1906.02825) ranks segments in this way. The map shows a region's
sum shared out equally among its pixels, so that it still adds up. Any labels serve (`skimage.segmentation.slic`, for
one); none are made here but a grid, since superpixels are a choice of their own.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from innerview.errors import ImageError, UsageError
from innerview.results import Attribution, Explained, as_attribution
from innerview.types import Map


def grid_segments(height: int, width: int, rows: int, columns: int) -> Int[np.ndarray, "height width"]:
    """Label the cells of a grid from 0, row by row, as equal as pixels allow.

    Raises:
        UsageError: more rows or columns than pixels, or fewer than one.
    """
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise UsageError(
            f"a grid of {rows} × {columns} was asked for an image of {height} × {width}; each cell needs a pixel"
        ).of("grid", asked=(rows, columns), found=(height, width))
    down, across = np.arange(height) * rows // height, np.arange(width) * columns // width
    return down[:, None] * columns + across[None]


def segment_sums(
    values: Map, labels: Int[np.ndarray, "height width"] | Bool[np.ndarray, "height width"]
) -> Float[np.ndarray, " region"]:
    """Add up a map over each label from 0 to the largest; of a mask, 0 is outside and 1 inside.

    Raises:
        ImageError: the labels have another shape, are no whole numbers, or one is below 0.
    """
    if labels.shape != values.shape or labels.dtype.kind not in "iub" or labels.min() < 0:
        raise ImageError(
            f"labels of shape {labels.shape} and type {labels.dtype} were given for a map of "
            f"{values.shape[0]} × {values.shape[1]}; give one whole number from 0 (or true and false) for each pixel"
        ).of("labels", found=labels.shape, asked=values.shape)
    return np.bincount(labels.ravel().astype(np.int64), weights=values.ravel().astype(np.float64))


def aggregate_segments(
    result: Explained, segments: Int[np.ndarray, "height width"] | Bool[np.ndarray, "height width"]
) -> Attribution:
    """Show each region's sum, shared out equally among its pixels, in place of a map's pixels.

    The error of a region is at most the sum of its pixels' errors, and that is what is given: how they hang together is
    not known. A method that sums regions itself can be given to `smooth_grad`, which then knows.

    Args:
        result: any map over an image.
        segments: of each pixel's region, whole numbers from 0; or a mask.

    Raises:
        ImageError: the labels don't fit the map.
    """
    found = as_attribution(result)
    sums, sizes = segment_sums(found.heatmap, segments), segment_sums(np.ones_like(found.heatmap), segments)
    numbers = segments.astype(np.int64)
    shares = sums / np.maximum(sizes, 1)
    there = np.flatnonzero(sizes)
    most, least = int(there[sums[there].argmax()]), int(there[sums[there].argmin()])
    said = [f"Region {most} has the most: {sums[most]:+.3g} {found.unit} on {sizes[most]:.0f} pixels."]
    if sums[least] < 0:
        said.append(f"Region {least} has the least: {sums[least]:+.3g} on {sizes[least]:.0f} pixels.")
    return replace(
        found,
        attribution=shares[numbers],
        method=f"{found.method}, over {len(there)} regions",
        pixel_error=None
        if found.pixel_error is None
        else (segment_sums(found.pixel_error, segments) / np.maximum(sizes, 1))[numbers],
        notes=(" ".join(said), *found.notes),
    )
