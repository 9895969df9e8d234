"""Strips, sheets and animations along the path."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from innerview.errors import UsageError
from innerview.pictures import tokens
from innerview.pictures.captions import Subject, said_lines, top_lines
from innerview.pictures.interior import QUANTITIES, interior_animation, interior_sheet, interior_strip, prepare
from innerview.results import Prediction
from pictures.made import NAMES, interior
from raising import raises

ALPHAS = (0.01, 0.5, 1.0)


def made(channels: int = 3, alphas=ALPHAS, size: float = 1.0):
    gradients = size * np.random.default_rng(1).normal(size=(len(alphas), 8, 8, channels))
    return interior(gradients, alphas)


@pytest.mark.parametrize("channels", [1, 3])
def test_each_quantity_is_what_it_says(channels) -> None:
    result = made(channels)
    shown = {name: quantity.values(result) for name, quantity in QUANTITIES.items()}
    assert np.allclose(shown["sum"], result.gradients.sum(axis=3))
    assert np.allclose(shown["attribution"], (result.gradients * result.image).sum(axis=3))
    assert shown["colours"].shape == (3, 8, 8, 3)
    assert np.allclose(shown["colours"].mean(axis=3), result.gradients.mean(axis=3))


@pytest.mark.parametrize("show", QUANTITIES)
@pytest.mark.parametrize("columns", [1, 2, 5])
def test_a_strip_has_a_cell_for_each_alpha(show, columns) -> None:
    page = interior_strip(made(), show=show, columns=columns, subject=Subject("x", label=1))
    across = min(columns, 3)
    assert page.width == across * 128 + (across - 1) * tokens.GAP + 2 * tokens.MARGIN
    rows = -(-3 // columns)
    assert page.height > rows * 2 * 128


def test_scales_are_own_or_shared_along_the_path() -> None:
    result = interior(np.ones((3, 8, 8, 1)) * np.array([4.0, 2.0, 1.0])[:, None, None, None], ALPHAS)
    own = prepare([result], "sum", "map", "per-image")
    assert [scale.limit for scale in own.scales[0]] == [4.0, 2.0, 1.0]
    assert own.separate
    assert [line.text for line in own.limit_line(0, 1)] == ["S = 2"]
    shared = prepare([result], "sum", "map", "shared")
    assert [scale.limit for scale in shared.scales[0]] == [4.0] * 3
    assert not shared.separate
    assert shared.limit_line(0, 1) == ()
    assert prepare([result], "sum", "map", 0.5).scales[0][0].limit == 0.5


def test_a_sheet_has_a_row_for_each_image_and_a_column_for_each_alpha() -> None:
    one, three = (interior_sheet([made()] * count, subjects=[Subject("x", label=2)] * count) for count in (1, 3))
    assert one.width == three.width == 4 * 96 + 3 * 8 + 2 * tokens.MARGIN
    assert three.height > one.height + 2 * 96


@pytest.mark.parametrize("images", [1, 2, 9])
@pytest.mark.parametrize("alphas", [(0.5,), ALPHAS, tuple(np.linspace(0, 1, 7))])
def test_an_animation_has_a_frame_for_each_alpha_and_rests_on_the_last(images, alphas) -> None:
    moving = interior_animation([made(alphas=alphas)] * images, milliseconds=100)
    assert len(moving.frames) == len(alphas)
    assert moving.milliseconds == [100] * (len(alphas) - 1) + [300]
    assert len({frame.size for frame in moving.frames}) == 1


def test_frames_differ_where_the_images_differ() -> None:
    frames = [np.asarray(frame) for frame in interior_animation(made()).frames]
    assert all((here != there).any() for here, there in pairwise(frames))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"show": "loss"}, "show"),
        ({"style": "glow"}, "style"),
        ({"scale": -1.0}, "scale"),
    ],
)
def test_unknown_words_are_refused(arguments, message) -> None:
    with raises(UsageError, message):
        interior_strip(made(), **arguments)


def test_images_that_do_not_go_together_are_refused() -> None:
    with raises(UsageError, "units"):
        interior_sheet([made(), made(alphas=(0.1, 0.2, 0.3))])
    with raises(UsageError, "results", found=0):
        interior_animation([])
    with raises(UsageError, "subjects", asked=1, found=2):
        interior_sheet([made()], subjects=[Subject(), Subject()])


def test_the_prediction_stands_beside_the_truth() -> None:
    chances, logits = np.array([0.7, 0.2, 0.1]), np.array([3.0, 1.0, 0.0])
    wrong = said_lines(Prediction(logits, chances, tuple(NAMES)), 2, None)
    assert [(line.text, line.right, line.bold) for line in wrong] == [
        ("predicts 0 airplane", "70.0 %", False), ("label 2 horse", "10.0 %", False)
    ]  # fmt: skip
    right = said_lines(Prediction(logits, chances, tuple(NAMES)), 0, 1)
    assert right[0].bold
    explained = said_lines(Prediction(logits, chances, tuple(NAMES)), None, 1)
    assert explained[1].text == "class 1 cat"
    narrow = said_lines(Prediction(logits, chances, tuple(NAMES)), 2, None, narrow=True)
    assert [line.text or line.right for line in narrow] == ["predicts 0 airplane", "70.0 %", "label 2 horse", "10.0 %"]


def test_without_probabilities_none_are_written() -> None:
    lines = said_lines(Prediction(np.array([3.0, 1.0, 0.0]), np.full(3, np.nan), tuple(NAMES)), 2, None)
    assert [(line.text, line.right, line.share) for line in lines] == [
        ("predicts 0 airplane", "", None), ("label 2 horse", "", None)
    ]  # fmt: skip
    assert top_lines(Prediction(np.zeros(3), np.full(3, np.nan), NAMES))[0].share is None


@pytest.mark.parametrize("classes", [1, 2, 1000])
def test_any_number_of_classes_with_any_names_is_drawn(classes) -> None:
    names = tuple(f"great white shark, white shark, man-eater, number {index}" for index in range(classes))
    gradients = np.ones((1, 8, 8, 1))
    page = interior_strip(interior(gradients, (0.5,), names=names), subject=Subject("long " * 30, label=0))
    assert page.width >= 128 + 2 * tokens.MARGIN
