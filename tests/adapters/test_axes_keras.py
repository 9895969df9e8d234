"""Keras models: axes are what a layer does with an image, wiring is who takes whose tensor."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from capabilities import need
from innerview.adapters.keras.model import KerasModel
from innerview.model import InputSpec, OutputSpec, TokenGrid, ends

pytestmark = pytest.mark.keras
CLASSES = OutputSpec(("a", "b", "c"))
layers = keras.layers
IMAGE, TOKENS = "height width channel", "token channel"


def wrapped(model: keras.Model, **options: Any) -> KerasModel:
    return KerasModel(model, InputSpec(24, 36, **options), CLASSES)


def start(name: str = "stem") -> tuple[Any, Any]:
    keras.utils.set_random_seed(0)
    entering = keras.Input((24, 36, 3))
    return entering, layers.Conv2D(5, 4, strides=4, name=name)(entering)


def known(subject: KerasModel) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {layer.name: (layer.axes, layer.shape) for layer in subject.layers}


def test_axes_are_what_a_layer_does() -> None:
    entering, value = start()
    front = layers.Permute((3, 1, 2), name="front")(value)
    front = layers.Activation("gelu", name="act")(front)
    back = layers.LayerNormalization(name="norm")(layers.Permute((2, 3, 1), name="back")(front))
    tokens = layers.Reshape((54, 5), name="tokens")(back)
    tokens = layers.Dense(7, name="dense")(tokens)
    heads = layers.Reshape((54, 7, 1), name="heads")(tokens)
    turned = layers.Permute((2, 1), name="turned")(layers.Reshape((54, 7), name="again")(heads))
    pooled = layers.GlobalAveragePooling1D(name="mean", data_format="channels_first")(turned)
    subject = wrapped(keras.Model(entering, layers.Dense(3, name="head")(pooled)))
    assert known(subject) == {
        **dict.fromkeys(("stem", "front", "act", "back", "norm"), (IMAGE, (6, 9, 5))),
        "tokens": (TOKENS, (54, 5)),
        **dict.fromkeys(("dense", "again", "turned"), (TOKENS, (54, 7))),
        "heads": ("", (54, 7, 1)),
        "mean": ("channel", (7,)),
        "head": ("channel", (3,)),
    }
    assert {layer.tokens for layer in subject.layers if layer.axes == TOKENS} == {TokenGrid(54, 0, 6, 9)}


def test_channels_in_front_are_found() -> None:
    need("convolution with channels in front")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3, 24, 36)),
            layers.Conv2D(5, 4, strides=4, data_format="channels_first", name="conv"),
            layers.Activation("relu", name="act"),
            layers.GlobalAveragePooling2D(data_format="channels_first", name="mean"),
            layers.Dense(3, name="head"),
        ]
    )
    assert known(wrapped(model, layout="CHW"))["act"] == (IMAGE, (6, 9, 5))


def residual(*, as_layer: bool) -> keras.Model:
    entering, value = start()
    value = first = layers.ReLU(name="relu1")(value)
    value = layers.BatchNormalization(name="norm")(layers.Conv2D(5, 3, padding="same", name="conv")(value))
    value = layers.Add(name="add")([value, first]) if as_layer else value + first
    value = layers.GlobalAveragePooling2D(name="mean")(layers.ReLU(name="relu2")(value))
    return keras.Model(entering, layers.Dense(3, name="head")(value))


@pytest.mark.parametrize("as_layer", [True, False])
def test_wiring_is_who_takes_whose_tensor(as_layer: bool) -> None:
    subject = wrapped(residual(as_layer=as_layer))
    sources = {layer.name: layer.sources for layer in subject.layers}
    added = ("relu1", "norm")
    assert sources == {
        "stem": ("input",),
        "relu1": ("stem",),
        "conv": ("relu1",),
        "norm": ("conv",),
        **({"add": added, "relu2": ("add",)} if as_layer else {"relu2": added}),
        "mean": ("relu2",),
        "head": ("mean",),
    }
    assert [layer.name for layer in ends(subject.layers)] == ["relu1", "norm", "head"]


class Subclassed(keras.Model):
    """Adds tensors itself, which nobody can see."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.act1 = layers.Conv2D(5, 4, strides=4, name="conv1"), layers.ReLU(name="act1")
        self.conv2, self.act2 = layers.Conv2D(5, 3, padding="same", name="conv2"), layers.ReLU(name="act2")
        self.head = layers.Dense(3, name="head")

    def call(self, inputs: Any) -> Any:
        first = self.act1(self.conv1(inputs))
        return self.head(keras.ops.mean(self.act2(self.conv2(first) + first), axis=(1, 2)))


def test_what_is_computed_out_of_sight_is_not_known() -> None:
    keras.utils.set_random_seed(0)
    model = Subclassed()
    model(np.zeros((1, 24, 36, 3), np.float32))
    subject = wrapped(model)
    sources = {layer.name: layer.sources for layer in subject.layers}
    assert sources == {"conv1": ("input",), "act1": ("conv1",), "conv2": ("act1",), "act2": None, "head": None}
    assert [layer.name for layer in ends(subject.layers)] == ["act1", "conv2", "head"]
