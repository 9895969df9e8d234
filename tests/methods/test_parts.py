"""Parts alone and in place: on models that look at one thing, and sentences that hold what the arrays say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import innerview
from innerview.adapters import FunctionModel
from innerview.errors import ImageError, ModelError, UsageError
from innerview.methods import parts
from innerview.methods.parts import enlarge, place_windows
from innerview.model import InputSpec, OutputSpec
from innerview.spec import OutputKind
from innerview.types import Array
from raising import raises

SIDE = 16
CLASSES = ("dark", "bright", "mixed")


def model(score: Any, classes: tuple[str, ...] = CLASSES, kind: OutputKind = "logits") -> FunctionModel:
    return FunctionModel(score, InputSpec(SIDE, SIDE, 1), OutputSpec(classes, kind=kind), np.float64)


def by_brightness(images: Array) -> Array:
    """Dark below a third on average, bright above two thirds, mixed between; surer away from the limits."""
    mean = images.mean(axis=(1, 2, 3))
    return 20 * np.column_stack([1 / 3 - mean, mean - 2 / 3, np.zeros(len(mean))])


HALVES = np.repeat(np.repeat(np.array([[0.0, 1.0]]), SIDE, axis=0), SIDE // 2, axis=1)[..., None]
"""The left half black, the right half white: mixed."""


def test_a_half_alone_is_something_else_most_surely() -> None:
    found = parts(model(by_brightness), HALVES, fills=("gray",))
    assert found.answer == 2
    number = found.surest_other
    assert number is not None
    left, _, width, _ = found.windows[number]
    assert left + width <= SIDE // 2 or left >= SIDE // 2
    assert found.alone_answers[number] in {0, 1}
    inside = [one for one, (left, _, width, _) in enumerate(found.windows) if left + width <= SIDE // 2]
    assert (found.alone_answers[inside] == 0).all()
    smallest = found.smallest_alone
    assert smallest is not None
    left, _, width, height = found.windows[smallest].tolist()
    assert left < SIDE // 2 < left + width
    assert (width, height) == (4, 4)
    assert found.fractions[smallest] == 16 / 256


def test_in_place_the_fill_counts() -> None:
    found = parts(model(by_brightness), np.ones_like(HALVES), fills=("black", "gray"))
    assert found.empty_answers.tolist() == [0, 2]
    number = found.smallest_in_place
    assert number is not None
    assert found.fractions[number] > 2 / 3
    for window, fraction, black, gray in zip(found.windows, found.fractions, *found.placed_answers, strict=True):
        assert fraction == window[2] * window[3] / SIDE**2
        assert black == by_brightness(np.full((1, 1, 1, 1), fraction)).argmax()
        assert gray == by_brightness(np.full((1, 1, 1, 1), (1 + fraction) / 2)).argmax()
    assert found.n_evaluations == 1 + 2 * len(found.windows) + 2 * (len(found.windows) + 1)


def test_windows_are_inside_and_of_every_size() -> None:
    for height, width in ((8, 8), (32, 32), (30, 41)):
        windows = place_windows(height, width)
        left, top, across, down = windows.T
        assert (windows[:, 2:] > 0).all()
        assert ((left >= 0) & (left + across <= width) & (top >= 0) & (top + down <= height)).all()
        assert len(np.unique(windows, axis=0)) == len(windows) == 405
        covered = np.zeros((height, width), bool)
        for one, two, three, four in windows.tolist():
            covered[two : two + four, one : one + three] = True
        assert covered.all()


def test_enlarging_keeps_what_is_linear() -> None:
    across = np.repeat(np.arange(SIDE, dtype=np.float64)[None], SIDE, axis=0)[..., None]
    found = enlarge(across, (4, 2, 8, 12))
    assert found.shape == across.shape
    np.testing.assert_allclose(found[:, 1:-1, 0], np.repeat(4 + np.arange(0.25, 7, 0.5)[None, :14], SIDE, axis=0))
    np.testing.assert_array_equal(enlarge(across, (0, 0, SIDE, SIDE)), across)


@pytest.mark.parametrize("name", ["moose", "cat", "coffee"])
def test_the_sentences_hold_what_the_model_predicts(name: str) -> None:
    """Each sentence is made again from the pixels: cut out, enlarged, predicted."""
    model = innerview.load_pretrained()
    image = innerview.preprocess(innerview.example_image(name), model.input).pixels
    found = parts(model, image, eighths=(3, 4, 6), fills=("mean", "black"))
    other, alone, in_place = found.sentences
    told = re.fullmatch(r"This (\d+) × (\d+) \(at (\d+),(\d+)\) part alone: (\d) (\w+) \((\d+) %\)\.( With.*)", other)
    assert told
    width, height, left, top = map(int, told.groups()[:4])
    said = innerview.predict(model, enlarge(image, (left, top, width, height))[None])[0]
    assert said.label == f"{told[5]} {told[6]}"
    assert said.index != found.answer
    assert abs(100 * said.confidence - int(told[7])) <= 0.6
    everything = [innerview.predict(model, enlarge(image, one)[None])[0] for one in found.windows.tolist()]
    others = [one.confidence for one in everything if one.index != found.answer]
    np.testing.assert_allclose(said.confidence, max(others), rtol=1e-4)
    same = [one.index == found.answer for one in everything]
    assert f"{sum(same)} of {len(same)} parts do." in alone if any(same) else alone.startswith("No part")
    number = found.smallest_in_place
    if number is None:
        assert in_place.startswith("No part")
    else:
        assert f"{100 * found.fractions[number]:.2g} % of the image" in in_place
        left, top, width, height = found.windows[number].tolist()
        for colour in (image.mean(axis=(0, 1)), np.zeros(3)):
            painted = np.broadcast_to(colour.astype(np.float32), image.shape).copy()
            painted[top : top + height, left : left + width] = image[top : top + height, left : left + width]
            assert innerview.predict(model, painted[None])[0].index == found.answer


def test_a_part_of_the_moose_is_a_cat() -> None:
    """The story of the horse's head that is called a dog, on a photo that may be shown."""
    model = innerview.load_pretrained()
    image = innerview.preprocess(innerview.example_image("moose"), model.input).pixels
    found = parts(model, image, fills=("black",))
    assert found.sentences[0].startswith(
        "This 12 × 16 (at 12,16) part alone: 3 cat (88 %). With their pixels in random"
    )


