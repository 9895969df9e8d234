"""A PyTorch model as a recorder sees it: known norms, known counts, and no trace of the look."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

from adapters.torch_models import CLASSES, SPEC, in_the_middle_of_training, model, random_images, same, state
from innerview.errors import ModelError, UnknownLayer, UsageError
from innerview.recorders.probe_config import ProbeConfig
from innerview.recorders.torch import WatchedTorch, original, watch
from raising import raises
from typecheck import unchecked

PROBES = torch.rand(3, 3, 6, 8, generator=torch.Generator().manual_seed(0))


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))


def test_an_update_is_measured() -> None:
    module = small()
    weight = module[1].weight
    watched = WatchedTorch(module, ProbeConfig())
    weight.grad = torch.full_like(weight, 2.0)
    before = weight.detach().clone()
    watched.remember()
    with torch.no_grad():
        weight += 0.5
    found = watched.measure()["1.weight"]
    assert found.weight_norm == pytest.approx(float((before + 0.5).norm()), rel=1e-6)
    assert found.gradient_norm == pytest.approx(2 * 12**0.5)
    assert found.update_norm == pytest.approx(0.5 * 12**0.5, rel=1e-6)
    assert watched.measure()["1.weight"].update_norm is None, "a change is told once"
    assert watched.measure()["1.bias"].gradient_norm is None


def test_what_is_no_number_is_counted() -> None:
    module = small()
    module[1].weight.grad = torch.ones(3, 4)
    module[1].weight.grad[0, :2] = torch.nan
    with torch.no_grad():
        module[1].weight[1] = -torch.inf
        module[1].weight[2, 0] = torch.nan
    found = WatchedTorch(module, ProbeConfig()).measure()
    one = found["1.weight"]
    assert (one.nan, one.infinite, one.gradient_nan, one.gradient_infinite, one.wrong) == (1, 4, 2, 0, 7)
    assert found["1.bias"].wrong == 0


def test_layers_are_those_of_the_model_in_evaluation_mode() -> None:
    module = model()
    seen = watch(module, ProbeConfig(PROBES, layers=("norm", "conv2", "relu#2", "output#1"))).look()
    assert seen
    module.eval()
    with torch.no_grad():
        norm = module.norm(module.conv1(PROBES))
        conv2 = module.conv2(norm.relu())
        outputs = module(PROBES)
    np.testing.assert_allclose(seen.outputs, outputs.numpy(), rtol=1e-5, atol=1e-6)
    for name, values in {"norm": norm, "conv2": conv2, "relu#2": conv2.relu()}.items():
        found = seen.channels[name]
        np.testing.assert_allclose(found.mean, values.mean((0, 2, 3)).numpy(), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(found.maximum, values.amax((0, 2, 3)).numpy(), rtol=1e-5, atol=1e-6)
    relu = seen.channels["relu#2"]
    np.testing.assert_allclose(relu.saturated, (conv2 <= 0).float().mean((0, 2, 3)).numpy(), atol=1e-6)
    assert np.isnan(seen.channels["norm"].saturated).all()
    assert len(seen.channels["output#1"].mean) == 3


def test_pixels_go_through_the_declaration() -> None:
    module = model()
    pixels = random_images(3)
    declared = watch(module, ProbeConfig(pixels, input=SPEC, output=CLASSES)).look()
    plain = watch(module, ProbeConfig(torch.from_numpy(pixels).permute(0, 3, 1, 2))).look()
    assert declared
    assert plain
    np.testing.assert_allclose(declared.outputs, plain.outputs, rtol=1e-5, atol=1e-6)


class Guessing(nn.Module):
    """Draws from every generator even in evaluation mode, and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(3, 2)
        self.fails = False

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        drawn = torch.rand(1).item() + random.random() + np.random.random()  # noqa: NPY002, S311
        if self.fails:
            raise RuntimeError("on purpose")
        return self.dense(value) + drawn


def chances() -> tuple[object, ...]:
    return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002


def test_everything_comes_back_as_it_was() -> None:
    module = in_the_middle_of_training()
    before, drawn = copy.deepcopy(state(module)), chances()
    with unchecked():  # the run-time type checker itself draws from Python's generator
        watched = watch(module, ProbeConfig(random_images(3), input=SPEC, output=CLASSES))
        watched.look()
        watched.remember()
        watched.measure()
        watched.weights(), watched.gradients(), watched.beside(), watched.describe()
        assert drawn == chances()
    assert same(before, state(module))


