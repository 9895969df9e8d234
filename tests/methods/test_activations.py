from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import UnknownLayer
from innerview.methods import activations, area_mean
from innerview.methods.activations import colour_correlations
from methods.analytic import Analytic
from raising import raises


def test_a_layer_is_the_layer_s_output() -> None:
    model = Analytic.random(1)
    image = np.random.default_rng(2).uniform(size=model.input.shape)
    result = activations(model, image, ["cube"])
    np.testing.assert_allclose(result.layers["cube"], image**3)
    assert result.prediction.index == model.forward(image[None]).outputs[0].argmax()


def test_an_unknown_layer_lists_the_layers() -> None:
    model = Analytic.random(1)
    with raises(UnknownLayer, "layer", asked="conv1"):
        activations(model, np.zeros(model.input.shape), ["conv1"])


def test_channels_know_their_colour() -> None:
    image = np.random.default_rng(5).uniform(size=(8, 8, 3))
    red, against_blue = image[..., :1], -2 * image[..., 2:] + 1
    constant = np.full((8, 8, 1), 0.3)
    found = colour_correlations(image, np.concatenate([red, against_blue, constant], axis=2))
    assert found[0, 0] == pytest.approx(1)
    assert found[1, 2] == pytest.approx(-1)
    assert np.isnan(found[2]).all()
    assert np.isnan(colour_correlations(image[..., :1], red)).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_area_means_keep_the_mean(height: int, width: int, rows: int, columns: int, seed: int) -> None:
    image = np.random.default_rng(seed).uniform(size=(height, width, 2))
    shrunk = area_mean(image, rows, columns)
    assert shrunk.shape == (rows, columns, 2)
    np.testing.assert_allclose(shrunk.mean(axis=(0, 1)), image.mean(axis=(0, 1)))
    np.testing.assert_allclose(area_mean(image, height, width), image)


def test_area_means_of_whole_blocks_are_block_means() -> None:
    image = np.arange(16.0).reshape(4, 4, 1)
    np.testing.assert_allclose(area_mean(image, 2, 2)[..., 0], [[2.5, 4.5], [10.5, 12.5]])
