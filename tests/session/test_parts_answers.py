"""What parts alone say, asked in the viewer: the parts and sentences of the method, counted, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from innerview.adapters import FunctionModel
from innerview.data.image import Image
from innerview.errors import UsageError
from innerview.methods import parts
from innerview.session.query import Query, read_query
from innerview.session.session import OpenedModel, Session
from innerview.spec import OutputSpec
from innerview.viewer.payload import Payload, decode
from models import MODELS, numpy_model

MODEL = MODELS["means"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float32)


class Counting:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def progress(self, done: int, total: int) -> None:
        self.told.append((done, total))

    def level(self, found: Any) -> None:
        raise AssertionError("there is nothing to be shown on the way")


def asked(network: Any, pixels: np.ndarray, heard: Counting) -> tuple[Payload, Session]:
    session = Session([OpenedModel("means", network)])
    image = session.add(Image("noise", pixels), "sample").image_hash
    return decode(session.answer(read_query({"kind": "parts", "image": image}), heard).blob), session


def noise() -> np.ndarray:
    """In grey: the model has one channel."""
    grey = np.random.default_rng(1).random((NETWORK.input.height, NETWORK.input.width, 1)) ** 2
    return np.repeat(grey, 3, axis=2).astype(np.float32)


def test_the_parts_and_the_sentences_are_those_of_the_method() -> None:
    heard = Counting()
    found, session = asked(NETWORK, noise(), heard)
    image = session.photo(Query(image=found.metadata["image"])).image
    alone = parts(NETWORK, image)
    kinds = found.json("kinds")
    assert kinds == list(alone.found) == ["other", "alone", "in place"]
    np.testing.assert_array_equal(found.arrays["windows"], alone.windows[list(alone.found.values())])
    assert list(found.json("says").values()) == list(alone.sentences)
    said = dict(zip(kinds, found.json("said"), strict=True))
    for kind, chances in (("other", alone.alone_confidences[None]), ("in place", alone.placed_confidences)):
        assert f"({100 * chances[:, alone.found[kind]].min():.0f} %" in said[kind]
    assert heard.told[-1] == (alone.n_evaluations, alone.n_evaluations)
    assert session.hello()["parts"] == alone.n_evaluations == found.json("n_evaluations")


def test_a_model_that_decides_nothing_is_told_so() -> None:
    spec = NETWORK.input
    output = OutputSpec(("score",), kind="scores")
    score = FunctionModel(lambda images: images.mean(axis=(1, 2, 3))[:, None], spec, output, np.float32)
    with pytest.raises(UsageError) as caught:
        asked(score, noise(), Counting())
    assert "from which no prediction can be read" in str(caught.value)
