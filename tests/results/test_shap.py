"""Results as explanations of the shap package: the numbers are ours, they add up, and shap draws them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from innerview.errors import MissingExtra, UsageError
from innerview.methods import expected_gradients, gradient_input, integrated_gradients, sampled_shapley, shapley
from innerview.results import Attribution, Result
from innerview.targets import Logit
from models import MODELS, numpy_model

NETWORK = MODELS["mixed"]
MODEL = numpy_model(NETWORK, NETWORK.weights(), np.float64)
IMAGE = np.random.default_rng(0).uniform(0.2, 1, MODEL.input.shape).astype(MODEL.dtype)


def results() -> dict[str, Any]:
    return {
        "integrated gradients": integrated_gradients(
            MODEL, IMAGE, Logit(1), baseline=np.zeros_like(IMAGE), tolerance=0.01
        ),
        "sampled": sampled_shapley(MODEL, IMAGE, Logit(1), regions=4, half_width=10.0),
        "exact": shapley(MODEL, IMAGE, Logit(1), regions=4),
        "expected": expected_gradients(MODEL, IMAGE, Logit(1), baselines=[np.zeros_like(IMAGE)], n_samples=64),
    }


@pytest.mark.shap
@pytest.mark.parametrize("name", ["integrated gradients", "sampled", "exact"])
def test_base_and_values_add_up_to_the_score(name: str) -> None:
    found = results()[name]
    shown = found.to_shap()
    scores = np.broadcast_to(found.score, np.shape(shown.base_values))
    total = shown.base_values + shown.values.reshape(len(scores), -1).sum(axis=1)
    np.testing.assert_allclose(total, scores, rtol=1e-4, atol=1e-5 + abs(getattr(found, "convergence_delta", 0.0)))


@pytest.mark.shap
def test_regions_are_rows_for_fills_and_shap_draws_them() -> None:
    import shap
    from matplotlib import pyplot  # noqa: ICN001, TID251 where shap draws

    found = shapley(MODEL, IMAGE, Logit(1), regions=4)
    shown = found.to_shap()
    assert isinstance(shown, shap.Explanation)
    np.testing.assert_array_equal(shown.values, found.values)
    assert shown.feature_names == [f"region {number}" for number in range(4)]
    for draw in (shap.plots.waterfall, shap.plots.bar):
        draw(shown[0], show=False)
        labels = [text.get_text() for text in pyplot.gcf().findobj(match=lambda one: hasattr(one, "get_text"))]
        assert any("region 3" in label for label in labels)
        pyplot.close("all")


@pytest.mark.shap
def test_maps_are_images_with_bounds_where_there_are_some() -> None:
    import shap
    from matplotlib import pyplot  # noqa: ICN001, TID251 where shap draws

    found = sampled_shapley(MODEL, IMAGE, Logit(1), regions=4, half_width=10.0)
    assert found.pixel_error is not None
    shown = found.to_shap()
    height, width, _ = IMAGE.shape
    assert shown.values.shape == (1, height, width, 1)
    np.testing.assert_array_equal(shown.data[0], IMAGE)
    np.testing.assert_allclose(shown.upper_bounds - shown.lower_bounds, 2 * found.pixel_error[None, ..., None])
    shap.plots.image(shown, show=False)
    assert len(pyplot.gcf().axes) >= 2
    pyplot.close("all")


@pytest.mark.shap
def test_tensors_become_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shapley(MODEL, IMAGE, Logit(1), regions=4)
    assert isinstance(found, Result)
    assert isinstance(found.to("jax").to_shap().values, np.ndarray)


def test_what_does_not_add_up_is_refused() -> None:
    found = gradient_input(MODEL, IMAGE, Logit(1))
    assert isinstance(found, Attribution)
    with pytest.raises(UsageError) as caught:
        found.to_shap()
    assert "its values do not add up to the change of the score, as shap's do: use integrated_gradients" in str(
        caught.value
    )


def test_without_shap_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingExtra) as caught:
        shapley(MODEL, IMAGE, Logit(1), regions=4).to_shap()
    assert "pip install 'innerview[shap]'" in str(caught.value)
