"""Maps by any method of the registry, beside the integrated gradients of a look."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.data.baselines import make_baseline
from innerview.errors import UsageError
from innerview.session.methods import choose_methods, run_method
from innerview.targets import Logit
from models import MODELS, function_model, numpy_model
from raising import raises

MODEL = MODELS["mixed"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float64)
IMAGE = np.random.default_rng(0).random(MODEL.input.shape)
BASELINES = [make_baseline(name, MODEL.input, IMAGE) for name in ("black", "noise:7")]


@pytest.mark.parametrize(
    ("text", "baseline", "seed"),
    [
        ("gradient", "", None),
        ("grad-cam", "", None),
        ("smooth-grad:n_samples=2,seed=3", "", 3),
        ("occlusion", "black", None),
        ("gradient-input", "black", None),
        ("expected-gradients:n_samples=2,seed=5", "black and uniform noise, seed 7", 5),
        ("integrated-gradients:n_steps=2", "black and uniform noise, seed 7", 7),
    ],
)
def test_a_result_names_the_baselines_that_it_comes_from(text: str, baseline: str, seed: int | None) -> None:
    (chosen,) = choose_methods([text], NETWORK).values()
    source = run_method(chosen, NETWORK, IMAGE, Logit(1), BASELINES, None).provenance
    assert (source.baseline, source.seed) == (baseline, seed)


def test_each_has_a_name_of_its_own_and_the_same_is_taken_once() -> None:
    asked = ["occlusion", "occlusion:window=3", "occlusion", "gradient", "occlusion:window=5"]
    assert list(choose_methods(asked, NETWORK)) == ["occlusion", "occlusion-2", "gradient", "occlusion-3"]


def test_what_a_model_lacks_is_said_before_anything_runs() -> None:
    linear = MODELS["linear"]
    with raises(UsageError, "gradients", asked="gradient", found="forward only"):
        choose_methods(["occlusion", "gradient"], function_model(linear, linear.weights(), np.float32))
