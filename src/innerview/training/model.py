"""The built-in model in PyTorch: nine convolutions, ELU after each, mean pooling before layers 4 and 7.

No bias and no normalisation layer: a black image gives exactly 0 everywhere, so black is the zero of every map.
It is fully convolutional: images of any size from 4 pixels up, in steps of 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as functional

from innerview.allcnn.table import TABLE
from innerview.training.recipe import Initialisation

POOLED = frozenset(number for number, row in enumerate(TABLE, start=1) if row.pool)
"""The layers, counted from 1, that 2 × 2 mean pooling precedes."""


class AllCnn(torch.nn.Module):
    """From pixels in [0, 1] (batch × 3 × height × width) to logits (batch × class).

    Args:
        channels: of the eight hidden layers.
        classes: number of outputs.
        mean: per channel, taken from the pixels.
        std: per channel, that they are divided by then.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        channels: int,
        classes: int,
        mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
        std: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> None:
        super().__init__()
        for name, three in {"mean": mean, "std": std}.items():  # they move with the weights, and are no weights
            self.register_buffer(name, torch.tensor(three)[:, None, None], persistent=False)
        widths = (3, *(channels,) * 8, classes)
        self.weights = torch.nn.ParameterList(
            torch.zeros(widths[index + 1], widths[index], row.kernel, row.kernel) for index, row in enumerate(TABLE)
        )

    def layers(self, images: torch.Tensor) -> Iterator[torch.Tensor]:
        """Give the output of each layer in turn, after its ELU."""
        x = (images - self.mean) / self.std
        for number, weight in enumerate(self.weights, start=1):
            if number in POOLED:
                x = functional.avg_pool2d(x, 2)
            x = functional.elu(functional.conv2d(x, weight, padding=weight.shape[2] // 2), inplace=True)
            yield x

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Turn images (batch × 3 × height × width) into logits (batch × class)."""
        *_, last = self.layers(images)
        return last.float().mean((2, 3))

    def named(self) -> dict[str, torch.nn.Parameter]:
        """The weights by the names that they have in files: conv1.weight to conv9.weight."""
        return {f"conv{number}.weight": weight for number, weight in enumerate(self.weights, start=1)}

    def gradient_norm(self) -> float:
        """The Euclidean norm of all gradients together; not finite if one of them is not."""
        norms = [weight.grad.norm() for weight in self.weights if weight.grad is not None]
        return torch.linalg.vector_norm(torch.stack(norms)).item()

    @torch.no_grad()
    def take(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Copy weights, by name, into the model."""
        for name, weight in self.named().items():
            weight.copy_(weights[name])


@torch.no_grad()
def initialise(model: AllCnn, how: Initialisation, images: torch.Tensor, seed: int) -> None:
    """Set the weights of a model before training.

    Args:
        model: changed in place.
        how: see Initialisation.
        images: batch × 3 × height × width, for the scale of each layer's output; a few hundred images.
        seed: of the normal numbers.
    """
    random = torch.Generator().manual_seed(seed)
    x = (images - model.mean) / model.std
    for number, weight in enumerate(model.weights, start=1):
        std = how.stds[number - 1] if how.stds else weight[0].numel() ** -0.5
        weight.normal_(0.0, std, generator=random)
        if number == 1 and how.whitening:
            filters = whitening_filters(x, len(weight))
            weight[: len(filters)] = filters
        if number == 1 and how.mean_free:
            weight.sub_(weight.mean((1, 2, 3), keepdim=True))
        if how.lsuv:
            x = functional.avg_pool2d(x, 2) if number in POOLED else x
            output = functional.conv2d(x, weight, padding=weight.shape[2] // 2)
            weight.div_(output.std())
            x = functional.elu(output / output.std())


def whitening_filters(images: torch.Tensor, most: int) -> torch.Tensor:
    """The eigenvectors of 3 × 3 patches and their negatives, by falling variance, at unit output variance.

    Args:
        images: batch × 3 × height × width.
        most: how many filters there is room for.

    Returns:
        At most 54 filters, filter × 3 × 3 × 3.
    """
    patches = functional.unfold(images, 3).transpose(1, 2).reshape(-1, 27).double()
    variances, vectors = torch.linalg.eigh(torch.cov(patches.T))
    # 5e-4 as in airbench: directions that hold only noise are not blown up to the others' size
    filters = (vectors / (variances + 5e-4).sqrt()).T.flip(0).float().reshape(27, 3, 3, 3)
    return torch.stack([filters, -filters], dim=1).reshape(54, 3, 3, 3)[:most]


@torch.no_grad()
def first_not_finite(model: AllCnn, images: torch.Tensor) -> str:
    """Say where values stop being finite: forward a layer's weights or its output, then backward a gradient."""
    for (name, weight), output in zip(model.named().items(), model.layers(images), strict=True):
        layer = name.removesuffix(".weight")
        if not bool(torch.isfinite(weight).all()):
            return f"the weights of {layer}"
        if not bool(torch.isfinite(output).all()):
            return f"the output of {layer}"
    for name, weight in reversed(model.named().items()):
        if weight.grad is not None and not bool(torch.isfinite(weight.grad).all()):
            return f"the gradient of {name.removesuffix('.weight')}"
    sizes = {name: weight.grad.abs().max().item() for name, weight in model.named().items() if weight.grad is not None}
    largest = max(sizes, key=sizes.__getitem__, default="")
    where = f", with gradients of up to {sizes[largest]:.3g} in {largest.removesuffix('.weight')}" if largest else ""
    return f"the loss itself{where}"
