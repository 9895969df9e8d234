"""What the model predicts when it sees only a part of the pixels, as a strip."""

from __future__ import annotations

from typing import Final

from PIL import Image as Pillow

from innerview.pictures import canvas, tokens, words
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.captions import Subject, said_lines
from innerview.pictures.pixels import show_image
from innerview.pictures.taking import taking_tensors
from innerview.results import MaskingCurve
from innerview.targets import label

TILE: Final = 160

ORDERS: Final = {
    "highest": "with the highest values",
    "lowest": "with the lowest values",
    "strongest": "with the largest |values|",
}


@taking_tensors
def masking_strip(result: MaskingCurve, *, subject: Subject | None = None, columns: int = 4) -> Pillow.Image:
    """Draw what the model saw at each fraction of pixels, and what it predicted.

    Args:
        result: of one image.
        subject: its name and truth, as far as they are known.
        columns: fractions in a row; 2 suits a phone.
    """
    who = subject or Subject()
    tiles: list[Tile] = []
    for index, image in enumerate(result.images):
        kept = f"{words.count(int(result.kept[index]))} px"
        above = (Line(words.share(float(result.fractions[index])), kept, bold=True),)
        said = said_lines(
            result.prediction(index),
            who.label,
            result.target,
            tokens.SMALL_SIZE,
            narrow=True,
        )
        tiles.append(Tile(canvas.framed(show_image(image, TILE)), above, said))
    body = canvas.grid(tiles, columns)
    asked = result.provenance.target or (
        f"class {label(result.target, result.class_names)}" if result.target is not None else ""
    )
    about = f"Shown are the pixels {ORDERS.get(result.order, result.order)}; the rest is the fill."
    holes = "A masked image is unlike anything the model was trained on."
    parts: list[Line | Pillow.Image] = [
        note(text) for text in (asked, who.named_truth(result.class_names), f"{about} {holes}") if text
    ]
    return canvas.page("Prediction from only these pixels", [*parts, body])
