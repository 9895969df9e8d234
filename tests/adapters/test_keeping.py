"""The model comes back as it was: every kind of state that a pass can change, in evaluation mode and after errors."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from adapters.torch_models import CLASSES, EVERY, SPEC, random_images
from innerview.adapters.keeping import Kept, random_numbers
from innerview.adapters.torch.model import TorchModel
from innerview.errors import ModelError
from innerview.model import OUTPUT
from raising import raises
from typecheck import unchecked


class Average:
    """A helper of the model's own."""

    def __init__(self) -> None:
        self.value, self.seen = torch.zeros(4), [0]


class Learning(nn.Module):
    """Learns, counts and remembers in every way, whatever its mode."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 3)
        self.register_buffer("inside", torch.zeros(4))
        self.register_buffer("instead", torch.zeros(4))
        self.register_buffer("data", torch.zeros(4))
        self.register_buffer("unsaved", torch.zeros(4), persistent=False)
        self.register_buffer("missing", None)
        self.plain, self.other = torch.zeros(4), torch.zeros(4)
        self.array, self.count, self.cache = np.zeros(3), 0, {"seen": [torch.zeros(4)]}
        self.names, self.queue, self.last = {"a"}, [1], None
        self.average, self.hidden = Average(), [nn.BatchNorm1d(4)]
        self.generator, self.draws = torch.Generator().manual_seed(3), np.random.default_rng(3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        value = self.conv(value)
        with torch.no_grad():
            self.norm.running_mean.lerp_(value.mean((0, 2, 3)), 0.1)
        found = self.norm(value).mean((2, 3))
        mean = found.detach().mean(0)
        with torch.no_grad():
            self.inside += mean
            self.instead = self.instead + mean
            self.data.data = self.data + mean
            self.unsaved.mul_(0.5).add_(mean)
            self.missing = mean
            self.plain.add_(mean)
            self.other = mean
            self.average.value.lerp_(mean, 0.1)
            self.norm.num_batches_tracked += 1
            self.hidden[0](found.detach().repeat(2, 1))
            self.cache["seen"].append(mean)
            self.cache["seen"][0].add_(mean)
        self.average.seen.append(1)
        self.array += 1
        self.count += 1
        self.cache["new"] = mean
        self.names.add("b")
        self.queue[0] = 2
        self.last, self.added = mean, 1
        self.norm.training, self.head.weight.grad = True, torch.zeros_like(self.head.weight)
        self.norm.training = False
        self.norm.register_forward_hook(lambda *_: None)
        torch.randn(3, generator=self.generator), torch.rand(2), np.random.rand(2), random.random()  # noqa: NPY002, S311
        self.draws.normal()
        torch.set_num_threads(torch.get_num_threads() + 1)
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(mode=True)
        torch.set_grad_enabled(torch.is_grad_enabled())
        torch.set_default_dtype(torch.float32 if self.count % 2 else torch.float64)
        return self.head(found)


def frozen(value: Any) -> Any:
    """Everything in a value, as something that can be compared."""
    match value:
        case torch.Tensor():
            return (id(value), value.data_ptr(), value.requires_grad, value.tolist(), value.grad is None)
        case np.ndarray():
            return (id(value), value.tolist())
        case dict():
            return [(key, frozen(one)) for key, one in value.items()]
        case list() | tuple() | set():
            return [frozen(one) for one in value]
        case nn.Module() | Average():
            return frozen(vars(value))
        case torch.Generator():
            return value.get_state().tolist()
        case np.random.Generator():
            return str(value.bit_generator.state)
        case _:
            return value if isinstance(value, int | str | float | bool) else id(value)


def around() -> Any:
    return (
        torch.get_rng_state().tolist(),
        str(np.random.get_state()),  # noqa: NPY002
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_grad_enabled(),
    )


def test_a_model_that_learns_while_it_is_looked_at_comes_back_as_it_was() -> None:
    model = Learning().eval()
    model.conv.training = True
    before, outside = frozen(model), around()
    wrapped = TorchModel(model, SPEC, CLASSES)
    assert frozen(model) == before
    first = wrapped.forward(random_images()).outputs
    wrapped.vjp(random_images(), {OUTPUT: EVERY}, [wrapped.layers[0].name])
    np.testing.assert_array_equal(wrapped.forward(random_images()).outputs, first)
    assert frozen(model) == before
    assert around() == outside


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, MemoryError])
def test_it_comes_back_after_errors_and_ctrl_c_too(error: type[BaseException]) -> None:
    model = Learning().eval()
    wrapped = TorchModel(model, SPEC, CLASSES)

    def stop(*_: object) -> None:
        raise error

    handle = model.head.register_forward_pre_hook(stop)
    before, outside = frozen(model), around()
    with pytest.raises((ModelError, KeyboardInterrupt)):
        wrapped.forward(random_images())
    with pytest.raises((ModelError, KeyboardInterrupt)):
        wrapped.vjp(random_images(), {OUTPUT: EVERY})
    assert frozen(model) == before
    assert around() == outside
    handle.remove()


class Clipping(nn.Module):
    """Changes its own weights in place before it uses them."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.head, self.way = nn.Linear(3, 3), way

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        match self.way:
            case "in place":
                with torch.no_grad():
                    self.head.weight.clamp_(-0.1, 0.1)
            case "through data":
                self.head.weight.data.clamp_(-0.1, 0.1)
            case "another tensor":
                self.head.weight.data = self.head.weight.data.clamp(-0.1, 0.1)
            case _:
                self.head.weight = nn.Parameter(self.head.weight.detach().clamp(-0.1, 0.1))
        return self.head(value.mean((2, 3)))


