"""What an asker is shown before an answer is there is a payload as well, for every kind, whatever was asked before."""

from __future__ import annotations

import pytest

from innerview import allcnn
from innerview.data.samples import example_image
from innerview.session.answers import ANSWERS
from innerview.session.opening import built_in_runs
from innerview.session.query import read_query
from innerview.session.registry import RunRegistry
from innerview.session.session import OpenedModel, Session
from innerview.viewer.payload import Payload, encode

MODEL = allcnn.load_pretrained()

QUESTIONS: dict[str, dict[str, object]] = {
    "effects": {"region": [2, 2, 4, 3]},
    "truth": {"regions": 2},
    "mask": {"mask": "qqo", "cells": [4, 4]},
    "weights": {},
    "run": {"run": True},
    "tested": {"run": True},
    "timeline": {"run": True},
}
"""What a kind is asked with, beside an image and a class."""


class Hearing:
    """Keeps what it is shown on the way."""

    def __init__(self) -> None:
        self.levels: list[object] = []

    def progress(self, done: int, total: int) -> None:
        assert 0 <= done <= total

    def level(self, found: object) -> None:
        self.levels.append(found)


UNASKED = {"attention", "parts", "dataset", "embedding", "tiles"}
"""It has no attention and no survey here (tests/workbench/test_shown_survey.py), and nothing on the way to parts."""


@pytest.mark.parametrize("kind", sorted(set(ANSWERS) - UNASKED))
def test_what_is_shown_of_a_question_that_nobody_asked_before_can_be_sent(kind: str) -> None:
    """A fresh session for each: an answer that is kept has nothing on the way, and hides what is shown there."""
    session = Session([OpenedModel("allcnn", MODEL)], RunRegistry(built_in_runs("allcnn")))
    session.add(example_image("cat"), "sample")
    hello = session.hello()
    named = dict(QUESTIONS.get(kind, {}))
    if "run" in named:
        named["run"] = hello["runs"][0]["id"]
    heard = Hearing()
    asked = {"kind": kind, "model": hello["models"][0]["id"], "image": hello["samples"][0]["image"], "target": 1}
    session.answer(read_query({**asked, **named}), heard)
    for found in heard.levels:
        assert isinstance(found, Payload)
        assert encode(found)
    if kind in {"map", "effects", "path"}:
        assert heard.levels
