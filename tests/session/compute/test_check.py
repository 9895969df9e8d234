"""Whether a map holds: known answers of a model that looks at one corner, and what a model says of the parts."""

from __future__ import annotations

import numpy as np
import pytest

from innerview import allcnn
from innerview.adapters import FunctionModel
from innerview.data.samples import example_image
from innerview.methods import predict
from innerview.model import InputSpec, OutputSpec
from innerview.session.compute.check import FRACTION, Asking, best_part, check, other_parts
from innerview.session.progress import ALONE, NullListener
from innerview.session.query import read_query
from innerview.session.session import OpenedModel, Session
from innerview.targets import LogOdds
from innerview.types import Array, Image
from innerview.viewer.payload import decode
from innerview.viewer.payloads.check import in_words

SIDE = 16
CORNER = np.zeros((SIDE, SIDE), np.float32)
CORNER[:8, :10] = np.linspace(1.0, 0.5, 80, dtype=np.float32).reshape(8, 10)
IMAGE: Image = np.random.default_rng(3).random((SIDE, SIDE, 3)).astype(np.float32)


def corner_model(weight: float) -> FunctionModel:
    """Two classes; the first one's logit is the brightness of the corner, as far as it has detail."""

    def forward(images: Array) -> Array:
        detail = np.abs(np.diff(images.mean(axis=3), axis=2, append=0)) * CORNER
        return np.stack([weight * detail.sum(axis=(1, 2)), np.zeros(len(images))], axis=1).astype(np.float32)

    return FunctionModel(forward, InputSpec(SIDE, SIDE, 3), OutputSpec(("corner", "none")))


def asking(weight: float = 0.3) -> Asking:
    model = corner_model(weight)
    return Asking(model, IMAGE, LogOdds(0), model.forward(IMAGE[None]).outputs, 300, ALONE)


def test_a_map_of_the_corner_holds_and_one_of_the_rest_does_not() -> None:
    right, wrong = (check(asking(), sign * CORNER, "occlusion", 99, 0) for sign in (1, -1))
    assert (right.kind, right.p) == ("clear", 0.01)
    assert right.values[1] > right.only.mean()
    assert right.values[2] < right.without.mean()
    assert right.regions[0] == "top left"
    assert right.share > 0.6
    assert wrong.kind == "chance"
    assert wrong.p > 0.5


def test_it_is_told_in_words_with_its_numbers() -> None:
    found = check(asking(), CORNER, "occlusion", 99, 0)
    told = in_words(found, "corner")
    assert told.startswith("The map by occlusion points at the top left")
    assert "These parts do make it say so: clearly better than chance." in told
    assert f"With its best 34 % alone corner has {found.written(found.values[1])} (99 parts of its shape" in told
    assert f"without them {found.written(found.values[2])} (" in told
    assert "can't be judged" in in_words(check(asking(0.0), CORNER, "occlusion", 9, 0), "corner")


def test_what_the_model_does_not_look_at_is_not_judged() -> None:
    for found in (check(asking(0.0), CORNER, "occlusion", 9, 0), check(asking(), 0 * CORNER, "occlusion", 9, 0)):
        assert found.kind == "not judged"
        assert np.isnan(found.p)


@pytest.mark.parametrize("shape", [(8, 8), (5, 7), (1, 9)])
def test_other_parts_have_as_many_blocks_and_come_from_their_seed(shape: tuple[int, int]) -> None:
    part = best_part(np.random.default_rng(0).random(shape))
    assert part.sum() == round(FRACTION * part.size)
    others = other_parts(part, 20, 1)
    assert others.shape == (20, *shape)
    assert set(others.sum(axis=(1, 2))) == {part.sum()}
    np.testing.assert_array_equal(others, other_parts(part, 20, 1))
    assert (others != other_parts(part, 20, 2)).any()
    assert len({one.tobytes() for one in others}) > 1


def test_the_answer_is_what_the_model_says_of_the_images() -> None:
    model = allcnn.load_pretrained()
    session = Session([OpenedModel("allcnn", model)])
    session.add(example_image("cat"), "sample")
    image = session.hello()["samples"][0]["image"]
    asked = {"kind": "check", "image": image, "target": 3, "method": "integrated-gradients", "baseline": "blurred"}
    payload = decode(session.answer(read_query(asked), NullListener()).blob)
    alone, rest = predict(model, payload.arrays["parts"].astype(np.float32) / 255)
    written = payload.json("written")
    for said, prediction in ((written["only"], alone), (written["without"], rest)):
        assert float(said.removesuffix(" %")) == pytest.approx(100 * prediction.probabilities[3], abs=1.5)
    assert payload.arrays["best"].sum() == round(FRACTION * 64)
    assert 1 <= len(payload.json("regions")) <= 3
    assert payload.metadata["says"] in {
        "these parts do make it say so: clearly better than chance",
        "whether these parts make it say so is not clear: better than chance, but not by enough",
    }
    lowest, highest = (float(one.removesuffix(" %").lstrip("<> ")) for one in payload.json("others")["only"][1:])
    assert lowest <= highest
