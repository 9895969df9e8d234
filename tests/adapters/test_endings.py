"""Every ending in every framework: the probabilities are the model's own, or the declaration is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from innerview.adapters import wrap
from innerview.errors import ModelError
from innerview.methods import predict
from innerview.model import InputSpec, OutputSpec
from raising import raises

SPEC = InputSpec(4, 5, layout="CHW")
LAST = InputSpec(4, 5)
IMAGES = np.random.default_rng(0).random((2, 4, 5, 3)).astype(np.float32)


class Ends(nn.Module):
    """Three logits from the images' means, strongly apart, and an ending."""

    def __init__(self, end: Callable[[torch.Tensor], torch.Tensor], classes: int = 3) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.dense = nn.Linear(3, classes)
        self.dense.bias.data.copy_(torch.linspace(-3, 2, classes))
        self.end = end

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.end(self.dense(value.mean((2, 3))))


def torch_logits(classes: int = 3) -> np.ndarray:
    with torch.no_grad():
        return Ends(nn.Identity(), classes)(torch.tensor(IMAGES).permute(0, 3, 1, 2)).numpy()


SOFTMAX: dict[str, Callable[[Any], Any]] = {
    "a module": nn.Softmax(dim=1),
    "a method": lambda z: z.softmax(1),
    "functional": lambda z: functional.softmax(z, dim=-1),
    "torch.softmax": lambda z: torch.softmax(z, 1),
    "torch.special": lambda z: torch.special.softmax(z, 1),
    "reshaped afterwards": lambda z: torch.softmax(z[:, :, None], 1).flatten(1),
    "of half the logits": lambda z: torch.softmax(z / 2, 1),
    "of log_softmax": lambda z: torch.softmax(torch.log_softmax(z, 1), 1),
}
SIGMOID: dict[str, Callable[[Any], Any]] = {
    "a module": nn.Sigmoid(),
    "a method": lambda z: z.sigmoid(),
    "functional": functional.sigmoid,
    "in place": lambda z: z.mul(1).sigmoid_(),
    "torch.special": torch.special.expit,
}


