"""Answers are counted once each, and Wilson's interval has its known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.methods.mistakes import confused, interval, mistakes
from innerview.results import Prediction

NAMES = ("ant", "bee", "cow")


def said(index: int, sure: float) -> Prediction:
    chances = np.full(3, (1 - sure) / 2)
    chances[index] = sure
    return Prediction(np.log(chances), chances, NAMES)


def test_counts_shares_and_the_surest_mistakes() -> None:
    answers = [said(0, 0.9), said(1, 0.6), said(1, 0.99), said(2, 0.7), said(1, 0.8)]
    found = mistakes(answers, [0, 0, 0, 2, 1])
    assert found.confusion.tolist() == [[1, 2, 0], [0, 1, 0], [0, 0, 1]]
    assert found.n_images == 5
    assert found.accuracy == pytest.approx(0.6)
    assert found.by_class.tolist() == pytest.approx([1 / 3, 1, 1])
    assert found.predicted.tolist() == pytest.approx([0.2, 0.6, 0.2])
    assert found.surest.tolist() == [2, 1]
    assert confused(found) == [(0, 1, 2)]


def test_a_class_without_images_has_no_accuracy() -> None:
    assert np.isnan(mistakes([said(0, 0.9)], [0]).by_class[1:]).all()


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(0.34, 0.99)), min_size=1, max_size=30))
def test_every_image_is_counted_once(shown: list[tuple[int, int, float]]) -> None:
    found = mistakes([said(index, sure) for index, _, sure in shown], [truth for _, truth, _ in shown])
    wrong = [place for place, (index, truth, _) in enumerate(shown) if index != truth]
    assert found.n_images == len(shown)
    assert sorted(found.surest.tolist()) == wrong
    assert (np.diff(found.confidence[found.surest]) <= 0).all()


def test_wilsons_interval_has_its_known_values() -> None:
    assert interval(0.8, 50) == pytest.approx((0.6696, 0.8876), abs=1e-3)
    assert interval(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)
    assert interval(0.5, 0) == (0, 1)