def test_the_control_has_a_parts_colours_and_none_of_its_shapes() -> None:
    flat = parts(model(by_brightness), np.ones_like(HALVES), fills=("black",))
    np.testing.assert_array_equal(flat.shuffled_answers, flat.alone_answers)
    np.testing.assert_allclose(flat.shuffled_confidences, flat.alone_confidences)

    def by_shape(images: np.ndarray) -> np.ndarray:
        """The half of the image that is brighter; the third class never."""
        middle = images.shape[2] // 2
        left, right = images[:, :, :middle].mean(axis=(1, 2, 3)), images[:, :, middle:].mean(axis=(1, 2, 3))
        return 50 * np.stack([left, right, np.full_like(left, -1)], 1)

    found = parts(model(by_shape), HALVES, fills=("black",))
    assert found.shuffled_confidences is not None
    number = found.smallest_alone
    assert number is not None
    assert found.shuffled_confidences.mean() < found.alone_confidences[found.fractions > 0.5].mean()
    again, other = (parts(model(by_shape), HALVES, fills=("black",), seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.shuffled_confidences, found.shuffled_confidences)
    assert not np.array_equal(other.shuffled_confidences, found.shuffled_confidences)


def test_the_control_is_counted_in_the_sentence() -> None:
    loaded = innerview.load_pretrained()
    image = innerview.preprocess(innerview.example_image("moose"), loaded.input).pixels
    found = parts(loaded, image, eighths=(4, 6), fills=("black",))
    number = found.surest_other
    assert number is not None
    sure = found.shuffled_confidences >= found.alone_confidences[number]
    like = int(((found.shuffled_answers != found.answer) & sure).sum())
    assert f"in random order {like} of {len(found.windows)} parts are something else as surely." in found.sentences[0]
    assert "random order" not in replace(found, shuffled_answers=None).sentences[0]


def test_bad_input() -> None:
    with raises(UsageError, "windows", asked=(8,)):
        parts(model(by_brightness), HALVES, eighths=(8,))
    with raises(UsageError, "fills", found=0):
        parts(model(by_brightness), HALVES, fills=())
    small = FunctionModel(by_brightness, InputSpec(7, 9, 1), OutputSpec(CLASSES), np.float64)
    with raises(UsageError, "size", found=(7, 9), limit=8):
        parts(small, np.zeros((7, 9, 1)))
    with raises(ImageError, "image", asked=(16, 16, 1), found=(8, 16, 1)):
        parts(model(by_brightness), HALVES[:8])
    single = model(lambda images: images.mean(axis=(1, 2)), ("yes",), "scores")
    with raises(UsageError, "kind", found="one score"):
        parts(single, HALVES)


def test_one_class_one_colour_and_a_model_that_does_not_look() -> None:
    single = model(lambda images: images.mean(axis=(1, 2)) - 0.6, ("bright",), "sigmoid")
    found = parts(single, HALVES, fills=("gray",))
    assert found.answer == 1
    assert "part alone: 0 bright (60 %)" in found.sentences[0]
    assert "The image has one colour" in parts(model(by_brightness), np.ones_like(HALVES)).notes[1]
    constant = parts(model(lambda images: np.ones((len(images), 3))), HALVES)
    assert constant.notes[0].startswith("Cannot be judged")
    assert constant.surest_other is None
    assert constant.sentences[0] == "Every part that was tried predicts 0 dark alone."


def test_nan_names_the_part() -> None:
    def run(images: Array) -> Array:
        return by_brightness(images) + np.where(images[:, 0, :1, 0] == 0.25, np.nan, 0)

    image = HALVES.copy()
    image[4, 4] = 0.25
    with raises(ModelError, "outputs", found="not finite"):
        parts(model(run), image)
