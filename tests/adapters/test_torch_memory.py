"""What a pass needs is measured, and as many images go together as fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from adapters.torch_models import CLASSES, SPEC, model
from innerview.adapters import wrap
from innerview.adapters.torch import memory
from innerview.adapters.torch.memory import Need
from innerview.adapters.torch.model import TorchModel
from innerview.errors import ModelError, UsageError
from innerview.session.models import ModelRequest, open_model
from raising import raises

pytestmark = pytest.mark.torch

HIDDEN = 1000


class Twice(nn.Module):
    """Squares what a dense layer gives: the way back needs the values once, however often they are used."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.Linear(144, HIDDEN), nn.Linear(HIDDEN, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        values = self.before(images.flatten(1))
        return self.after(values * values)


def test_what_the_way_back_needs_is_counted_once_and_without_weights() -> None:
    """x · x keeps x twice, in one piece of memory: 4 bytes for each of its numbers."""
    need = TorchModel(Twice().eval(), SPEC, CLASSES).memory
    assert (need.kept, need.largest) == (4 * HIDDEN, 4 * HIDDEN)
    assert need.weights == 4 * (144 * HIDDEN + HIDDEN + HIDDEN * 3 + 3)
    assert need.image == need.kept + memory.AT_WORK * need.largest


def test_it_is_the_same_for_one_image_in_twice_the_bytes_in_float64() -> None:
    wrapped = TorchModel(Twice().eval(), SPEC, CLASSES)
    assert wrapped.astype(np.float64).memory.kept == 2 * wrapped.memory.kept


@pytest.mark.parametrize(("room", "expected"), [(10**12, 40), (2 * 10 * 4000, 10), (2 * 4000, 1), (0, 1), (None, 40)])
def test_as_many_fit_as_half_of_what_is_free_holds(
    room: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free", lambda _: room)
    need = Need(kept=1000, largest=1000, weights=10**9)
    assert memory.fitting(40, lambda: need, torch.device("cpu")) == expected


def test_a_single_image_is_measured_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Need:
        raise AssertionError

    monkeypatch.setattr(memory, "free", lambda _: 10**12)
    assert memory.fitting(1, fail, torch.device("cpu")) == 1


def test_an_accelerator_takes_more_images_at_once_than_a_processor() -> None:
    sizes = {kind: memory.usual(torch.device(kind), 8192, 224, 224) for kind in ("cpu", "cuda", "mps")}
    assert sizes == {"cpu": 4, "cuda": 64, "mps": 64}
    small, large = (memory.usual(torch.device("cpu"), 8192, side, side) for side in (32, 1024))
    assert (small, large) == (8, 1)


def test_a_batch_size_that_was_asked_for_is_taken_and_stays() -> None:
    wrapped = wrap(model(), input=SPEC, output=CLASSES, batch_size=5)
    assert isinstance(wrapped, TorchModel)
    assert (wrapped.batch_size, wrapped.astype(np.float64).batch_size) == (5, 5)
    with raises(UsageError, "batch_size", asked=0, limit=1):
        wrap(model(), input=SPEC, output=CLASSES, batch_size=0)


def test_a_small_machine_takes_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = TorchModel(model(), SPEC, CLASSES).batch_size
    assert usual > 8
    wrapped = TorchModel(model(), SPEC, CLASSES)
    monkeypatch.setattr(memory, "free", lambda _: 2 * 8 * wrapped.memory.image)
    assert wrapped.batch_size == 8


def test_a_device_that_is_not_there_is_refused_with_those_that_are() -> None:
    assert memory.moved(model(), "cpu") is not None
    for device in ("moon", "cuda:99"):
        with raises(UsageError, "device"):
            memory.moved(model(), device)
    with raises(UsageError, "device", asked="cpu", found="function"):
        memory.moved(lambda images: images, "cpu")


@pytest.mark.parametrize("asked", [{"device": "cpu"}, {"batch_size": 3}])
def test_a_built_in_model_has_neither(asked: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="is for models of your own; the built-in allcnn runs on NumPy"):
        open_model(ModelRequest("allcnn", **asked))  # type: ignore[arg-type]


def test_a_model_without_room_on_a_device_is_told_of() -> None:
    class Large(torch.nn.Linear):
        def to(self, *_: Any, **__: Any) -> Any:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    with raises(ModelError, "device", asked="cpu", found="OutOfMemoryError"):
        memory.moved(Large(2, 2), "cpu")
