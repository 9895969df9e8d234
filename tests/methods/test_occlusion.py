from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import innerview
from innerview.errors import ImageError, UsageError
from innerview.fills import ImputedFill
from innerview.methods import occlusion
from innerview.targets import Logit
from methods.analytic import Analytic
from models import Subject
from raising import raises
from typecheck import unchecked

NETWORK = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=NETWORK.input.shape)
FILL = np.random.default_rng(5).uniform(size=NETWORK.input.shape)


def test_of_single_pixels_it_is_the_exact_contribution() -> None:
    # No pixel acts on another one here, so that hiding one takes away its own part.
    result = occlusion(NETWORK, IMAGE, Logit(1), fill=FILL, window=1)
    exact = (NETWORK.exact(IMAGE, 1) - NETWORK.exact(FILL, 1)).sum(axis=2)
    np.testing.assert_allclose(result.heatmap, exact)
    assert (result.unit, result.meaning, result.n_evaluations) == ("logit", "contribution", 21)


@given(st.integers(1, 4), st.integers(1, 5))
def test_windows_side_by_side_share_out_the_change_of_the_score(height: int, width: int) -> None:
    result = occlusion(NETWORK, IMAGE, Logit(0), fill=FILL, window=(height, width))
    exact = (NETWORK.exact(IMAGE, 0) - NETWORK.exact(FILL, 0)).sum(axis=2)
    for top in range(0, 4, height):
        for left in range(0, 5, width):
            window = (slice(top, top + height), slice(left, left + width))
            np.testing.assert_allclose(result.heatmap[window], exact[window].mean())
    assert result.heatmap.sum() == pytest.approx(result.score - NETWORK.forward(FILL[None]).outputs[0, 0])


def test_overlapping_windows_are_averaged() -> None:
    result = occlusion(NETWORK, IMAGE, Logit(0), fill=FILL, window=(4, 3), stride=(4, 2))
    exact = (NETWORK.exact(IMAGE, 0) - NETWORK.exact(FILL, 0)).sum(axis=2)
    first, second = exact[:, :3].mean(), exact[:, 2:].mean()
    np.testing.assert_allclose(result.heatmap[0], [first, first, (first + second) / 2, second, second])


def test_the_strongest_window_is_said() -> None:
    image = np.zeros((4, 5, 3))
    image[3, 4] = 1
    model = Analytic(np.ones((2, 4, 5, 3)), np.zeros((2, 4, 5, 3)))
    result = occlusion(model, image, Logit(0), fill=np.zeros_like(image), window=2)
    assert result.notes == ("The score falls most, by 3 logit, without rows 2 to 3, columns 4 to 4.",)


def test_it_works_for_any_function() -> None:
    function, known = Subject("function", "hidden"), Subject("numpy", "hidden")
    image = function.images(1)[0]
    maps = [
        occlusion(one.build(), image, Logit(2), fill=np.zeros_like(image), window=2, stride=1).heatmap
        for one in (function, known)
    ]
    np.testing.assert_allclose(*maps, atol=1e-12)


def test_the_image_is_left_as_it_is_and_progress_is_told() -> None:
    before, calls = IMAGE.copy(), list[tuple[int, int]]()
    occlusion(NETWORK, IMAGE, Logit(0), fill=FILL, window=2, progress=lambda done, total: calls.append((done, total)))
    np.testing.assert_array_equal(IMAGE, before)
    assert calls == [(3, 6), (6, 6)]


def test_bad_requests_say_asked_found_and_do() -> None:
    with raises(UsageError, "window", asked=5, limit=4):
        occlusion(NETWORK, IMAGE, Logit(0), fill=FILL, window=5)
    with raises(UsageError, "window", asked=0, limit=4):
        occlusion(NETWORK, IMAGE, Logit(0), fill=FILL, window=0)
    with raises(UsageError, "stride", asked=3, limit=2):
        occlusion(NETWORK, IMAGE, Logit(0), fill=FILL, window=2, stride=3)
    with unchecked(), raises(ImageError, "fill", asked=(4, 5, 3), found=(2, 5, 3)):
        occlusion(NETWORK, IMAGE, Logit(0), fill=FILL[:2], window=2)


def test_a_fill_may_depend_on_what_is_kept() -> None:
    slope = np.linspace(0, 1, 5)[None, :, None] * np.ones((4, 1, 3))
    model = Analytic(np.ones((2, 4, 5, 3)), np.zeros((2, 4, 5, 3)))
    result = occlusion(model, slope, Logit(0), fill=ImputedFill(noise=0), window=(2, 1))
    inner = result.heatmap[1:3, 1:4]  # a slope is imputed from its sides, so that nothing is lost
    np.testing.assert_allclose(inner, 0, atol=0.02)
    named = innerview.occlusion(model, slope, 0, fill="imputed", window=2)
    np.testing.assert_array_equal(
        named.heatmap, innerview.occlusion(model, slope, 0, fill=ImputedFill(), window=2).heatmap
    )
