"""What parts of an image are predicted as: sentences to print and, if wanted, a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from innerview import pictures
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.samples import find_image
from innerview.fills import DEFAULT_FILLS
from innerview.methods import parts as find_parts
from innerview.reprs import short
from innerview.results import Parts
from innerview.results.io import save_result
from innerview.session.models import take_model
from innerview.session.progress import Report
from innerview.typing import ModelLike
from innerview.workbench.folders import open_folder


@short
@dataclass(frozen=True)
class Found:
    """What `parts` found: the result, the lines that say it, and the files that were written."""

    parts: Parts
    lines: tuple[str, ...]
    files: tuple[Path, ...]


def parts(
    image: str,
    *,
    model: ModelLike = "allcnn",
    fills: Sequence[str] = DEFAULT_FILLS,
    crop: str = "center",
    output: str | Path | None = None,
    progress: Report | None = None,
) -> Found:
    """Tell what windows of an image are predicted as, alone and in place.

    Args:
        image: a file, or the name of an example.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        fills: names of what stands around a window in place (see `fills.FILLS`).
        crop: "center", "whole" or "left,top,width,height" in pixels of the file.
        output: folder for the result and its figure; nothing is written if None.
        progress: told how many passes are done.

    Raises:
        UsageError: a fill that does not exist, a model whose score decides nothing.
        ImageError: the file can't be read or does not fit.
        OutputError: the folder can't be written or holds other things.
    """
    opened = take_model(model)
    item = preprocess(find_image(image), opened.input, parse_crop(crop))
    found = find_parts(
        opened,
        item.pixels,
        fills=fills,
        progress=None if progress is None else lambda done, total: progress(done, total, "passes"),
    )
    lines = (f"Parts are in pixels of {item.words}.", *found.sentences, *found.notes)
    if output is None:
        return Found(found, lines, ())
    folder = open_folder(Path(output))
    strip = pictures.save(pictures.parts_strip(found), folder / "parts.png")
    save_result(folder, {"parts": found, "words": lines})
    return Found(found, lines, (strip, folder / "result.json"))
