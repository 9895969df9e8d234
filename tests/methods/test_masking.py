from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import ImageError, UsageError
from innerview.methods import deletion, insertion, predict
from innerview.methods.masking import ORDERS, rank
from methods.analytic import Analytic
from raising import raises
from typecheck import unchecked


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(ORDERS)))
def test_a_rank_is_a_permutation_in_the_order_asked(seed: int, order: str) -> None:
    values = np.random.default_rng(seed).integers(-3, 4, size=(3, 4)).astype(float)
    ranks = rank(values, order)
    assert sorted(ranks.ravel()) == list(range(12))
    key = ORDERS[order](values).ravel()[np.argsort(ranks.ravel())]
    assert (np.diff(key) >= 0).all()


def test_everything_kept_is_the_image_and_nothing_is_the_fill() -> None:
    model = Analytic.random(7)
    image = np.random.default_rng(1).uniform(size=model.input.shape)
    fill = np.full_like(image, 0.5)
    result = insertion(model, image, image.sum(axis=2), fill=fill, fractions=[0, 0.33, 1])
    whole, empty = predict(model, np.stack([image, fill]))
    np.testing.assert_allclose(result.logits[-1], whole.logits)
    np.testing.assert_allclose(result.logits[0], empty.logits)
    assert result.kept.tolist() == [0, 7, 20]  # round(0.33 × 20) is 7
    np.testing.assert_allclose(result.logits, np.stack([one.logits for one in predict(model, result.images)]))


def test_the_highest_pixels_come_first() -> None:
    model = Analytic.random(7, height=1, width=4, channels=1)
    image = np.array([[[0.1], [0.2], [0.3], [0.4]]])
    values = np.array([[5.0, -9.0, 7.0, 0.0]])
    shown = {
        order: insertion(model, image, values, fill=np.zeros_like(image), fractions=[0.5], order=order).images[
            0, 0, :, 0
        ]
        for order in ORDERS
    }
    np.testing.assert_allclose(shown["highest"], [0.1, 0, 0.3, 0])
    np.testing.assert_allclose(shown["lowest"], [0, 0.2, 0, 0.4])
    np.testing.assert_allclose(shown["strongest"], [0, 0.2, 0.3, 0])


def test_bad_requests() -> None:
    model = Analytic.random(7)
    image = np.zeros(model.input.shape)
    with raises(UsageError, "order", asked="best"):
        insertion(model, image, image.sum(axis=2), fill=image, order="best")
    with raises(UsageError, "fractions", asked=(2,)):
        insertion(model, image, image.sum(axis=2), fill=image, fractions=[2])
    with unchecked(), raises(ImageError, "map", asked=(4, 5), found=(2, 2)):
        insertion(model, image, np.zeros((2, 2)), fill=image)
    with unchecked(), raises(ImageError, "fill", asked=(4, 5, 3), found=(1, 1, 3)):
        insertion(model, image, image.sum(axis=2), fill=np.zeros((1, 1, 3)))


def test_deletion_takes_away_what_insertion_shows_first() -> None:
    model = Analytic.random(7)
    image = np.random.default_rng(1).uniform(size=model.input.shape)
    values = image.sum(axis=2)
    fill = np.zeros_like(image)
    shown = insertion(model, image, values, fill=fill, fractions=(0.0, 0.25, 1.0))
    gone = deletion(model, image, values, fill=fill, fractions=(0.0, 0.25, 1.0))
    assert (shown.mode, gone.mode) == ("insertion", "deletion")
    np.testing.assert_array_equal(gone.kept, values.size - shown.kept)
    np.testing.assert_array_equal(gone.images[0], image)
    np.testing.assert_array_equal(gone.images[-1], fill)
    np.testing.assert_array_equal((gone.images + shown.images), np.broadcast_to(image, gone.images.shape))
