"""A detector as a classifier: of each class, how well the best detection covers a box.

    score_k = max over detections d of IoU(d, box) · p_dk

IoU is the intersection over the union of the two boxes, p_dk the probability of class k at d. D-RISE (Petsiuk and
others 2021, arXiv 2006.03204) compares detections so, with the likeness of all their class probabilities in the place
of one. What is explained then is why the model detects class k there.
"""

# PyTorch is only partly typed: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from innerview.errors import MissingExtra, ModelError, UsageError

try:
    import torch
except Exception as error:
    raise MissingExtra("reducing a PyTorch detector", "torch", error) from error

LISTED: Final = {"boxes", "labels", "scores"}
"""Of each image, as torchvision's detectors give it: corners in pixels, class numbers, probabilities."""


class DetectedAt(torch.nn.Module):
    """Runs a detector and scores each class by its detections at a box.

    Args:
        model: a detector as torchvision's or transformers' are.
        box: left, top, width, height in pixels of the model's image.
        classes: how many there are, those before the first that the detector names (background) included.
    """

    def __init__(self, model: torch.nn.Module, box: Sequence[float], classes: int) -> None:
        super().__init__()
        self.model, self.classes = model, classes
        left, top, width, height = (float(one) for one in box)
        self.box = (left, top, left + width, top + height)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores in [0, 1], batch × class."""
        height, width = images.shape[-2:]
        if min(self.box) < 0 or self.box[2] > width or self.box[3] > height:
            left, top, right, bottom = self.box
            raise ModelError(
                f"the box {(left, top, right - left, bottom - top)} (left, top, width, height) does not lie in the "
                f"model's image of {width} × {height}"
            ).of("box", asked=self.box, found=(height, width))
        found = self.model(list(images) if _takes_lists(self.model) else images)
        listed = _detections(found, height, width, self.classes, _own_classes(self.model))
        rows = [self._row(boxes, chances) for boxes, chances in listed]
        return torch.stack(rows) + 0 * images.sum()  # images without a detection are on the graph, too

    def _row(self, boxes: torch.Tensor, chances: torch.Tensor) -> torch.Tensor:
        """Of each class the best detection of one image: corners, detection × 4, and detection × class."""
        nothing = chances.new_zeros((1, self.classes))
        return torch.cat([nothing, overlaps(boxes, self.box)[:, None] * chances]).amax(dim=0)


def overlaps(boxes: torch.Tensor, box: tuple[float, float, float, float]) -> torch.Tensor:
    """Intersection over union of boxes (box × 4: left, top, right, bottom) with one."""
    left, top, right, bottom = box
    across = boxes[:, 2].clamp(max=right) - boxes[:, 0].clamp(min=left)
    down = boxes[:, 3].clamp(max=bottom) - boxes[:, 1].clamp(min=top)
    common = across.clamp(min=0) * down.clamp(min=0)
    sizes = (boxes[:, 2] - boxes[:, 0]).clamp(min=0) * (boxes[:, 3] - boxes[:, 1]).clamp(min=0)
    return common / (sizes + (right - left) * (bottom - top) - common)


def _takes_lists(model: torch.nn.Module) -> bool:
    return any(kind.__module__.startswith("torchvision.models.detection") for kind in type(model).__mro__)


def _own_classes(model: torch.nn.Module) -> int | None:
    """How many classes a detector of transformers says that it has; None where it says nothing."""
    config: Any = vars(model).get("config")
    return int(config.num_labels) if "num_labels" in dir(config) else None


def _chances(logits: torch.Tensor, classes: int, own: int | None) -> torch.Tensor:
    """The probability of each class at each detection, as the detector was trained to give it.

    With one logit more than there are classes, that of "no object", it is a softmax (DETR, YOLOS); with as many, each
    class has its own sigmoid (Deformable and Conditional DETR, RT-DETR).
    """
    given = int(logits.shape[-1])
    known = own if own is not None and given in {own, own + 1} else classes
    if known != classes or given not in {known, known + 1}:
        raise ModelError(
            f"the detector gives {given} logits at each detection, and {classes} classes were given; give "
            f"{known if known != classes else f'{given}, or {given - 1} where the last is no object'}"
        ).of("classes", asked=classes, found=given)
    return logits.softmax(dim=-1)[..., :classes] if given > classes else logits.sigmoid()


def _detections(
    found: Any, height: int, width: int, classes: int, own: int | None
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Of each image the corners of its detections in pixels, and the probability of each class there."""
    if isinstance(found, Mapping) and {"logits", "pred_boxes"} <= set(found):
        middle = found["pred_boxes"]  # middle and size, as fractions of the image
        sides = middle.new_tensor([width, height, width, height])
        corners = torch.cat([middle[..., :2] - middle[..., 2:] / 2, middle[..., :2] + middle[..., 2:] / 2], dim=-1)
        chances = _chances(found["logits"], classes, own)
        return list(zip(corners * sides, chances, strict=True))
    if isinstance(found, list | tuple) and all(isinstance(one, Mapping) and set(one) >= LISTED for one in found):
        kinds = [torch.nn.functional.one_hot(one["labels"], classes).to(one["scores"]) for one in found]
        return [(one["boxes"], one["scores"][:, None] * kind) for one, kind in zip(found, kinds, strict=True)]
    raise ModelError(
        f"detected_at was asked of a model that gives a {type(found).__name__}; it takes what torchvision's detectors "
        "give (of each image boxes, labels and scores) or transformers' (logits and pred_boxes)"
    ).of("outputs", found=type(found).__name__)


def detected_at(model: Any, box: Sequence[float], classes: int) -> DetectedAt:
    """Make a classifier of a PyTorch detector: of each class the best detection, intersection over union × probability.

    The result is a module; `innerview.wrap` it with what it takes and its classes, as `kind="scores"`. A score is in
    [0, 1]: 1 for a detection that is sure and fits the box exactly, 0 for none that touches it.

    Args:
        model: a detector of torchvision (from a list of images to boxes, labels and scores) or of transformers (to
            logits and pred_boxes), or one that gives the same.
        box: left, top, width, height in pixels of the image as the model sees it.
        classes: how many classes there are; of torchvision's the background, 0, is one of them, of transformers' "no
            object" is none (`model.config.num_labels`).

    Raises:
        UsageError: the model is none of PyTorch's, or the box is none.
    """
    if not isinstance(model, torch.nn.Module):
        raise UsageError(f"detected_at was asked of a {type(model).__name__}; give a PyTorch module").of(
            "model", found=type(model).__name__
        )
    values = np.asarray(box, np.float64)
    if values.shape != (4,) or not np.isfinite(values).all() or (values[2:] <= 0).any():
        raise UsageError(f"the box {box!r} was given; a box is (left, top, width, height), the last two above 0").of(
            "box", asked=box
        )
    if classes < 1:
        raise UsageError(f"{classes} classes were given; give how many the detector has").of(
            "classes", asked=classes, limit=1
        )
    return DetectedAt(model, values.tolist(), classes)
