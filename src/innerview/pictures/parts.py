"""What parts of an image are predicted as, as a strip: the image with its windows, then each part."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from innerview.pictures import canvas, tokens, words
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.pixels import show_image
from innerview.pictures.taking import taking_tensors
from innerview.results import Parts
from innerview.spec import answer_name
from innerview.targets import label

TILE: Final = 192


@taking_tensors
def parts_strip(result: Parts, *, columns: int = 4) -> Pillow.Image:
    """Draw the image with the windows that the sentences are about, and each of them cut out.

    Args:
        result: of one image.
        columns: tiles in a row; 2 suits a phone.
    """
    shown = [
        ("Something else", result.surest_other, True),
        ("Smallest alone", result.smallest_alone, True),
        ("Smallest in place", result.smallest_in_place, False),
    ]
    found = [(title, number, alone) for title, number, alone in shown if number is not None]
    tiles = [_whole(result, [number for _, number, _ in found])]
    for title, number, alone in found:
        left, top, width, height = result.windows[number].tolist()
        part = result.image[top : top + height, left : left + width]
        answer = int(result.alone_answers[number]) if alone else result.answer
        chance = float(result.alone_confidences[number] if alone else result.placed_confidences[:, number].min())
        said = Line(
            _name(result, answer), words.probability(chance) + ("" if alone else " at least"), size=tokens.SMALL_SIZE
        )
        above = Line(title, f"{width} × {height}", size=tokens.SMALL_SIZE, bold=True)
        tiles.append(Tile(_fitted(part), (above,), (said,)))
    body = canvas.grid(tiles, columns)
    told = [note(text) for text in (*result.sentences, *result.notes)]
    return canvas.page("What do its parts say?", [*told, body])


def _whole(result: Parts, numbers: list[int]) -> Tile:
    """The image with the outlines of windows."""
    image = show_image(np.clip(result.image, 0, 1), TILE)
    draw, scale = ImageDraw.Draw(image), image.width / result.image.shape[1]
    for number in numbers:
        left, top, width, height = (round(scale * one) for one in result.windows[number].tolist())
        for inset, colour in ((0, tokens.INK), (1, tokens.PAGE)):  # seen on light and on dark images
            draw.rectangle(
                (left + inset, top + inset, left + width - 1 - inset, top + height - 1 - inset), outline=colour
            )
    said = Line(_name(result, result.answer), words.probability(result.confidence), size=tokens.SMALL_SIZE)
    return Tile(canvas.framed(image), (Line("The image", size=tokens.SMALL_SIZE, bold=True),), (said,))


def _fitted(part: np.ndarray) -> Pillow.Image:
    """A part on a square of the tile's size."""
    image = show_image(np.clip(part, 0, 1), TILE)
    scale = TILE / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Pillow.Resampling.NEAREST)
    square = canvas.blank(TILE, TILE, tokens.PANEL)
    square.paste(image, ((TILE - image.width) // 2, (TILE - image.height) // 2))
    return canvas.framed(square)


def _name(result: Parts, answer: int) -> str:
    names = result.class_names
    return label(answer, names) if answer < len(names) else answer_name(answer, names)
