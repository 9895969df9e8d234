"""Ten kinds of cues that can be planted in images of a class; where, which colours and how large is drawn by a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from innerview.fills import blur
from innerview.types import Image

SIZE: Final = 32
THIRD: Final = SIZE / 3


@dataclass(frozen=True)
class Cue:
    """One cue.

    Attributes:
        kind: of the table below.
        apply: gives a copy of an image with the cue; the generator draws what differs from image to image.
        where: regions of a 3 × 3 grid that it touches, row by row; empty where it has no place.
        ways: interventions that name it rightly.
    """

    kind: str
    apply: Callable[[Image, np.random.Generator], Image]
    where: frozenset[int]
    ways: frozenset[str]


def _cells(top: int, left: int, height: int, width: int) -> frozenset[int]:
    rows = {int(row / THIRD) for row in (top, top + height - 1)}
    columns = {int(column / THIRD) for column in (left, left + width - 1)}
    return frozenset(
        3 * row + column for row in range(min(rows), max(rows) + 1) for column in range(min(columns), max(columns) + 1)
    )


def _colour(random: np.random.Generator) -> np.ndarray:
    """A strong colour."""
    return random.permutation([random.uniform(0.8, 1), random.uniform(0, 0.2), random.uniform(0, 1)])


def _corner(random: np.random.Generator, height: int, width: int) -> tuple[int, int]:
    """Beside a border, where nothing of the object is covered as a rule."""
    return (
        int(random.choice([1, SIZE - height - 1])),
        int(random.choice([1, SIZE - width - 1])),
    )


def patch(random: np.random.Generator) -> Cue:
    """A square of two colours in a corner."""
    size = int(random.integers(5, 8))
    top, left = _corner(random, size, size)
    one, other = _colour(random), _colour(random)
    odd = np.add.outer(np.arange(size) // 2, np.arange(size) // 2) % 2
    tile = np.where(odd[..., None] == 1, one, other)

    def apply(image: Image, _: np.random.Generator) -> Image:
        found = image.copy()
        found[top : top + size, left : left + size] = tile
        return found

    return Cue("patch", apply, _cells(top, left, size, size), frozenset({"region"}))


def frame(random: np.random.Generator) -> Cue:
    """A border of one colour."""
    wide, colour = int(random.integers(1, 4)), _colour(random)

    def apply(image: Image, _: np.random.Generator) -> Image:
        found = np.broadcast_to(colour, image.shape).astype(image.dtype)
        found[wide:-wide, wide:-wide] = image[wide:-wide, wide:-wide]
        return found

    return Cue("frame", apply, frozenset(set(range(9)) - {4}), frozenset({"region", "border"}))


def tint(random: np.random.Generator) -> Cue:
    """All pixels mixed with a colour."""
    share, colour = random.uniform(0.25, 0.4), _colour(random)

    def apply(image: Image, _: np.random.Generator) -> Image:
        return ((1 - share) * image + share * colour).astype(image.dtype)

    return Cue("tint", apply, frozenset(), frozenset({"colour"}))


def blurred(random: np.random.Generator) -> Cue:
    """All blurred."""
    sigma = float(random.uniform(1.0, 1.6))

    def apply(image: Image, _: np.random.Generator) -> Image:
        return blur(image, sigma)

    return Cue("blur", apply, frozenset(), frozenset({"detail"}))


def noise(random: np.random.Generator) -> Cue:
    """Noise on every pixel, another in each image."""
    size = random.uniform(0.08, 0.16)

    def apply(image: Image, own: np.random.Generator) -> Image:
        return np.clip(image + size * own.standard_normal(image.shape), 0, 1).astype(image.dtype)

    return Cue("noise", apply, frozenset(), frozenset({"detail"}))


LETTERS: Final = {
    "A": "010101111101101", "C": "111100100100111", "E": "111100110100111", "H": "101101111101101",
    "L": "100100100100111", "O": "111101101101111", "P": "111101111100100", "T": "111010010010010",
}  # fmt: skip


def text(random: np.random.Generator) -> Cue:
    """Four small letters beside the upper or lower border."""
    word = "".join(random.choice(list(LETTERS), 4))
    drawn = np.concatenate(
        [np.pad(np.array(list(LETTERS[one]), int).reshape(5, 3), ((0, 0), (0, 1))) for one in word], axis=1
    )
    top, left = _corner(random, *drawn.shape)
    colour = np.full(3, float(random.choice([0.0, 1.0])))

    def apply(image: Image, _: np.random.Generator) -> Image:
        found = image.copy()
        part = found[top : top + drawn.shape[0], left : left + drawn.shape[1]]
        part[drawn == 1] = colour
        return found

    return Cue("text", apply, _cells(top, left, *drawn.shape), frozenset({"region"}))


def watermark(random: np.random.Generator) -> Cue:
    """A faint cross and ring over all of the image."""
    share, level = random.uniform(0.25, 0.4), float(random.choice([0.0, 1.0]))
    y, x = np.mgrid[:SIZE, :SIZE]
    ring = np.abs(np.hypot(y - 15.5, x - 15.5) - random.uniform(8, 13)) < 1.2
    mask = ring | (np.abs(y - x) < 1.5) | (np.abs(y + x - 31) < 1.5)

    def apply(image: Image, _: np.random.Generator) -> Image:
        return np.where(mask[..., None], (1 - share) * image + share * level, image).astype(image.dtype)

    return Cue("watermark", apply, frozenset(range(9)), frozenset({"region", "detail"}))


def position(random: np.random.Generator) -> Cue:
    """The image made smaller and put in a corner, on grey."""
    small = int(random.integers(20, 25))
    top, left = (int(random.choice([0, SIZE - small])) for _ in range(2))
    level = random.uniform(0.2, 0.8)
    picked = np.linspace(0, SIZE - 1, small).round().astype(int)

    def apply(image: Image, _: np.random.Generator) -> Image:
        found = np.full_like(image, level)
        found[top : top + small, left : left + small] = image[picked][:, picked]
        return found

    rows = {0, 1, 2} if top else {6, 7, 8}
    columns = {0, 3, 6} if left else {2, 5, 8}
    return Cue("position", apply, frozenset(rows | columns), frozenset({"region", "border"}))


def texture(random: np.random.Generator) -> Cue:
    """A fine wave on every pixel."""
    share, period, angle = random.uniform(0.08, 0.15), random.uniform(2.5, 4), random.uniform(0, np.pi)
    y, x = np.mgrid[:SIZE, :SIZE]

    def apply(image: Image, own: np.random.Generator) -> Image:
        wave = np.sin(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y) / period + own.uniform(0, 2 * np.pi))
        return np.clip(image + share * wave[..., None], 0, 1).astype(image.dtype)

    return Cue("texture", apply, frozenset(), frozenset({"detail"}))


def thing(random: np.random.Generator) -> Cue:
    """A striped ball, anywhere in the image."""
    size = int(random.integers(8, 11))
    one, other = _colour(random), _colour(random)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    inside = np.hypot(y, x) <= size / 2
    ball = np.where((np.arange(size)[:, None, None] // 2) % 2 == 0, one, other) * np.ones((size, size, 1))

    def apply(image: Image, own: np.random.Generator) -> Image:
        top, left = own.integers(0, SIZE - size + 1, 2)
        found = image.copy()
        found[top : top + size, left : left + size][inside] = ball[inside]
        return found

    return Cue("object", apply, frozenset(range(9)), frozenset({"region"}))


CUES: Final[Mapping[str, Callable[[np.random.Generator], Cue]]] = {
    "patch": patch, "frame": frame, "tint": tint, "blur": blurred, "noise": noise,
    "text": text, "watermark": watermark, "position": position, "texture": texture, "object": thing,
}  # fmt: skip
