"""Occlusion: how much the score falls when a window of the image is hidden.

    drop_w = S(x) - S(x with window w filled),   attribution_i = mean over windows w that cover i of drop_w / |w|

Zeiler, Fergus 2013, arXiv 1311.2901, section 4.2. A drop is shared out equally among the pixels of its window, so
that windows side by side add up, and for a linear model to S(x) - S(fill) exactly; Captum and others give the whole
drop to every pixel instead, which is |w| times as much. Forward passes only, so it works for any function. What is put
in place of the window is part of the question: a grey square is something too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from innerview.errors import UsageError
from innerview.fills import Fill, Kept
from innerview.methods.filled import FilledPasses, make_fills
from innerview.methods.passes import Progress, check_image
from innerview.model import Model
from innerview.results import Attribution, Provenance
from innerview.targets import Target
from innerview.types import Image

PARTS: Final = 8
"""A window is this part of the image's shorter side, if nothing else is said."""


def occlusion(
    model: Model,
    image: Image,
    target: Target,
    *,
    fill: Image | Fill,
    window: int | tuple[int, int] | None = None,
    stride: int | tuple[int, int] | None = None,
    progress: Progress | None = None,
) -> Attribution:
    """Hide one window after another and share out what the score loses.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        target: an open class is the one that wins at the image.
        fill: what stands in a hidden window: an image of the same shape, or a fill that depends on what is kept
            (`fills.make_fill`), such as "imputed".
        window: height and width in pixels, or one number for both; an eighth of the shorter side if None.
        stride: from one window to the next, down and across; the window's own size if None, so that windows lie side
            by side (half of it if `window` is None as well). The last ones are cut off at the image's edge.
        progress: called with windows done and in all.

    Raises:
        UsageError: a window larger than the image, a stride that leaves pixels out, a target without meaning here.
        ImageError: image or fill does not fit the model.
        ModelError: an output is NaN or infinite; says for which window.
    """
    check_image(model, image, "image")
    if isinstance(fill, np.ndarray):
        check_image(model, fill, "fill")
    (made,) = make_fills(model, image, [fill])
    size, step = choose_windows(image.shape, window, stride)
    windows = list(itertools.product(*map(_cuts, image.shape, size, step)))
    passes = FilledPasses(model, image, len(windows) + 1)  # told by the window, without the image itself
    outputs = passes.whole()
    resolved = target.resolve(outputs[0], model.output)
    score = float(resolved.score(outputs)[0])
    total, covered, strongest = np.zeros(image.shape[:2]), np.zeros(image.shape[:2]), (0.0, windows[0])

    def masks(some: slice) -> Kept:
        kept = np.ones((len(windows[some]), *image.shape[:2]), bool)
        for mask, place in zip(kept, windows[some], strict=True):
            mask[place] = False
        return kept

    def name(at: int) -> str:
        return f"the image without {_words(windows[at])}"

    for part, hidden in passes.filled(made, masks, len(windows), name, share=False):
        drops = score - resolved.score(hidden).astype(np.float64)
        for drop, place in zip(drops.tolist(), windows[part], strict=True):
            total[place] += drop / total[place].size
            covered[place] += 1
            strongest = max(strongest, (drop, place), key=lambda found: abs(found[0]))
        if progress is not None:
            progress(part.stop, len(windows))
    drop, way = strongest[0], "falls" if strongest[0] >= 0 else "rises"
    return Attribution(
        image=image,
        attribution=total / covered,
        method=f"Occlusion, window {size[0]} × {size[1]}, stride {step[0]} × {step[1]}",
        meaning="contribution",
        unit=resolved.unit,
        score=score,
        target=resolved.index,
        n_evaluations=passes.done,
        provenance=Provenance.of(model, resolved.describe(model.output.class_names)),
        notes=(f"The score {way} most, by {abs(drop):.3g} {resolved.unit}, without {_words(strongest[1])}.",),
    )


def choose_windows(
    shape: Sequence[int], window: int | tuple[int, int] | None = None, stride: int | tuple[int, int] | None = None
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Height and width of the windows, and of the step from one to the next, for an image of this shape.

    Raises:
        UsageError: a window larger than the image, or a stride that leaves pixels out.
    """
    usual = max(1, round(min(shape[:2]) / PARTS))
    size = _pair(usual if window is None else window)
    step = _pair(max(1, usual // 2)) if window is None and stride is None else size if stride is None else _pair(stride)
    for length, extent, advance in zip(shape, size, step, strict=False):
        _check_cuts(length, extent, advance)
    return size, step


def count_windows(shape: Sequence[int], size: tuple[int, int], step: tuple[int, int]) -> int:
    """How many windows there are: one pass for each."""
    return math.prod(len(_cuts(*sides)) for sides in zip(shape, size, step, strict=False))


def _pair(given: int | tuple[int, int]) -> tuple[int, int]:
    return (given, given) if isinstance(given, int) else given


def _check_cuts(length: int, size: int, step: int) -> None:
    if not 1 <= size <= length:
        raise UsageError(f"a window of {size} pixels was asked for; along this side the image has {length}").of(
            "window", asked=size, limit=length
        )
    if not 1 <= step <= size:
        raise UsageError(
            f"a stride of {step} was asked for with a window of {size} pixels; from 1 to {size}, no pixel is left out"
        ).of("stride", asked=step, limit=size)


def _cuts(length: int, size: int, step: int) -> list[slice]:
    """Cut an axis into windows that cover all of it."""
    return [
        slice(start * step, min(start * step + size, length)) for start in range(math.ceil((length - size) / step) + 1)
    ]


def _words(window: tuple[slice, ...]) -> str:
    rows, columns = window
    return f"rows {rows.start} to {rows.stop - 1}, columns {columns.start} to {columns.stop - 1}"
