"""PyTorch models as people have them: reused and in-place activations, odd outputs, and given back as they were."""

from __future__ import annotations

import copy
import threading
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn

from innerview.adapters import wrap
from innerview.adapters.torch import TorchNetwork
from innerview.errors import NetworkError
from innerview.network import OUTPUT, InputSpec, OutputSpec, find_layer
from innerview.targets import Logit, together
from innerview.types import Array

CLASSES = OutputSpec(("a", "b", "c"))
SPEC = InputSpec(6, 8, layout="CHW")
EVERY = together([Logit(index) for index in range(3)])


class Reused(nn.Module):
    """One in-place activation after two convolutions, dropout and batch statistics, a part that is not used."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)
        self.spare = nn.Linear(2, 2)
        self.output = nn.Linear(4, 3)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        value = self.relu(self.norm(self.conv1(pictures)))
        value = value + self.relu(self.conv2(value))
        return self.output(self.drop(nn.functional.elu(value).mean((2, 3))))


def model(seed: int = 0) -> Reused:
    torch.manual_seed(seed)
    module = Reused()
    module.norm.running_mean += 0.1 * torch.randn(4)
    return module


def pictures(count: int = 2) -> Array:
    return np.random.default_rng(1).random((count, 6, 8, 3)).astype(np.float32)


def state(module: nn.Module) -> dict[str, object]:
    """Everything about a model that someone could find changed."""
    return {
        "modes": [part.training for part in module.modules()],
        "wanted": [parameter.requires_grad for parameter in module.parameters()],
        "gradients": [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        "tensors": {name: value.clone() for name, value in module.state_dict().items()},
        "types": [value.dtype for value in module.state_dict().values()],
        "devices": [value.device for value in module.state_dict().values()],
        "hooks": [
            (len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks))
            for part in module.modules()
        ],
        "fast": torch.backends.mha.get_fastpath_enabled(),
        "grad": torch.is_grad_enabled(),
        "random": torch.get_rng_state(),
    }


def same(a: object, b: object) -> bool:
    match a, b:
        case dict(), dict():
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        case list(), list():
            return len(a) == len(b) and all(map(same, a, b))
        case torch.Tensor(), torch.Tensor():
            return torch.equal(a, b)
        case _:
            return a == b


def in_the_middle_of_training() -> Reused:
    """Mixed modes and frozen parts, gradients that wait for a step, hooks of someone else."""
    module = model()
    module(torch.rand(4, 3, 6, 8)).sum().backward()
    module.norm.eval()
    module.conv2.weight.requires_grad_(False)
    module.conv1.register_forward_hook(lambda *_: None)
    module.register_forward_pre_hook(lambda *_: None)
    return module


def failing(module: nn.Module, arguments: object) -> None:
    raise ArithmeticError


def test_a_model_comes_back_as_it_was() -> None:
    module = in_the_middle_of_training()
    before = state(module)
    network = TorchNetwork(module, SPEC, CLASSES)
    taps = [layer.name for layer in network.layers]
    images = pictures()
    for _ in range(100):
        network.forward(images, taps)
        network.pullback(images, {OUTPUT: EVERY}, taps)
    _ = network.identity, network.weights(), network.astype(np.float64)
    assert same(state(module), before)


def test_a_model_comes_back_as_it_was_after_an_error() -> None:
    module = in_the_middle_of_training()
    network = TorchNetwork(module, SPEC, CLASSES)
    taps = [layer.name for layer in network.layers]
    handle = module.conv2.register_forward_pre_hook(failing)
    before = state(module)
    for run in (
        lambda: network.forward(pictures(), taps),
        lambda: network.pullback(pictures(), {OUTPUT: EVERY}, taps),
    ):
        with pytest.raises(ArithmeticError):
            run()
        assert same(state(module), before)
    handle.remove()

    def refuse(value: Array) -> Array:
        raise KeyboardInterrupt

    before = state(module)
    with pytest.raises(KeyboardInterrupt):
        network.pullback(pictures(), {OUTPUT: refuse}, taps)
    assert same(state(module), before)


def test_no_gradient_is_left_on_anything() -> None:
    module = model()
    TorchNetwork(module, SPEC, CLASSES).pullback(pictures(), {OUTPUT: EVERY})
    assert all(parameter.grad is None for parameter in module.parameters())


def test_training_goes_on_after_looking() -> None:
    looked, plain = model(), model()
    network = TorchNetwork(looked, SPEC, CLASSES)
    for module in (looked, plain):
        optimiser = torch.optim.SGD(module.parameters(), 0.1)
        for step in range(3):
            torch.manual_seed(step)
            optimiser.zero_grad()
            module(torch.rand(4, 3, 6, 8)).square().sum().backward()
            optimiser.step()
            network.pullback(pictures(), {OUTPUT: EVERY}, ["relu#2"])
    assert same(looked.state_dict(), plain.state_dict())


def test_it_is_looked_at_in_evaluation_mode() -> None:
    module = model()
    network = TorchNetwork(module, SPEC, CLASSES)
    assert module.training
    wanted = copy.deepcopy(module).eval()(torch.tensor(pictures()).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose(network.forward(pictures()).logits, wanted, rtol=1e-6)
    assert np.array_equal(network.forward(pictures()).logits, network.forward(pictures()).logits)


def test_a_second_call_is_a_second_layer() -> None:
    network = TorchNetwork(model(), SPEC, CLASSES)
    names = [layer.name for layer in network.layers]
    assert names == ["conv1", "norm", "relu", "conv2", "relu#2", "drop", "output#1"]
    assert [find_layer(network.layers, number).name for number in (1, 2, 3)] == ["relu", "drop", "output#1"]
    kinds = ["convolution", "normalisation", "activation", "convolution", "activation", "dropout", "dense"]
    assert [layer.kind for layer in network.layers] == kinds
    assert network.layers[-1].parameters == ("output.weight", "output.bias")


def test_in_place_activations_don_t_reach_back() -> None:
    network = TorchNetwork(model(), SPEC, CLASSES)
    taps = ["norm", "relu", "conv2", "relu#2"]
    for answer in (network.forward(pictures(), taps), network.pullback(pictures(), {OUTPUT: EVERY}, taps)):
        seen = answer.activations
        assert seen["norm"].min() < 0
        assert seen["conv2"].min() < 0
        np.testing.assert_array_equal(seen["relu"], np.maximum(seen["norm"], 0))
        np.testing.assert_array_equal(seen["relu#2"], np.maximum(seen["conv2"], 0))


def test_gradients_at_taps_are_right_before_in_place_activations() -> None:
    network = TorchNetwork(model(), SPEC, CLASSES).astype(np.float64)
    taps = ["norm", "relu", "conv2", "relu#2"]
    pulled = network.pullback(pictures(), {OUTPUT: EVERY}, taps)
    for before, after in (("norm", "relu"), ("conv2", "relu#2")):
        above = pulled.activations[before] > 0
        np.testing.assert_allclose(pulled.tap_gradients[before], pulled.tap_gradients[after] * above)
    assert np.array_equal(pulled.input_gradients, network.pullback(pictures(), {OUTPUT: EVERY}).input_gradients)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_gradients_don_t_depend_on_where_they_are_asked(context) -> None:
    network = TorchNetwork(model(), SPEC, CLASSES)
    wanted = network.pullback(pictures(), {OUTPUT: EVERY}, ["relu"])
    with context():
        found = network.pullback(pictures(), {OUTPUT: EVERY}, ["relu"])
    assert np.array_equal(found.input_gradients, wanted.input_gradients)
    assert np.array_equal(found.tap_gradients["relu"], wanted.tap_gradients["relu"])


def test_mixed_precision_is_off_while_we_look() -> None:
    network = TorchNetwork(model(), SPEC, CLASSES)
    wanted = network.forward(pictures()).logits
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert np.array_equal(network.forward(pictures()).logits, wanted)


def test_changes_of_the_model_are_seen() -> None:
    module = model()
    network = TorchNetwork(module, SPEC, CLASSES)
    before, identity = network.forward(pictures()).logits, network.identity
    with torch.no_grad():
        module.norm.running_mean += 1
    assert network.identity != identity
    assert not np.array_equal(network.forward(pictures()).logits, before)


def test_a_copy_in_another_precision_is_independent() -> None:
    module = model()
    network = TorchNetwork(module, SPEC, CLASSES)
    other = network.astype(np.float64)
    before = other.identity
    with torch.no_grad():
        module.conv1.weight.zero_()
    assert other.identity == before
    assert module.conv1.weight.dtype == torch.float32


def test_two_threads_may_look_at_one_model() -> None:
    module = in_the_middle_of_training()
    network, before = TorchNetwork(module, SPEC, CLASSES), state(module)
    wanted = network.pullback(pictures(), {OUTPUT: EVERY}, ["relu"]).input_gradients
    found: list[Array] = []

    def look() -> None:
        found.extend(network.pullback(pictures(), {OUTPUT: EVERY}, ["relu"]).input_gradients for _ in range(10))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert all(np.array_equal(one, wanted) for one in found)
    assert same(state(module), before)


class Returning(nn.Module):
    """A linear model that gives its output in some wrapping."""

    def __init__(self, wrapping) -> None:
        super().__init__()
        self.dense = nn.Linear(6 * 8 * 3, 3)
        self.wrapping = wrapping

    def forward(self, value: torch.Tensor) -> object:
        return self.wrapping(self.dense(value.flatten(1)))


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
    network = wrap(module, input=SPEC, output=OutputSpec(CLASSES.class_names, key=key))
    flat = torch.tensor(pictures()).permute(0, 3, 1, 2).flatten(1)
    np.testing.assert_allclose(network.forward(pictures()).logits, module.dense(flat).detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in WRAPPINGS if name != "tensor"])
@pytest.mark.parametrize("key", [None, "output", 7])
def test_an_output_that_is_not_clear_lists_the_keys(name: str, key) -> None:
    wrapping, right = WRAPPINGS[name]
    with pytest.raises(NetworkError) as caught:
        wrap(Returning(wrapping), input=SPEC, output=OutputSpec(CLASSES.class_names, key=key))
    assert f"{right!r} of shape (3, 3)" in str(caught.value)


def test_a_key_for_a_single_tensor_is_refused() -> None:
    with pytest.raises(NetworkError, match="one tensor"):
        wrap(Returning(lambda z: z), input=SPEC, output=OutputSpec(CLASSES.class_names, key=0))


@pytest.mark.parametrize("result", [None, 3, {"text": "no"}, ()])
def test_no_tensor_at_all_is_refused(result) -> None:
    with pytest.raises(NetworkError, match="no tensor"):
        wrap(Returning(lambda z: result), input=SPEC, output=CLASSES)


REFUSED = {
    "too few classes": (model, SPEC, OutputSpec(("a", "b")), "2 class names"),
    "channels last": (model, InputSpec(6, 8), CLASSES, "layout='CHW'"),
    "half precision": (lambda: model().half(), SPEC, CLASSES, r"float16.*copy\.deepcopy\(model\)\.float\(\)"),
    "two precisions": (lambda: nn.Sequential(model(), nn.Linear(3, 3).double()), SPEC, CLASSES, "float64"),
    "outputs per place": (lambda: nn.Conv2d(3, 3, 1), SPEC, CLASSES, "batch × class"),
    "batch statistics": (
        lambda: nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), nn.Flatten(), nn.Linear(144, 3)),
        SPEC,
        CLASSES,
        "track_running_stats",
    ),
}


@pytest.mark.parametrize(("build", "spec", "output", "message"), REFUSED.values(), ids=REFUSED)
def test_a_model_that_does_not_fit_is_refused_and_left_alone(build, spec, output, message: str) -> None:
    module = build()
    before = state(module)
    with pytest.raises(NetworkError, match=message):
        wrap(module, input=spec, output=output)
    assert same(state(module), before)


def test_weights_that_are_not_finite_are_refused_by_name_but_can_be_looked_at() -> None:
    module = model()
    with torch.no_grad():
        module.conv2.bias[1] = torch.nan
    with pytest.raises(NetworkError, match=r"conv2\.bias holds 1 values of 4"):
        wrap(module, input=SPEC, output=CLASSES)
    network = wrap(module, input=SPEC, output=CLASSES, weights_only=True)
    assert np.isnan(network.weights()["conv2.bias"][1])
    with pytest.raises(NetworkError, match="weights_only"):
        network.forward(pictures())


def test_a_model_that_leaves_the_graph_is_told_so() -> None:
    network = TorchNetwork(Returning(lambda z: z.detach()), SPEC, CLASSES)
    with pytest.raises(NetworkError, match="detach"):
        network.pullback(pictures(), {OUTPUT: EVERY})


class Sometimes(nn.Module):
    """Takes another way for bright pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.dark, self.bright, self.dense = nn.Identity(), nn.Identity(), nn.Linear(144, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        way = self.bright if value.mean() > 0.1 else self.dark
        return self.dense(way(value).flatten(1))


def test_a_layer_that_was_not_called_this_time_is_named() -> None:
    network = TorchNetwork(Sometimes(), SPEC, CLASSES)
    assert [layer.name for layer in network.layers] == ["dark", "dense"]
    with pytest.raises(NetworkError, match="dark was called in the dry run"):
        network.forward(pictures(), ["dark"])
    with pytest.raises(NetworkError, match="dark was called in the dry run"):
        network.pullback(pictures(), {OUTPUT: EVERY}, ["dark"])


def test_a_model_that_is_one_module_has_a_layer_with_its_kind_as_name() -> None:
    class Flat(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 its name in PyTorch
            return super().forward(input.flatten(1))

    network = TorchNetwork(Flat(144, 3), SPEC, CLASSES)
    assert [(layer.name, layer.parameters, layer.kind) for layer in network.layers] == [
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
    network = TorchNetwork(Tokens(), SPEC, CLASSES)
    layers = {layer.name: layer for layer in network.layers}
    assert (layers["patches"].axes, layers["patches"].shape) == ("height width channel", (3, 4, 8))
    assert (layers["block.linear1"].axes, layers["block.linear1"].shape) == ("token channel", (12, 16))
    taps = list(layers)
    forward, pulled = network.forward(pictures(), taps), network.pullback(pictures(), {OUTPUT: EVERY}, taps)
    for tap in taps:
        np.testing.assert_allclose(forward.activations[tap], pulled.activations[tap], rtol=1e-4, atol=1e-5)


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
    network = TorchNetwork(Mixer(), SPEC, CLASSES)
    assert {layer.name: layer.shape for layer in network.layers} == {
        "conv": (6, 8, 4),
        "norm": (6, 8, 4),
        "wide": (6, 8, 9),
        "act": (6, 8, 9),
        "narrow": (6, 8, 4),
        "head": (6, 8, 3),
    }
    answer = network.forward(pictures(), ["conv", "norm"])
    conv, norm = answer.activations["conv"], answer.activations["norm"]
    wanted = (conv - conv.mean(-1, keepdims=True)) / np.sqrt(conv.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(norm, wanted, atol=1e-4)
