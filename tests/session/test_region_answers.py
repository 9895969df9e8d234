"""Regions that are marked in the viewer: the method's own numbers, what is bad refused, every try counted once."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from innerview import allcnn
from innerview.cli import main
from innerview.data.samples import example_image
from innerview.errors import UsageError
from innerview.methods import ask as ask_about
from innerview.methods.paired import holm
from innerview.results.io import load_result
from innerview.session.compute.effects import LEVELS
from innerview.session.progress import NullListener
from innerview.session.query import Query, read_query
from innerview.session.session import OpenedModel, Session
from innerview.viewer.payload import Payload, decode

MODEL = allcnn.load_pretrained()
BOX = [4, 2, 12, 10]
PLACEBOS = 24


@pytest.fixture
def session() -> Session:
    made = Session([OpenedModel("allcnn", MODEL)])
    for name in ("cat", "moose"):
        made.add(example_image(name), "sample")
    return made


class Levels(NullListener):
    """Keeps what there was on the way."""

    def __init__(self) -> None:
        self.found: list[Payload] = []

    def level(self, found: Payload) -> None:
        self.found.append(found)


def ask(session: Session, listener: NullListener | None = None, image: int = 0, **keys: Any) -> Payload:
    message = {"kind": "effects", "image": session.hello()["samples"][image]["image"], "target": 3, **keys}
    query = replace(read_query(message), n_placebos=PLACEBOS)
    return decode(session.answer(query, listener or NullListener()).blob)


def bits(mask: Any) -> dict[str, Any]:
    text = base64.urlsafe_b64encode(np.packbits(mask).tobytes()).decode().rstrip("=")
    return {"mask": text, "cells": list(mask.shape)}


def test_a_box_gets_the_numbers_of_the_method(session: Session) -> None:
    levels = Levels()
    found = ask(session, levels, region=BOX)
    image = session.photo(Query(image=found.metadata["image"])).image
    alone = ask_about(MODEL, image, tuple(BOX), 3, n_placebos=PLACEBOS)
    np.testing.assert_allclose(found.arrays["removed"], alone.removed[0], rtol=1e-5)
    np.testing.assert_allclose(
        found.arrays["alone_elsewhere"], alone.alone_elsewhere[0].mean(axis=0), rtol=1e-4, atol=1e-5
    )
    assert found.json("p") == {"removed": alone.removed_p[0], "alone": alone.alone_p[0]}
    assert found.json("says") == dict(zip(("removed", "alone"), alone.told(0), strict=True))
    assert (
        [len(one.arrays["removed_elsewhere"]) for one in levels.found]
        == [0, 19]
        == [one for one in LEVELS if one < PLACEBOS]
    )
    assert levels.found[0].json("p") == {"removed": None, "alone": None}
    assert [one.json("tries") for one in levels.found] == [0, 2]


def test_the_command_line_and_the_viewer_give_the_same_numbers(session: Session, tmp_path: Path) -> None:
    asked = ["--region", "4,2,12,10", "--target", "3", "--placebos", str(PLACEBOS)]
    assert main(["ask", "cat", *asked, "-o", str(tmp_path / "asked")]) == 0
    written = load_result(tmp_path / "asked")["effects"]
    shown = ask(session, region=BOX)
    for name, values in (("removed", written.removed), ("alone", written.alone)):
        elsewhere = getattr(written, f"{name}_elsewhere")[0].mean(axis=0)
        np.testing.assert_array_equal(shown.arrays[name], values[0].astype(np.float32))
        np.testing.assert_array_equal(shown.arrays[f"{name}_elsewhere"], elsewhere.astype(np.float32))
        assert shown.json("p")[name] == getattr(written, f"{name}_p")[0]
        assert shown.json("adjusted")[name] == getattr(written, f"{name}_adjusted")[0]
    assert list(shown.json("says").values()) == list(written.told(0))
    assert (shown.metadata["name"], shown.json("fills")) == (written.names[0], list(written.fills))
    assert (shown.json("n_evaluations"), shown.json("tries")) == (written.n_evaluations, written.tries)


def test_a_mask_is_asked_about_as_its_pixels(session: Session) -> None:
    mask = np.zeros((32, 32), bool)
    mask[2:12, 4:16] = True
    box, painted = ask(session, region=BOX), ask(session, **bits(mask))
    np.testing.assert_array_equal(box.arrays["removed"], painted.arrays["removed"])
    assert (box.metadata["name"], painted.metadata["name"]) == ("4,2,12,10", "of 120 pixels")
    assert "Without the region of 120 pixels (11.7 % of the image) the score" in painted.json("says")["removed"]


def test_every_region_of_an_image_counts_and_each_once(session: Session) -> None:
    first = ask(session, region=BOX)
    assert first.json("tries") == 2
    assert ask(session, region=BOX).json("tries") == 2
    second = ask(session, region=[20, 20, 6, 6])
    assert second.json("tries") == 4
    assert ask(session, image=1, region=BOX).json("tries") == 2
    again = ask(session, region=BOX)  # its answer is known, and is corrected for what was asked since
    p = [*again.json("p").values(), *second.json("p").values()]
    assert again.json("tries") == 4
    assert list(again.json("adjusted").values()) == pytest.approx(holm(np.array(p))[:2])
    assert f"corrected for {len(p)} tries" in again.json("says")["removed"]
    np.testing.assert_array_equal(first.arrays["removed"], again.arrays["removed"])


def test_who_looks_away_after_the_first_p_value_has_made_a_try(session: Session) -> None:
    class Away(Exception):
        pass

    class Leaving(NullListener):
        def level(self, found: Payload) -> None:
            if found.json("p")["removed"] is not None:
                raise Away

    with pytest.raises(Away):
        ask(session, Leaving(), region=[1, 1, 5, 5])
    assert ask(session, region=BOX).json("tries") == 4


def test_against_another_class_the_difference_of_both_is_asked(session: Session) -> None:
    found = ask(session, region=BOX, versus=5)
    assert found.json("versus") == 5
    assert "5 dog" in found.metadata["target_words"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "no region was given; mark one on the image, or name one with --region left,top,width,height"),
        ({"region": [0, 0, 0, 4]}, "a region without a pixel was given; give one that has some"),
        ({"region": [0, 0, 32, 32]}, "a region that is the whole image was given"),
        ({"region": [30, 2, 5, 5]}, "it ends at 35, 7: keep it inside"),
        ({"region": [-1, 0, 4, 4]}, "region is -1; give a whole number from 0"),
        ({"region": [1, 2, 3]}, "region has 3 numbers; give left, top, width and height in pixels"),
        ({"region": "1,2,3,4"}, "region is str; give left, top, width and height in pixels"),
        (bits(np.zeros((32, 32), bool)), "a region without a pixel was given; give one that has some"),
        (bits(np.ones((32, 32), bool)), "a region that is the whole image was given"),
        (bits(np.ones((64, 64), bool)), "mask is str or too long"),
        ({"mask": "AAAA", "cells": [32, 32]}, "the mask has 3 bytes; 32 × 32 cells take 128"),
        ({"mask": "AAAA", "cells": [40, 40]}, "rows and columns are 1 to 32"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_and_is_no_try(session: Session, keys: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(session, **keys)
    assert says in str(caught.value)
    image = session.hello()["samples"][0]["image"]
    assert not session.tries.others(Query(kind="effects", image=image))
