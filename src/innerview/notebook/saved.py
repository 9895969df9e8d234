"""What a saved notebook shows of a view: the page in a frame, or a picture where frames are not let through.

The frame holds the page whole and needs no kernel. A notebook that is not trusted (JupyterLab, code forges) has its
frames and stylesheets taken out; it is their absence that lets the still pictures appear. JupyterLab keeps no widgets:
where the widget of a cell can't be made again it writes an error, which the page makes needless and hides.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from PIL.Image import Image as Pillow

from innerview.pictures import words
from innerview.pictures.overlay import overlay
from innerview.pictures.pixels import show_bytes, show_image
from innerview.pictures.scale import own_limit
from innerview.results import Prediction
from innerview.targets import label
from innerview.viewer.one_file import Packed, unpack
from innerview.viewer.payload import Payload

HEIGHT: Final = 760
"""Of the frame, in pixels."""

TILE: Final = 256

STILLS: Final = 8
"""Pictures of which there are stills; the page has all."""

UNSHOWN: Final = (
    "The whole viewer is saved in this notebook, but whatever shows the notebook now lets no frames through. "
    "Trust the notebook, or run the cell again."
)


def frame(page: str, key: str, stills: str = "") -> str:
    """Put a page into a frame of its own, as HTML.

    Args:
        page: one HTML file.
        key: of the view; the living widget of the same key takes the frame's place.
        stills: HTML that is shown where frames and stylesheets are taken out.
    """
    mine = f'[data-innerview-saved="{key}"]'
    style = (
        f"{mine} > .still {{ display: none }}"
        # The next output of the cell is the widget, or JupyterLab's error in its place.
        f".jp-OutputArea-child:has({mine}) + .jp-OutputArea-child:not(:has(.innerview)) {{ display: none }}"
    )
    return (
        f'<div data-innerview-saved="{key}"><style>{style}</style><div class="still">{stills}</div>'
        f'<iframe title="innerview" srcdoc="{escape(page)}" sandbox="allow-scripts allow-downloads" loading="lazy" '
        f'style="width:100%;height:{HEIGHT}px;border:1px solid #d8dce3;border-radius:4px"></iframe></div>'
    )


def stills(payloads: Sequence[Packed], classes: Sequence[str]) -> str:
    """Show the first map of every picture over its picture, as HTML that needs neither frame nor script."""
    shown: list[str] = []
    for packed in [one for one in payloads if one.kind == "subject"][:STILLS]:
        subject = unpack(packed)
        picture = subject.metadata["picture"]
        first = next(one for one in payloads if one.kind == "map" and one.keys["picture"] == picture)
        shown.append(_still(subject, unpack(first), classes))
    return f"{''.join(shown)}<p>{UNSHOWN}</p>"


def _still(subject: Payload, found: Payload, classes: Sequence[str]) -> str:
    image = subject.arrays["picture"].astype(np.float32) / np.float32(255)
    values = found.values("map")
    limit = own_limit(values)
    name, unit = subject.metadata["name"], found.metadata["unit"]
    logits, chances = subject.arrays["logits"], subject.arrays["probabilities"]
    said = Prediction(logits, chances, tuple(classes))
    chance = f", {words.probability(said.confidence)}" if np.isfinite(said.confidence) else ""
    target = label(int(found.json("target")), classes)
    scale = f"±{words.limit(limit)} {unit}"
    colours = show_bytes(overlay(image, values, limit), ~np.isfinite(values), TILE)
    return (
        f"<p>{escape(name)}: the network says {escape(said.label)}{chance}. Right: integrated gradients for "
        f"{escape(target)}, blue for and red against it, scale {escape(scale)}.</p>"
        f"<p>{_picture(show_image(image, TILE), f'Picture: {name}')} "
        f"{_picture(colours, f'Integrated gradients for {target}')}</p>"
    )


def _picture(drawn: Pillow, alt: str) -> str:
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG", optimize=True)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img src="data:image/png;base64,{text}" alt="{escape(alt)}" width="{TILE}">'
