"""What a saved notebook shows of a view: the page in a frame, or a figure where frames are not let through.

The frame holds the page whole and needs no kernel. A notebook that is not trusted (JupyterLab, code forges) has its
frames and stylesheets taken out; it is their absence that lets the still figures appear. JupyterLab keeps no widgets:
where the widget of a cell can't be made again it writes an error, which the page makes needless and hides.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import escape
from PIL.Image import Image as Pillow

from innerview.fills import DEFAULT_FILLS
from innerview.methods.regions import JUDGED_REGIONS
from innerview.methods.shapley import count_passes
from innerview.pictures import words
from innerview.pictures.overlay import overlay
from innerview.pictures.pixels import show_bytes, show_image
from innerview.pictures.scale import own_limit
from innerview.targets import label
from innerview.viewer import sentences
from innerview.viewer.one_file import Packed, unpack
from innerview.viewer.payload import Payload
from innerview.viewer.rendering import render, verbatim

TILE: Final = 256

STILLS: Final = 8
"""Images of which there are stills; the page has all."""


def frame(page: str, key: str, stills: str = "", *, live: bool) -> str:
    """Put a page into a frame of its own, as HTML.

    Args:
        page: one HTML file.
        key: of the view; the living widget of the same key takes the frame's place.
        stills: HTML that is shown where frames and stylesheets are taken out.
        live: the cell's next output is the widget; where it can't be made again, JupyterLab's error is hidden.
    """
    # Escaped here: the frame holds the page to the letter, with the programs whose hashes its policy names.
    return render("frame.html", page=escape(page), key=key, stills=verbatim(stills), live=live)


def stills(payloads: Sequence[Packed], classes: Sequence[str]) -> str:
    """Show the first map of every image over its image, as HTML that needs neither frame nor script."""
    shown: list[dict[str, str]] = []
    for packed in [one for one in payloads if one.kind == "subject"][:STILLS]:
        subject = unpack(packed)
        image = subject.metadata["image"]
        first = next(one for one in payloads if one.kind == "map" and one.keys["image"] == image)
        truth = next((one for one in payloads if one.kind == "truth" and one.keys["image"] == image), None)
        shown.append(_still(subject, unpack(first), classes) | {"verdict": _verdict(truth, first)})
    return render("stills.html", shown=shown, width=TILE)


def _still(subject: Payload, found: Payload, classes: Sequence[str]) -> dict[str, str]:
    image = subject.arrays["image"].astype(np.float32) / np.float32(255)
    values = found.values("heatmap")
    limit = own_limit(values)
    (answer,), (confidence,) = subject.arrays["predicted"], subject.arrays["confidence"]
    chance = f", {words.probability(float(confidence))}" if np.isfinite(confidence) else ""
    return {
        "name": subject.metadata["name"],
        "answer": f"{label(int(answer), classes)}{chance}",
        "target": label(int(found.json("target")), classes),
        "scale": f"±{words.limit(limit)} {found.metadata['unit']}",
        "image": _address(show_image(image, TILE)),
        "map": _address(show_bytes(overlay(image, values, limit), ~np.isfinite(values), TILE)),
    }


def _verdict(truth: Packed | None, shown: Packed) -> str:
    """What the page says below the same map."""
    known: dict[str, dict[str, str]] = {} if truth is None else unpack(truth).json("verdicts")
    found = known.get(unpack(shown).metadata["method"])
    if found is not None:
        return sentences.signed(found["kind"], found["says"])
    return sentences.verdict_line(None, count_passes(JUDGED_REGIONS, len(DEFAULT_FILLS)))


def _address(drawn: Pillow) -> str:
    """An image as an address that holds it."""
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
