"""Regions of an image that somebody asks about: what they do, as lines to print and, if wanted, a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innerview import pictures
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.reading import load_image
from innerview.data.samples import find_image
from innerview.errors import ImageError, UsageError
from innerview.fills import DEFAULT_FILLS, FILLS, SPELLINGS, Fill, ImageFill, make_fill
from innerview.methods import ask as ask_about
from innerview.methods.ask import DEFAULT_PLACEBOS
from innerview.methods.placebos import Box, Mask
from innerview.methods.regions import SUPERPIXELS
from innerview.model import Model
from innerview.reprs import short
from innerview.results import RegionEffects
from innerview.results.io import save_result
from innerview.session.models import take_model
from innerview.session.progress import Report
from innerview.targets import find_class
from innerview.types import Array, Image
from innerview.typing import ModelLike
from innerview.workbench.folders import open_folder

HALF: Final = 0.5
"""Brightness from which a mask's pixel is in the region."""


@short
@dataclass(frozen=True)
class Answered:
    """What `ask` found: the result, the lines that say it, and the files that were written."""

    effects: RegionEffects
    lines: tuple[str, ...]
    files: tuple[Path, ...]


def ask(
    image: str,
    regions: Sequence[str] = (),
    masks: Sequence[str | Path] = (),
    *,
    model: ModelLike = "allcnn",
    target: str | int | None = None,
    objective: str = "",
    fills: Sequence[str] = DEFAULT_FILLS,
    n_placebos: int = DEFAULT_PLACEBOS,
    crop: str = "center",
    seed: int = 0,
    output: str | Path | None = None,
    progress: Report | None = None,
) -> Answered:
    """Tell what regions of an image do to the score, removed and alone.

    Args:
        image: a file, or the name of an example.
        regions: boxes, "left,top,width,height" in pixels of the image as the model sees it; or "superpixels"
            ("superpixels:8" for so many), each of which is asked about.
        masks: image files of the model's size, bright where the region is.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        target: class that is explained, by number or name; the predicted one if None.
        objective: see `methods.ask`.
        fills: names (see `fills.FILLS`), or files of images.
        n_placebos: other places that each region is held against, at most.
        crop: "center", "whole" or "left,top,width,height" in pixels of the file.
        seed: of the draw of places.
        output: folder for the result and its chart; nothing is written if None.
        progress: told how many passes are done.

    Raises:
        UsageError: no region, or one that is empty, outside or everything; a class or fill that does not exist.
        ImageError: a file can't be read or does not fit.
        OutputError: the folder can't be written or holds other things.
    """
    opened = take_model(model)
    item = preprocess(find_image(image), opened.input, parse_crop(crop))
    asked, names = _regions(regions, masks, opened)
    effects = ask_about(
        opened,
        item.pixels,
        asked,
        None if target is None else find_class(target, opened.output.class_names),
        objective=objective,
        fills=[_fill(one, opened, item.pixels) for one in fills],
        n_placebos=n_placebos,
        names=names,
        seed=seed,
        progress=None if progress is None else lambda done, total: progress(done, total, "passes"),
    )
    said = (
        f"Regions are in pixels of the {opened.input.width} × {opened.input.height} that the model sees: {item.words}."
    )
    lines = (said, *effects.sentences, *effects.notes)
    return Answered(effects, lines, () if output is None else _write(Path(output), effects, lines))


def _regions(
    regions: Sequence[str], masks: Sequence[str | Path], model: Model
) -> tuple[str | list[Box | Array], list[str]]:
    """What is asked about, and what it is called; superpixels name themselves."""
    if any(one.startswith(SUPERPIXELS) for one in regions):
        if len(regions) + len(masks) > 1:
            raise UsageError(
                f"the regions {', '.join(map(str, [*regions, *masks]))} were given; ask about {SUPERPIXELS} alone"
            )
        return regions[0], []
    asked: list[Box | Array] = [*map(read_box, regions), *(read_mask_file(one, model) for one in masks)]
    if not asked:
        raise UsageError("no region was given; name one with --region left,top,width,height or --mask FILE")
    return asked, [*regions, *(Path(one).name for one in masks)]


def read_box(text: str) -> Box:
    """Read "left,top,width,height" in whole pixels.

    Raises:
        UsageError: it is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(part.lstrip("-").isdecimal() for part in parts):
        raise UsageError(
            f"the region {text!r} was given; write left,top,width,height in whole pixels, such as 4,2,12,10"
        )
    left, top, width, height = map(int, parts)
    return left, top, width, height


def read_mask_file(path: str | Path, model: Model) -> Mask:
    """Read an image file as a mask: the region is where it is brighter than half.

    Raises:
        ImageError: it can't be read, or has another size than the model's image.
    """
    loaded = load_image(path)
    wanted = model.input
    if loaded.size != (wanted.width, wanted.height):
        raise ImageError(
            f"the mask {path} has {loaded.size[0]} × {loaded.size[1]} pixels (width × height); the model sees "
            f"{wanted.width} × {wanted.height}: give a mask of that size"
        )
    bright: Mask = loaded.part(0, 0, *loaded.size).mean(axis=2) > HALF
    return bright


def _fill(name: str, model: Model, image: Image) -> Fill:
    """A fill by its name, or the image in a file."""
    if SPELLINGS.get(name, name) in FILLS or not Path(name).is_file():
        return make_fill(name, image)
    other = preprocess(load_image(name), model.input)
    return ImageFill(Path(name).name, f"the image {Path(name).name}: {other.words}", other.pixels)


def _write(path: Path, effects: RegionEffects, lines: Sequence[str]) -> tuple[Path, ...]:
    folder = open_folder(path)
    chart = pictures.save(pictures.region_effects_figure(effects), folder / "regions.png")
    save_result(folder, {"effects": effects, "words": tuple(lines)})
    return chart, folder / "result.json"