def test_everything_comes_back_after_an_error_too() -> None:
    module = Guessing().train()
    watched = watch(module, ProbeConfig(torch.rand(3, 3)))
    before, drawn = copy.deepcopy(state(module)), chances()
    module.fails = True
    with unchecked(), pytest.raises(RuntimeError, match="on purpose"):
        watched.look()
    assert same(before, state(module))
    assert drawn == chances()


def test_a_model_that_can_t_take_the_probes_says_so() -> None:
    with raises(ModelError, "probes", found=(3, 5)):
        watch(small(), ProbeConfig(torch.rand(3, 5)))


def test_an_unknown_layer_lists_those_that_there_are() -> None:
    with raises(UnknownLayer, "layer", asked="relu#3"):
        watch(model(), ProbeConfig(PROBES, layers=("relu#3",)))


def test_weights_and_what_lies_beside_them_are_the_whole_state() -> None:
    module = model()
    watched = watch(module, ProbeConfig())
    assert watched.weights().keys() == dict(module.named_parameters()).keys()
    whole = {**watched.weights(), **watched.beside()}
    assert whole.keys() == module.state_dict().keys()
    for name, value in module.state_dict().items():
        np.testing.assert_array_equal(whole[name], value.numpy(), strict=True)


def test_half_precision_is_widened_exactly() -> None:
    module = small().bfloat16()
    watched = watch(module, ProbeConfig(torch.rand(2, 4)))
    seen = watched.look()
    assert seen
    assert seen.channels["2"].mean.dtype == np.float64
    np.testing.assert_array_equal(watched.weights()["1.weight"], module[1].weight.detach().float().numpy())
    assert watched.measure()["1.weight"].weight_norm == pytest.approx(
        module[1].weight.detach().float().norm().item(), rel=1e-6
    )


def test_outputs_that_are_no_scores_are_left_out() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Linear(3, 2)

        def forward(self, value: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"features": self.dense(value)}

    seen = watch(Two(), ProbeConfig(torch.rand(3, 3))).look()
    assert seen
    assert seen.outputs is None
    assert list(seen.channels) == ["dense"]


def test_wrappers_are_looked_through() -> None:
    module = small()
    assert original(nn.DataParallel(module)) is module
    assert original(torch.compile(nn.DataParallel(module))) is module


@pytest.mark.parametrize("way", ["wrapped", "in place", "inner part"])
def test_a_compiled_model_is_looked_at_without_compiling_it_anew(way: str) -> None:
    graphs = list[torch.fx.GraphModule]()

    def backend(graph: torch.fx.GraphModule, examples: list[torch.Tensor]) -> object:
        graphs.append(graph)
        return graph.forward

    module = model().eval()
    plain = watch(model(), ProbeConfig(PROBES)).look()
    compiled: nn.Module = module
    if way == "wrapped":
        compiled = torch.compile(module, backend=backend)
    elif way == "in place":
        module.compile(backend=backend)
    else:
        compiled = nn.Sequential(torch.compile(module, backend=backend))
    compiled(PROBES)
    count = len(graphs)
    assert count
    seen = watch(compiled, ProbeConfig(PROBES)).look()
    compiled(PROBES)
    assert len(graphs) == count
    assert seen
    assert plain
    for (_, one), (_, other) in zip(seen.channels.items(), plain.channels.items(), strict=True):
        np.testing.assert_array_equal(one.mean, other.mean)


def test_autocast_around_a_look_changes_nothing() -> None:
    watched = watch(small(), ProbeConfig(torch.rand(3, 4)))
    plain = watched.look()
    with torch.autocast("cpu", torch.bfloat16):
        inside = watched.look()
        assert torch.is_autocast_enabled("cpu")
    assert plain
    assert inside
    np.testing.assert_array_equal(plain.outputs, inside.outputs)


def test_a_metric_is_one_number() -> None:
    watched = watch(small(), ProbeConfig())
    loss = torch.tensor([2.5], requires_grad=True)
    held = watched.hold(loss)
    with torch.no_grad():
        loss += 1
    assert float(held) == 2.5
    assert [float(watched.hold(value)) for value in (3, 0.5, np.float32(2), np.array(4.0), True)] == [3, 0.5, 2, 4, 1]
    for wrong in ("high", torch.zeros(2), None, [1.0, 2.0]):
        with raises(UsageError, "metric"):
            watched.hold(wrong)
