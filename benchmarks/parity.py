"""Parity with Captum: the same models, picture, target and parameters; max |a − b| / max |b| for each method.

Captum is called directly, on the PyTorch module, and brought to innerview's form: channels last, a gradient multiplied
by the chain rule through the normalisation (d input / d pixel). Three definitions differ by a factor, which is applied
and named in the table; noise is drawn once, by innerview, and given to both.

Models: the built-in model, trained (ELU; nine convolutions, no normalisation), which innerview runs in NumPy and in
PyTorch, as the source that it exports; and three convolutions with batch normalisation, ReLU and a dense layer behind
the mean and deviation of ImageNet, drawn with a fixed seed. The picture is the sample photo of a cat, the target the
winning logit.

    python benchmarks/parity.py
"""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from unittest import mock

import numpy as np
import torch
from captum import attr
from engines import in_torch
from torch import nn

import innerview
from innerview import allcnn
from innerview.adapters.checks import enter
from innerview.adapters.torch.model import TorchModel
from innerview.methods import (
    grad_cam,
    gradient,
    gradient_input,
    integrated_gradients,
    noisy_images,
    occlusion,
    smooth_grad,
    var_grad,
)
from innerview.model import DifferentiableModel, InputSpec, OutputSpec
from innerview.targets import Logit
from innerview.types import Array

STEPS, SAMPLES, NOISE, WINDOW, STRIDE = 32, 16, 0.15, 8, 4

LAST = "elu9"
"""The built-in model's last layer with places."""


@dataclass(frozen=True)
class Case:
    """One model: as innerview sees it, as Captum does, and its last layer with places in both."""

    wrapped: DifferentiableModel
    model: nn.Module
    spec: InputSpec
    layer: str
    module: nn.Module
    image: Array
    baseline: Array

    @property
    def target(self) -> int:
        """The winning class."""
        return int(self.wrapped.forward(self.image[None]).outputs[0].argmax())

    def tensor(self, picture: Array) -> torch.Tensor:
        """A picture as the model takes it."""
        return torch.tensor(enter(self.spec, picture[None], self.image.dtype))

    def back(self, values: torch.Tensor, power: int = 1) -> Array:
        """Captum's answer as height × width × channel, multiplied by d input / d pixel to a power."""
        return values.detach().numpy()[0].transpose(1, 2, 0) * self.spec.scale**power


def built_in(*, numpy: bool, dtype: type[np.floating] = np.float32) -> Case:
    """The built-in model, in PyTorch for Captum and in either for innerview."""
    ours, theirs = allcnn.load_pretrained(dtype=dtype), in_torch().astype(dtype)
    picture = innerview.preprocess(innerview.example_image("cat"), ours.input).pixels.astype(dtype)
    last = theirs.model.get_submodule(LAST)
    return Case(ours if numpy else theirs, theirs.model, theirs.input, LAST, last, picture, np.zeros_like(picture))


