"""keras.applications: each one's own preprocessing, found by calling it, on this process's backend."""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
import pytest

from innerview.adapters import wrap
from innerview.adapters.hubs import describe, open_hub
from innerview.adapters.keras.model import KerasModel
from innerview.errors import DataError, UsageError
from raising import raises

NAMES = {
    "ResNet50": ("BGR", (123.68, 116.779, 103.939), (1.0, 1.0, 1.0)),
    "MobileNetV2": ("RGB", (127.5,) * 3, (127.5,) * 3),
    "EfficientNetB0": ("RGB", (0.0,) * 3, (1.0,) * 3),
    "DenseNet121": ("RGB", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}


class Made:
    """What is asked of a model here, without building fifty layers."""

    name, input_shape, output_shape = "", (None, 224, 224, 3), (None, 5)
    inputs = (object(),)


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    from innerview.adapters.hubs import keras_applications

    monkeypatch.setattr(keras_applications, "found_input", lambda _: (224, 224, 3, "HWC"))


@pytest.mark.usefixtures("unbuilt")
@pytest.mark.parametrize("name", NAMES)
def test_the_input_is_what_preprocess_input_makes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    build: Any = getattr(keras.applications, name)
    home = sys.modules[build.__module__]

    def made(**_: object) -> Made:
        return Made()

    made.__module__ = build.__module__
    monkeypatch.setattr(keras.applications, name, made)
    spec = open_hub("keras", name, pretrained=False).input
    assert (spec.channel_order, spec.mean, spec.std) == NAMES[name]
    levels = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3)).astype(np.float32)
    expected = home.preprocess_input(levels.copy(), data_format="channels_last")
    ours = levels / 255 * spec.scale + spec.offset
    ours = ours[..., ::-1] if spec.channel_order == "BGR" else ours
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-3)


def test_an_open_model_is_known_by_its_name() -> None:
    model = keras.applications.MobileNetV2(
        weights=None, classifier_activation=None, alpha=0.35, input_shape=(32, 32, 3), classes=4, name="mobilenet_v2"
    )
    wrapped = wrap(model)
    assert isinstance(wrapped, KerasModel)
    assert wrapped.input.shape == (32, 32, 3)
    image = np.random.default_rng(0).random((1, 32, 32, 3)).astype(np.float32)
    own = keras.ops.convert_to_numpy(model(image * 2 - 1, training=False))
    np.testing.assert_allclose(wrapped.forward(image).outputs, own, rtol=1e-3, atol=1e-5)


def test_any_other_model_is_not_guessed() -> None:
    assert describe(keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])) is None


def test_weights_that_can_not_be_had_are_said_with_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(**_: object) -> None:
        raise OSError("URL fetch failure")

    monkeypatch.setattr(keras.applications, "MobileNetV2", offline)
    with raises(DataError, "weights", asked="keras:MobileNetV2", found="OSError"):
        open_hub("keras", "MobileNetV2")
    with raises(UsageError, "model", asked="MobileNetV9"):
        open_hub("keras", "MobileNetV9")
