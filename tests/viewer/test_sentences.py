"""Every sentence states the numbers of the result that it speaks about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from innerview.methods import (
    activations,
    insertion,
    integrated_gradients,
    interior_gradients,
    predict,
    weight_histograms,
)
from innerview.model import OutputSpec
from innerview.pictures.words import number
from innerview.results import Prediction
from innerview.targets import Logit
from innerview.viewer import sentences
from methods.analytic import Analytic

NETWORK = Analytic.random(21)
IMAGE = np.random.default_rng(22).uniform(size=NETWORK.input.shape)
BLACK = np.zeros_like(IMAGE)


def test_prediction_with_and_without_truth() -> None:
    logits = np.array([0.0, 2.0, 1.0])
    said = Prediction(
        logits, OutputSpec(("cat", "dog", "horse")).probabilities(logits[None])[0], ("cat", "dog", "horse")
    )
    assert sentences.says(said, None) == "The model predicts 1 dog (66.5 %); next comes 2 horse (24.5 %)."
    assert sentences.says(said, 1).endswith("The label is 1 dog, so it is correct.")
    assert sentences.says(said, 0).endswith("The label is 0 cat, so it is wrong.")
    without = replace(said, probabilities=np.full(3, np.nan))
    assert sentences.says(without, None) == "The model predicts 1 dog; next comes 2 horse."


def test_attribution_names_its_sums_its_strongest_pixel_and_its_gap() -> None:
    result = integrated_gradients(NETWORK, IMAGE, Logit(1), baseline=BLACK, n_steps=2)
    text = sentences.attribution(result)
    values = result.heatmap
    row, column = np.unravel_index(np.abs(values).argmax(), values.shape)
    assert f"row {row + 1}, column {column + 1}" in text
    assert "logit of 1 class-b" in text
    assert f"by {number(float(values[values > 0].sum()))} and" in text
    assert f"by {number(float(-values[values < 0].sum()))}, on" in text
    assert "With gauss-legendre after 2 evaluations, the convergence delta is" in text
    assert "its error was not estimated" in text


def test_exactness_says_what_was_asked_and_what_was_reached() -> None:
    met = integrated_gradients(NETWORK, IMAGE, Logit(1), baseline=BLACK, tolerance=0.01)
    assert "(1 % was asked for);" in sentences.exactness(met)
    assert f"after {met.n_evaluations} evaluations" in sentences.exactness(met)
    short = integrated_gradients(NETWORK, IMAGE, Logit(1), baseline=BLACK, tolerance=1e-7, max_evaluations=40)
    assert "and not reached; raise max_evaluations or the tolerance" in sentences.exactness(short)
    early = integrated_gradients(NETWORK, IMAGE, Logit(1), baseline=BLACK, tolerance=1e-7, max_evaluations=6)
    assert "can't be told yet" in sentences.exactness(early)
    nothing = integrated_gradients(NETWORK, IMAGE, Logit(1), baseline=IMAGE, tolerance=0.01)
    assert "The baseline is the image itself" in sentences.attribution(nothing)


def test_the_way_is_told_in_runs_whatever_the_order_of_alphas() -> None:
    linear, curved = np.zeros((2, 1, 1, 1)), np.zeros((2, 1, 1, 1))
    linear[1], curved[0] = 1, 2
    result = interior_gradients(
        Analytic(linear, curved), np.ones((1, 1, 1)), Logit(), baseline=np.zeros((1, 1, 1)), alphas=[1, 0.5, 0.1, 0.9]
    )
    text = sentences.interior(result)
    assert "predicts 1 class-b from alpha 0.1 on, 0 class-a from alpha 0.9 on" in text
    assert "From alpha 0.1 to 1 the gradient grows by a factor of 100" in text
    path = sentences.path(result.path)
    assert "from +0.002 at alpha 0.1 to +2 at alpha 1" in path.replace("0.00200", "0.002").replace("2.00", "2")
    assert "half of the change is there at alpha 0.9" in path


def test_keep_tells_what_is_said_from_which_share_on() -> None:
    result = insertion(NETWORK, IMAGE, IMAGE.sum(axis=2), fill=BLACK, fractions=[1, 0])
    last = predict(NETWORK, IMAGE[None])[0].label
    text = sentences.kept(result)
    assert "all 3 classes alike from 0 % on" in text  # of black, this network says nothing
    assert f"{last} from 100 % on" in text


def test_channels_are_counted_from_0() -> None:
    image = np.random.default_rng(5).uniform(size=(4, 5, 3))
    result = activations(NETWORK, image, ["cube"])
    text = sentences.activations(result, NETWORK.layers)
    assert "after cube, red best in channel 0 (" in text  # the layer cubes each colour
    assert "blue best in channel 2 (" in text
    grey = replace(result, colours={"cube": np.full((3, 3), np.nan)})
    assert sentences.activations(grey, NETWORK.layers) == "No channel follows a colour of the image."


def test_weights_name_the_widest_the_most_grown_and_the_broken() -> None:
    before = {"a": np.array([-1.0, 1.0]), "b": np.array([-0.1, 0.1])}
    after = {"a": np.array([-1.5, 1.5]), "b": np.array([-0.4, 0.4, np.nan])}
    text = sentences.weights(weight_histograms({"before": before, "after": after}))
    assert text.startswith("a has the widest weights (standard deviation 1.50, from −1.50 to 1.50)")
    assert "b spread most (0.100 to 0.400)" in text
    assert text.endswith("1 weight is NaN or infinite.")
    lost = sentences.weights(weight_histograms({"now": {"a": np.array([np.nan])}}))
    assert lost == "The standard deviation of no layer's weights is known. 1 weight is NaN or infinite."
