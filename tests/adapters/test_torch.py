"""PyTorch models are given back as they were, whatever happens; gradients are right wherever they are asked."""

from __future__ import annotations

import copy
import threading
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from adapters.torch_models import (
    CLASSES,
    EVERY,
    SPEC,
    Returning,
    in_the_middle_of_training,
    model,
    random_images,
    same,
    state,
)
from innerview.adapters import wrap
from innerview.adapters.torch.model import TorchModel
from innerview.errors import ModelError
from innerview.methods import integrated_gradients
from innerview.model import OUTPUT, InputSpec, OutputSpec
from innerview.targets import Logit
from innerview.types import Array
from raising import raises


def failing(module: nn.Module, arguments: object) -> None:
    raise ArithmeticError


def test_a_model_comes_back_as_it_was() -> None:
    module = in_the_middle_of_training()
    before = state(module)
    model = TorchModel(module, SPEC, CLASSES)
    layers = [layer.name for layer in model.layers]
    images = random_images()
    for _ in range(100):
        model.forward(images, layers)
        model.vjp(images, {OUTPUT: EVERY}, layers)
    _ = model.fingerprint, model.weights(), model.astype(np.float64)
    assert same(state(module), before)


def test_a_model_comes_back_as_it_was_after_an_error() -> None:
    module = in_the_middle_of_training()
    model = TorchModel(module, SPEC, CLASSES)
    layers = [layer.name for layer in model.layers]
    handle = module.conv2.register_forward_pre_hook(failing)
    before = state(module)
    for run in (
        lambda: model.forward(random_images(), layers),
        lambda: model.vjp(random_images(), {OUTPUT: EVERY}, layers),
    ):
        with pytest.raises(ModelError, match="ArithmeticError"):
            run()
        assert same(state(module), before)
    handle.remove()

    def refuse(value: Array) -> Array:
        raise KeyboardInterrupt

    before = state(module)
    with pytest.raises(KeyboardInterrupt):
        model.vjp(random_images(), {OUTPUT: refuse}, layers)
    assert same(state(module), before)


def test_no_gradient_is_left_on_anything() -> None:
    module = model()
    TorchModel(module, SPEC, CLASSES).vjp(random_images(), {OUTPUT: EVERY})
    assert all(parameter.grad is None for parameter in module.parameters())


def test_training_goes_on_after_looking() -> None:
    looked, plain = model(), model()
    wrapped = TorchModel(looked, SPEC, CLASSES)
    for module in (looked, plain):
        optimiser = torch.optim.SGD(module.parameters(), 0.1)
        for step in range(3):
            torch.manual_seed(step)
            optimiser.zero_grad()
            module(torch.rand(4, 3, 6, 8)).square().sum().backward()
            optimiser.step()
            wrapped.vjp(random_images(), {OUTPUT: EVERY}, ["relu#2"])
    assert same(looked.state_dict(), plain.state_dict())


def test_it_is_looked_at_in_evaluation_mode() -> None:
    module = model()
    wrapped = TorchModel(module, SPEC, CLASSES)
    assert module.training
    wanted = copy.deepcopy(module).eval()(torch.tensor(random_images()).permute(0, 3, 1, 2)).detach().numpy()
    np.testing.assert_allclose(wrapped.forward(random_images()).outputs, wanted, rtol=1e-6)
    assert np.array_equal(wrapped.forward(random_images()).outputs, wrapped.forward(random_images()).outputs)


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_gradients_don_t_depend_on_where_they_are_asked(context) -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES)
    wanted = wrapped.vjp(random_images(), {OUTPUT: EVERY}, ["relu"])
    with context():
        found = wrapped.vjp(random_images(), {OUTPUT: EVERY}, ["relu"])
    assert np.array_equal(found.input_gradients, wanted.input_gradients)
    assert np.array_equal(found.layer_gradients["relu"], wanted.layer_gradients["relu"])


def test_mixed_precision_is_off_while_we_look() -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES)
    wanted = wrapped.forward(random_images()).outputs
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert np.array_equal(wrapped.forward(random_images()).outputs, wanted)


def test_changes_of_the_model_are_seen() -> None:
    module = model()
    wrapped = TorchModel(module, SPEC, CLASSES)
    before, fingerprint = wrapped.forward(random_images()).outputs, wrapped.fingerprint
    with torch.no_grad():
        module.norm.running_mean += 1
    assert wrapped.fingerprint != fingerprint
    assert not np.array_equal(wrapped.forward(random_images()).outputs, before)


def test_a_copy_in_another_precision_is_independent() -> None:
    module = model()
    wrapped = TorchModel(module, SPEC, CLASSES)
    other = wrapped.astype(np.float64)
    before = other.fingerprint
    with torch.no_grad():
        module.conv1.weight.zero_()
    assert other.fingerprint == before
    assert module.conv1.weight.dtype == torch.float32


