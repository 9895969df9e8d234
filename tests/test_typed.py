"""Public methods take classes, baselines and images as people type them, and refuse what is wrong in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

import innerview
from innerview.adapters import FunctionModel
from innerview.allcnn.table import build, initial_weights
from innerview.errors import InnerviewError
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Contrast
from raising import raises
from typecheck import unchecked

NETWORK = build(initial_weights(0, channels=4))
IMAGE = np.random.default_rng(0).random(NETWORK.input.shape).astype(np.float32)


@pytest.mark.parametrize("asked", [3, np.int64(3), "cat", "3 cat"])
def test_a_class_is_a_target(asked: Any) -> None:
    with unchecked():
        found = innerview.gradient(NETWORK, IMAGE, asked)
    wanted = innerview.gradient(NETWORK, IMAGE, Contrast(3))
    np.testing.assert_array_equal(found.gradient, wanted.gradient)


def test_what_is_not_said_is_a_blurred_copy_and_one_percent() -> None:
    with unchecked():
        found = innerview.integrated_gradients(NETWORK, IMAGE, 3, max_evaluations=33)
        white = innerview.integrated_gradients(NETWORK, IMAGE, baseline="white", n_steps=4)
    assert found.tolerance == 0.01
    np.testing.assert_array_equal(found.baseline, innerview.make_baseline("blurred", NETWORK.input, IMAGE).image)
    assert (white.tolerance, float(white.baseline.min())) == (None, 1.0)


def test_baselines_are_named_given_or_both_alone_or_as_a_list() -> None:
    white, opened = np.ones_like(IMAGE), Image.new("RGB", (NETWORK.input.width, NETWORK.input.height), "white")
    with unchecked():
        wanted = innerview.expected_gradients(NETWORK, IMAGE, 3, baselines=[white, white], n_samples=3)
        alone = innerview.expected_gradients(NETWORK, IMAGE, 3, baselines=[white], n_samples=3)
        found = innerview.expected_gradients(NETWORK, IMAGE, 3, baselines="white", n_samples=3)
        np.testing.assert_array_equal(found.attribution, alone.attribution)
        for given in (["white", opened], (white, white.tolist()), np.stack([white, white])):
            found = innerview.expected_gradients(NETWORK, IMAGE, 3, baselines=given, n_samples=3)
            np.testing.assert_allclose(found.attribution, wanted.attribution, rtol=1e-6)
        one = innerview.integrated_gradients(NETWORK, IMAGE, 3, baseline=white.tolist(), n_steps=4)
    np.testing.assert_array_equal(one.baseline, white)


def test_numbers_may_be_an_array() -> None:
    alphas, weights = np.array([0.5, 1.0]), NETWORK.weights()
    with unchecked():
        inner = innerview.interior_gradients(NETWORK, IMAGE, 3, alphas=alphas)
        whole = innerview.integrated_gradients(NETWORK, IMAGE, 3, n_steps=4, interior=alphas)
        kept = innerview.insertion(NETWORK, IMAGE, whole.heatmap, fractions=alphas)
        counted = innerview.weight_histograms({"now": weights}, bins=4, limits=np.ones(len(weights)))
    np.testing.assert_array_equal(inner.alphas, whole.interior.alphas)
    np.testing.assert_array_equal(kept.fractions, alphas)
    assert float(counted.edges.max()) == 1


def test_a_baseline_is_made_for_a_named_image() -> None:
    with unchecked():
        found = innerview.make_baseline("blurred:2", NETWORK.input, "cat")
    assert found.image.shape == NETWORK.input.shape


def test_an_open_image_of_the_models_size_is_taken() -> None:
    opened = Image.fromarray(np.round(IMAGE * 255).astype(np.uint8))
    with unchecked():
        found = innerview.gradient(NETWORK, opened, 3)
    np.testing.assert_allclose(found.image, IMAGE, atol=0.51 / 255)


def test_an_image_that_was_loaded_is_brought_to_the_model() -> None:
    loaded = innerview.example_image("cat")
    seen, corner = (innerview.preprocess(loaded, NETWORK.input, crop) for crop in ("center", (0, 0, 64, 64)))
    larger = innerview.preprocess(loaded, InputSpec(height=64, width=64))
    with unchecked():
        for given, wanted in ((loaded, seen), (seen, seen), (corner, corner), (larger, seen)):
            np.testing.assert_array_equal(innerview.gradient(NETWORK, given, 3).image, wanted.pixels)


WRONG: dict[str, tuple[Any, Any, str]] = {
    "bytes": ((IMAGE * 255).astype(np.uint8), 3, "divide bytes by 255"),
    "bytes as floats": (np.round(IMAGE * 255), 3, "divide bytes by 255"),
    "an open image of another size": (Image.new("RGB", (5, 4)), 3, "5 × 4 pixels"),
    "channels in front": (IMAGE.transpose(2, 0, 1), 3, "height × width × channel"),
    "a batch": (IMAGE[None], 3, "give one image"),
    "no class": (IMAGE, 30, "there is no class 30"),
    "a truth value": (IMAGE, True, "target=True"),
}


@pytest.mark.parametrize(("image", "target", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_in_silence_is_refused(image: Any, target: Any, said: str) -> None:
    with unchecked(), pytest.raises(InnerviewError, match=said):
        innerview.gradient(NETWORK, image, target)


@pytest.mark.parametrize("given", [3, "allcnn", lambda x: x])
def test_a_model_is_no_model_yet(given: Any) -> None:
    with unchecked(), raises(InnerviewError, "model"):
        innerview.gradient(given, IMAGE, 3)


def test_a_function_is_predicted_as_before() -> None:
    model = FunctionModel(lambda x: x.mean((1, 2)), InputSpec(2, 2), OutputSpec(3))
    assert innerview.predict(model, np.zeros((1, 2, 2, 3), np.float32))[0].index == 0


def test_a_made_up_image_of_a_whole_number_is_no_bytes() -> None:
    """Values outside [0, 1] are legal; only what a photo's bytes look like is refused."""
    spec = innerview.InputSpec(1, 1, 1)
    model = innerview.wrap(lambda x: x.reshape(len(x), 1) * [1.0, -1.0], input=spec, output=innerview.OutputSpec(2))
    result = innerview.occlusion(model, np.full((1, 1, 1), 2.0, np.float32), innerview.Logit(0), window=1, stride=1)
    assert result.score == pytest.approx(2.0)
