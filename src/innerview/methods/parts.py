"""Parts: what windows of an image are predicted as, alone and in place, at several scales.

    alone      the window cut out and enlarged to the model's size
    in place   the window where it is, all else filled

The horse's head alone is called a dog: so it was found by hand in 2018, and so it is found here for any image. Windows
have sides of so many eighths of the image's, up to a ratio of 3 : 2, and stand an eighth apart. A part is a photo of
its own kind: enlarged it is coarser than anything in the training, in place it lies on a fill; so both are told, and
what each fill is predicted as with no part at all. The control is every window alone with its pixels in random order:
what has a part's colours and none of its shapes is called something too, and how surely is said beside the find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import UsageError
from innerview.fills import DEFAULT_FILLS, Fill
from innerview.methods.filled import FilledPasses, make_fills
from innerview.methods.passes import Progress, check_image
from innerview.model import Model
from innerview.resize import linear
from innerview.results import Provenance
from innerview.results.parts import Parts
from innerview.spec import OutputSpec, decides
from innerview.types import Array, Image, Images

EIGHTHS: Final = (2, 3, 4, 5, 6, 7)
"""Sides of windows, in eighths of the image's."""

LONGEST: Final = 1.5
"""Ratio of a window's sides in eighths, at most: enlarged to the image's proportions it is stretched by as much."""


