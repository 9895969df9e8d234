"""The bundled photos, taken apart: the figures of docs/tutorials/photos.md, and every sentence that it quotes.

Truth by all combinations of nine regions under three fills, the verdict on the usual map, and what parts alone are
predicted as; figure and sentences come of the same results. `python scripts/taken_apart.py` draws the figures anew and
prints the sentences; tests/docs/test_photos.py holds the page to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

import innerview
from innerview import pictures
from innerview.methods.registry import USUAL
from innerview.methods.verdict import judge
from innerview.pictures import canvas, tokens, words
from innerview.pictures.canvas import Line, Tile
from innerview.pictures.overlay import overlay
from innerview.pictures.pixels import enlarge, show_image, to_bytes
from innerview.results import Parts, RegionTruth, Verdict
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.parts import PARTS
from innerview.session.compute.truth import TRUTH
from innerview.session.opening import session_about
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.types import Array
from innerview.viewer import sentences

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SIDE = 256
"""Pixels of a tile: eight for each of the model's."""


@dataclass(frozen=True)
class Taken:
    """One photo, taken apart."""

    name: str
    heatmap: Array
    truth: RegionTruth
    verdict: Verdict
    parts: Parts

    @property
    def window(self) -> list[int]:
        """The part that alone is something else most surely: left, top, width, height."""
        return self.parts.windows[self._other].tolist()

    @property
    def sentences(self) -> list[str]:
        """Everything that may be quoted."""
        return [
            *sentences.regions(self.truth).splitlines(),
            sentences.signed(self.verdict.kind, sentences.verdict(self.verdict)),
            *self.parts.sentences,
        ]

    @property
    def figure(self) -> Pillow.Image:
        """What the model sees, what each region adds, the usual map, and the part that says something else."""
        values, parts, limit = self.truth.values, self.parts, float(abs(self.heatmap).max())
        answer, chance = int(parts.alone_answers[self._other]), parts.alone_confidences[self._other]
        low, high = (f"{one(self.verdict.correlations):+.2f}".replace("-", words.MINUS) for one in (np.min, np.max))
        adds = pictures.regions_on_image(
            values.image, values.labels, values.values.mean(axis=0), values.unsure_regions, size=SIDE
        )
        heat = enlarge(overlay(values.image, self.heatmap, limit, style="tint"), SIDE // max(self.heatmap.shape))
        tiles = [
            tile(framed(values.image, self.window), "What the model sees", f"predicted: {self._name(parts.answer)}",
                 words.probability(parts.confidence)),
            tile(adds, "What each region adds", "exact, mean of three fills"),
            tile(heat, "The usual map", "agreement", f"{low} to {high}"),
            tile(cut_out(values.image, self.window), "The framed part alone", f"predicted: {self._name(answer)}",
                 words.probability(float(chance))),
        ]  # fmt: skip
        return canvas.page(self.name.capitalize(), [canvas.grid(tiles, 2)])

    @property
    def _other(self) -> int:
        number = self.parts.surest_other
        if number is None:
            raise ValueError(f"every part of the {self.name} is predicted as the whole is; the page tells of another")
        return number

    def _name(self, answer: int) -> str:
        return self.parts.class_names[answer]


def tile(image: Pillow.Image, above: str, below: str, right: str = "") -> Tile:
    """An image with a heading, and a line below."""
    return Tile(canvas.framed(image), (Line(above, bold=True),), (Line(below, right),))


def framed(image: Array, window: list[int]) -> Pillow.Image:
    """The image with a frame that is seen on light and on dark."""
    shown = show_image(image, SIDE)
    left, top, width, height = (shown.width // image.shape[1] * one for one in window)
    for inset, colour in enumerate((tokens.INK, tokens.PAGE, tokens.INK)):
        box = (left + inset, top + inset, left + width - 1 - inset, top + height - 1 - inset)
        ImageDraw.Draw(shown).rectangle(box, outline=colour)
    return shown


def cut_out(image: Array, window: list[int]) -> Pillow.Image:
    """A part of the image on a square of the same size."""
    left, top, width, height = window
    square = canvas.blank(SIDE, SIDE, tokens.PANEL)
    large = enlarge(to_bytes(image[top : top + height, left : left + width]), SIDE // max(width, height))
    square.paste(large, ((SIDE - large.width) // 2, (SIDE - large.height) // 2))
    return square


def take_apart(name: str) -> Taken:
    """Take one of the examples apart, by the built-in model."""
    session, _, query = session_about(name, Query(), "allcnn")
    truth = session.result(TRUTH, query, NullListener())
    usual = session.result(ATTRIBUTION, Query(model=query.model, image=query.image, method=USUAL), NullListener())
    parts = session.result(PARTS, query, NullListener())
    return Taken(name, usual.heatmap, truth, judge(usual.heatmap, truth.values), parts)


def main() -> None:
    """Draw all figures, and print what may be quoted."""
    for name in innerview.example_names():
        taken = take_apart(name)
        print(f"## {name}", *taken.sentences, taken.window, sep="\n")
        pictures.save(taken.figure, IMAGES / f"apart-{name}.png")


if __name__ == "__main__":
    main()
