"""Compare every method on a model and a data set, and write down which may be believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from innerview import pictures
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.folders import Entry, open_folders
from innerview.errors import DataError, ImageError, ModelError, UsageError
from innerview.fills import DATA, DEFAULT_FILLS, fill_name, make_fill
from innerview.methods.passes import forward_logits
from innerview.methods.regions import JUDGED_GRID
from innerview.methods.shapley import count_passes
from innerview.reprs import short
from innerview.results.comparison import Comparison
from innerview.results.io import save_result
from innerview.session.images import draw_others
from innerview.session.models import take_model
from innerview.session.progress import Report, SubProgress, silent
from innerview.types import Image
from innerview.typing import ModelLike
from innerview.workbench.compare.entrants import BASELINES, enter
from innerview.workbench.compare.judging import Plan, judge, judge_more, lacking, passes_of, point
from innerview.workbench.compare.keeping import keep
from innerview.workbench.compare.rows import Row, Rows
from innerview.workbench.compare.summing import compared
from innerview.workbench.compare.tables import write_tables
from innerview.workbench.folders import open_folder

FEWEST: Final = 6
"""Images: of five, no difference is ever significant at 5 % (all signs equal: p = 2/32)."""

LIMIT: Final = 100
REFERENCES: Final = 16
"""Images of the data set for methods that compare with a set."""

MOSAICS: Final = 20
SURE: Final = 0.5
"""Probability from which on an image is taken into a mosaic."""

Named: TypeAlias = tuple[str, Callable[[], Image]]
"""An image by its name, read when its turn comes."""


@short
@dataclass(frozen=True)
class Compared:
    """What a comparison left behind.

    Attributes:
        comparison: the result.
        files: that were written, what is kept for the model last.
    """

    comparison: Comparison
    files: tuple[Path, ...]

    @property
    def advice(self) -> str:
        """What follows, in a sentence."""
        return self.comparison.advice


def compare(
    model: ModelLike = "allcnn",
    data: str | Path = "",
    *,
    methods: Sequence[str] = (),
    captum: bool = False,
    baselines: Sequence[str] = BASELINES,
    fills: Sequence[str] = DEFAULT_FILLS,
    regions: int | tuple[int, int] | str = JUDGED_GRID,
    limit: int = LIMIT,
    checked: int = 4,
    mosaics: int = MOSAICS,
    max_evaluations: int | None = None,
    seed: int = 0,
    crop: str = "center",
    output: str | Path = "innerview-comparison",
    named: str = "",
    progress: Report | None = None,
) -> Compared:
    """Compare every method on a model: which map agrees with what taking parts away really does?

    What was measured of an image is written at once; begun again with the same question, the rest is measured, and
    begun with more methods, those.

    Args:
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        data: folder of class folders; labels are not looked at.
        methods: as on a command line, "occlusion:window=8,stride=4"; every method that gives a map if none.
        captum: let Captum's methods that explain the input take part as well (a PyTorch model; extra `captum`).
        baselines: by name; a method that takes one enters with each.
        fills: by name, what stands where a region is taken away; "data" is an image of the data set, drawn by `seed`.
        regions: rows and columns of a grid, or a number (2 to 12), or "superpixels" ("superpixels:8" for so many) of
            each image; 9 regions take 512 passes under each fill.
        limit: images at most, drawn by `seed`.
        checked: every so many images the order of the pixels (deletion), stability and shuffled weights are measured
            too; 0 for never.
        mosaics: of four images, for pointing, where the model takes images of twice the size; 0 for none.
        max_evaluations: passes for everything, at most, about; fewer images are taken where they don't suffice.
        seed: of all that is random.
        crop: "center", "whole" or "left,top,width,height".
        output: folder; new, empty, or made by innerview.
        named: how the model was named, where that is a file: what is found is kept beside it.
        progress: told how many images are done; raising in it stops the work, and what was measured stays.

    Raises:
        UsageError: an unknown method, baseline or fill; regions, a budget or a limit that are too small; the folder
            holds rows of another comparison.
        MissingExtra: Captum is wanted and not installed.
        DataError: the data set is not as described, or smaller than a comparison needs.
        ModelError: the model cannot be judged, and why.
        OutputError: the folder can't be written or holds other things.
    """
    opened = take_model(model)
    entered = enter(opened, methods, baselines, captum=captum)
    folders = open_folders(data)
    entries = folders.shuffled(None, seed)
    chosen = parse_crop(crop)

    def prepared(entry: Entry) -> Named:
        return entry.name, lambda: preprocess(entry.read(), opened.input, chosen).pixels

    needed = any(one.of_data for one in entered.entrants)
    named_fills = tuple(one if one == DATA else fill_name(one) for one in fills)
    plan = Plan(
        opened, entered.entrants, named_fills, regions, seed, checked,
        _read(map(prepared, reversed(entries)), REFERENCES) if needed else (),
        draw_others(folders, opened.input, seed) if DATA in fills or entered.fills_by_data else (),
    )  # fmt: skip
    check(plan)
    count, notes = affordable(plan, min(limit, len(entries)), max_evaluations)
    if count < FEWEST:
        asked = f"{len(entries)} images are in {folders.root}" if limit >= FEWEST else f"{limit} images were asked for"
        raise (DataError if limit >= FEWEST else UsageError)(
            f"{asked}; a comparison needs at least {FEWEST}, since of fewer no difference can be told from chance"
        ).of("images", found=min(limit, len(entries)), limit=FEWEST)
    folder = open_folder(Path(output))
    rows = measure(plan, [prepared(entry) for entry in entries[:count]], folder / "rows.jsonl", mosaics, progress)
    found = compared(plan.subject, rows, (*entered.left_out, *notes))
    if isinstance(regions, str):
        told = f"Regions are {plan.n_regions} superpixels of each image, which follow its colours."
        found = replace(found, notes=(told, *found.notes))
    files = [*write_tables(found, folder), pictures.save(pictures.comparison_figure(found), folder / "comparison.png")]
    save_result(folder, {"comparison": found})
    return Compared(found, (*files, folder / "result.json", *keep(found, opened, named)))


def _read(images: Iterator[Named], count: int) -> tuple[Image, ...]:
    """The first so many that can be read."""
    found = list[Image]()
    for _, read in images:
        try:
            found.append(read())
        except ImageError:
            continue
        if len(found) == count:
            break
    return tuple(found)


def check(plan: Plan) -> None:
    """Raise UsageError for fills or regions that have no meaning, before anything is measured."""
    grey = np.full(plan.model.input.shape, 0.5, plan.model.dtype)
    for one in plan.fills:
        plan.fill(one, grey)
    if len(set(plan.fills)) < len(plan.fills):
        raise UsageError(f"the fills {', '.join(plan.fills)} were asked for; name each one once").of(
            "fills", asked=tuple(plan.fills)
        )
    count_passes(plan.n_regions, len(plan.fills))


def affordable(plan: Plan, count: int, most: int | None) -> tuple[int, list[str]]:
    """How many images the passes suffice for, and what to say where those are fewer than were asked for.

    Raises:
        UsageError: they don't suffice for FEWEST.
    """
    each = passes_of(plan)
    if most is None or most >= count * each:
        return count, []
    if most < FEWEST * each:
        raise UsageError(
            f"{most:,} passes were allowed; an image takes about {each:,}, and a comparison needs {FEWEST} images: "
            f"raise max_evaluations to {FEWEST * each:,}, or ask for fewer regions, fills or methods"
        ).of("max_evaluations", asked=most, limit=FEWEST * each)
    return most // each, [f"{most // each} of {count} images were taken: {most:,} passes do not suffice for more."]


def measure(
    plan: Plan, images: Sequence[Named], file: Path, mosaics: int = 0, progress: Report | None = None
) -> list[Row]:
    """Measure what the file does not hold yet, and give all rows: of the images in their order, then of the mosaics.

    Raises:
        UsageError: the file holds rows of another question.
        ModelError: the model cannot be judged.
    """
    rows = Rows(file, plan.about)
    known = {row["image"]: row for row in rows.found if "image" in row}
    if not known:
        require_answers(plan, images[:FEWEST])
    report, total = progress or silent, len(images)
    for number, (name, read) in enumerate(images):
        part = SubProgress(report, total, number, number + 1, name, "parts")
        if name not in known:
            part.begin()
            try:
                row = judge(plan, number, name, read(), part.progress)
            except ImageError as problem:
                row = {"image": name, "problem": str(problem)}
            rows.add(row)
            known[name] = row
        elif lacking(plan, number, known[name]):
            part.begin()
            rows.extend(known[name], judge_more(plan, number, known[name], read(), part.progress))
    chosen = [known[name] for name, _ in images]
    done = {row["mosaic"]: row for row in rows.found if "mosaic" in row}
    for number, tiles in enumerate(_tiles(plan, chosen, dict(images), mosaics)):
        name = f"mosaic {number}"
        if name not in done:
            done[name] = point(plan, number, tiles())
            rows.add(done[name])
        report(total, total, name)
    return [*chosen, *(done[f"mosaic {number}"] for number in range(mosaics) if f"mosaic {number}" in done)]


def require_answers(plan: Plan, images: Sequence[Named]) -> None:
    """Raise ModelError for a model that answers the same to the first images and to their fills."""
    shown = list(_read(iter(images), FEWEST))
    made = [
        make_fill(plan.fill(fill, image), image).paint(image, np.zeros((1, *image.shape[:2]), bool))[0]
        for image in shown
        for fill in plan.fills
    ]
    outputs = [forward_logits(plan.model, one[None].astype(plan.model.dtype))[0] for one in chain(shown, made)]
    if outputs and float(np.ptp(outputs, axis=0).max()) <= 1e-6 * max(float(np.abs(outputs).max()), 1e-30):
        raise ModelError(
            f"the model cannot be judged: it answers the same to {len(shown)} images and to what is put in their "
            f"place ({', '.join(plan.fills)}). It does not look at the images; check its weights, and the range of its "
            "input"
        ).of("outputs", found="the same")


def _tiles(
    plan: Plan, rows: Sequence[Row], images: dict[str, Callable[[], Image]], count: int
) -> Iterator[Callable[[], list[tuple[str, int, Image]]]]:
    """Groups of four images of different classes of which the model is sure, drawn by the seed."""
    sure = [row for row in rows if row.get("class") is not None and not row.get("sure", 0) < SURE]
    if count == 0 or len({row["class"] for row in sure}) < 4 or plan.doubled is None:
        return
    random = plan.random("mosaics", str(len(rows)))
    by_class: dict[int, list[Row]] = {}
    for row in sure:
        by_class.setdefault(row["class"], []).append(row)
    for _ in range(count):
        classes = random.choice(sorted(by_class), 4, replace=False).tolist()
        group = [by_class[one][int(random.integers(len(by_class[one])))] for one in classes]
        yield lambda group=group: [(row["image"], row["class"], images[row["image"]]()) for row in group]
