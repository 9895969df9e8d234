"""The image as the network sees it, where it was cut out, and what the network says of it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from innerview.data.image import Box, Image
from innerview.data.resizing import resize_strips
from innerview.data.samples import example_outside
from innerview.results import Prediction
from innerview.types import Array
from innerview.types import Image as Pixels
from innerview.viewer.payload import Payload, make_payload, numbered, to_bytes
from innerview.viewer.payloads.stamp import Stamp, answered, levels_hash

THUMBNAIL: Final = 96
"""Pixels along the longer side of the original's copy."""

SHARP: Final = 512
"""Pixels along the longer side of the crop as it was found, at most."""

QUALITY: Final = 85
"""Of its JPEG file."""

FOUND: Final = frozenset({"sample", "data"})
"""Where a sample photo may come from; an upload of that name is another image."""

ICON: Final = 40
"""The same in a list of images, with ICON_COLOURS colours: under 3 kB."""

ICON_COLOURS: Final = 48


@dataclass(frozen=True, eq=False)
class Photo:
    """An image, fitted to one network, without its original.

    Attributes:
        image_hash: its name by its pixels (`hash_image` of the whole original).
        name: for people.
        image: what the network sees, in [0, 1].
        thumbnail: the whole original, small.
        sharp: what the network sees as it was found, as a JPEG file; empty where that is no finer.
        box: what part of the original the network sees: left, top, width, height.
        original: height and width of the original.
        words: what was done to fit it.
        label: number of its class, if known.
        source: "sample", "upload" or "data".
    """

    image_hash: str
    name: str
    image: Pixels
    thumbnail: UInt8[np.ndarray, "rows columns 3"]
    sharp: bytes
    box: Box
    original: tuple[int, int]
    words: str
    label: int | None
    source: str

    @staticmethod
    def of(fitted: Image, source: str) -> Photo:
        """Take what is needed of an image that was read and fitted."""
        width, height = fitted.original.size
        return Photo(
            levels_hash(fitted.original.levels()),
            fitted.name,
            fitted.pixels,
            to_bytes(_small(fitted.original, THUMBNAIL)),
            _sharp(fitted),
            fitted.box,
            (height, width),
            " · ".join(fitted.notes),
            fitted.class_number,
            source,
        )

    @property
    def icon(self) -> str:
        """A data URL of an image for lists."""
        thumbnail = Image(self.name, self.thumbnail.astype(np.float32) / np.float32(255))
        tiny = Pillow.fromarray(to_bytes(_small(thumbnail, ICON)))
        buffer = io.BytesIO()
        tiny.quantize(ICON_COLOURS).save(buffer, "PNG", optimize=True)
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _sharp(fitted: Image) -> bytes:
    left, top, width, height = fitted.box
    if width <= fitted.pixels.shape[1] or height <= fitted.pixels.shape[0]:
        return b""
    factor = min(1.0, SHARP / max(width, height))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    cut = resize_strips(
        lambda first, last: fitted.original.part(left, top + first, width, last - first), (height, width), *size
    )
    buffer = io.BytesIO()
    Pillow.fromarray(to_bytes(cut)).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _small(image: Image, most: int) -> Array:
    """Shrink to at most so many pixels a side; never enlarge."""
    width, height = image.size
    factor = min(1.0, most / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    return resize_strips(lambda top, bottom: image.part(0, top, width, bottom - top), (height, width), *size)


def subject_payload(photo: Photo, prediction: Prediction, network: str) -> Payload:
    """Show an image and its prediction."""
    left, top, width, height = photo.box
    arrays = {
        "image": to_bytes(photo.image),
        "thumbnail": photo.thumbnail,
        "logits": numbered(prediction.logits),
        "probabilities": numbered(prediction.probabilities),
        **answered([prediction]),
    }
    if photo.sharp:
        arrays["photo"] = np.frombuffer(photo.sharp, np.uint8)
    return make_payload(
        "subject",
        arrays,
        **Stamp(network, photo.image_hash).texts,
        name=photo.name,
        label=photo.label,
        crop=[top, left, height, width],
        original=list(photo.original),
        caption=photo.words,
        source=photo.source,
        outside=example_outside(photo.name, prediction.class_names) if photo.source in FOUND else "",
    )
