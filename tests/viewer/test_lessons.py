"""What the viewer's lessons say of the built-in network and its examples, worked out anew."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import innerview
from innerview.data.baselines import make_baseline
from innerview.methods import interior_gradients, predict
from innerview.targets import Contrast
from innerview.types import Array

FILE = Path(__file__).resolve().parents[2] / "frontend" / "src" / "lessons" / "lessons.json"
LESSONS = {lesson["key"]: lesson for lesson in json.loads(FILE.read_text(encoding="utf-8"))}
MODEL = innerview.load_pretrained("allcnn")


@cache
def photo(name: str) -> Array:
    return innerview.preprocess(innerview.example_image(name), MODEL.input).pixels


def shown(step: dict[str, Any], name: str) -> Array:
    """The image as the step's link leaves it."""
    packed = base64.urlsafe_b64decode(step["go"]["mask"] + "==")
    mask = np.unpackbits(np.frombuffer(packed, np.uint8)).reshape(32, 32).astype(bool)
    fill = make_baseline(step["go"]["fill"], MODEL.input, photo(name)).image
    return np.where(mask[..., None], photo(name), fill).astype(MODEL.dtype)


def says(image: Array) -> tuple[str, str]:
    """The prediction in words, with its probability as texts give it."""
    (found,) = predict(MODEL, image[None])
    return found.class_names[found.index], f"{100 * found.confidence:.0f} %"


@pytest.mark.parametrize(
    ("key", "number"),
    [("outline", 1), ("outline", 2), ("outline", 3), ("outline", 4), ("fool", 1), ("fool", 2), ("fool", 4)],
)
def test_what_is_predicted_is_what_the_step_says(key: str, number: int) -> None:
    lesson = LESSONS[key]
    step = lesson["steps"][number - 1]
    name = step.get("image", lesson["image"])
    predicted, chance = says(shown(step, name) if step["go"]["mask"] else photo(name).astype(MODEL.dtype))
    assert predicted in step["says"]
    assert chance in step["says"]


def test_the_gradient_fades_as_it_is_told() -> None:
    steps = LESSONS["gradients"]["steps"]
    target = Contrast(3)  # what is explained if nobody says
    start = {name: make_baseline(name, MODEL.input, photo("cat")).image for name in ("black", "blurred")}
    alphas = (0.01, 0.1, 1.0)
    black = interior_gradients(MODEL, photo("cat"), target, baseline=start["black"], alphas=alphas)
    told = [f"{norm:,.0f}" for norm in black.norms]
    assert told[0] in steps[1]["says"]
    assert told[1] in steps[1]["says"]
    assert told[2] in steps[2]["says"]
    assert black.norms[2] < black.norms[0] / 5
    chances = MODEL.output.probabilities(black.logits)
    assert chances[0].argmax() == 3
    assert f"{100 * chances[0, 3]:.0f} %" in steps[0]["says"]
    blurred = interior_gradients(MODEL, photo("cat"), target, baseline=start["blurred"], alphas=(0.0, 1.0))
    assert blurred.norms[0] < blurred.norms[1]


def test_the_last_layer_s_means_are_the_scores() -> None:
    found = MODEL.forward(photo("cat")[None].astype(MODEL.dtype), ["elu9"])
    assert found.activations["elu9"].shape[1:] == (8, 8, 10)
    means = found.activations["elu9"][0].mean(axis=(0, 1))
    np.testing.assert_allclose(means, found.outputs[0], rtol=1e-5, atol=1e-5)
    assert means.argmax() == 3


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS.keys())
def test_a_lesson_is_short(lesson: dict[str, Any]) -> None:
    """It stands on a phone beside what it points at; and the link can name every step."""
    assert 3 <= len(lesson["steps"]) <= 9
    assert re.fullmatch("[a-z]{2,12}", lesson["key"])
    assert all(len(step["says"]) <= 240 for step in lesson["steps"])
