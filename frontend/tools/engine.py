# ruff: noqa: INP001
"""Write tests/engine.json: small random networks with what the NumPy adapter makes of them, for the engine to equal.

python frontend/tools/engine.py
"""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from innerview.adapters import wrap
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import (
    ELU,
    Convolution,
    Dense,
    Flatten,
    GlobalMean,
    MaxPooling,
    MeanPooling,
    Operation,
    ReLU,
)
from innerview.adapters.torch.steps import traced
from innerview.export.web import web_network, web_network_of_steps
from innerview.model import OUTPUT, InputSpec, OutputSpec

IMAGES = 2


def network(seed: int) -> NumpyModel:
    """Draw a network: some convolutions of any kernel, stride and padding, a pooling, one of three ends."""
    random = np.random.default_rng(seed)
    side, channels = (int(random.integers(7, 14)), int(random.integers(7, 14))), int(random.choice([1, 3]))
    wide = seed in {0, 3}  # of these, the 3 x 3 are worked out in tiles
    operations, weights = list[Operation](), dict[str, np.ndarray]()
    size, inputs = np.array(side), channels

    def weight(name: str, *shape: int) -> None:
        fan = int(np.prod(shape[1:])) or 1
        weights[name] = random.normal(0, fan**-0.5, shape).astype(np.float16).astype(np.float32)

    for number in range(1, 4):
        kernel = [3, 3] if wide else random.integers(1, 5, 2).tolist()
        stride = 1 if wide else int(random.integers(1, 3))
        padding = "same" if wide else [*("same", "valid"), int(min(kernel)) - 1][int(random.integers(3))]
        outputs, bias = 32 if wide else int(random.integers(3, 9)), bool(random.integers(2))
        around = 0 if padding == "valid" else padding if isinstance(padding, int) else max(kernel)
        if (size + 2 * around < kernel).any():
            break
        layer = Convolution(f"conv{number}", stride, padding, bias)
        weight(f"conv{number}.weight", outputs, inputs, *kernel)
        if bias:
            weight(f"conv{number}.bias", outputs)
        size = np.array(layer.shape((*size.tolist(), inputs), weights)[:2])
        inputs = outputs
        operations += [layer, (ELU, ReLU)[int(random.integers(2))](f"act{number}")]
        if number == 2 and size.min() >= 4:
            pool = (MeanPooling, MaxPooling)[int(random.integers(2))]("pool", 2)
            operations.append(pool)
            size = size // 2
    if seed % 2:
        operations += [Flatten("flat", ("HWC", "CHW")[int(random.integers(2))]), Dense("dense")]
        weight("dense.weight", 5, int(size.prod()) * inputs)
        weight("dense.bias", 5)
    else:
        operations += [GlobalMean("mean"), Dense("dense", bias=False)]
        weight("dense.weight", 5, inputs)
    spec = InputSpec(*side, channels, mean=0.4, std=0.3, channel_order=("RGB", "BGR")[seed % 5 == 0 and channels == 3])
    return NumpyModel(spec, OutputSpec(5), operations, weights)


def torch_network(seed: int) -> nn.Module:
    """Draw a network with a sum, normalisation that is folded and that is not, and activations that NumPy has not."""
    torch.manual_seed(seed)
    curve = (nn.GELU(), nn.SiLU(), nn.GELU(approximate="tanh"), nn.ELU())[seed % 4]
    pool = (
        nn.MaxPool2d(3, 2, 1),
        nn.AvgPool2d(3, 2, 1),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    )

    class Block(nn.Module):
        """Two convolutions and a way around them."""

        def __init__(self) -> None:
            super().__init__()
            self.before, self.curve = nn.BatchNorm2d(6), curve
            self.one, self.norm = nn.Conv2d(6, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
            self.two = nn.Conv2d(6, 6, (1, 3), padding=(0, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            """What it adds is added."""
            return x + self.two(self.curve(self.norm(self.one(self.before(x)))))

    end = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()) if seed % 2 else nn.Flatten()
    sizes = {0: 6 * 5 * 6, 2: 6 * 5 * 5}
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=1, padding=1), pool[seed % 4], Block(), nn.Sigmoid(), end, nn.Tanh(),
        nn.Linear(6 if seed % 2 else sizes[seed % 4], 5),
    ).eval()  # fmt: skip
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn(6) / 3
            module.running_var = torch.rand(6) + 0.5
            module.weight.data, module.bias.data = torch.randn(6), torch.randn(6)
    return model


