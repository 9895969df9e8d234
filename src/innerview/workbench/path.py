"""What a model says on the way from the baseline, over many images of a data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from innerview import pictures
from innerview.data.baselines import make_baseline, parse_baseline
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.folders import Entry, open_folders
from innerview.errors import ImageError, UsageError
from innerview.files.atomic import write
from innerview.methods import path_predictions
from innerview.model import Model
from innerview.reprs import short
from innerview.results import PathPredictions
from innerview.results.io import save_result
from innerview.session.models import take_model
from innerview.session.progress import Report
from innerview.types import Image
from innerview.typing import ModelLike
from innerview.viewer import sentences
from innerview.workbench.csv_table import csv_table
from innerview.workbench.folders import open_folder

ALPHAS: Final = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.03,
    0.04,
    0.06,
    0.1,
    0.15,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1.0,
)
"""Dense near 0, where the answers change, and with the 2018 tutorial's ten in it."""


@short
@dataclass(frozen=True)
class Walked:
    """What `path` left behind: the statistics, what is seen in them, images that were left out, and the files."""

    statistics: PathPredictions
    words: str
    problems: tuple[str, ...]
    files: tuple[Path, ...]


def path(
    data: str | Path,
    *,
    count: int = 200,
    model: ModelLike = "allcnn",
    alphas: Sequence[float] = ALPHAS,
    baseline: str = "black",
    seed: int = 0,
    crop: str = "center",
    output: str | Path = "innerview-saturation",
    progress: Report | None = None,
) -> Walked:
    """Count, at each alpha, what `count` images of a data set are called.

    Args:
        data: folder of class folders; their names must be classes of the model.
        count: images, drawn without repetition.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        alphas: in [0, 1].
        baseline: one that does not depend on the image: black, white, grey, noise or a file.
        seed: of the draw.
        crop: "center", "whole" or "left,top,width,height".
        output: folder; new, empty, or made by innerview.
        progress: told how many images are done, an image in parts; raising in it stops the work.

    Raises:
        DataError: the data set is not as described, or no image of it can be read.
        UsageError: an alpha outside [0, 1], a baseline or crop that does not exist.
        OutputError: the folder can't be written or holds other things.
    """
    opened = take_model(model)
    if count < 1:
        raise UsageError(f"{count} images were asked for; the statistics need at least one").of(
            "images", asked=count, limit=1
        )
    kind = parse_baseline(baseline).kind
    if kind in {"blurred", "mean"}:
        raise UsageError(
            f"a {kind} baseline is another one for every image; choose black, white, grey, noise or a file"
        ).of("baseline", asked=kind)
    folders = open_folders(data)
    truths = dict(zip(folders.class_names, folders.matching(opened.output.answers), strict=True))
    entries = folders.shuffled(count, seed)
    folder = open_folder(Path(output))
    problems: list[str] = []
    pairs = _readable(entries, opened, crop, truths, problems)
    first = next(pairs, None)
    if first is None:
        raise ImageError(f"none of {len(entries)} images can be read; the first: {problems[0]}").of(
            "images", found=0, asked=len(entries)
        )
    start = make_baseline(baseline, opened.input, first[0])
    found = path_predictions(
        opened,
        chain([first], pairs),
        baseline=start.image,
        alphas=alphas,
        progress=None if progress is None else lambda done: progress(done, len(entries), "images"),
    )
    chart = pictures.save(pictures.statistics_figure(found), folder / "path.png")
    save_result(folder, {"statistics": found, "baseline": start.words, "seed": seed, "left out": problems})
    write(folder / "path.csv", table(found))
    return Walked(
        found, sentences.statistics(found), tuple(problems), (chart, folder / "path.csv", folder / "result.json")
    )


def table(found: PathPredictions) -> bytes:
    """Write accuracy and shares as CSV, one line for each alpha."""
    head = ["alpha", "accuracy", *(f"called {index} {name}" for index, name in enumerate(found.class_names))]
    lines = [
        [f"{alpha:g}", f"{accuracy:.6g}", *(f"{one:.6g}" for one in shares)]
        for alpha, accuracy, shares in zip(found.alphas, found.accuracy, found.fractions, strict=True)
    ]
    return csv_table(head, lines)


def _readable(
    entries: Sequence[Entry], model: Model, crop: str, truths: dict[str, int], problems: list[str]
) -> Iterator[tuple[Image, int]]:
    """Read images one at a time; what can't be read is taken down and left out."""
    for entry in entries:
        try:
            image = preprocess(entry.read(), model.input, parse_crop(crop)).pixels
        except ImageError as problem:
            problems.append(str(problem))
            continue
        yield image, truths[entry.label]