def parts(
    model: Model,
    image: Image,
    *,
    eighths: Sequence[int] = EIGHTHS,
    fills: Sequence[str | Image | Fill] = DEFAULT_FILLS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Parts:
    """Predict every window of the image, alone and in place.

    Args:
        model: any model whose outputs decide; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel), of 8 × 8 pixels at least.
        eighths: sides of the windows, 1 to 7 eighths of the image's.
        fills: what stands around a window in place: names (see `fills.FILLS`) or images.
        seed: of the random order of pixels in the control.
        progress: called with passes done and in all.

    Raises:
        UsageError: no side or no fill, or one that does not exist; a model whose single score decides nothing.
        ImageError: the image does not fit the model, or is too small.
        ModelError: an output is NaN or infinite; says of which window.
    """
    check_image(model, image, "image")
    if not decides(model.output):
        raise UsageError(
            "the parts of an image were asked of a model with one score, from which no prediction can be read; declare "
            "kind 'sigmoid' (a logit) or 'probabilities', or use ask"
        ).of("kind", found="one score")
    windows = place_windows(image.shape[0], image.shape[1], eighths)
    made = make_fills(model, image, fills)
    kept = np.zeros((len(windows) + 1, *image.shape[:2]), bool)
    for mask, (left, top, width, height) in zip(kept, windows.tolist(), strict=False):
        mask[top : top + height, left : left + width] = True
    passes = FilledPasses(model, image, passes_needed(len(windows), len(made)), progress)
    whole = passes.whole()
    shuffled = partial(_shuffled, np.random.default_rng(seed))
    alone = _alone(passes, windows, "alone", cut_out)
    alone += _alone(passes, windows, "alone, its pixels in random order", shuffled)
    placed = [
        outputs
        for fill in made
        for _, outputs in passes.filled(fill, kept.__getitem__, len(kept), lambda at: f"{_name(windows, at)} in place")
    ]
    answers, confidences = answered(model.output, np.concatenate([whole, *alone, *placed]))
    control, first, split = len(windows) + 1, 2 * len(windows) + 1, (len(made), len(kept))
    in_place, in_place_sure = answers[first:].reshape(split), confidences[first:].reshape(split)
    return Parts(
        image=image,
        windows=windows,
        fills=tuple(fill.words for fill in made),
        alone_answers=answers[1:control],
        alone_confidences=confidences[1:control],
        placed_answers=in_place[:, :-1],
        placed_confidences=in_place_sure[:, :-1],
        empty_answers=in_place[:, -1],
        empty_confidences=in_place_sure[:, -1],
        answer=int(answers[0]),
        confidence=float(confidences[0]),
        class_names=model.output.class_names,
        output_kind=model.output.kind,
        n_evaluations=passes.done,
        provenance=Provenance.of(model, seed=seed),
        notes=_notes(image, len(windows), np.concatenate([whole, *alone, *placed])),
        shuffled_answers=answers[control:first],
        shuffled_confidences=confidences[control:first],
    )


def place_windows(height: int, width: int, eighths: Sequence[int] = EIGHTHS) -> Int[np.ndarray, "window 4"]:
    """Left, top, width and height of every window, the smallest first, row by row.

    Raises:
        UsageError: a side that is no part of the image, or an image of less than 8 pixels.
    """
    if not eighths or not all(1 <= side <= 7 for side in eighths):
        raise UsageError(f"windows with sides of {list(eighths)} eighths were asked for; each is from 1 to 7").of(
            "windows", asked=tuple(eighths)
        )
    if min(height, width) < 8:
        raise UsageError(
            f"the parts of an image of {height} × {width} were asked for; it takes 8 × 8 pixels at least"
        ).of("size", found=(height, width), limit=8)
    shapes = [pair for pair in product(sorted(set(eighths)), repeat=2) if max(pair) <= LONGEST * min(pair)]

    def found() -> Iterator[tuple[int, int, int, int]]:
        for down, across in sorted(shapes, key=lambda pair: pair[0] * pair[1]):
            for row, column in product(range(9 - down), range(9 - across)):
                top, left = row * height // 8, column * width // 8
                yield left, top, (column + across) * width // 8 - left, (row + down) * height // 8 - top

    return np.array(list(found()), np.int64)


def passes_needed(windows: int, fills: int) -> int:
    """Forward passes of one image that so many windows and fills take."""
    return 1 + 2 * windows + fills * (windows + 1)


def enlarge(image: Image, window: Sequence[int]) -> Image:
    """Cut a window (left, top, width, height) out and enlarge it to the image's size, linearly between pixels."""
    return _stretched(cut_out(image, window), image)


def _alone(
    passes: FilledPasses,
    windows: Int[np.ndarray, "window 4"],
    how: str,
    cut: Callable[[Image, Sequence[int]], Array],
) -> list[Array]:
    """Outputs of every window, cut and enlarged."""
    image = passes.image

    def make(some: slice) -> Images:
        return np.stack([_stretched(cut(image, window), image) for window in windows[some].tolist()])

    # parts that are enlarged have nothing in common
    shown = passes.shown(make, len(windows), lambda at: f"{_name(windows, at)} {how}", share=False)
    return [outputs for _, outputs in shown]


def cut_out(image: Image, window: Sequence[int]) -> Array:
    """The pixels of a window (left, top, width, height)."""
    left, top, width, height = window
    return image[top : top + height, left : left + width]


def _shuffled(random: np.random.Generator, image: Image, window: Sequence[int]) -> Array:
    """The same in random order."""
    part = cut_out(image, window)
    return random.permutation(part.reshape(-1, part.shape[2])).reshape(part.shape)


def _stretched(part: Array, image: Image) -> Image:
    """A part as large as the image."""
    down, across = linear(part.shape[0], image.shape[0]), linear(part.shape[1], image.shape[1])
    return np.einsum("ah,hwc,bw->abc", down, part, across, optimize=True).astype(image.dtype)


def answered(output: OutputSpec, outputs: Array) -> tuple[Int[np.ndarray, " row"], Float[np.ndarray, " row"]]:
    """Number of each row's prediction, and its probability (NaN where there is none)."""
    chances, answers = output.probabilities(outputs), output.decide(outputs).astype(np.int64)
    absent = 1 - chances[:, :1] if chances.shape[1] == 1 else np.full((len(chances), 1), np.nan)
    return answers, np.hstack([chances, absent]).astype(np.float64)[np.arange(len(answers)), answers]


def _name(windows: Int[np.ndarray, "window 4"], at: int) -> str:
    """A window for an error; behind the last one stands the fill with none."""
    which = ",".join(map(str, windows[at])) if at < len(windows) else "none"
    return f"the part {which} (left, top, width, height)"


def _notes(image: Image, count: int, outputs: Array) -> tuple[str, ...]:
    told = [f"{count} parts were tried: so many that some are predicted as something else by chance."]
    if (image == image[:1, :1]).all():
        told.append("The image has one colour, so every part alone is the same image.")
    if np.ptp(outputs, axis=0).max() <= 64 * np.finfo(outputs.dtype).eps * np.abs(outputs).max():
        told.insert(0, "Cannot be judged: the model's outputs are the same whatever part is shown.")
    return tuple(told)