@pytest.mark.parametrize("way", ["in place", "through data", "another tensor", "another weight"])
def test_weights_that_a_model_changes_come_back(way: str) -> None:
    torch.manual_seed(0)
    model = Clipping(way)
    weight = model.head.weight
    values = weight.detach().clone()
    wrapped = TorchModel(model, SPEC, CLASSES)
    wrapped.forward(random_images())
    wrapped.vjp(random_images(), {OUTPUT: EVERY})
    assert model.head.weight is weight
    torch.testing.assert_close(weight.detach(), values, rtol=0, atol=0)


class Late(Clipping):
    """Changes a weight in place at bright images alone."""

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return super().forward(value) if float(value.mean()) > 0.9 else self.head(value.mean((2, 3)))


def test_a_weight_that_could_not_be_put_back_is_told_of() -> None:
    model = TorchModel(Late("in place"), SPEC, CLASSES)
    model.forward(random_images())
    with raises(ModelError, "weights", found="head.weight"):
        model.forward(np.ones_like(random_images()))


def test_noise_that_all_images_share_is_seen_from_call_to_call() -> None:
    from innerview.adapters import wrap

    class Noisy(nn.Module):
        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return value.mean((2, 3)) + torch.randn(3)

    with raises(ModelError, "batch"):
        wrap(Noisy(), input=SPEC, output=CLASSES)


def test_generators_of_python_and_numpy_come_back_and_draw_anew() -> None:
    with unchecked():  # checks of types draw numbers, too
        before = random.getstate(), str(np.random.get_state())  # noqa: NPY002
        drawn = set[tuple[float, float]]()
        for _ in range(2):
            restore = random_numbers()
            drawn.add((random.random(), np.random.rand()))  # noqa: NPY002, S311
            restore()
    assert (random.getstate(), str(np.random.get_state())) == before  # noqa: NPY002
    assert len(drawn) == 2


def test_what_a_function_closes_over_comes_back() -> None:
    calls, table, count = [], {"a": np.zeros(2)}, 0

    def function(value: Any) -> Any:
        nonlocal count
        count += 1
        calls.append(value)
        table["a"] += 1
        table["b"] = value
        return value

    kept = Kept((), lambda _: None, functions=(function,))
    function(1)
    kept.restore()
    assert (calls, count, list(table), table["a"].tolist()) == ([], 0, ["a"], [0, 0])
