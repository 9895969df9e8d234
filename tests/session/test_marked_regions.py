"""Parts that somebody painted, as regions of the exact truth: the method's own numbers, names, and what is refused."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from innerview import allcnn
from innerview.data.samples import example_image
from innerview.errors import MissingExtra, UsageError
from innerview.methods import shapley
from innerview.session.progress import NullListener
from innerview.session.query import Query, read_query
from innerview.session.session import OpenedModel, Session
from innerview.targets import LogOdds
from innerview.viewer.payload import Payload, decode

MODEL = allcnn.load_pretrained()
HEAD, LEG = (slice(4, 16), slice(4, 16)), (slice(20, 28), slice(16, 28))


@pytest.fixture(scope="module")
def session() -> Session:
    made = Session([OpenedModel("allcnn", MODEL)])
    made.add(example_image("cat"), "sample")
    return made


def painted(*parts: Any) -> list[np.ndarray]:
    found = [np.zeros((32, 32), bool) for _ in parts]
    for mask, part in zip(found, parts, strict=True):
        mask[part] = True
    return found


def bits(*masks: np.ndarray) -> dict[str, Any]:
    texts = [base64.urlsafe_b64encode(np.packbits(mask).tobytes()).decode().rstrip("=") for mask in masks]
    return {"marks": texts, "cells": [32, 32]}


def ask(session: Session, **keys: Any) -> Payload:
    image = session.hello()["samples"][0]["image"]
    query = read_query({"kind": "truth", "image": image, "target": 3, "method": "gradient-input", **keys})
    return decode(session.answer(query, NullListener()).blob)


def test_every_combination_of_what_was_painted_is_shown(session: Session) -> None:
    masks = painted(HEAD, LEG)
    found = ask(session, **bits(*masks))
    alone = shapley(MODEL, session.photo(Query(image=found.metadata["image"])).image, LogOdds(3), regions=masks)
    np.testing.assert_allclose(found.arrays["values"], alone.values, atol=1e-5)
    np.testing.assert_array_equal(found.arrays["labels"], alone.labels)
    assert [found.arrays["labels"][part].max() for part in (HEAD, LEG)] == [0, 1]
    assert found.json("names") == ["first part", "second part", "rest"]
    assert found.metadata["regions"] == "3 regions as given"
    assert "The rest adds most" in "\n".join(found.json("lines"))


def test_one_part_is_held_against_the_rest_and_two_may_be_all_there_is(session: Session) -> None:
    halves = painted((slice(0, 16),), (slice(16, 32),))
    assert ask(session, **bits(*painted(HEAD))).json("names") == ["marked part", "rest"]
    assert ask(session, **bits(*halves)).json("names") == ["first part", "second part"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (bits(*painted((slice(0),))), "the first part that was marked has no pixel; paint it on the image"),
        (bits(*painted(HEAD, (slice(0),))), "the second part that was marked has no pixel"),
        (bits(np.ones((32, 32), bool)), "the part that was marked is the whole image, so there is nothing to hold it"),
        (bits(*painted(HEAD, LEG, HEAD)), "the first and the third part that were marked overlap"),
        (bits(*painted(*[(slice(at, at + 1),) for at in range(12)])), "values of 13 regions were asked for"),
        (bits(*painted(*[(slice(at, at + 1),) for at in range(13)])), "marks has 13 masks; give 1 to 12"),
        ({"marks": []}, "marks has 0 masks; give 1 to 12, a region each"),
        ({"marks": "AAAA"}, "marks is str; give a list of masks"),
        ({"marks": [3]}, "mark 1 is int or too long"),
        ({"marks": ["A" * 600]}, "mark 1 is str or too long"),
        ({"marks": ["AAAA"]}, "rows and columns are 1 to 32"),
        ({"marks": ["AAAA"], "cells": [32, 32]}, "the mask has 3 bytes; 32 × 32 cells take 128"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_region_is_refused(session: Session, keys: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(session, **keys)
    assert says in str(caught.value)


def test_superpixels_say_what_installs_them(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session.hello()["superpixels"] == ""
    monkeypatch.setattr("innerview.methods.superpixels.find_spec", lambda _: None)
    assert session.hello()["superpixels"] == "pip install 'innerview[superpixels]'"
    with pytest.raises(MissingExtra) as caught:
        ask(session, regions="superpixels")
    assert caught.value.command in str(caught.value)
