"""Grids of channels: as many as said, labelled by the colours they follow."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.errors import UnknownLayer, UsageError
from innerview.pictures import tokens
from innerview.pictures.activation import (
    activation_animation,
    activation_grid,
    best_channels,
    channels_of,
    classes_of,
    follows,
    largest_channels,
)
from pictures.made import activations, table
from raising import raises


def layer(side: int, channels: int) -> np.ndarray:
    return np.random.default_rng(channels).normal(size=(side, side, channels))


def tiles(page) -> int:
    """Number of framed tiles, found by their left upper corners on the page."""
    frame = (np.asarray(page) == tuple(int(tokens.BORDER[place : place + 2], 16) for place in (1, 3, 5))).all(axis=2)
    corner = frame[1:-1, 1:-1] & frame[1:-1, 2:] & frame[2:, 1:-1] & ~frame[:-2, 1:-1] & ~frame[1:-1, :-2]
    return int(corner.sum()) - 1  # the legend's bar has a corner too


@pytest.mark.parametrize(
    ("channels", "asked", "in_colour", "shown"),
    [(128, 27, None, 9), (128, 27, False, 27), (10, 27, None, 10), (10, 9, None, 9), (5, 3, True, 1), (2, 27, True, 2),
     (40, 12, None, 12), (1, 1, None, 1)],
)  # fmt: skip
def test_a_grid_shows_as_many_images_as_channels_ask_for(channels, asked, in_colour, shown) -> None:
    page = activation_grid(activations({"elu": layer(8, channels)}), "elu", channels=asked, in_colour=in_colour)
    assert tiles(page) == shown


@pytest.mark.parametrize("scale", ["per-image", "shared", 2.0])
def test_every_scale_can_be_asked_for(scale) -> None:
    assert tiles(activation_grid(activations({"elu": layer(8, 12)}), "elu", scale=scale)) == 12


def test_a_layer_without_places_is_one_cell_a_channel() -> None:
    page = activation_grid(activations({"dense": np.arange(20.0)}), "dense", in_colour=True)
    assert tiles(page) == 20


@pytest.mark.parametrize(
    ("correlations", "label"),
    [([0.81, 0.2, -0.3], "R .81"), ([0.1, 0.2, -0.44], "B −.44"), ([np.nan, 0.05, np.nan], "G .05"),
     ([np.nan] * 3, ""), ([0, 1.0, 0], "G 1.00")],
)  # fmt: skip
def test_a_channel_is_labelled_by_the_colour_that_it_follows(correlations, label) -> None:
    assert follows(np.array(correlations)) == label


def test_the_best_channel_of_each_colour_is_named_out_of_all() -> None:
    correlations = np.array([[0.1, np.nan, -0.9], [0.7, np.nan, -0.2], [0.2, np.nan, -0.5]])
    assert best_channels(correlations) == "red: channel 1 (.70), blue: channel 1 (−.20)"
    assert best_channels(np.full((4, 3), np.nan)) == ""


def test_the_last_layers_channels_carry_the_names_of_the_classes() -> None:
    result = activations({"elu2": layer(4, 3), "elu1": layer(8, 3)})
    assert classes_of(result, "elu2", table()) == ("0 airplane", "1 cat", "2 horse")
    assert classes_of(result, "elu1", table()) == ()
    assert classes_of(result, "elu2", ()) == ()


def test_of_many_classes_those_with_the_largest_values_are_shown() -> None:
    values = np.array([[[3.0, -9.0, 7.0, 5.0]], [[1.0, 9.0, 7.0, 5.0]]])
    assert largest_channels(values, 2) == [2, 3]
    assert largest_channels(values, 4) == [0, 1, 2, 3]
    page = activation_grid(activations({"elu2": layer(4, 3)}), "elu2", channels=2, layers=table())
    assert tiles(page) == 2


def test_the_animation_leads_from_the_image_through_the_layers() -> None:
    result = activations({"elu1": layer(8, 30), "elu2": layer(4, 3)}, {"elu1": np.full((30, 3), 0.5)})
    moving = activation_animation(result, layers=table(), milliseconds=50)
    assert len(moving.frames) == 3
    assert moving.milliseconds == [50] * 3
    assert [tiles(frame) for frame in moving.frames] == [0, 9, 3]


def test_what_can_not_be_drawn_is_refused() -> None:
    result = activations({"elu": layer(8, 4), "tokens": np.zeros((16, 8))})
    with raises(UnknownLayer, "layer", asked="conv"):
        activation_grid(result, "conv")
    with raises(UsageError, "shape", found=(16, 8), layer="tokens"):
        channels_of(result, "tokens")
    with raises(UsageError, "max_channels", asked=0, limit=1):
        activation_grid(result, "elu", channels=0)
    with raises(UsageError, "layers", found=0):
        activation_animation(activations({}))
