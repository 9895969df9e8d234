"""Passes over images with parts filled: every method that takes regions away shows its images to the model here.

Images are made as they are needed, of masks that may be made then too: memory depends on the batch size, never on how
many masks there are. Answers are in the order of the masks. One that is NaN or infinite is an error that names the
image it came of and the layer where it began, and passes are counted and told in one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from innerview.errors import ModelError, UsageError
from innerview.fills import DEFAULT_FILLS, Fill, Kept, make_fill
from innerview.methods.passes import (
    Progress,
    batches,
    begins_in,
    check_image,
    forward_logits,
    forward_similar,
    similar_at_once,
)
from innerview.model import Model, unit_of
from innerview.types import Array, Image, Images, Logits

ROUNDING: Final = 64
"""Units of the last place within which scores are taken for the same."""


def require_fills(count: int) -> None:
    """Raise UsageError where no fill is asked for."""
    if not count:
        raise UsageError(f"no fill was given; name at least one, such as {', '.join(DEFAULT_FILLS)}").of(
            "fills", found=0, known=DEFAULT_FILLS
        )


def make_fills(model: Model, image: Image, asked: Sequence[str | Image | Fill]) -> tuple[Fill, ...]:
    """Make fills for an image, and see before the first pass that what they put there fits the model.

    Raises:
        UsageError: there is none, or an unknown one. `ImageError`: one is of another size, or not finite.
    """
    require_fills(len(asked))
    made = tuple(make_fill(one, image) for one in asked)
    for fill in made:
        check_image(model, nothing_kept(fill, image), f"fill {fill.name}")
    return made


def rounding_of(model: Model, scores: Array) -> float:
    """Up to this much scores differ by the model's rounding alone."""
    return ROUNDING * unit_of(model) * max(float(np.abs(scores).max()), 1e-30)


def nothing_kept(fill: Fill, image: Image) -> Image:
    """The fill where nothing of the image is kept."""
    return fill.paint(image, np.zeros((1, *image.shape[:2]), bool))[0]


class FilledPasses:
    """One image of which parts are filled, and how many passes that took so far.

    Args:
        model: any model.
        image: that fits it.
        total: passes in all, as they are told.
        progress: called with passes done and in all, after each batch.
    """

    def __init__(self, model: Model, image: Image, total: int, progress: Progress | None = None) -> None:
        self.model, self.image, self.total, self.done = model, image, total, 0
        self._progress = progress

    def whole(self) -> Logits:
        """Outputs for the image itself, as a batch of one; counted, and told with the next ones."""
        self.done += 1
        return forward_logits(self.model, self.image[None])

    def filled(
        self, fill: Fill, masks: Callable[[slice], Kept], count: int, name: Callable[[int], str], *, share: bool = True
    ) -> Iterator[tuple[slice, Logits]]:
        """Show the image with what each of `count` masks does not keep filled.

        Args:
            fill: of `make_fills`.
            masks: makes some of them, true where a pixel is kept.
            count: how many there are.
            name: of an image by its number, for the error: "region 3 alone".
            share: let a model that can work out once what several images have in common, which changes the last digit.

        Raises:
            ModelError: an output is NaN or infinite.
        """

        def make(some: slice) -> Images:
            return fill.paint(self.image, masks(some)).astype(self.image.dtype, copy=False)

        def under(number: int) -> str:
            return f"{name(number)} (fill {fill.name})"

        yield from self.shown(make, count, under, ", or leave this fill out", share=share)

    def shown(
        self, make: Callable[[slice], Images], count: int, name: Callable[[int], str], advice: str = "", *, share: bool
    ) -> Iterator[tuple[slice, Logits]]:
        """Show `count` images that `make` makes some at a time; `advice` ends the error of one that has no answer."""
        for some in batches(count, similar_at_once(self.model) if share else self.model.batch_size):
            images = make(some)
            for part, outputs in self._answers(images, share=share):
                bad = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
                if len(bad):
                    first = part.start + int(bad[0])
                    layer = begins_in(self.model, images[first : first + 1])
                    raise ModelError(
                        f"the model's output is NaN or infinite for {name(some.start + first)}"
                        f"{f'; it begins in layer {layer}' if layer else ''}; check the weights and the range of the "
                        f"input{advice}"
                    ).of("outputs", found="not finite", layer=layer)
                self.done += len(outputs)
                if self._progress is not None:
                    self._progress(self.done, self.total)
                yield slice(some.start + part.start, some.start + part.stop), outputs

    def _answers(self, images: Images, *, share: bool) -> Iterator[tuple[slice, Logits]]:
        if share:
            yield from forward_similar(self.model, images)
        else:
            yield slice(0, len(images)), self.model.forward(images).outputs
