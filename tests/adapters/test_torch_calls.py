"""What is seen of a PyTorch model: its calls, their values and axes, and which of its outputs is meant."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn

from adapters.torch_models import CLASSES, EVERY, SPEC, Returning, model, random_images
from innerview.adapters import wrap
from innerview.adapters.torch.model import TorchModel
from innerview.errors import ModelError
from innerview.model import OUTPUT, OutputSpec, find_layer
from raising import raises


def test_a_second_call_is_a_second_layer() -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES)
    names = [layer.name for layer in wrapped.layers]
    assert names == ["conv1", "norm", "relu", "conv2", "relu#2", "drop", "output#1"]
    assert [find_layer(wrapped.layers, number).name for number in (1, 2, 3)] == ["relu", "relu#2", "output#1"]
    kinds = ["convolution", "normalisation", "activation", "convolution", "activation", "dropout", "dense"]
    assert [layer.kind for layer in wrapped.layers] == kinds
    assert wrapped.layers[-1].parameters == ("output.weight", "output.bias")


def test_in_place_activations_don_t_reach_back() -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES)
    layers = ["norm", "relu", "conv2", "relu#2"]
    for answer in (wrapped.forward(random_images(), layers), wrapped.vjp(random_images(), {OUTPUT: EVERY}, layers)):
        seen = answer.activations
        assert seen["norm"].min() < 0
        assert seen["conv2"].min() < 0
        np.testing.assert_array_equal(seen["relu"], np.maximum(seen["norm"], 0))
        np.testing.assert_array_equal(seen["relu#2"], np.maximum(seen["conv2"], 0))


def test_gradients_at_layers_are_right_before_in_place_activations() -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES).astype(np.float64)
    layers = ["norm", "relu", "conv2", "relu#2"]
    pulled = wrapped.vjp(random_images(), {OUTPUT: EVERY}, layers)
    for before, after in (("norm", "relu"), ("conv2", "relu#2")):
        above = pulled.activations[before] > 0
        np.testing.assert_allclose(pulled.layer_gradients[before], pulled.layer_gradients[after] * above)
    assert np.array_equal(pulled.input_gradients, wrapped.vjp(random_images(), {OUTPUT: EVERY}).input_gradients)


Pair = namedtuple("Pair", ["logits", "features"])  # noqa: PYI024 as models return them
WRAPPINGS = {
    "dict": (lambda z: {"loss": z.sum(), "logits": z}, "logits"),
    "tuple": (lambda z: (z * 2, z), 1),
    "list": (lambda z: [z], 0),
    "named tuple by name": (lambda z: Pair(z, z * 2), "logits"),
    "named tuple by place": (lambda z: Pair(z * 2, z), 1),
    "tensor": (lambda z: z, None),
}


@pytest.mark.parametrize(("wrapping", "key"), WRAPPINGS.values(), ids=WRAPPINGS)
def test_the_declared_output_is_taken(wrapping, key) -> None:
    module = Returning(wrapping)
    model = wrap(module, input=SPEC, output=OutputSpec(CLASSES.class_names, output=key))
    flat = torch.tensor(random_images()).permute(0, 3, 1, 2).flatten(1)
    np.testing.assert_allclose(model.forward(random_images()).outputs, module.dense(flat).detach().numpy(), rtol=1e-5)


EVIDENT = ("dict", "list", "named tuple by name")
"""Of these the output need not be named: it is called logits, or it is the one tensor; that is said."""

UNCLEAR = [
    (name, key)
    for name in WRAPPINGS
    for key in (None, "output", 7)
    if name != "tensor" and not (key is None and (name in EVIDENT or "named" in name))
]


@pytest.mark.parametrize(("name", "key"), UNCLEAR)
def test_an_output_that_is_not_clear_lists_the_keys(name: str, key) -> None:
    wrapping, right = WRAPPINGS[name]
    with pytest.raises(ModelError) as caught:
        wrap(Returning(wrapping), input=SPEC, output=OutputSpec(CLASSES.class_names, output=key))
    assert f"{right!r} of shape (3, 3)" in str(caught.value)


@pytest.mark.parametrize("name", EVIDENT)
def test_an_evident_output_is_taken_and_said(name: str) -> None:
    module = Returning(WRAPPINGS[name][0])
    model = wrap(module, input=SPEC, output=CLASSES)
    flat = torch.tensor(random_images()).permute(0, 3, 1, 2).flatten(1)
    np.testing.assert_allclose(model.forward(random_images()).outputs, module.dense(flat).detach().numpy(), rtol=1e-5)
    said = "the one tensor, output 0, is explained" if name == "list" else "its logits are explained"
    assert any(said in note for note in model.notes)


def test_a_key_for_a_single_tensor_is_refused() -> None:
    with raises(ModelError, "output", asked=0, found="one tensor"):
        wrap(Returning(lambda z: z), input=SPEC, output=OutputSpec(CLASSES.class_names, output=0))


@pytest.mark.parametrize("result", [None, 3, {"text": "no"}, ()])
def test_no_tensor_at_all_is_refused(result) -> None:
    with raises(ModelError, "output", found="no tensor"):
        wrap(Returning(lambda z: result), input=SPEC, output=CLASSES)


class Sometimes(nn.Module):
    """Takes another way for bright images."""

    def __init__(self) -> None:
        super().__init__()
        self.dark, self.bright, self.dense = nn.Identity(), nn.Identity(), nn.Linear(144, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        way = self.bright if value.mean() > 0.1 else self.dark
        return self.dense(way(value).flatten(1))


def test_a_layer_that_was_not_called_this_time_is_named() -> None:
    model = TorchModel(Sometimes(), SPEC, CLASSES)
    assert [layer.name for layer in model.layers] == ["dark", "dense"]
    with raises(ModelError, "layer", layer="dark"):
        model.forward(random_images(), ["dark"])
    with raises(ModelError, "layer", layer="dark"):
        model.vjp(random_images(), {OUTPUT: EVERY}, ["dark"])


def test_a_model_that_is_one_module_has_a_layer_with_its_kind_as_name() -> None:
    class Flat(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 its name in PyTorch
            return super().forward(input.flatten(1))

    model = TorchModel(Flat(144, 3), SPEC, CLASSES)
    assert [(layer.name, layer.parameters, layer.kind) for layer in model.layers] == [
        ("Flat", ("weight", "bias"), "dense")
    ]


class Tokens(nn.Module):
    """Patches as tokens through a transformer's layer, whose fast path calls no modules."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 2, 2)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.head(self.block(self.patches(value).flatten(2).transpose(1, 2)).mean(1))


