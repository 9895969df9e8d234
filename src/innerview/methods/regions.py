"""How an image is divided into regions: everything that a method may be given for them, read and made in one place.

A number, a grid or labels say the regions of every image of a size; superpixels are another division of each image. So
how many there will be is known without an image (`count_regions`), and what they are only with one (`divide`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Bool, Int

from innerview.errors import UsageError
from innerview.methods.partitions import Labels, bricks, partition
from innerview.methods.superpixels import check_number, superpixels
from innerview.types import Image

Regions: TypeAlias = (
    int
    | tuple[int, int]
    | str
    | Int[np.ndarray, "height width"]
    | Bool[np.ndarray, "height width"]
    | list[Bool[np.ndarray, "height width"]]
)
"""How many; rows and columns of a grid; "superpixels", or "superpixels:8" for so many; the number of each pixel's
region, from 0; or masks, a region each, the rest of the image being the last one."""

JUDGED_GRID: Final = (3, 3)
"""Rows and columns of the regions that maps are held against, where nobody says others: they have names that people
know (top left, centre), and all their combinations are 512."""

JUDGED_REGIONS: Final = JUDGED_GRID[0] * JUDGED_GRID[1]

SUPERPIXELS: Final = "superpixels"
WRITTEN: Final = re.compile(rf"{SUPERPIXELS}(:([0-9]{{1,6}}))?")


@dataclass(frozen=True, eq=False)
class Divided:
    """One image's regions.

    Attributes:
        labels: number of each pixel's region, from 0.
        words: how they were made.
        notes: what should be known of them, in sentences.
    """

    labels: Labels
    words: str
    notes: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many."""
        return int(self.labels.max()) + 1


def divide(image: Image, asked: Regions, usual: int) -> Divided:
    """Divide an image.

    Args:
        image: one image (pixels, height × width × channel).
        asked: into what.
        usual: how many superpixels, where no number is said.

    Raises:
        UsageError: more regions than pixels, or none; words that are no division. MissingExtra: scikit-image is not
            installed.
        ImageError: labels that do not fit.
    """
    height, width = image.shape[:2]
    wanted = parse_regions(asked) if isinstance(asked, str) else asked
    if not isinstance(wanted, str):
        labels = partition(height, width, wanted)
        return Divided(labels, _words(wanted, int(labels.max()) + 1))
    number = read_superpixels(wanted) or usual
    found = superpixels(image, number)
    if found is not None:
        return Divided(*found)
    note = f"The image has one colour, by which it can't be divided: the regions are {number} cells of a grid."
    return Divided(bricks(height, width, number), _words(number, number), (note,))


def count_regions(height: int, width: int, asked: Regions, usual: int) -> int:
    """How many regions there will be in an image of this size; refuses what can be told to be wrong without one.

    Raises:
        UsageError, MissingExtra, ImageError: as `divide`.
    """
    wanted = parse_regions(asked) if isinstance(asked, str) else asked
    if not isinstance(wanted, str):
        return int(partition(height, width, wanted).max()) + 1
    number = read_superpixels(wanted) or usual
    check_number(height, width, number)
    return number


def named_number(asked: int | tuple[int, int] | str, usual: int) -> int:
    """How many regions somebody asks for, whatever the size of the image.

    Raises:
        UsageError: as `parse_regions`.
    """
    wanted = parse_regions(asked) if isinstance(asked, str) else asked
    if isinstance(wanted, tuple):
        return wanted[0] * wanted[1]
    return wanted if isinstance(wanted, int) else read_superpixels(wanted) or usual


def read_superpixels(text: str) -> int:
    """Read "superpixels" (0) or "superpixels:8".

    Raises:
        UsageError: it is neither, or asks for none.
    """
    found = WRITTEN.fullmatch(text)
    if found is None or (found[2] is not None and not int(found[2])):
        raise UsageError(
            f"regions {text[:40]!r} were asked for; give a number, rows and columns such as 3x3, or superpixels "
            "(superpixels:8 for so many)"
        ).of("regions", asked=text)
    return int(found[2] or 0)


def parse_regions(text: str) -> int | tuple[int, int] | str:
    """Read "9", "3x3", "superpixels" or "superpixels:8" as they are typed.

    Raises:
        UsageError: it is none of them.
    """
    sides = [side.strip() for side in text.lower().replace("×", "x").split("x", 1)]
    if all(side.isdecimal() and len(side) < 7 for side in sides):
        rows, *columns = map(int, sides)
        return (rows, columns[0]) if columns else rows
    word = text.strip().lower()
    read_superpixels(word)
    return word


def _words(asked: Regions, number: int) -> str:
    if isinstance(asked, tuple):
        return f"a grid of {asked[0]} × {asked[1]}"
    return f"{number} cells of about one area" if isinstance(asked, int) else f"{number} regions as given"
