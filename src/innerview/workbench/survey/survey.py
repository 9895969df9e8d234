"""Survey a data set: one row an image, in Parquet, resumable, in parts on as many machines as there are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.data.baselines import DEFAULT_BASELINE, parse_baseline
from innerview.data.fitting import Crop, parse_crop, preprocess
from innerview.data.records import Record, Records, Source, open_records
from innerview.data.streams import Stream, open_stream
from innerview.errors import UsageError
from innerview.fills import DEFAULT_FILLS, make_fill
from innerview.layers import Layer, find_layer
from innerview.methods.activation_distances import penultimate
from innerview.methods.passes import batches
from innerview.methods.regions import JUDGED_GRID
from innerview.methods.registry import read_method
from innerview.methods.removed_and_alone import count_both
from innerview.model import Model
from innerview.reprs import short
from innerview.results import versions
from innerview.session.models import take_model
from innerview.session.progress import Report, SubProgress, silent
from innerview.types import Image
from innerview.typing import ModelLike
from innerview.workbench.compare.entrants import choose_objectives
from innerview.workbench.survey.columns import Measured, Row, measure, strange_labels
from innerview.workbench.survey.shards import Shards, arrow, open_shards
from innerview.workbench.survey.streaming import go_through

SHARD: Final = 256
"""Images in a file: at most so many are worked out again after a kill."""

FOLDER: Final = "innerview-survey"

LEAST: Final = 1.0
"""Seconds that are measured before it is said how long all will take."""


@short
@dataclass(frozen=True)
class Surveyed:
    """What a survey left behind.

    Attributes:
        folder: with the rows; `pandas.read_parquet(folder)` reads all of them.
        images: in the survey; `rows`: that are there; `failed`: of them with a problem in place of an answer.
        labelled: images whose label the model knows; `correct`: how many of them are predicted as labelled.
        notes: what should be known, in sentences.
    """

    folder: Path
    images: int
    rows: int
    failed: int
    correct: int
    labelled: int
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        """What came out, in a sentence."""
        told = f"{self.rows:,} of {self.images:,} images are in {self.folder}"
        if self.labelled:
            told += f"; {self.correct:,} of {self.labelled:,} are predicted as labelled"
        return f"{told}; {self.failed:,} could not be asked about (column problem)." if self.failed else f"{told}."


def survey(
    model: ModelLike = "allcnn",
    data: Source = "",
    *,
    regions: tuple[int, int] | None = JUDGED_GRID,
    fills: Sequence[str] = DEFAULT_FILLS,
    layers: Sequence[str | int] = (),
    maps: str = "",
    baseline: str = DEFAULT_BASELINE,
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    part: str = "test",
    crop: str = "center",
    shard: tuple[int, int] = (1, 1),
    images_per_shard: int = SHARD,
    resume: bool = False,
    output: str | Path = FOLDER,
    progress: Report | None = None,
) -> Surveyed:
    """Ask a model about every image of a data set and keep a row of each (`workbench.survey.columns` lists them).

    Args:
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        data: folder of class folders; CIFAR-10's own files; a .csv or .parquet list with a column `image`, and `label`
            if known; a sequence of images, or of images with labels (PyTorch's and Hugging Face's data sets); or an
            iterator of such, which is gone through once: `resume` passes over as many as there are rows of.
        regions: rows and columns of the grid whose regions' effects are measured; None for none.
        fills: by name, what stands where a region is taken away.
        layers: numbers or names of layers, of whose channels the largest values are kept, with their positions.
        maps: a method whose map of every image is kept too, as on a command line: "occlusion:window=8"; of the answer's
            log-odds, in safetensors beside the rows, `_maps-00000.safetensors`.
        baseline: by name, where that method takes one.
        limit: the first so many images.
        sample: so many images, drawn by `seed`.
        seed: of the sample.
        part: of a folder that is divided into parts: "test" (or "val"), "train".
        crop: "center", "whole" or "left,top,width,height".
        shard: (i, n): of n parts of the survey work out the i-th, from 1; each may run on a machine of its own. All
            write into folders of the same question, whose files can be put together.
        images_per_shard: images in one file; a kill loses no more.
        resume: go on with the survey that the folder holds.
        output: folder; new or empty, or with `resume` one that holds the same survey.
        progress: told how many images are done, and at the beginning how long it will take; raising in it stops the
            work, and whole files stay.

    Raises:
        UsageError: something asked for does not exist or has no meaning; the folder holds another survey.
        MissingExtra: pyarrow is not installed.
        DataError: the data set is not as described, or no label is a class of the model.
        ModelError: the model broke its promises in general; what fails of one image is in its row.
        OutputError: the folder can't be written or holds other things.
    """
    stream = open_stream(data)
    if stream is not None:
        _check_stream(stream, sample, shard)
    _check(shard)
    planned = plan(
        model,
        data if stream is None else stream,
        regions=regions,
        fills=fills,
        layers=layers,
        maps=maps,
        baseline=baseline,
        limit=limit,
        sample=sample,
        seed=seed,
        part=part,
        crop=crop,
        images_per_shard=images_per_shard,
    )
    shards = open_shards(Path(output), planned.about, planned.asked.columns, resume=resume)
    if stream is not None:
        return summed(*go_through(planned.asked, stream, shards, limit, planned.fit, progress or silent))
    place, of = shard
    own, notes = range(place - 1, shards.number, of), planned.notes
    if not own:
        files = "1 file" if shards.number == 1 else f"{shards.number} files"
        notes += (f"Part {place} of {of} has nothing to do: the survey has {files} in all.",)
    _work(planned, shards, own, progress or silent)
    return summed(shards, notes)


@dataclass(frozen=True, eq=False)
class Plan:
    """A survey before its first image: what is asked, of which images.

    Attributes:
        asked: of the model.
        items: the images; none of a stream.
        crop: what the model sees of an image.
        about: the question, as the manifest holds it.
        notes: what should be known, in sentences.
    """

    asked: Measured
    items: Sequence[Record]
    crop: Crop
    about: Mapping[str, Any]
    notes: tuple[str, ...]

    def fit(self, record: Record) -> Image:
        """An image as the model sees it."""
        return preprocess(record.read(), self.asked.model.input, self.crop).pixels

    def rows(self, shards: Shards, number: int) -> Iterator[list[Row]]:
        """The rows of a shard, batch by batch."""
        places = shards.images(number)
        for batch in batches(len(places), shards.batch):
            yield measure(self.asked, [self.items[place] for place in places[batch]], self.fit)


def plan(
    model: ModelLike,
    data: Source | Stream,
    *,
    regions: tuple[int, int] | None = JUDGED_GRID,
    fills: Sequence[str] = DEFAULT_FILLS,
    layers: Sequence[str | int] = (),
    maps: str = "",
    baseline: str = DEFAULT_BASELINE,
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    part: str = "test",
    crop: str = "center",
    images_per_shard: int = SHARD,
) -> Plan:
    """Open model and data, and check all that is asked of them; arguments and errors are those of `survey`."""
    arrow()
    parse_baseline(baseline)
    _check_counts(limit, sample, images_per_shard)
    opened, chosen = take_model(model), parse_crop(crop)
    mapped = read_method(maps).settled(opened) if maps else None
    asked = replace(_asked(opened, regions, tuple(fills), layers), map=mapped, baseline=baseline)
    stream = isinstance(data, Stream)
    records = Records([], data.source, "") if isinstance(data, Stream) else open_records(data, part)
    items = _drawn(records, limit, sample, seed)
    about = {
        "images": None if stream else len(items),
        "images_per_shard": images_per_shard,
        "model": opened.fingerprint,
        "precision": opened.dtype.name,
        "batch_size": opened.batch_size,
        "classes": list(opened.output.class_names),
        "data": {
            "source": records.source,
            "fingerprint": records.fingerprint or None,
            "images": None if stream else len(records.items),
        },
        "part": part,
        "drawn": {"limit": limit, "sample": sample, "seed": seed if sample is not None else None},
        "crop": crop,
        "regions": None if regions is None else list(regions),
        "fills": list(fills),
        "features": asked.features.name if asked.features else None,
        "layers": [one.name for one in asked.layers],
        "maps": [maps, baseline] if maps else None,
        "innerview": versions()["innerview"],
    }
    return Plan(asked, items, chosen, about, (*records.notes, *_strange(opened, items)))


def _check_counts(limit: int | None, sample: int | None, images_per_shard: int) -> None:
    if limit is not None and sample is not None:
        raise UsageError(f"limit={limit} and sample={sample} were given; give the first images or drawn ones").of(
            "limit", asked=(limit, sample)
        )
    for name, value in (("limit", limit), ("sample", sample), ("images_per_shard", images_per_shard)):
        if value is not None and value < 1:
            raise UsageError(f"{name}={value} was given; it is at least 1").of(name, asked=value, limit=1)


def _check(shard: tuple[int, int]) -> None:
    place, of = shard
    if not 1 <= place <= of:
        raise UsageError(f"part {place} of {of} was asked for; of n parts they go from 1 to n").of(
            "part", asked=(place, of)
        )


def _check_stream(stream: Stream, sample: int | None, shard: tuple[int, int]) -> None:
    """Refuse what takes a length."""
    for name, value in (("sample", sample), ("shard", None if shard == (1, 1) else shard)):
        if value is not None:
            raise UsageError(
                f"{name}={value} was asked of {stream.source}, which has no length; give limit=…, or a sequence"
            ).of(name, asked=value, found=stream.source)


def _asked(
    model: Model, regions: tuple[int, int] | None, fills: tuple[str, ...], layers: Sequence[str | int]
) -> Measured:
    """Everything that is asked of the model, checked before the first image."""
    grey = np.full(model.input.shape, 0.5, model.dtype)
    if regions is not None:
        height, width = model.input.height, model.input.width
        if not (1 <= regions[0] <= height and 1 <= regions[1] <= width):
            raise UsageError(
                f"a grid of {regions[0]} × {regions[1]} regions was asked for; an image has {height} × {width} pixels"
            ).of("regions", asked=regions, found=(height, width))
        count_both(regions[0] * regions[1], len(fills))
        for one in fills:
            make_fill(one, grey)
    found = tuple(dict.fromkeys(find_layer(model.layers, one).name for one in layers))
    by_name = {one.name: one for one in model.layers}
    kept = tuple(by_name[one] for one in found)
    return Measured(model, choose_objectives(model.output).score, regions, fills, _features(model), kept)


def _features(model: Model) -> Layer | None:
    """The layer before the last; None where the model's layers are not known."""
    try:
        return penultimate(model)
    except UsageError:
        return None


