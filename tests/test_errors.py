"""Messages that list what there is stay readable where there is much."""

from __future__ import annotations

from innerview.errors import LISTED, UnknownClass, UnknownLayer


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
