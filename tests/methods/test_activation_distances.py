"""Distances in a model's activations, against the definition; real images are like real images."""

from __future__ import annotations

import numpy as np

from innerview.adapters import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, GlobalMean, ReLU
from innerview.errors import UsageError
from innerview.methods import activation_distances
from innerview.model import InputSpec, OutputSpec
from raising import raises

RANDOM = np.random.default_rng(0)
STEPS = [Convolution("conv"), ReLU("relu"), GlobalMean("mean"), Dense("dense", bias=False)]
WEIGHTS = {"conv.weight": RANDOM.normal(size=(5, 3, 3, 3)), "dense.weight": RANDOM.normal(size=(2, 5))}
MODEL = NumpyModel(InputSpec(6, 6), OutputSpec(("one", "two")), STEPS, WEIGHTS, np.float64)
REAL = RANDOM.random((40, 6, 6, 3))


def test_against_the_definition() -> None:
    asked = RANDOM.random((7, 6, 6, 3))
    found = activation_distances(MODEL, asked, REAL, k=3)

    def features(images: np.ndarray) -> np.ndarray:
        rows = MODEL.forward(images, ("relu",)).activations["relu"].mean(axis=(1, 2))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    known = features(REAL)
    table = np.linalg.norm(features(asked)[:, None] - known[None], axis=2)
    np.testing.assert_allclose(found.distances, np.sort(table, axis=1)[:, 2], atol=1e-7)
    among = np.linalg.norm(known[:, None] - known[None], axis=2)
    np.testing.assert_allclose(found.reference, np.sort(among, axis=1)[:, 3], atol=1e-7)
    np.testing.assert_array_equal(found.percentiles, [100 * (found.reference < one).mean() for one in found.distances])
    assert (found.layer, found.k, found.n_evaluations) == ("relu", 3, 47)


def test_images_like_the_real_ones_lie_at_every_percentile_and_others_at_the_end() -> None:
    like = activation_distances(MODEL, RANDOM.random((60, 6, 6, 3)), REAL, k=3)
    assert 30 < np.median(like.percentiles) < 70
    bars = np.zeros((3, 6, 6, 3))
    bars[:, :, ::2, 0] = 1
    unlike = activation_distances(MODEL, bars, REAL, k=3)
    assert (unlike.percentiles == 100).all()
    assert "farther from real ones than 100 % of 40 real images" in unlike.sentence


def test_bad_input() -> None:
    with raises(UsageError, "k", asked=39, limit=38):
        activation_distances(MODEL, REAL, REAL, k=39)
    plain = FunctionModel(lambda images: images.mean(axis=(1, 2))[:, :2], InputSpec(6, 6), OutputSpec(("one", "two")))
    with raises(UsageError, "layer", found=0):
        activation_distances(plain, REAL, REAL, k=3)
