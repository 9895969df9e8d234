"""Errors carry in fields what they say, and messages that list what there is stay readable where there is much."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import copy
from pathlib import Path

import pytest

from innerview import errors
from innerview.errors import (
    LISTED,
    AmbiguousClass,
    DataError,
    ImageError,
    InnerviewError,
    MissingExtra,
    ModelError,
    OutOfMemory,
    OutputError,
    UnknownClass,
    UnknownLayer,
    UsageError,
)
from innerview.targets import find_class


def test_few_names_are_listed_whole() -> None:
    assert str(UnknownLayer("conv9", ["conv1", "elu1"])) == "there is no layer 'conv9'; the layers are conv1, elu1"
    assert str(UnknownClass("cow", ("cat", "dog"))) == "there is no class 'cow'; the classes are 0 cat, 1 dog"


def test_of_many_names_those_that_hold_the_word_are_listed_with_the_first_and_the_last() -> None:
    names = [f"kind {number}" for number in range(999)] + ["tabby cat"]
    message = str(UnknownClass("Tabby", names))
    assert message == (
        "there is no class 'Tabby'; near it are 999 tabby cat; "
        "the 1,000 classes are 0 kind 0, 1 kind 1, 2 kind 2, …, 999 tabby cat"
    )


def test_a_slip_of_the_pen_is_seen() -> None:
    layers = [f"blocks.{number}.conv" for number in range(LISTED + 1)]
    assert "near it are blocks.7.conv" in str(UnknownLayer("block.7.conv", layers))
    assert "near" not in str(UnknownLayer("zzzz", layers))


def test_what_was_asked_and_what_there_is_are_fields() -> None:
    layer, missing = UnknownLayer("conv12", ["conv1", "conv2"]), MissingExtra("Parquet", "survey")
    assert (layer.about, layer.asked, layer.known) == ("layer", "conv12", ("conv1", "conv2"))
    assert (missing.about, missing.asked, missing.extra) == ("extra", "Parquet", "survey")
    with pytest.raises(UnknownClass) as unknown:
        find_class("hors", ("cat", "horse"))
    assert (unknown.value.asked, unknown.value.known, unknown.value.nearest) == ("hors", ("cat", "horse"), ("horse",))
    with pytest.raises(AmbiguousClass) as several:
        find_class("crane", ("crane", "cat", "crane"))
    assert (several.value.asked, several.value.known) == ("crane", ("0 crane", "2 crane"))


EVERY = [
    UnknownLayer("conv12", ["conv1"]),
    UnknownClass("cow", ("cat", "dog")),
    AmbiguousClass("crane", [(1, "crane"), (4, "crane")]),
    MissingExtra("Parquet", "survey"),
    *(
        kind("said").of("size", asked=1, found=(2, 3), known=["a"], limit=4, path="here/it", layer="conv")
        for kind in (InnerviewError, UsageError, ImageError, ModelError, OutOfMemory, DataError, OutputError)
    ),
]


def pickled(error: InnerviewError) -> InnerviewError:
    """As another process gets it."""
    return pickle.loads(pickle.dumps(error))  # noqa: S301 our own


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [copy, pickled, lambda error: error.retold(str(error))])
def test_fields_are_kept_through_copies_pickles_and_other_words(
    error: InnerviewError, again: Callable[[InnerviewError], InnerviewError]
) -> None:
    other = again(error)
    assert type(other) is type(error)
    assert (str(other), vars(other)) == (str(error), vars(error))
    assert vars(other)


def test_every_class_of_errors_is_tried() -> None:
    public = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, InnerviewError)}
    assert public == set(map(type, EVERY))


def test_other_words_may_bring_further_fields() -> None:
    first = DataError("it is cut short").of("length", asked=9, found=3)
    second = first.retold("a.bin: it is cut short", path="a.bin")
    assert (second.about, second.asked, second.path, first.path) == ("length", 9, Path("a.bin"), None)


def test_names_and_places_have_one_type_however_they_are_given() -> None:
    error = UsageError("said").of("rule", asked="a", known={"b": 1, "c": 2}, path="here")
    assert (error.known, error.path) == (("b", "c"), Path("here"))


def test_an_error_shows_its_fields_and_stays_short() -> None:
    error = UnknownClass("cow", [f"kind {number}" for number in range(9999)])
    assert (
        repr(UsageError("no").of("n_steps", asked=0, limit=1)) == "UsageError('no', about='n_steps', asked=0, limit=1)"
    )
    assert "asked='cow', known=('kind 0', 'kind 1'" in repr(error)
    assert len(repr(error)) < 300