def with_relu(dtype: type[np.floating] = np.float32) -> Case:
    """Convolutions, batch normalisation, ReLU and a dense layer, with random weights and statistics."""
    torch.manual_seed(0)
    modules = list[nn.Module]()
    for inputs, outputs in ((3, 16), (16, 24), (24, 32)):
        norm = nn.BatchNorm2d(outputs)
        norm.running_mean = 0.1 * torch.randn(outputs)
        norm.running_var = 0.5 + torch.rand(outputs)
        modules += [nn.Conv2d(inputs, outputs, 3, padding=1), norm, nn.ReLU(), nn.AvgPool2d(2)]
    last = modules[-1]
    model = (
        nn.Sequential(*modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
        .eval()
        .to(torch.from_numpy(np.zeros(1, dtype)).dtype)
    )
    spec = InputSpec(64, 64, layout="CHW", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    picture = innerview.preprocess(innerview.example_image("cat"), spec).pixels.astype(dtype)
    wrapped = TorchModel(model, spec, OutputSpec(allcnn.CLASS_NAMES))
    return Case(wrapped, model, spec, "11", last, picture, np.full_like(picture, 0.5))


def of_gradient(case: Case) -> tuple[Array, Array]:
    """d score / d pixel."""
    theirs = attr.Saliency(case.model).attribute(case.tensor(case.image), case.target, abs=False)
    return gradient(case.wrapped, case.image, Logit()).gradient, case.back(theirs)


def of_gradient_input(case: Case) -> tuple[Array, Array]:
    """Captum multiplies by what the model takes: the difference from the mean colour."""
    mean = np.broadcast_to(-case.spec.offset / case.spec.scale, case.image.shape).astype(case.image.dtype)
    theirs = attr.InputXGradient(case.model).attribute(case.tensor(case.image), case.target)
    return gradient_input(case.wrapped, case.image, Logit(), baseline=mean).attribution, case.back(theirs, 0)


def of_integrated_gradients(case: Case) -> tuple[Array, Array]:
    """The same nodes and weights."""
    ours = integrated_gradients(
        case.wrapped, case.image, Logit(), baseline=case.baseline, rule="gauss-legendre", n_steps=STEPS
    )
    theirs = attr.IntegratedGradients(case.model).attribute(
        case.tensor(case.image), case.tensor(case.baseline), case.target, n_steps=STEPS, method="gausslegendre"
    )
    return ours.attribution, case.back(theirs, 0)


def of_noise(case: Case, kind: str) -> tuple[Array, Array]:
    """SmoothGrad or VarGrad; Captum is given innerview's noise in place of its own."""
    noisy = np.stack(list(noisy_images(case.image, noise=NOISE, n_samples=SAMPLES)))
    noise = torch.cat([case.tensor(one) for one in noisy]) - case.tensor(case.image)
    tunnel = attr.NoiseTunnel(attr.Saliency(case.model))
    with mock.patch("torch.normal", return_value=noise):
        theirs = tunnel.attribute(
            case.tensor(case.image), nt_type=kind, nt_samples=SAMPLES, target=case.target, abs=False
        )
    ours = {"smoothgrad": smooth_grad, "vargrad": var_grad}[kind]
    found = ours(case.wrapped, case.image, Logit(), stdevs=NOISE, n_samples=SAMPLES).attribution
    return found, case.back(theirs) if kind == "smoothgrad" else case.back(theirs, 2) * SAMPLES / (SAMPLES - 1)


def of_grad_cam(case: Case) -> tuple[Array, Array]:
    """Captum's has one value for each place; here it is shared out among the place's pixels."""
    theirs = attr.LayerGradCam(case.model, case.module).attribute(case.tensor(case.image), case.target)
    ours = grad_cam(case.wrapped, case.image, Logit(), case.layer).heatmap
    places = theirs.detach().numpy()[0, 0]
    side = len(ours) // len(places)
    return ours * side**2, np.kron(places, np.ones((side, side)))


def of_occlusion(case: Case) -> tuple[Array, Array]:
    """Captum gives each pixel the whole drop of its windows; here it is shared out among the window's pixels."""
    theirs = attr.Occlusion(case.model).attribute(
        case.tensor(case.image), (3, WINDOW, WINDOW), (3, STRIDE, STRIDE), case.tensor(case.baseline), case.target
    )
    ours = occlusion(case.wrapped, case.image, Logit(), fill=case.baseline, window=WINDOW, stride=STRIDE).heatmap
    return ours * WINDOW**2, case.back(theirs, 0)[..., 0]


METHODS: dict[str, Callable[[Case], tuple[Array, Array]]] = {
    "gradient (Saliency)": of_gradient,
    "gradient × difference from the mean colour (InputXGradient)": of_gradient_input,
    f"integrated gradients, gausslegendre, {STEPS} nodes": of_integrated_gradients,
    f"SmoothGrad, the same noise, {SAMPLES} samples": partial(of_noise, kind="smoothgrad"),
    f"VarGrad, the same noise; Captum's × {SAMPLES}/{SAMPLES - 1}": partial(of_noise, kind="vargrad"),
    "Grad-CAM at the last places; ours × pixels of a place": of_grad_cam,
    f"occlusion, window {WINDOW}, stride {STRIDE}; ours × pixels of a window": of_occlusion,
}

CASES = {
    "built-in, NumPy, float32": partial(built_in, numpy=True),
    "built-in, PyTorch, float32": partial(built_in, numpy=False),
    "built-in, NumPy, float64": partial(built_in, numpy=True, dtype=np.float64),
    "ReLU, PyTorch, float32": with_relu,
    "ReLU, PyTorch, float64": partial(with_relu, dtype=np.float64),
}


def main() -> None:
    """Compare and print one table."""
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Input Tensor 0 did not already require gradients")
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("captum", "torch", "numpy"))
    print(f"Python {platform.python_version()}, {versions}; max |ours − Captum's| / max |Captum's|\n")
    print(f"| method | {' | '.join(CASES)} |\n|---|{'---:|' * len(CASES)}")
    cases = [make() for make in CASES.values()]
    for name, method in METHODS.items():
        row = list[str]()
        for case in cases:
            ours, theirs = method(case)
            row.append(f"{np.abs(ours - theirs).max() / np.abs(theirs).max():.1e}")
        print(f"| {name} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