def test_two_threads_may_look_at_one_model() -> None:
    module = in_the_middle_of_training()
    model, before = TorchModel(module, SPEC, CLASSES), state(module)
    wanted = model.vjp(random_images(), {OUTPUT: EVERY}, ["relu"]).input_gradients
    found: list[Array] = []

    def look() -> None:
        found.extend(model.vjp(random_images(), {OUTPUT: EVERY}, ["relu"]).input_gradients for _ in range(10))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert all(np.array_equal(one, wanted) for one in found)
    assert same(state(module), before)


class AlwaysTraining(nn.Module):
    """Normalises by its batch, whatever mode it is in, as a model does whose author forgot about the mode."""

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return nn.functional.batch_norm(value, None, None, training=True)


class TwoInputs(nn.Module):
    """An image and a number; what has a default is no input that is missing."""

    def forward(self, value: torch.Tensor, age: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return scale * value.mean((2, 3)) + age


REFUSED = {
    "too few classes": (model, SPEC, OutputSpec(("a", "b")), "2 class names"),
    "channels last": (model, InputSpec(6, 8), CLASSES, "layout='CHW'"),
    "a failure": (
        lambda: Returning(lambda z: 1 // 0),
        SPEC,
        CLASSES,
        r"after layer dense, which gave \(3, 3\): ZeroDivisionError",
    ),
    "several inputs": (
        TwoInputs,
        SPEC,
        CLASSES,
        r"takes 2 inputs \(value, age\), but an explanation is of one image; wrap a module of one input",
    ),
    "two precisions": (lambda: nn.Sequential(model(), nn.Linear(3, 3).double()), SPEC, CLASSES, "float64"),
    "outputs per place": (lambda: nn.Conv2d(3, 3, 1), SPEC, CLASSES, "batch × class"),
    "batch statistics": (
        lambda: nn.Sequential(nn.BatchNorm2d(3, track_running_stats=False), nn.Flatten(), nn.Linear(144, 3)),
        SPEC,
        CLASSES,
        "track_running_stats",
    ),
    "batch statistics that stay in training mode": (
        lambda: nn.Sequential(AlwaysTraining(), nn.Flatten(), nn.Linear(144, 3)),
        SPEC,
        CLASSES,
        "changes by up to .* when other images are in its batch.*evaluation mode does not turn off",
    ),
}


@pytest.mark.parametrize(("build", "spec", "output", "message"), REFUSED.values(), ids=REFUSED)
def test_a_model_that_does_not_fit_is_refused_and_left_alone(build, spec, output, message: str) -> None:
    module = build()
    before = state(module)
    with pytest.raises(ModelError, match=message):
        wrap(module, input=spec, output=output)
    assert same(state(module), before)


def test_weights_that_are_not_finite_are_refused_by_name_but_can_be_looked_at() -> None:
    module = model()
    with torch.no_grad():
        module.conv2.bias[1] = torch.nan
    with raises(ModelError, "weights", asked="conv2.bias", found=1):
        wrap(module, input=SPEC, output=CLASSES)
    wrapped = wrap(module, input=SPEC, output=CLASSES, allow_nonfinite=True)
    assert np.isnan(wrapped.weights()["conv2.bias"][1])
    with raises(ModelError, "allow_nonfinite"):
        wrapped.forward(random_images())


def test_a_model_that_leaves_the_graph_is_told_so() -> None:
    model = TorchModel(Returning(lambda z: z.detach()), SPEC, CLASSES)
    with raises(ModelError, "gradient"):
        model.vjp(random_images(), {OUTPUT: EVERY})


class Cramped(nn.Module):
    """Asks for more memory than there is, in earnest, when a batch has more than `room` images."""

    batches: ClassVar[list[int]] = []  # of the class: what an object counts is put back after every pass

    def __init__(self, room: int) -> None:
        super().__init__()
        self.inner, self.room = model(), room

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        self.batches.append(len(value))
        if len(value) > self.room:
            torch.empty(2**50)
        return self.inner(value)


def test_memory_that_ends_is_a_memory_error_and_the_integral_goes_on_with_smaller_batches() -> None:
    module = Cramped(room=5)
    model = TorchModel(module, SPEC, CLASSES)
    images = random_images()
    with raises(MemoryError, "memory", found="RuntimeError"):
        model.forward(np.concatenate([images] * 6))
    assert model.layers  # their axes are found out in smaller batches too
    assert model.batch_size > 5  # after a pass of one image, which says how many fit
    module.batches.clear()
    black = np.zeros_like(images[0])
    small = integrated_gradients(model, images[0], Logit(0), baseline=black, tolerance=0.05)
    assert module.batches[0] <= 3  # the three first places, before anything can be too large
    assert max(module.batches) > 5
    assert max(module.batches[2:]) <= 7
    assert small.provenance.batch_size is not None
    assert small.provenance.batch_size <= 5
    free = integrated_gradients(
        TorchModel(module.inner, SPEC, CLASSES), images[0], Logit(0), baseline=black, tolerance=0.05
    )
    np.testing.assert_allclose(small.heatmap, free.heatmap, rtol=0, atol=1e-5 * np.abs(free.heatmap).max())


@pytest.mark.parametrize("words", ["CUDA out of memory. Tried to allocate 2 GiB", "MPS backend out of memory"])
def test_accelerators_say_it_in_other_words(words: str) -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES)

    def full(module: nn.Module, arguments: object) -> None:
        raise torch.cuda.OutOfMemoryError(words)

    wrapped.model.register_forward_pre_hook(full)
    with pytest.raises(MemoryError, match=words):
        wrapped.forward(random_images())


def test_other_errors_of_pytorch_become_ours_and_no_memory_error() -> None:
    wrapped = TorchModel(model(), SPEC, CLASSES)

    def wrong(module: nn.Module, arguments: object) -> None:
        raise RuntimeError("shapes cannot be multiplied")

    wrapped.model.register_forward_pre_hook(wrong)
    with pytest.raises(ModelError, match="multiplied") as caught:
        wrapped.forward(random_images())
    assert not isinstance(caught.value, MemoryError)


class Flattening(nn.Module):
    """Reshapes by view, which takes no strides that are permuted."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.output = nn.Linear(4 * 6 * 8, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        value = self.conv(images)
        return self.output(value.view(len(value), -1))


class ByMemory(nn.Module):
    """Answers by how the batch lies in memory, as nobody should."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        plain = images.as_strided(images.shape, (144, 48, 8, 1))
        return self.conv(plain * torch.arange(8)).mean((2, 3))


class Twice(torch.autograd.Function):
    """Nothing forward; backward, the gradient is doubled, as a fault of a framework would be."""

    @staticmethod
    def forward(_context: object, value: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def backward(_context: object, gradient: torch.Tensor) -> torch.Tensor:
        return 2 * gradient


class WrongAlone(nn.Module):
    """Its gradient is wrong for one image alone, in one memory format; PyTorch's is of EfficientFormer (2.13)."""

    def __init__(self, where_last: bool) -> None:
        super().__init__()
        self.where_last = where_last
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        last = images.stride()[1] == 1
        if len(images) == 1 and last is self.where_last:
            images = Twice.apply(images)
        return self.conv(images).mean((2, 3))


@pytest.mark.parametrize("where_last", [True, False])
def test_a_memory_format_in_which_one_image_alone_has_another_gradient_is_not_taken(where_last: bool) -> None:
    wrapped = TorchModel(WrongAlone(where_last).eval(), SPEC, CLASSES)
    images = random_images(2)
    batch, alone = (wrapped.vjp(some, {OUTPUT: EVERY}).input_gradients for some in (images, images[:1]))
    np.testing.assert_allclose(alone, batch[:, :1], rtol=1e-5)
    assert not wrapped.notes


class Centred(nn.Module):
    """Answers an image by what else is in the batch, as batch normalisation without running statistics does."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images**2 - (images**2).mean(0)).mean((2, 3))


def test_a_model_that_mixes_the_images_of_a_batch_says_so() -> None:
    assert "in a batch" in TorchModel(Centred().eval(), SPEC, CLASSES).notes[0]


def test_probabilities_mix_nothing() -> None:
    """They sum to 1, so the gradient of their plain sum is rounding alone, another one in every batch."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3), nn.Softmax(1)).eval()
    module(torch.zeros(1, SPEC.channels, SPEC.height, SPEC.width))
    found = TorchModel(module, SPEC, OutputSpec(CLASSES.class_names, kind="probabilities"))
    assert not any("in a batch" in note for note in found.notes)


@pytest.mark.parametrize(
    ("module", "expected"),
    [(model(), torch.channels_last), (Flattening(), torch.contiguous_format), (ByMemory(), torch.contiguous_format)],
    ids=["convolutions", "view", "memory"],
)
def test_batches_lie_in_memory_as_the_model_takes_them_and_answers_stay_the_same(
    module: nn.Module, expected: torch.memory_format
) -> None:
    seen = list[bool]()
    wrapped = TorchModel(module.eval(), SPEC, CLASSES)
    first = next(part for part in module.modules() if isinstance(part, nn.Conv2d))
    handle = first.register_forward_pre_hook(lambda _, given: seen.append(given[0].is_contiguous()))
    images = random_images(4)
    found = wrapped.vjp(images, {OUTPUT: EVERY})
    handle.remove()
    if not isinstance(module, ByMemory):
        assert seen == [expected is torch.contiguous_format]
    plain = torch.tensor(images).permute(0, 3, 1, 2).contiguous().requires_grad_()
    answer = module(plain)
    np.testing.assert_allclose(found.outputs, answer.detach().numpy(), rtol=1e-5, atol=1e-6)
    for target in range(3):
        (gradient,) = torch.autograd.grad(answer[:, target].sum(), plain, retain_graph=True)
        exact = gradient.permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(found.input_gradients[target], exact, rtol=1e-4, atol=1e-6)
