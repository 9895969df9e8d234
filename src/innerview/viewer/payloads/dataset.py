"""A surveyed data set for the viewer: its rows as columns, where they lie on a map, and small images of some."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image as Pillow

from innerview.data.image import Image
from innerview.data.resizing import resize
from innerview.errors import UsageError
from innerview.types import Array
from innerview.types import Image as Pixels
from innerview.viewer.payload import Payload, counted, make_payload, numbered, to_bytes

TILE: Final = 96
"""Pixels along the longer side of a small image."""

QUALITY: Final = 88
"""Of its JPEG file."""

NONE: Final = 2**16 - 1
"""Stands for "unknown" among numbers of classes and regions."""

WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "probability": ("Probability", "of the prediction"),
        "margin": ("Margin", "the highest output less the next one, in the outputs' unit"),
        "loss": ("Loss", "−log of the label's probability, in nats"),
        "entropy": ("Entropy", "of the probabilities, in nats"),
        "effect": ("Effect", "of the region that does most to the answer's score, in its unit"),
        "effect_error": ("Effect ±", "half the range of that over the fills"),
        "map_sum": ("Map's sum", "what all pixels of the map add up to, in the score's unit"),
        "map_size": ("Map's size", "the sum of its values' sizes, in that unit"),
        "map_error": ("Map's error", "of integrated gradients: the stated error, as a share of its size"),
    }
)
"""Titles of columns of numbers, and what they hold; in this order."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The rows of a survey, one value a row in every array.

    Attributes:
        index: number of each image in the data set.
        labels, predicted: numbers among the model's answers, −1 where unknown.
        strange: numbers from 1 among `strange_names`, the labels that are none of the answers; 0 for none.
        correct: 1 correct, 0 wrong, 2 unknown.
        numbers: float32 by name (a key of WORDS), NaN where there is none.
        region: number of the region that does most, row by row; −1 for none; None without regions.
        names: UTF-8 bytes of where each image is, and where each name ends.
        problems: by place among the rows, why an image has no answer.
        members: place among the rows, group and whether it is an example, of each image of a suspicious group.
        groups: what each of these is, in words; `group_answers`: the class that it makes the model answer.
        answers: names of the model's answers.
    """

    index: Array
    labels: Array
    predicted: Array
    correct: Array
    numbers: Mapping[str, Array]
    region: Array | None
    names: tuple[Array, Array]
    problems: Mapping[int, str]
    answers: Sequence[str]
    members: tuple[Array, Array, Array] = field(
        default_factory=lambda: (np.zeros(0), np.zeros(0), np.zeros(0))  # of no group
    )
    groups: Sequence[str] = ()
    group_answers: Sequence[str] = ()
    strange: Array | None = None
    strange_names: Sequence[str] = ()


def dataset_payload(
    columns: Columns, network: str, *, name: str, about: Sequence[str], missing: Sequence[str], images: bool,
    regions: tuple[int, int] | None, maps: Sequence[str],
) -> Payload:  # fmt: skip
    """Show the rows of a survey.

    Args:
        columns: of the rows.
        network: fingerprint of the model that was surveyed.
        name: of the survey.
        about: what it is of, in sentences.
        missing: what is not shown and how to get it, in sentences.
        images: whether small images can be had.
        regions: rows and columns of the grid of regions.
        maps: ways to place the images on a plane, the first is shown; none where they can't be placed.

    Raises:
        UsageError: the model has more answers than the view can tell apart.
    """
    if len(columns.answers) >= NONE:
        raise UsageError(
            f"the model has {len(columns.answers):,} answers; the data-set view tells {NONE - 1:,} apart"
        ).of("answers", found=len(columns.answers), limit=NONE - 1)
    content, ends = columns.names
    told = [text.encode("utf-8", "backslashreplace") for text in columns.problems.values()]
    rows, groups, examples = columns.members
    arrays = {
        "index": counted(columns.index),
        "label": _classes(columns.labels),
        "predicted": _classes(columns.predicted),
        "correct": columns.correct.astype(np.uint8),
        "names": content,
        "name_ends": counted(ends),
        "problem_rows": counted(list(columns.problems)),
        "problems": np.frombuffer(b"".join(told), np.uint8),
        "problem_ends": counted(np.cumsum([len(one) for one in told], dtype=np.int64)),
        "member_rows": counted(rows),
        "member_groups": counted(groups),
        "member_examples": examples.astype(np.uint8),
        **{f"number/{one}": numbered(columns.numbers[one]) for one in WORDS if one in columns.numbers},
    }
    if columns.region is not None:
        arrays["region"] = _classes(columns.region)
    if columns.strange is not None and len(columns.strange_names):
        arrays["strange"] = counted(columns.strange)
    return make_payload(
        "dataset",
        arrays,
        model=network,
        image="",
        name=name,
        classes=list(columns.answers),
        columns=[[one, *WORDS[one]] for one in WORDS if one in columns.numbers],
        regions=None if regions is None else list(regions),
        strange=list(columns.strange_names),
        groups=list(columns.groups),
        group_answers=list(columns.group_answers),
        about=list(about),
        missing=list(missing),
        images=images,
        maps=list(maps),
    )


def _classes(numbers: Array) -> Array:
    return np.where(numbers < 0, NONE, numbers).astype(np.uint16)


def embedding_payload(points: Array, network: str, *, method: str, titles: Sequence[str], words: str) -> Payload:
    """Show where images lie on a plane (row × 2, NaN for nowhere)."""
    arrays = {"x": numbered(points[:, 0]), "y": numbered(points[:, 1])}
    return make_payload("embedding", arrays, model=network, image="", method=method, titles=list(titles), words=words)


def tile_of(fitted: Image) -> bytes:
    """An image as the model sees it, small, as a JPEG file."""
    pixels = fitted.pixels
    height, width = pixels.shape[:2]
    factor = min(1.0, TILE / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    small = pixels if factor == 1 else resize(pixels, *size)
    content = io.BytesIO()
    _drawn(small).save(content, "JPEG", quality=QUALITY)
    return content.getvalue()


def _drawn(pixels: Pixels) -> Pillow.Image:
    levels = to_bytes(pixels)
    return Pillow.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)


def tiles_payload(index: Sequence[int], tiles: Sequence[bytes], network: str, problems: Mapping[int, str]) -> Payload:
    """Show small images: one JPEG file behind the other, empty where an image can't be read."""
    return make_payload(
        "tiles",
        {
            "index": counted(index),
            "files": np.frombuffer(b"".join(tiles), np.uint8),
            "ends": counted(np.cumsum([len(one) for one in tiles], dtype=np.int64)),
        },
        model=network,
        image="",
        problems=[[number, text] for number, text in problems.items()],
    )
