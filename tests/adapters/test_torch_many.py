"""Many images through a PyTorch module whose state is taken down once for several passes: each as if it were alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import innerview
from innerview.adapters.torch.model import HELD, TorchModel
from innerview.errors import ModelError
from innerview.model import InputSpec, OutputSpec, shares
from raising import raises

INPUT, OUTPUT = InputSpec(6, 5, layout="CHW"), OutputSpec(("one", "two", "three"))
IMAGES = np.random.default_rng(0).random((2 * HELD * 3 + 2, 6, 5, 3)).astype(np.float32)


class Plain(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.normal = torch.nn.BatchNorm2d(4)
        self.dense = torch.nn.Linear(4, 3)

    def forward(self, images: Any) -> Any:
        return self.dense(self.normal(self.conv(images)).mean(dim=(2, 3)))


class Counting(Plain):
    """Answers otherwise at every call, by a number, a buffer, a list and a plain tensor that it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.seen = 0, [0.0]
        self.register_buffer("total", torch.zeros(()))
        self.mean = torch.zeros(3)

    def forward(self, images: Any) -> Any:
        self.calls += 1
        self.seen.append(float(len(images)))
        self.total += 1
        self.mean = 0.9 * self.mean + 0.1
        return super().forward(images) + self.calls + len(self.seen) + self.total + self.mean


class Switching(Plain):
    """Goes back to training mode while it runs, so that its normalisation would learn from what it is shown."""

    def forward(self, images: Any) -> Any:
        answer = super().forward(images)
        self.train()
        torch.set_grad_enabled(True)
        return answer


class Drawing(Plain):
    """Adds noise, as stochastic depth does that somebody left on."""

    def forward(self, images: Any) -> Any:
        return super().forward(images) + torch.rand(len(images), 3)


class Overwriting(Plain):
    """Writes into a weight from its fourth call on, which the dry run does not see."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = [False]

    def forward(self, images: Any) -> Any:
        if self.armed[0]:
            with torch.no_grad():
                self.dense.weight.add_(1)
        return super().forward(images)


def wrapped(module: Any, batch: int = 3) -> TorchModel:
    return TorchModel(module.train(), INPUT, OUTPUT, batch_size=batch)


def one_by_one(model: TorchModel, images: Any) -> Any:
    size = model.batch_size
    return np.concatenate([model.forward(images[at : at + size]).outputs for at in range(0, len(images), size)])


@pytest.mark.parametrize("kind", [Plain, Counting, Switching])
@pytest.mark.parametrize("count", [1, 3, 4, HELD * 3, HELD * 3 + 1, len(IMAGES)])
def test_as_each_pass_alone_and_everything_as_it_was(kind: Any, count: int) -> None:
    model = wrapped(kind())
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    table = {name: value for name, value in vars(model.model).items() if not name.startswith("_")}
    numbers = torch.get_rng_state()
    images = IMAGES[:count]
    parts = list(model.forward_similar(images))
    assert [row for part, _ in parts for row in range(part.start, part.stop)] == list(range(count))
    found = np.concatenate([outputs for _, outputs in parts])
    np.testing.assert_array_equal(found, one_by_one(model, images))
    assert all(torch.equal(value, before[name]) for name, value in model.model.state_dict().items())
    after = {name: value for name, value in vars(model.model).items() if not name.startswith("_")}
    assert after.keys() == table.keys()
    assert all(after[name] is table[name] for name in table)
    assert all(part.training for part in model.model.modules())
    assert torch.equal(torch.get_rng_state(), numbers)


def test_between_what_is_given_the_module_is_as_it_was() -> None:
    model = wrapped(Counting())
    for _, _ in model.forward_similar(IMAGES):
        assert model.model.training
        assert model.model.calls == 0
        assert all(parameter.requires_grad for parameter in model.model.parameters())


def test_each_pass_draws_numbers_of_its_own() -> None:
    model = wrapped(Drawing(), batch=1)
    found = np.concatenate([outputs for _, outputs in model.forward_similar(np.repeat(IMAGES[:1], 5, axis=0))])
    assert len(np.unique(found, axis=0)) == 5


def test_a_weight_that_is_written_into_is_told_of() -> None:
    module = Overwriting()
    model = wrapped(module)
    module.armed[0] = True
    with raises(ModelError, "weights", found="dense.weight"):
        list(model.forward_similar(IMAGES))


def test_the_truth_of_regions_is_the_same_with_it_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    model = wrapped(Plain(), batch=4)
    assert shares(model)
    found = innerview.shapley(model, IMAGES[0], regions=(2, 2)).values
    monkeypatch.setattr("innerview.methods.passes.shares", lambda _model: False)
    np.testing.assert_allclose(innerview.shapley(model, IMAGES[0], regions=(2, 2)).values, found, rtol=0, atol=1e-5)
