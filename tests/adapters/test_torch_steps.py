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


@pytest.mark.parametrize(
    ("module", "said"),
    [
        (nn.Sequential(nn.Conv2d(3, 3, 3, dilation=2)), {"about": "operation", "layer": "0"}),
        (nn.Sequential(nn.Conv2d(3, 3, 3), nn.PReLU()), {"about": "operation", "found": "is a PReLU", "layer": "1"}),
        (
            nn.Sequential(nn.Conv2d(3, 3, 3), nn.MaxPool2d(2, ceil_mode=True)),
            {"about": "operation", "found": "pools windows of another kind", "layer": "1"},
        ),
        (Twice(torch.mul), {"about": "operation", "found": "calls mul", "layer": "mul"}),
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
    with raises(UsageError, "operation", found="calls softmax", layer="softmax"):
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
