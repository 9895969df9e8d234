from __future__ import annotations

import numpy as np
import pytest

from innerview.errors import UsageError
from innerview.methods import path_predictions, predict
from methods.analytic import Analytic
from raising import raises


def test_counts_equal_one_prediction_at_a_time() -> None:
    model = Analytic.random(11)
    generator = np.random.default_rng(12)
    images = [(generator.uniform(size=model.input.shape), int(generator.integers(3))) for _ in range(7)]
    baseline, alphas = np.full(model.input.shape, 0.5), [0.0, 0.3, 1.0]
    done: list[float] = []
    found = path_predictions(model, iter(images), baseline=baseline, alphas=alphas, progress=done.append)
    calls = np.array(
        [
            [one.index for one in predict(model, np.stack([baseline + a * (x - baseline) for x, _ in images]))]
            for a in alphas
        ]
    )
    truths = np.array([truth for _, truth in images])
    np.testing.assert_allclose(found.accuracy, (calls == truths).mean(axis=1))
    np.testing.assert_allclose(found.fractions, [[(row == k).mean() for k in range(3)] for row in calls])
    np.testing.assert_allclose(found.fractions.sum(axis=1), 1)
    assert found.n_images == 7
    assert done == pytest.approx([1, 2, 3, 4, 5, 6, 6 + 1 / 3, 6 + 2 / 3, 7])  # three alphas to each pass of three


def test_no_image_is_refused() -> None:
    model = Analytic.random(11)
    with raises(UsageError, "images", found=0):
        path_predictions(model, [], baseline=np.zeros(model.input.shape), alphas=[1])