def torch_case(seed: int) -> dict[str, object]:
    """The same of a network of PyTorch, with its weights as they are written."""
    module = torch_network(seed)
    steps = traced(module, (3, 10, 11))
    model = wrap(module, input=InputSpec(10, 11, layout="CHW"), output=OutputSpec(5))
    half = {name: value.astype(np.float16).astype(np.float64) for name, value in steps.weights.items()}
    written = web_network_of_steps(model, f"torch {seed}", steps.operations, half)
    rounded = module.double()
    with torch.no_grad():  # the folded weights, so that both sides have the same
        rounded[0].weight.copy_(torch.from_numpy(half["0.weight"]))
        rounded[0].bias.copy_(torch.from_numpy(half["0.bias"]))
        block = rounded[2]
        block.one = nn.Conv2d(6, 6, 3, padding=1).double()
        block.one.weight.copy_(torch.from_numpy(half["2.one.weight"]))
        block.one.bias.copy_(torch.from_numpy(half["2.one.bias"]))
        block.norm = nn.Identity()
        block.before.weight.copy_(torch.from_numpy(half["2.before.scale"]))
        block.before.bias.copy_(torch.from_numpy(half["2.before.offset"]))
        block.before.running_mean.zero_()
        block.before.running_var.fill_(1 - block.before.eps)
        block.two.weight.copy_(torch.from_numpy(half["2.two.weight"]))
        block.two.bias.copy_(torch.from_numpy(half["2.two.bias"]))
        rounded[6].weight.copy_(torch.from_numpy(half["6.weight"]))
        rounded[6].bias.copy_(torch.from_numpy(half["6.bias"]))
    images = np.random.default_rng(seed).random((IMAGES, 10, 11, 3)).astype(np.float32)
    factors = np.random.default_rng(seed + 1).normal(size=(IMAGES, 5)).astype(np.float32)
    inside: list[torch.Tensor] = []
    rounded[2].register_forward_hook(lambda _, __, given: inside.append(given))
    given = torch.from_numpy(images.astype(np.float64)).permute(0, 3, 1, 2).requires_grad_()
    outputs = rounded(given)
    slopes = torch.autograd.grad((outputs * torch.from_numpy(factors)).sum(), [given, inside[0]])
    last = (one.detach().permute(0, 2, 3, 1).numpy() for one in (slopes[0], inside[0], slopes[1]))
    gradients, activation, layer_gradient = last
    return {
        "network": dict(written.description),
        "weights": written.text,
        "layer": next(one["name"] for one in steps.operations if one["kind"] == "add"),
        "images": packed(images),
        "factors": packed(factors),
        "outputs": packed(outputs.detach().numpy()),
        "gradients": packed(gradients),
        "activation": packed(activation),
        "layer_gradient": packed(layer_gradient),
    }


def grouped_network(seed: int) -> nn.Sequential:
    """Draw a network with depthwise and other grouped convolutions and bounded ReLUs; 6 channels, or 8 in vectors."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    width = (6, 8)[seed % 2]

    def deep(inputs: int, outputs: int, groups: int) -> nn.Conv2d:
        kernel = tuple(int(one) for one in random.integers(1, 5, 2))
        stride, padding = tuple(int(one) for one in random.integers(1, 3, 2)), tuple(one // 2 for one in kernel)
        bias = bool(random.integers(2))
        return nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=bias)

    groups = int(random.choice([2, width // 2]))
    model = nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.ReLU6(), deep(width, width, width), nn.ReLU6(),
        deep(width, 2 * width, groups), nn.SiLU(), deep(2 * width, 4 * width, 2 * width),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * width, 5),
    ).eval()  # fmt: skip
    model[0].weight.data *= 8  # so that some of it is above 6
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


class Squeezed(nn.Module):
    """A gate for each channel (squeeze and excite), a product of values of one shape, and arithmetic with constants."""

    def __init__(self, width: int, seed: int) -> None:
        super().__init__()
        squeezed = nn.Conv2d if seed % 2 else nn.Linear
        more = (1,) if seed % 2 else ()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.down, self.up = squeezed(width, 3, *more), squeezed(3, width, *more)
        self.gate = (nn.Sigmoid(), nn.Hardsigmoid())[seed // 2 % 2]
        self.other = nn.Conv2d(width, width, (1, 3), padding=(0, 1))
        self.head = nn.Linear(width, 5)
        self.flat, self.softmax = seed % 2 == 0, seed % 4 == 3
        self.register_buffer("mean", torch.tensor([0.25, 0.5, 0.75]).reshape(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs; of one in four softmax."""
        x = nn.functional.hardswish(self.stem((x - self.mean) / 0.25))
        squeezed = x.mean((2, 3), keepdim=True)
        if self.flat:
            squeezed = squeezed.view(squeezed.size(0), -1)
        scale = self.gate(self.up(torch.relu(self.down(squeezed))))
        x = x * scale[:, :, None, None] if self.flat else scale * x
        x = x + torch.tanh(x) * nn.functional.conv2d(x, self.other.weight, self.other.bias, padding=(0, 1))
        x = self.head(torch.flatten(nn.functional.adaptive_avg_pool2d(x * x, 1), 1))
        return torch.softmax(x, 1) if self.softmax else x


