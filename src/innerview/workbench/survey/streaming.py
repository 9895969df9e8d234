"""A survey of a data set without a length: files are filled as images come, and what is there already is passed over.

How long all will take can't be said, since nobody knows how many come; told is what an image takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from innerview.data.records import Record
from innerview.data.streams import Stream
from innerview.errors import DataError, UsageError
from innerview.session.progress import Report
from innerview.types import Image
from innerview.workbench.survey.columns import Measured, Row, measure, strange_labels
from innerview.workbench.survey.shards import Shards, count_images, end_stream


def go_through(
    asked: Measured,
    stream: Stream,
    shards: Shards,
    limit: int | None,
    fit: Callable[[Record], Image],
    report: Report,
) -> tuple[Shards, tuple[str, ...]]:
    """Work out the rows of a stream that are not there yet.

    Args:
        asked: what is measured.
        stream: goes through the same images as it did before, if a part of them is there.
        shards: the folder.
        limit: images at most.
        fit: reads an image as the model sees it.
        report: told how many are done.

    Returns:
        The shards with the number of images, and what should be known.

    Raises:
        DataError: the stream fails, is empty, or no label of the first file is a class of the model.
        UsageError: the images that are there are others.
    """
    there = count_images(shards)
    records = islice(stream.records(), limit)
    labels = dict.fromkeys(_passed(there, records, stream))
    done = there.count
    began, first = time.perf_counter(), done
    while done % shards.size == 0:
        rows = list[Row]()
        while batch := list(islice(records, min(shards.batch, shards.size - len(rows)))):
            pace = f", {(time.perf_counter() - began) / (done - first):.2g} s an image" if done > first else ""
            report(done, done + len(batch), f"{batch[0].name}{pace}; how many there are is not known")
            labels |= dict.fromkeys(one.label for one in batch)
            rows += measure(asked, batch, fit)
            done += len(batch)
        if not rows:
            break
        strange_labels(asked.model, labels)
        replace(shards, count=done).write((done - 1) // shards.size, rows)
    if not done:
        raise DataError(f"{stream.source} gave no image").of("images", found=0)
    if next(records, None) is not None:
        raise _others(shards, f"more than the {done} that it ended with")
    report(done, done, "")
    notes = strange_labels(asked.model, labels)
    return end_stream(shards, done), notes


def _passed(there: Shards, records: Iterator[Record], stream: Stream) -> Iterator[str | int | None]:
    """Go past the images whose rows are there, and give their labels."""
    for number, known in enumerate(there.read(("label",))["label"].to_pylist()):
        record = next(records, None)
        if record is None:
            raise _others(there, f"{number} images of {stream.source}")
        said = None if record.label is None else str(record.label)
        if said != known:
            raise _others(there, f"image {number} labelled {said}, where the survey has {known}")
        yield record.label


def _others(shards: Shards, found: str) -> UsageError:
    return UsageError(
        f"{shards.folder} holds a survey of other images (there are now {found}); give the same ones from their "
        "beginning, or choose another output"
    ).of("question", path=shards.folder, found=found)
