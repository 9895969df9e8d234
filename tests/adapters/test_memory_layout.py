"""Models that reshape with .view() run as they do in plain PyTorch, whichever side of the image has length 1."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from innerview import wrap
from innerview.methods import gradient
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit


class Viewing(torch.nn.Module):
    """Like PyTorch's own example for MNIST."""

    def __init__(self, height: int, width: int, channels: int, view: str) -> None:
        super().__init__()
        self.view = view
        self.conv = torch.nn.Conv2d(channels, 4, 3, padding=1)
        self.head = torch.nn.Linear(4 * height * width, 3)

    def forward(self, images):
        value = self.conv(images).relu()
        if self.view == "last":  # works only on channels last
            return self.head(value.permute(0, 2, 3, 1).view(len(images), -1))
        return self.head(value.view(len(images), -1))


@pytest.mark.parametrize("view", ["first", "last"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(6, 5), (1, 5), (6, 1), (1, 1)])
def test_a_view_is_taken_as_the_model_means_it(height: int, width: int, channels: int, view: str) -> None:
    torch.manual_seed(0)
    model = Viewing(height, width, channels, view)
    form = torch.channels_last if view == "last" else torch.contiguous_format
    spec = InputSpec(height, width, channels, layout="CHW")
    wrapped = wrap(model, input=spec, output=OutputSpec(3))
    for count in (1, 2):
        images = np.random.default_rng(0).random((count, *spec.shape)).astype(np.float32)
        entering = torch.tensor(images).permute(0, 3, 1, 2).clone(memory_format=form).requires_grad_()
        outputs = model(entering)
        np.testing.assert_allclose(wrapped.forward(images).outputs, outputs.detach().numpy(), rtol=1e-5, atol=1e-6)
        (by_input,) = torch.autograd.grad(outputs[0, 1], entering)
        found = gradient(wrapped, images[0], Logit(1)).gradient
        np.testing.assert_allclose(found, by_input[0].permute(1, 2, 0).numpy(), rtol=1e-4, atol=1e-6)


def test_a_function_is_given_plain_memory() -> None:
    def function(inputs):
        assert inputs.strides == np.zeros(inputs.shape, inputs.dtype).strides
        return torch.from_numpy(inputs).view(len(inputs), -1)[:, :3].numpy()

    wrap(function, input=InputSpec(6, 5, 1, layout="CHW"), output=OutputSpec(3))