def squeezed_network(seed: int) -> nn.Module:
    """Draw one; 6 channels, or 8 in vectors."""
    torch.manual_seed(seed)
    model = Squeezed((6, 8)[seed // 2 % 2], seed).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    return model


def grouped_case(seed: int, network: Callable[[int], nn.Module], layers: str) -> dict[str, object]:
    """The same of a network of PyTorch whose weights are numbers of 16 bits already; a layer of it for even and odd."""
    module = network(seed)
    steps = traced(module, (3, 13, 12))
    output = OutputSpec(5, kind="probabilities" if "softmax" in {one["kind"] for one in steps.operations} else "logits")
    model = wrap(module, input=InputSpec(13, 12, layout="CHW"), output=output)
    written = web_network_of_steps(model, f"grouped {seed}", steps.operations, steps.weights)
    images = np.random.default_rng(seed).random((IMAGES, 13, 12, 3)).astype(np.float32)
    factors = np.random.default_rng(seed + 1).normal(size=(IMAGES, 5)).astype(np.float32)
    layer = layers.split()[seed % 2]
    exact = model.astype(np.float64)
    found = exact.vjp(images.astype(np.float64), {OUTPUT: lambda _: factors[None].astype(np.float64)}, [layer])
    return {
        "network": dict(written.description),
        "weights": written.text,
        "layer": layer,
        "images": packed(images),
        "factors": packed(factors),
        "outputs": packed(found.outputs),
        "gradients": packed(found.input_gradients[0]),
        "activation": packed(found.activations[layer]),
        "layer_gradient": packed(found.layer_gradients[layer][0]),
    }


def packed(values: np.ndarray) -> str:
    """Numbers as text."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()


def case(seed: int) -> dict[str, object]:
    """A network with images, outputs and gradients, worked out in double precision."""
    model = network(seed)
    written, exact = web_network(model, f"random {seed}"), model.astype(np.float64)
    images = np.random.default_rng(seed).random((IMAGES, *model.input.shape)).astype(np.float32)
    factors = np.random.default_rng(seed + 1).normal(size=(IMAGES, 5)).astype(np.float32)
    layer = model.operations[1].name
    found = exact.vjp(images.astype(np.float64), {OUTPUT: lambda _: factors[None].astype(np.float64)}, [layer])
    return {
        "network": dict(written.description),
        "weights": written.text,
        "layer": layer,
        "images": packed(images),
        "factors": packed(factors),
        "outputs": packed(found.outputs),
        "gradients": packed(found.input_gradients[0]),
        "activation": packed(found.activations[layer]),
        "layer_gradient": packed(found.layer_gradients[layer][0]),
    }


def main() -> None:
    """Write the file."""
    cases = [case(seed) for seed in range(16)] + [torch_case(seed) for seed in range(4)]
    cases += [grouped_case(seed, grouped_network, "2 4") for seed in range(8)]
    cases += [grouped_case(seed, squeezed_network, "stem stem") for seed in range(4)]
    path = Path(__file__).parents[1] / "tests" / "engine.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
