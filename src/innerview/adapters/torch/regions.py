"""A model of dense outputs (segmentation) as a classifier: the mean logit of each class inside a region.

    score_k = sum over places p of w_p · z_kp / sum over p of w_p

w is the region, at the size of the map of logits (by area, where that is smaller than the image). What is explained
then is why the model sees class k in this region.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from innerview.adapters.picking import evident, pick
from innerview.errors import MissingExtra, ModelError, UsageError

try:
    import torch
except Exception as error:
    raise MissingExtra("reducing a PyTorch model of dense outputs", "torch", error) from error

OUT: Final = "out"
"""What torchvision's models of segmentation call their logits, beside others for training."""


class MeanInside(torch.nn.Module):
    """Runs a model of dense outputs and takes the mean of each class over a region.

    Args:
        model: from a batch of images to logits, batch × class × height × width, alone or among other outputs.
        region: a box (left, top, width, height) in pixels of the model's image, or a mask of the image's size.
        output: which of several outputs.
    """

    mask: torch.Tensor

    def __init__(self, model: torch.nn.Module, region: Any, output: str | int | None) -> None:
        super().__init__()
        self.model, self._output = model, output
        self._box = tuple(int(one) for one in region) if np.ndim(region) == 1 else None
        mask = torch.zeros(0) if self._box else torch.as_tensor(np.array(region, np.float32))
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores, batch × class."""
        result = self.model(images)
        maps = result if isinstance(result, torch.Tensor) else pick(result, self._key(result), torch.is_tensor)
        if maps.dim() != 4:
            raise ModelError(
                f"mean_inside was asked of a model that gives {tuple(maps.shape)}; it takes logits of batch × class × "
                "height × width; for a detector there is innerview.detected_at"
            ).of("outputs", found=tuple(maps.shape))
        weights = torch.nn.functional.adaptive_avg_pool2d(
            self._inside(images).to(maps)[None, None], (maps.shape[2], maps.shape[3])
        )
        return (maps * weights).sum(dim=(2, 3)) / weights.sum()

    def _key(self, result: Any) -> str | int | None:
        if self._output is not None:
            return self._output
        named = isinstance(result, Mapping) and OUT in result
        return OUT if named else evident(result, torch.is_tensor)

    def _inside(self, images: torch.Tensor) -> torch.Tensor:
        """The region at the image's size, 1 inside."""
        height, width = images.shape[-2:]
        if self._box is None:
            if tuple(self.mask.shape) != (height, width):
                raise ModelError(
                    f"the mask has {tuple(self.mask.shape)} pixels (height, width), and the model's image "
                    f"{(height, width)}; give one of its size"
                ).of("region", asked=tuple(self.mask.shape), found=(height, width))
            return self.mask
        left, top, wide, high = self._box
        if min(left, top) < 0 or left + wide > width or top + high > height:
            raise ModelError(
                f"the box {self._box} (left, top, width, height) does not lie in the model's image of {width} × "
                f"{height}"
            ).of("region", asked=self._box, found=(height, width))
        inside = torch.zeros(height, width, device=images.device)
        inside[top : top + high, left : left + wide] = 1
        return inside


def mean_inside(model: Any, region: Any, *, output: str | int | None = None) -> MeanInside:
    """Make a classifier of a PyTorch model of segmentation: of each class the mean logit inside a region.

    The result is a module; `innerview.wrap` it with what it takes and its classes.

    Args:
        model: a module from images (batch × channel × height × width) to logits, batch × class × height × width.
        region: a box (left, top, width, height) in pixels of the image as the model sees it, or a mask of that size
            (height × width), 0 outside; values between count in part.
        output: which of several outputs; "out" and "logits" are found.

    Raises:
        UsageError: the model is none of PyTorch's, or the region is empty or none.
    """
    if not isinstance(model, torch.nn.Module):
        raise UsageError(f"mean_inside was asked of a {type(model).__name__}; give a PyTorch module").of(
            "model", found=type(model).__name__
        )
    values = np.asarray(region, np.float64)
    box = values.shape == (4,)
    if not (box or values.ndim == 2) or not np.isfinite(values).all() or ((values[2:] < 1).any() and box):
        raise UsageError(
            f"a region of shape {values.shape} was given; it is a box (left, top, width, height) of at least one "
            "pixel, or a mask, height × width"
        ).of("region", found=values.shape)
    if not box and (values.min() < 0 or not values.any()):
        raise UsageError(
            "the mask is 0 everywhere, or negative somewhere; give one that is above 0 inside the region"
        ).of("region", found="empty")
    return MeanInside(model, region, output)
