"""A data set without a length: gone through once, from its beginning, image by image.

An iterator, a generator, PyTorch's `IterableDataset`, a streamed data set of Hugging Face's `datasets`. An item may be
what a sequence's may be (`records`). How many there are is known when it ends.
"""

# What users give may be anything: unknown types are theirs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from innerview.data.image import Image
from innerview.data.records import Record, class_names_of, image_of, named_label, refuse_others, split_item
from innerview.errors import DataError


@dataclass(frozen=True)
class Stream:
    """A data set that is gone through.

    Attributes:
        source: in words, for a manifest.
        records: goes through it from its beginning; of an iterator, which has one beginning, it can do so once.
    """

    source: str
    records: Callable[[], Iterator[Record]]


def open_stream(source: object) -> Stream | None:
    """What was given as a stream; None if it is a path or has a length and can be asked by number.

    Raises:
        DataError: it holds images but is no data set of them, such as a table.
    """
    if isinstance(source, str | Path):
        return None
    refuse_others(source)
    members = set(dir(type(source)))
    if {"__len__", "__getitem__"} <= members or "__iter__" not in members:
        return None
    names = class_names_of(source)
    given: Any = source

    def records() -> Iterator[Record]:
        items, index = iter(given), 0
        while True:
            try:
                item = next(items)
            except StopIteration:
                return
            except Exception as problem:  # whatever somebody's data set raises
                said = " ".join(str(problem).split())[:200]
                raise DataError(
                    f"the data set failed at item {index} ({type(problem).__name__}: {said}); mend it, and go on with "
                    "resume=True: whole files stay"
                ).of("item", asked=index, found=type(problem).__name__) from problem
            label = split_item(item)[1]
            yield Record(index, str(index), named_label(label, names, index), _reader(item, index))
            index += 1

    return Stream(f"a stream ({type(source).__name__})", records)


def _reader(item: Any, index: int) -> Callable[[], Image]:
    return lambda: image_of(item, index)