@pytest.mark.parametrize("end", SOFTMAX.values(), ids=SOFTMAX)
def test_a_softmax_is_taken_off(end) -> None:
    model = Ends(end)
    wrapped = wrap(model, input=SPEC, output=OutputSpec(3))
    own = model(torch.tensor(IMAGES).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose([one.probabilities for one in predict(wrapped, IMAGES)], own, rtol=1e-4)
    assert np.abs(wrapped.forward(IMAGES).outputs.sum(axis=1) - 1).min() > 1e-2
    assert "its logits are taken from before it" in wrapped.notes[0]
    same = wrap(model, input=SPEC, output=OutputSpec(3, kind="probabilities"))
    np.testing.assert_allclose([one.probabilities for one in predict(same, IMAGES)], own, rtol=1e-5)
    assert same.notes == ()


@pytest.mark.parametrize("end", SIGMOID.values(), ids=SIGMOID)
@pytest.mark.parametrize("classes", [1, 3])
def test_a_sigmoid_is_not_applied_twice(end, classes: int) -> None:
    model = wrap(Ends(end, classes), input=SPEC, output=OutputSpec(classes, kind="sigmoid"))
    np.testing.assert_allclose(model.forward(IMAGES).outputs, torch_logits(classes), rtol=1e-5)
    if classes > 1:
        with raises(ModelError, "kind", asked="logits", found="sigmoid"):
            wrap(Ends(end, classes), input=SPEC, output=OutputSpec(classes))


def test_logarithms_of_softmax_are_taken_off_too() -> None:
    model = wrap(Ends(nn.LogSoftmax(dim=1)), input=SPEC, output=OutputSpec(3))
    np.testing.assert_allclose(model.forward(IMAGES).outputs, torch_logits(), rtol=1e-5)


def test_one_probability_is_taken_as_it_is() -> None:
    model = wrap(Ends(nn.Sigmoid(), 1), input=SPEC, output=OutputSpec(["dog"], kind="probabilities"))
    (one, _) = predict(model, IMAGES)
    assert (one.label, one.probabilities[0]) == ("not dog", pytest.approx(1 / (1 + np.exp(-torch_logits(1)[0, 0]))))


def by_hand(z: torch.Tensor) -> torch.Tensor:
    return z.exp() / z.exp().sum(1, keepdim=True)


REFUSED: dict[str, tuple[Callable[..., Any], OutputSpec]] = {
    "softmax, sigmoid declared": (nn.Softmax(dim=1), OutputSpec(3, kind="sigmoid")),
    "sigmoid, probabilities declared": (nn.Sigmoid(), OutputSpec(3, kind="probabilities")),
    "log_softmax, probabilities declared": (nn.LogSoftmax(dim=1), OutputSpec(3, kind="probabilities")),
    "log_softmax, sigmoid declared": (nn.LogSoftmax(dim=1), OutputSpec(3, kind="sigmoid")),
    "softmax over one output": (nn.Softmax(dim=1), OutputSpec(1)),
    "softmax over one output, as a probability": (nn.Softmax(dim=1), OutputSpec(1, kind="probabilities")),
    "softmax over the batch": (nn.Softmax(dim=0), OutputSpec(3)),
    "softmax and a temperature": (nn.Softmax(dim=1), OutputSpec(3, temperature=2.0)),
    "softmax by hand": (by_hand, OutputSpec(3)),
    "softmax by hand, sigmoid declared": (by_hand, OutputSpec(3, kind="sigmoid")),
    "sigmoid by hand": (lambda z: 1 / (1 + (-z).exp()), OutputSpec(3, kind="sigmoid")),
    "sigmoid by hand, one output": (lambda z: 0.5 * (1 + (z / 2).tanh()), OutputSpec(1)),
    "two sigmoids": (lambda z: z.sigmoid().sigmoid(), OutputSpec(3, kind="sigmoid")),
    "logits, probabilities declared": (nn.Identity(), OutputSpec(3, kind="probabilities")),
    "one logit, a probability declared": (nn.Identity(), OutputSpec(1, kind="probabilities")),
    "class numbers": (lambda z: z.argmax(1, keepdim=True), OutputSpec(1, kind="scores")),
    "complex numbers": (torch.fft.fft, OutputSpec(3)),
}


@pytest.mark.parametrize(("end", "output"), REFUSED.values(), ids=REFUSED)
def test_what_contradicts_its_declaration_is_refused(end, output: OutputSpec) -> None:
    with pytest.raises(ModelError):
        wrap(Ends(end, len(output.class_names)), input=SPEC, output=output)


@pytest.mark.parametrize("kind", ["logits", "sigmoid"])
@pytest.mark.parametrize("end", [nn.Softmax(dim=1), nn.Sigmoid()], ids=["softmax", "sigmoid"])
def test_what_is_compiled_can_not_be_seen_through(end, kind) -> None:
    scripted = torch.jit.trace(Ends(end), torch.zeros(2, 3, 4, 5))
    with pytest.raises(ModelError):
        wrap(scripted, input=SPEC, output=OutputSpec(3, kind=kind))


TAKEN: dict[str, Callable[..., Any]] = {
    "logits": nn.Identity(),
    "logits that lie between 0 and 1 for images": lambda z: 0.01 * z + 0.5,
    "nothing but 0": lambda z: 0 * z,
    "tanh": torch.tanh,
}


@pytest.mark.parametrize("end", TAKEN.values(), ids=TAKEN)
@pytest.mark.parametrize("classes", [1, 3])
def test_what_may_be_logits_is_taken(end, classes: int) -> None:
    wrap(Ends(end, classes), input=SPEC, output=OutputSpec(classes))


def softmax(z: Any, n: Any) -> Any:
    return n.exp(z) / n.exp(z).sum(axis=1, keepdims=True)


OUTSIDE: dict[str, tuple[Callable[..., Any], OutputSpec, bool]] = {
    "logits": (lambda z, n: z, OutputSpec(3), True),
    "softmax": (softmax, OutputSpec(3), False),
    "softmax, declared": (softmax, OutputSpec(3, kind="probabilities"), True),
    "softmax, sigmoid declared": (softmax, OutputSpec(3, kind="sigmoid"), False),
    "sigmoid": (lambda z, n: 1 / (1 + n.exp(-z)), OutputSpec(3), False),
    "sigmoid, declared": (lambda z, n: 1 / (1 + n.exp(-z)), OutputSpec(3, kind="sigmoid"), False),
    "sigmoid as scores": (lambda z, n: 1 / (1 + n.exp(-z)), OutputSpec(3, kind="scores"), True),
    "one sigmoid": (lambda z, n: 1 / (1 + n.exp(-z[:, :1])), OutputSpec(1), False),
    "one probability": (lambda z, n: 1 / (1 + n.exp(-z[:, :1])), OutputSpec(1, kind="probabilities"), True),
    "one logit": (lambda z, n: z[:, :1], OutputSpec(1), True),
    "one logit, a probability declared": (lambda z, n: z[:, :1], OutputSpec(1, kind="probabilities"), False),
    "log-softmax": (lambda z, n: n.log(softmax(z, n)), OutputSpec(3), True),
}


@pytest.mark.parametrize(("end", "output", "taken"), OUTSIDE.values(), ids=OUTSIDE)
@pytest.mark.parametrize("jitted", [False, True], ids=["function", "jax"])
def test_what_shows_nothing_is_judged_by_its_outputs(end, output: OutputSpec, taken: bool, jitted: bool) -> None:
    def function(value: Any) -> Any:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return end(8 * (value.mean((1, 2)) - np.float32(0.4)), jax.numpy if jitted else np)

    model = jax.jit(function) if jitted else function
    if taken:
        wrap(model, input=LAST, output=output)
        return
    with raises(ModelError, "kind"):
        wrap(model, input=LAST, output=output)
