"""A PyTorch module as plain steps: what folds, what is refused, and what goes into a page.

That the engine gives what PyTorch gives is tested in frontend/tests/engine.test.ts, on networks traced here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from innerview.adapters import wrap
from innerview.adapters.torch.steps import traced
from innerview.errors import UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.workbench.network import page_network
from raising import raises

pytestmark = pytest.mark.torch


def small() -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.SiLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip
    model[1].running_mean, model[1].running_var = torch.randn(4), torch.rand(4) + 0.5
    return model.eval()


def test_normalisation_is_folded_into_the_convolution_before_it() -> None:
    module = small()
    steps = traced(module, (3, 8, 8))
    assert [one["kind"] for one in steps.operations] == ["convolution", "silu", "global-mean", "flatten", "dense"]
    weight, bias = (torch.from_numpy(steps.weights[f"0.{name}"]) for name in ("weight", "bias"))
    images = torch.rand(2, 3, 8, 8).double()
    folded = nn.functional.conv2d(images, weight, bias)
    with torch.no_grad():
        torch.testing.assert_close(folded, module.double()[:2](images))


class Twice(nn.Module):
    """Looks at its input in two ways."""

    def __init__(self, how: Any) -> None:
        super().__init__()
        self.how, self.one = how, nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.how(self.one(x), x).mean([2, 3])


class Mobile(nn.Module):
    """As people write it: depthwise, bounded, pooled, and flattened by view."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU6(),
            nn.Conv2d(6, 12, 3, groups=6, bias=False), nn.BatchNorm2d(12), nn.ReLU6(), nn.AdaptiveAvgPool2d(1),
        )  # fmt: skip
        self.head = nn.Linear(12, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(x)
        return self.head(x.view(x.size(0), -1))


def test_depthwise_convolutions_fold_their_normalisation_and_views_are_flattened() -> None:
    torch.manual_seed(0)
    module = Mobile().eval()
    module.body[4].running_var, module.body[4].weight.data = torch.rand(12) + 0.5, torch.rand(12) + 0.5
    steps = traced(module, (3, 8, 8))
    kinds = ["convolution", "relu6", "convolution", "relu6", "global-mean", "flatten", "dense"]
    assert [one["kind"] for one in steps.operations] == kinds
    assert [one.get("groups") for one in steps.operations[:3]] == [None, None, 6]
    weight, bias = (torch.from_numpy(steps.weights[f"body.3.{name}"]) for name in ("weight", "bias"))
    values = torch.rand(2, 6, 5, 5).double()
    with torch.no_grad():
        torch.testing.assert_close(
            nn.functional.conv2d(values, weight, bias, groups=6), module.double().body[3:5](values)
        )


class Modules(nn.Module):
    """Everything by modules."""

    def __init__(self) -> None:
        super().__init__()
        self.pad, self.conv = nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(3, 6, 3, stride=2, bias=False)
        self.norm, self.deep = nn.BatchNorm2d(6), nn.Conv2d(6, 6, 3, padding="same", groups=6)
        self.head = nn.Linear(6, 3)
        curves = (nn.ReLU6(), nn.Hardtanh(0, 6), nn.Hardswish(), nn.Hardsigmoid(), nn.ELU(), nn.GELU(), nn.SiLU())
        self.curves = nn.Sequential(*curves, nn.Tanh(), nn.ReLU(inplace=True))
        self.pools = nn.Sequential(nn.MaxPool2d(2), nn.AvgPool2d(3, 1, 1), nn.Dropout(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.deep(self.norm(self.conv(self.pad(x))))
        return self.head(torch.flatten(self.pools(self.curves(x)), 1))


class Functions(Modules):
    """The same by functions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        do, norm = nn.functional, self.norm
        x = do.conv2d(do.pad(x, (1, 2, 0, 1)), self.conv.weight, stride=(2, 2))
        x = do.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
        x = torch.conv2d(x, self.deep.weight, self.deep.bias, padding="same", groups=6)
        x = do.hardsigmoid(do.hardswish(x.clamp(0, 6).clamp(min=0, max=6)))
        x = do.relu(torch.tanh(do.silu(do.gelu(do.elu(x)))), inplace=True)
        x = do.avg_pool2d(do.max_pool2d(x, 2), 3, 1, 1)
        x = do.adaptive_avg_pool2d(do.dropout(x, 0.5, self.training), (1, 1))
        return do.linear(x.flatten(1), self.head.weight, self.head.bias)


def test_functions_with_the_weights_of_a_module_are_the_same_steps_as_its_modules() -> None:
    torch.manual_seed(0)
    modules, functions = Modules().eval(), Functions().eval()
    modules.norm.running_mean, modules.norm.running_var = torch.randn(6), torch.rand(6) + 0.5
    functions.load_state_dict(modules.state_dict())
    one, other = traced(modules, (3, 15, 14)), traced(functions, (3, 15, 14))
    assert [{**step, "name": ""} for step in one.operations] == [{**step, "name": ""} for step in other.operations]
    assert one.operations[0]["padding"] == [0, 1, 1, 2]
    assert [step["name"] for step in other.operations if step["kind"] == "convolution"] == ["conv", "deep"]
    assert one.weights.keys() == other.weights.keys()
    for name, value in one.weights.items():
        np.testing.assert_array_equal(value, other.weights[name])


class Gate(nn.Module):
    """A number for each channel times all positions, by way of shapes of every kind."""

    def __init__(self, how: Any) -> None:
        super().__init__()
        self.how, self.up = how, nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.how(x, torch.sigmoid(self.up(x.mean((-2, -1), keepdim=True)))).mean([2, 3])


@pytest.mark.parametrize(
    "how",
    [
        lambda x, gate: x * gate,
        lambda x, gate: gate * x,
        lambda x, gate: x * gate.expand_as(x),
        lambda x, gate: x * gate.view(x.shape[0], x.size(1), 1, 1),
        lambda x, gate: x * gate.squeeze(-1).squeeze(-1)[:, :, None, None],
        lambda x, gate: torch.mul(gate.flatten(1).unsqueeze(-1).unsqueeze(-1), x),
    ],
)
def test_a_gate_stands_behind_what_it_multiplies(how: Any) -> None:
    steps = traced(Gate(how).eval(), (3, 8, 8)).operations
    kinds = [one["kind"] for one in steps if one["kind"] != "flatten"]
    assert kinds == ["global-mean", "convolution", "sigmoid", "multiply", "global-mean"]
    product = next(one for one in steps if one["kind"] == "multiply")
    assert product["from"][0] == 0
    assert steps[product["from"][1] - 1]["kind"] in {"sigmoid", "flatten"}


@pytest.mark.parametrize(
    ("how", "scale", "offset"),
    [
        (lambda x: x + 2, 1, 2),
        (lambda x: 3 - x, -1, 3),
        (lambda x: x - 0.5, 1, -0.5),
        (lambda x: 4 * x, 4, 0),
        (lambda x: x / 8, 0.125, 0),
        (lambda x: x + 0, 1, 0),
        (lambda x: 0 * x, 0, 0),
    ],
)
def test_arithmetic_with_a_number_is_a_scale_and_an_offset(how: Any, scale: float, offset: float) -> None:
    steps = traced(Gate(lambda x, gate: how(x) * gate).eval(), (3, 8, 8))
    step = next(one for one in steps.operations if one["kind"] == "affine")
    np.testing.assert_array_equal(steps.weights[step["weight"]], [scale] * 3)
    np.testing.assert_array_equal(steps.weights[step["bias"]], [offset] * 3)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.Sequential(nn.Conv2d(3, 3, 3, dilation=2)), {"about": "operation", "layer": "0"}),
        (nn.Sequential(nn.Conv2d(3, 3, 3), nn.PReLU()), {"about": "operation", "found": "is a PReLU", "layer": "1"}),
        (
            nn.Sequential(nn.Conv2d(3, 3, 3), nn.MaxPool2d(2, ceil_mode=True)),
            {"about": "operation", "found": "pools windows of another kind", "layer": "1"},
        ),
        (Twice(lambda a, b: a + b.mean((2, 3), keepdim=True)), {"about": "operation", "layer": "add"}),
        (Twice(lambda a, b: a.expand(2, 3, 8, 8) + b), {"about": "operation", "layer": "expand"}),
        (Twice(lambda a, _: nn.functional.pad(a, (1, 1, 1, 1)) * 2), {"about": "operation", "layer": "mul"}),
        (Twice(lambda a, b: nn.functional.conv2d(a, b[:, :, :3, :3])), {"about": "operation", "layer": "getitem"}),
        (Twice(lambda a, b: (a + b).clamp(0, 1)), {"about": "operation", "found": "calls clamp of another kind"}),
        (Twice(lambda a, _: a.sigmoid() / 0), {"about": "operation", "found": "divides by 0", "layer": "truediv"}),
        (Twice(torch.sub), {"about": "operation", "found": "calls sub", "layer": "sub"}),
        (Twice(torch.maximum), {"about": "operation", "found": "calls maximum", "layer": "maximum"}),
        (Twice(lambda a, b: a if b.sum() > 0 else b), {"about": "trace", "found": "TraceError"}),
    ],
)
def test_what_the_engine_does_not_have_is_refused_by_name(module: nn.Module, said: dict[str, Any]) -> None:
    with raises(UsageError, **said):
        traced(module.eval(), (3, 8, 8))


def test_a_model_of_pytorch_goes_into_a_page() -> None:
    model = wrap(small(), input=InputSpec(8, 8, layout="CHW", mean=0.5, std=0.25), output=OutputSpec(("a", "b", "c")))
    found = page_network(model, "small")
    assert found["network"]["input"]["scale"] == [4.0] * 3
    assert found["network"]["fingerprint"] == model.fingerprint
    assert found["error"] > 0
    assert set(found["layers"]) <= {one["name"] for one in found["network"]["operations"]}
    assert np.isfinite(found["error"])


@pytest.mark.parametrize(
    ("ending", "kind", "last"),
    [
        (nn.Softmax(dim=1), "logits", "dense"),
        (nn.LogSoftmax(dim=1), "logits", "dense"),
        (nn.Softmax(dim=-1), "probabilities", "softmax"),
        (nn.Sigmoid(), "sigmoid", "dense"),
        (nn.Identity(), "sigmoid", "dense"),
        (nn.ReLU(), "scores", "relu"),
    ],
)
def test_what_stands_behind_the_outputs_is_left_out_as_by_the_model(ending: nn.Module, kind: str, last: str) -> None:
    module = nn.Sequential(*small(), ending).eval()
    model = wrap(module, input=InputSpec(8, 8, layout="CHW"), output=OutputSpec(("a", "b", "c"), kind=kind))
    found = page_network(model, "small")
    assert found["network"]["operations"][-1]["kind"] == last
    assert found["output"]["kind"] == kind


class Sideways(nn.Module):
    """Takes softmax over rows."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 3, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.one(x), dim=2).mean([2, 3])


def test_a_softmax_over_anything_but_channels_is_refused() -> None:
    with raises(UsageError, "operation", found="calls softmax of another kind", layer="softmax"):
        traced(Sideways().eval(), (3, 8, 8))


def test_a_model_that_is_being_trained_comes_back_as_it_was() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    before = {name: value.clone() for name, value in module.train().state_dict().items()}
    in_training = traced(module, (3, 8, 8))
    assert module.training
    assert module[1].training
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
    evaluated = traced(module.eval(), (3, 8, 8))
    assert in_training.operations == evaluated.operations
    for name, value in evaluated.weights.items():
        np.testing.assert_array_equal(in_training.weights[name], value)
