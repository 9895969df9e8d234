"""A survey as the viewer shows it: all rows, their map, and small images by the window that is on screen.

Rows are read when it is opened, so that whatever is wrong with them is said before anything is served; features and
images only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from innerview.data.fitting import parse_crop, preprocess
from innerview.data.image import Image
from innerview.data.records import Records, Source
from innerview.errors import ImageError, UsageError
from innerview.model import Model
from innerview.session.answers import OpenedModel
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.viewer.payload import Payload
from innerview.viewer.payloads.dataset import Columns, dataset_payload, embedding_payload, tile_of, tiles_payload
from innerview.workbench.survey.embedding import embed, has_umap
from innerview.workbench.survey.matching import open_surveyed, require_model
from innerview.workbench.survey.rows import Groups, Rows, read_rows, suspects_of

WITHOUT_DATA: Final = "Images are not shown: give the data set that was surveyed, `--data DATA`."


@dataclass(frozen=True, eq=False)
class ShownSurvey:
    """Answers about a survey (`session.SurveyedData`).

    Attributes:
        rows: of it.
        name: of the model.
        model: that was surveyed.
        groups: that share a suspicious reason.
        records: the data set; None where it was not given.
    """

    rows: Rows
    name: str
    model: Model
    groups: Groups
    records: Records | None

    def facts(self) -> dict[str, Any]:
        """What a page is told first."""
        return {
            "name": self.rows.folder.name,
            "rows": len(self.rows.index),
            "model": self.model.fingerprint,
            "images": self.records is not None,
        }

    def answer(self, query: Query, listener: Listener) -> Payload:
        """The rows ("dataset"), their map ("embedding") or small images ("tiles").

        Raises:
            UsageError: there are no features, or an image is not in the data set.
            DataError: a file can't be read any more.
        """
        return KINDS[query.kind](self, query, listener)

    def image(self, index: int) -> Image:
        """An image of the data set as it was found.

        Raises:
            UsageError: there is no data set, or no such image in it.
            ImageError: it can't be read (any more).
        """
        if self.records is None:
            raise UsageError(f"image {index} of the survey was asked for without its data set; give it by --data").of(
                "data", asked=index, found=None
            )
        if not 0 <= index < len(self.records.items):
            raise UsageError(
                f"image {index} was asked for; the data set's are numbered 0 to {len(self.records.items) - 1}"
            ).of("image", asked=index, limit=len(self.records.items) - 1)
        return self.records.items[index].read()

    def fit(self, image: Image, model: Model) -> Image:
        """An image as a model sees it, cropped as it was surveyed."""
        return preprocess(image, model.input, parse_crop(self.rows.crop))

    def seen(self, index: int) -> Image:
        """An image of the data set as the model sees it; raises as `image`."""
        return self.fit(self.image(index), self.model)

    def tiles(self, numbers: Sequence[int], heard: Callable[[int, int], None]) -> tuple[list[bytes], dict[int, str]]:
        """Small images as JPEG files, empty where one can't be read; and why not."""
        tiles, problems = list[bytes](), dict[int, str]()
        for done, number in enumerate(numbers):
            try:
                tiles.append(tile_of(self.seen(number)))
            except ImageError as problem:
                tiles.append(b"")
                problems[number] = str(problem)
            heard(done + 1, len(numbers))
        return tiles, problems

    @property
    def about(self) -> tuple[str, ...]:
        """What the rows are of, in sentences."""
        rows = self.rows
        count, whole = len(rows.index), rows.about["images"]  # None of a stream that has not ended
        if whole is None:
            told = [f"{count:,} images so far"]
        else:
            told = [f"{count:,} images" if count >= int(whole) else f"{count:,} of {int(whole):,} images so far"]
        told[0] += f", asked of {self.name}"
        known = rows.correct[rows.correct < 2]
        if len(known):
            told.append(f"{int(known.sum()):,} of {len(known):,} predicted as labelled")
        if rows.problems:
            told.append(f"{len(rows.problems):,} could not be asked about")
        return (f"{'; '.join(told)}.", *self.groups.notes)

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not shown, and how to get it."""
        rows, told = self.rows, list[str]()
        if self.records is None:
            told.append(WITHOUT_DATA)
        if rows.region is None:
            told.append("Effects of regions were not surveyed: survey without `--regions none`.")
        if not rows.has_features:
            told.append("There is no map: the model's layers were not known, so no features were kept.")
        if not (rows.labels >= 0).any():
            told.append("No label is known, so nothing is right or wrong and there is no confusion matrix.")
        if not self.groups.words and not self.groups.notes:
            told.append(f"Suspicious groups: `innerview suspects {rows.folder.name} --data DATA` looks for them.")
        return tuple(told)


def _rows(shown: ShownSurvey, query: Query, listener: Listener) -> Payload:  # noqa: ARG001 a row of KINDS
    return rows_payload(shown, ("pca", "umap") if has_umap() else ("pca",))


def rows_payload(shown: ShownSurvey, maps: Sequence[str]) -> Payload:
    """The rows for the viewer, which may ask for these maps where there are features."""
    rows, groups = shown.rows, shown.groups
    regions: Any = rows.about.get("regions")
    columns = Columns(
        index=rows.index,
        labels=rows.labels,
        strange=rows.strange,
        strange_names=rows.strange_names,
        predicted=rows.predicted,
        correct=rows.correct,
        numbers=rows.numbers,
        region=rows.region,
        names=(rows.names.content, rows.names.ends),
        problems=rows.problems,
        answers=shown.model.output.answers,
        members=(groups.rows, groups.numbers, groups.examples),
        groups=groups.words,
        group_answers=groups.answers,
    )
    return dataset_payload(
        columns,
        shown.model.fingerprint,
        name=rows.folder.name,
        about=shown.about,
        missing=shown.missing,
        images=shown.records is not None,
        regions=None if rows.region is None else (int(regions[0]), int(regions[1])),
        maps=maps if rows.has_features else (),
    )


def _map(shown: ShownSurvey, query: Query, listener: Listener) -> Payload:
    found = embed(shown.rows, query.embedding or "pca", lambda done, total, _: listener.progress(int(done), int(total)))
    return embedding_payload(
        found.points, shown.model.fingerprint, method=found.method, titles=found.titles, words=found.words
    )


def _tiles(shown: ShownSurvey, query: Query, listener: Listener) -> Payload:
    numbers = [int(one) for one in query.rows]
    tiles, problems = shown.tiles(numbers, listener.progress)
    return tiles_payload(numbers, tiles, shown.model.fingerprint, problems)


Answering: TypeAlias = Callable[[ShownSurvey, Query, Listener], Payload]

KINDS: Final[Mapping[str, Answering]] = {"dataset": _rows, "embedding": _map, "tiles": _tiles}
"""By the kind that is asked for."""


def open_survey(folder: str | Path, models: Mapping[str, OpenedModel], data: Source | None = None) -> ShownSurvey:
    """Open a survey to be shown.

    Args:
        folder: that `innerview.survey` wrote.
        models: at hand, by their fingerprints; one of them was surveyed.
        data: the data set that was surveyed; None shows the rows without images.

    Raises:
        UsageError: the model or the data set is another.
        DataError: the rows or the data set can't be read.
        MissingExtra: pyarrow is not installed.
    """
    rows = read_rows(folder)
    opened = models[require_model(rows.folder, rows.about, models)]
    surveyed = opened.model
    count = len(surveyed.output.answers)
    highest = int(np.maximum(rows.labels.max(), rows.predicted.max()))
    if highest >= count:
        raise UsageError(
            f"the survey in {rows.folder} has classes up to number {highest}; the model has {count} answers: survey "
            "the images again"
        ).of("classes", path=rows.folder, found=highest, limit=count - 1)
    records = None if data is None else open_surveyed(rows.folder, rows.about, data)
    return ShownSurvey(rows, opened.name, surveyed, suspects_of(rows), records)
