"""From what a user names — files, sample photos, picks from a data set — to images that fit the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from innerview.allcnn import NAMES, load_pretrained, renamed
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.folders import ClassFolders, Entry, open_folders
from innerview.data.image import Image
from innerview.data.reading import load_image
from innerview.data.samples import find_image
from innerview.data.sources import Source
from innerview.errors import ImageError, UnknownClass, UsageError
from innerview.files.regular import is_file
from innerview.fills import DATA, FILLS, SPELLINGS, Fill, ImageFill, make_fill, other_image
from innerview.methods.placebos import Mask
from innerview.methods.registry import read_method
from innerview.model import DifferentiableModel, InputSpec, Model
from innerview.session.query import Query
from innerview.targets import find_class
from innerview.types import Image as Pixels

FIRST_SAMPLE: Final = "cat"
UNPICKED: Final = 4
"""How many images of a data set are taken when none is picked: enough for one sheet."""

CANDIDATES: Final = 2
"""Images drawn for the fill "data": where one is the image itself, the other is taken."""

HALF: Final = 0.5
"""Brightness from which a mask's pixel is in the region."""


def open_built_in(name: str) -> DifferentiableModel:
    """Open a model by name.

    Raises:
        UsageError: there is none of this name; lists those that there are.
    """
    if name not in NAMES:
        raise UsageError(f"there is no model {name!r}{renamed(name)}; the built-in models are {', '.join(NAMES)}").of(
            "model", asked=name, known=NAMES
        )
    return load_pretrained(name)


def gather(model: Model, images: Sequence[Source] | Source = (), query: Query | None = None) -> list[Image]:
    """Read everything that was named, in order; with nothing named, the first example.

    Args:
        model: says which size is needed and which classes there are.
        images: paths of files, names of examples, or what else `load_image` takes; several, or one.
        query: its `data` is a folder of class folders to select from, whose names must be classes of the model;
            `select`: which (without any, a few in an order that never changes; but none where images are named and
            the data set is there to fill with); `crop`: of all.

    Raises:
        ImageError: an image can't be read, or the crop lies outside it.
        DataError: the data set is not as described.
    """
    asked = query or Query()
    chosen = parse_crop(asked.crop)
    several = cast("Sequence[Source]", images if isinstance(images, list | tuple) else [images])
    found = [find_image(one) for one in several]
    entries: Sequence[Entry] = ()
    if asked.data is not None:
        folders = open_folders(asked.data)
        if asked.select or not (found and _fills_by_data(asked)):
            folders.matching(model.output.answers)
            entries = [folders.pick(one) for one in asked.select] if asked.select else folders.shuffled(UNPICKED)
    elif not found:
        found = [find_image(FIRST_SAMPLE)]
    found += [replace(entry.read(), name=entry.name) for entry in entries]
    known = [replace(one, class_number=class_number(one, model)) for one in found]
    return [preprocess(one, model.input, chosen) for one in known]


def _fills_by_data(query: Query) -> bool:
    return DATA in query.fills or any(read_method(one).fills_by_data for one in query.methods)


def class_number(image: Image, model: Model) -> int | None:
    """The number of an image's known class, if this model has a class of that name."""
    try:
        return None if image.label is None else find_class(image.label, model.output.answers)
    except UnknownClass:
        return None


def draw_others(folders: ClassFolders, spec: InputSpec, seed: int) -> tuple[tuple[str, Pixels], ...]:
    """The images of a data set that the fill "data" is one of, each with its words: drawn by the seed, and fitted.

    They are the last in the order of which whoever takes some images for themselves takes the first.
    """
    found = list[tuple[str, Pixels]]()
    for entry in reversed(folders.shuffled(None, seed)):
        with suppress(ImageError):
            fitted = preprocess(entry.read(), spec)
            found.append((f"{entry.name} ({fitted.words}; drawn with seed {seed})", fitted.pixels))
        if len(found) == CANDIDATES:
            break
    return tuple(found)


def named_fill(name: str, spec: InputSpec, image: Pixels, drawn: Callable[[], Sequence[tuple[str, Pixels]]]) -> Fill:
    """A fill by its name, or the image in a file.

    Args:
        name: one of `fills.FILLS`, "data", or a file.
        spec: of the model, which a file's image is fitted to.
        image: whose parts are taken away (pixels in [0, 1], height × width × channel).
        drawn: gives images of the data set.

    Raises:
        UsageError: there is neither a fill nor a file of this name; the data set is wanted, and there is none or no
            other image in it. `ImageError`: the file can't be read.
    """
    if name == DATA:
        return other_image(drawn(), image)
    if SPELLINGS.get(name, name) in FILLS or not is_file(Path(name)):
        return make_fill(name, image)
    other = preprocess(load_image(name), spec)
    return ImageFill(Path(name).name, f"the image {Path(name).name}: {other.words}", other.pixels)


def read_mask_file(path: str | Path, spec: InputSpec) -> Mask:
    """Read an image file as a mask: the region is where it is brighter than half.

    Raises:
        ImageError: it can't be read, or has another size than the model's image.
    """
    loaded = load_image(path)
    if loaded.size != (spec.width, spec.height):
        raise ImageError(
            f"the mask {path} has {loaded.size[0]} × {loaded.size[1]} pixels (width × height); the model sees "
            f"{spec.width} × {spec.height}: give a mask of that size"
        ).of("mask", path=path, found=(loaded.size[1], loaded.size[0]), asked=(spec.height, spec.width))
    bright: Mask = loaded.part(0, 0, *loaded.size).mean(axis=2) > HALF
    return bright
