"""What frameworks raise, forward and back, becomes our error: it names the place and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from adapters.torch_models import CLASSES, EVERY, SPEC, random_images
from innerview.adapters import wrap
from innerview.adapters.failures import describe
from innerview.errors import ModelError, OutOfMemory
from innerview.methods import gradient, predict
from innerview.model import OUTPUT, InputSpec
from innerview.targets import Logit
from raising import raises


def small(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), *parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def lazy() -> nn.Module:
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def in_inference_mode() -> nn.Module:
    with torch.inference_mode():
        return small()


UNUSABLE: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "lazy": (lazy, r"0\.weight has no values yet.*run it once"),
    "meta": (lambda: small().to("meta"), r"0\.weight is on the meta device"),
    "inference mode": (in_inference_mode, r"0\.weight was made inside torch\.inference_mode"),
    "half in part": (lambda: small(nn.Conv2d(4, 4, 1).half()), r"in layer 1 \(Conv2d\).*mixes precisions; wrap a copy"),
}


@pytest.mark.parametrize(("build", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_weights_that_can_not_be_used_are_named(build, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        wrap(build(), input=SPEC, output=CLASSES)


class Checkpointed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.block, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Linear(4, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.head(checkpoint(self.block, self.conv(value), use_reentrant=True).mean((2, 3)))


def hooked() -> nn.Module:
    model = small(nn.ReLU(inplace=True))
    model[0].register_full_backward_hook(lambda *_: None)
    return model


class NotDifferentiable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
        return value * 2

    @staticmethod
    def backward(ctx: Any, *given: Any) -> Any:
        raise NotImplementedError("no way back")


class Own(nn.Module):
    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return NotDifferentiable.apply(value)


BACK: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "re-entrant checkpoint": (Checkpointed, "use_reentrant=False"),
    "backward hook": (hooked, r"in layer 1 \(ReLU\).*take the hook off"),
    "an operation of one's own": (lambda: small(Own()), "no way back"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("build", "said"), BACK.values(), ids=BACK)
def test_a_failing_way_back_is_told_of_and_predictions_work(build, said: str) -> None:
    model = wrap(build(), input=SPEC, output=CLASSES)
    predict(model, random_images())
    with pytest.raises(ModelError, match=said):
        gradient(model, random_images()[0], Logit(1))


class Half(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 3)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.head(self.conv(value).relu().mean((2, 3)))


def test_layers_in_half_precision_can_be_looked_at_and_are_told_of() -> None:
    model = wrap(Half(), input=SPEC, output=CLASSES)
    found = model.vjp(random_images(), {OUTPUT: EVERY}, ["conv"])
    assert found.activations["conv"].dtype == np.float32
    assert np.abs(found.layer_gradients["conv"]).max() > 0
    assert "computes in bfloat16, so its numbers have about two digits" in model.notes[0]


class Sometimes(nn.Module):
    """Fails at bright images only, so that the dry run does not see it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        if float(value.max()) > 1.5:
            raise self.error
        return value


@pytest.mark.parametrize(
    ("error", "kind", "about", "layer"),
    [
        (RuntimeError("odd"), ModelError, "failure", "1"),
        (ValueError(), ModelError, "failure", "1"),
        (RuntimeError("CUDA out of memory. Tried"), OutOfMemory, "memory", None),
        (MemoryError(), OutOfMemory, "memory", None),
    ],
)
def test_a_failure_at_later_images_names_the_layer(
    error: Exception, kind: type[ModelError], about: str, layer: str | None
) -> None:
    model = wrap(nn.Sequential(nn.Identity(), Sometimes(error), small()), input=SPEC, output=CLASSES)
    with raises(kind, about, found=type(error).__name__, layer=layer):
        model.forward(np.ones_like(random_images()) * 2)


def test_a_targets_own_error_is_not_the_models() -> None:
    def grad_output(outputs: Any) -> Any:
        raise ZeroDivisionError

    model = wrap(jax.jit(lambda x: x.mean((1, 2))), input=InputSpec(4, 5), output=CLASSES)
    with pytest.raises(ZeroDivisionError):
        model.vjp(np.zeros((1, 4, 5, 3), np.float32), {OUTPUT: grad_output})


def test_jax_failures_are_ours() -> None:
    def function(x: Any) -> Any:
        return x.mean((1, 2)) * float(0 * x.max() + 1)

    model = wrap(function, parameters=None, input=InputSpec(4, 5), output=CLASSES)
    with pytest.raises(ModelError, match=r"gradients can't be had.*use jax\.numpy there"):
        model.vjp(np.ones((1, 4, 5, 3), np.float32), {OUTPUT: EVERY})


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (RuntimeError("Expected all tensors to be on the same device, but found cuda:0 and cpu"), "different devices"),
        (RuntimeError("\"conv\" not implemented for 'Half'"), "half precision"),
        (RuntimeError("one of the variables has been modified by an inplace operation"), "inplace=False"),
        (RuntimeError("expected scalar type Float but found Half"), "mixes precisions"),
        (RuntimeError("OOM when allocating tensor"), "Memory ended"),
        (RuntimeError("nobody knows"), "Do this"),
    ],
)
def test_what_the_words_mean_is_said(error: Exception, meant: str) -> None:
    assert meant.lower() in describe("it failed", error, "in layer a", "Do this").lower()
