"""Every style against its formula written out in plain NumPy, and what all styles have in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from innerview.errors import UsageError
from innerview.pictures.overlay import RENAMED, STYLES, overlay, require_style, style_scales
from innerview.pictures.ramps import colour, parse, read_table
from pictures.made import random_image
from raising import raises

BLUE, RED = (np.array(parse(read_table()["signed"]["evidence"]["light"][end])) / 255 for end in (-1, 0))

values_and_limits = st.tuples(
    arrays.arrays(np.float64, (8, 8), elements=st.floats(-10, 10)), st.floats(min_value=0.01, max_value=10)
)


def rounded(colours: np.ndarray) -> np.ndarray:
    return np.rint(255 * np.clip(colours, 0, 1)).astype(int)


def grey(image: np.ndarray) -> np.ndarray:
    luma = 0.299 * image[..., 0] + 0.587 * image[..., 1] + 0.114 * image[..., 2]
    return 0.2 + 0.6 * luma[..., None].repeat(3, axis=2)


@given(values_and_limits)
def test_tint_is_opacity_over_grey(given_) -> None:
    values, limit = given_
    image, t = random_image(), np.clip(values / limit, -1, 1)[..., None]
    expected = np.where(t > 0, BLUE, RED) * 0.8 * abs(t) + grey(image) * (1 - 0.8 * abs(t))
    assert np.abs(overlay(image, values, limit, style="tint") - rounded(expected)).max() <= 1


@given(values_and_limits)
def test_half_is_grey_and_ramp_one_to_one(given_) -> None:
    values, limit = given_
    expected = 0.5 * grey(random_image()) + 0.5 * colour(values, limit) / 255
    assert np.abs(overlay(random_image(), values, limit, style="half") - rounded(expected)).max() <= 1


@given(values_and_limits)
def test_map_is_the_ramp_and_image_the_image(given_) -> None:
    values, limit = given_
    assert (overlay(random_image(), values, limit, style="map") == colour(values, limit)).all()
    assert (overlay(random_image(), values, limit, style="image") == rounded(random_image())).all()


def test_the_tutorials_plain_overlay_is_the_image_lit_by_the_gradient() -> None:
    gradient = np.random.default_rng(3).normal(size=(8, 8, 3))
    mean = gradient.mean(axis=2)
    expected = np.clip(mean / np.percentile(mean, 99), None, 1)[..., None] * random_image()
    values = gradient.sum(axis=2)
    limit = style_scales([values], "per-image", "tutorial2018")[0].limit
    assert (overlay(random_image(), values, limit, style="tutorial2018") == rounded(expected)).all()


def test_the_tutorials_signed_overlay_is_half_grey_image_and_half_colour() -> None:
    gradient = np.random.default_rng(4).normal(size=(8, 8, 3))
    mean = gradient.mean(axis=2)
    t = np.clip(mean / np.percentile(np.abs(mean), 99), -1, 1)[..., None]
    colours = np.maximum(t, 0) * BLUE + np.maximum(-t, 0) * RED
    expected = 0.5 * random_image().mean(axis=2, keepdims=True) + 0.5 * colours
    values = gradient.sum(axis=2)
    limit = style_scales([values], "per-image", "tutorial2018-signed")[0].limit
    assert (overlay(random_image(), values, limit, style="tutorial2018-signed") == rounded(expected)).all()


@pytest.mark.parametrize("style", STYLES)
@given(values=arrays.arrays(np.float64, (8, 8), elements=st.floats(-10, 10)))
def test_one_sign_is_the_other_sign_taken_away(style, values) -> None:
    for show, kept in (("for", np.maximum(values, 0)), ("against", np.minimum(values, 0))):
        shown = overlay(random_image(), values, 2.0, style=style, show=show)
        assert (shown == overlay(random_image(), kept, 2.0, style=style)).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_style_takes_grey_images_and_holes(style, channels) -> None:
    values = np.full((8, 8), np.nan)
    painted = overlay(random_image(channels=channels), values, 1.0, style=style)
    assert painted.shape == (8, 8, 3)
    assert (painted == overlay(random_image(channels=channels), np.zeros((8, 8)), 1.0, style=style)).all()


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"image"}))
def test_a_map_of_zeros_has_no_colour_in_any_style(style) -> None:
    painted = overlay(random_image(channels=1), np.zeros((8, 8)), 1.0, style=style).astype(int)
    assert (painted.max(axis=2) == painted.min(axis=2)).all()


def test_a_number_overrides_the_tutorials_own_rule() -> None:
    values = np.random.default_rng(5).normal(size=(8, 8))
    assert style_scales([values], 0.5, "tutorial2018")[0].limit == 0.5
    shared = style_scales([values, 2 * values], "shared", "tutorial2018-signed")
    assert shared[0].limit == shared[1].limit == pytest.approx(np.percentile(np.abs(2 * values), 99))


def test_a_map_that_is_nowhere_positive_leaves_the_tutorials_overlay_black() -> None:
    values = -np.ones((8, 8))
    limit = style_scales([values], "per-image", "tutorial2018")[0].limit
    assert not overlay(random_image(), values, limit, style="tutorial2018").any()


def test_unknown_styles_and_signs_are_refused_with_the_known_ones() -> None:
    with raises(UsageError, "style", asked="glow"):
        overlay(random_image(), np.zeros((8, 8)), 1.0, style="glow")
    with raises(UsageError, "show", asked="up"):
        overlay(random_image(), np.zeros((8, 8)), 1.0, show="up")


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_style_is_answered_with_the_new_one(old: str, new: str) -> None:
    assert new in STYLES
    with pytest.raises(UsageError, match=f"{old!r} was renamed; use {new!r}"):
        require_style(old)