def test_tokens_are_layers_too() -> None:
    model = TorchModel(Tokens(), SPEC, CLASSES)
    layers = {layer.name: layer for layer in model.layers}
    assert (layers["patches"].axes, layers["patches"].shape) == ("height width channel", (3, 4, 8))
    assert (layers["block.linear1"].axes, layers["block.linear1"].shape) == ("token channel", (12, 16))
    layers = list(layers)
    forward, pulled = model.forward(random_images(), layers), model.vjp(random_images(), {OUTPUT: EVERY}, layers)
    for tap in layers:
        np.testing.assert_allclose(forward.activations[tap], pulled.activations[tap], rtol=1e-4, atol=1e-5)


class Padded(nn.Conv2d):
    """A convolution that holds its padding, as EfficientNet's do."""

    def __init__(self) -> None:
        super().__init__(3, 4, 3)
        self.padding_around = nn.ZeroPad2d(1)

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 its name in PyTorch
        return super().forward(self.padding_around(input))


def test_a_convolution_is_a_layer_whatever_it_holds() -> None:
    normalised = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    module = nn.Sequential(Padded(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), normalised)
    model = TorchModel(module, SPEC, CLASSES)
    assert [(layer.name, layer.kind, len(layer.parameters)) for layer in model.layers] == [
        ("0", "convolution", 2), ("1", "activation", 0), ("2", "pooling", 0), ("3", "other", 0), ("4", "dense", 2)
    ]  # fmt: skip
    seen = model.forward(random_images(), ["0", "4"])
    wanted = module[0](torch.tensor(random_images()).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).detach().numpy()
    np.testing.assert_allclose(seen.activations["0"], wanted, atol=1e-6)
    np.testing.assert_array_equal(seen.activations["4"], seen.outputs)
    assert find_layer(model.layers, 1).name == "1"


def compiled_whole(module: nn.Module) -> nn.Module:
    return torch.compile(module, backend="eager")


def compiled_in_place(module: nn.Module) -> nn.Module:
    module.compile(backend="eager")
    return module


def compiled_in_part(module: nn.Module) -> nn.Module:
    module.conv1 = torch.compile(module.conv1, backend="eager")
    return module


@pytest.mark.parametrize("compiled", [compiled_whole, compiled_in_place, compiled_in_part, nn.DataParallel])
def test_a_compiled_or_parallel_model_is_seen_like_a_plain_one(compiled) -> None:
    plain = TorchModel(model(), SPEC, CLASSES)
    module = compiled(model())
    module(torch.rand(2, 3, 6, 8))  # compiled by now, and without anybody watching; this moves the batch statistics
    module.load_state_dict({**module.state_dict(), **compiled(model()).state_dict()})
    wrapped = TorchModel(module, SPEC, CLASSES)
    layers = [layer.name for layer in wrapped.layers]
    assert [name.replace("._orig_mod", "") for name in layers] == [layer.name for layer in plain.layers]
    found = wrapped.vjp(random_images(), {OUTPUT: EVERY}, layers)
    wanted = plain.vjp(random_images(), {OUTPUT: EVERY}, [layer.name for layer in plain.layers])
    assert np.array_equal(found.input_gradients, wanted.input_gradients)
    for one, other in zip(found.activations.values(), wanted.activations.values(), strict=True):
        assert np.array_equal(one, other)


class Mixer(nn.Module):
    """Channels first, then last, then first again, as in ConvNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.wide = nn.Conv2d(3, 4, 1), nn.LayerNorm(4), nn.Linear(4, 9)
        self.act, self.narrow, self.head = nn.GELU(), nn.Linear(9, 4), nn.Conv2d(4, 3, 1)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        inner = self.norm(self.conv(value).permute(0, 2, 3, 1))
        inner = self.narrow(self.act(self.wide(inner)))
        return self.head(inner.permute(0, 3, 1, 2)).mean((2, 3))


def test_channels_are_last_at_the_waist_wherever_the_model_has_them() -> None:
    model = TorchModel(Mixer(), SPEC, CLASSES)
    assert {layer.name: layer.shape for layer in model.layers} == {
        "conv": (6, 8, 4),
        "norm": (6, 8, 4),
        "wide": (6, 8, 9),
        "act": (6, 8, 9),
        "narrow": (6, 8, 4),
        "head": (6, 8, 3),
    }
    answer = model.forward(random_images(), ["conv", "norm"])
    conv, norm = answer.activations["conv"], answer.activations["norm"]
    wanted = (conv - conv.mean(-1, keepdims=True)) / np.sqrt(conv.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(norm, wanted, atol=1e-4)
