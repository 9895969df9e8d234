"""Messages that list what there is stay readable where there is much."""

from __future__ import annotations

import pytest

from innerview.errors import LISTED, AmbiguousClass, MissingExtra, UnknownClass, UnknownLayer
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
    assert (layer.asked, layer.known) == ("conv12", ("conv1", "conv2"))
    assert (missing.what, missing.extra) == ("Parquet", "survey")
    with pytest.raises(UnknownClass) as unknown:
        find_class("hors", ("cat", "horse"))
    assert (unknown.value.asked, unknown.value.known) == ("hors", ("cat", "horse"))
    with pytest.raises(AmbiguousClass) as several:
        find_class("crane", ("crane", "cat", "crane"))
    assert (several.value.asked, several.value.known) == ("crane", ("0 crane", "2 crane"))