def _drawn(records: Records, limit: int | None, sample: int | None, seed: int) -> list[Record]:
    """The images that are surveyed, in the data set's order."""
    items = records.items
    if sample is not None and sample < len(items):
        chosen = np.random.default_rng(seed).permutation(len(items))[:sample]
        return [items[position] for position in sorted(chosen.tolist())]
    return list(items[:limit])


def _strange(model: Model, items: Sequence[Record]) -> tuple[str, ...]:
    """What to say of labels that are no classes of the model; where none is one, nothing can be compared."""
    return strange_labels(model, [one.label for one in items])


def _work(planned: Plan, shards: Shards, own: Sequence[int], report: Report) -> None:
    """Work out the shards that are not there."""
    waiting = [number for number in own if not shards.file(number).exists()]
    total = sum(len(shards.images(number)) for number in waiting)
    done, forecast = 0, ""
    began = time.perf_counter()
    for number in waiting:
        rows: list[Row] = []
        places, found = shards.images(number), planned.rows(shards, number)
        for batch in batches(len(places), shards.batch):
            name = planned.items[places[batch][0]].name
            part = SubProgress(report, total, done, done + len(places[batch]), f"{name}{forecast}")
            part.begin()
            rows += next(found)
            done += len(places[batch])
            passed = time.perf_counter() - began
            if not forecast and passed >= LEAST:
                size = shards.bytes_of(rows) / len(rows) * total
                forecast = f" (in all about {_duration(passed / done * total)}, {size / 1e6:.3g} MB)"
        shards.write(number, rows)
    report(total, total, "")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def summed(shards: Shards, notes: tuple[str, ...]) -> Surveyed:
    """What a survey left behind, by its files."""
    table = shards.read(("image", "correct", "problem"))
    correct: list[bool] = [one for one in table["correct"].to_pylist() if one is not None]
    if table.num_rows and not table["problem"].null_count:
        first = table["image"][0].as_py() or "the first"
        notes += (f"Not one image could be asked about; of {first}: {table['problem'][0].as_py()}.",)
    return Surveyed(
        folder=shards.folder,
        images=shards.count,
        rows=table.num_rows,
        failed=table.num_rows - table["problem"].null_count,
        correct=sum(correct),
        labelled=len(correct),
        notes=notes,
    )
