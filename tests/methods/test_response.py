"""The share of the outputs' spread that comes from the images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.methods.response import SILENT, response

RANDOM = np.random.default_rng(0)
OUTPUTS = RANDOM.normal(size=(5, 7))


def test_it_is_0_where_the_image_does_not_matter() -> None:
    assert response(np.repeat(OUTPUTS[:1], 5, axis=0)) == pytest.approx(0)


def test_it_is_1_where_nothing_but_the_image_matters() -> None:
    centred = OUTPUTS - OUTPUTS.mean(axis=0)
    assert response(centred) == pytest.approx(1)
    assert response(np.zeros((5, 7))) == 1


def test_it_is_a_known_share() -> None:
    """Two images, two classes, centred over the classes ±3 and ±1: mean ±2, (1² + 1²) · 2 of (9 + 1) · 2."""
    assert response(np.array([[3.0, -3.0], [1.0, -1.0]])) == pytest.approx(2 / 10)
    assert response(np.array([[3.0], [1.0]])) == pytest.approx(2 / 10)


@given(scale=st.floats(1e-3, 1e3), shifts=st.lists(st.floats(-100, 100), min_size=5, max_size=5))
def test_scale_and_what_softmax_does_not_see_change_nothing(scale: float, shifts: list[float]) -> None:
    moved = scale * (OUTPUTS + np.array(shifts)[:, None])
    assert response(moved) == pytest.approx(response(OUTPUTS), rel=1e-6)


def test_a_constant_with_a_little_noise_is_silent_and_half_and_half_is_not() -> None:
    constant = np.repeat(RANDOM.normal(size=(1, 7)), 5, axis=0)
    assert response(constant + 0.03 * OUTPUTS) < SILENT
    assert response(constant + OUTPUTS) > 10 * SILENT
