"""Detection as classification: intersection over union times probability, by hand; and what is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import innerview
import torchvision_operators
from innerview.errors import ModelError, UsageError
from innerview.methods import gradient
from innerview.model import InputSpec, OutputSpec
from innerview.targets import Logit
from raising import raises
from typecheck import unchecked

SPEC = InputSpec(16, 16, layout="CHW")
CLASSES = OutputSpec(("background", "cat", "dog"), kind="scores")
BOX = (4, 4, 8, 8)


class Listing(nn.Module):
    """As torchvision's: boxes that stand still, scores by the brightness of the box."""

    boxes: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        boxes = [[4.0, 4, 12, 12], [4, 4, 12, 8], [0, 0, 4, 4], [6, 4, 14, 12]]
        self.register_buffer("boxes", torch.tensor(boxes))

    def forward(self, images: torch.Tensor) -> Any:
        scores = [torch.stack([image.mean(), 0.9 * image.mean(), image.mean(), image[0].mean()]) for image in images]
        labels = torch.tensor([1, 2, 2, 2])
        return [{"boxes": self.boxes, "labels": labels, "scores": one} for one in scores]


def image() -> Any:
    return np.random.default_rng(0).random(SPEC.shape).astype(np.float32)


def test_a_class_has_the_score_of_its_best_detection() -> None:
    """Cat: the box itself. Dog: half of it at 0.9, none of it, or three quarters of it over five quarters."""
    model: Any = innerview.wrap(innerview.detected_at(Listing(), BOX, 3), input=SPEC, output=CLASSES)
    whole, red = image().mean(), image()[..., 0].mean()
    expected = [0, whole, max(0.5 * 0.9 * whole, 0.6 * red)]
    np.testing.assert_allclose(model.forward(image()[None]).outputs[0], expected, atol=1e-6)
    np.testing.assert_allclose(gradient(model, image(), Logit(1)).gradient, 1 / image().size, atol=1e-7)


def test_an_image_without_detections_scores_nothing() -> None:
    class Blind(Listing):
        def forward(self, images: torch.Tensor) -> Any:
            return [{name: value[:0] for name, value in one.items()} for one in super().forward(images)]

    model: Any = innerview.wrap(innerview.detected_at(Blind(), BOX, 3), input=SPEC, output=CLASSES)
    assert not model.forward(image()[None]).outputs.any()
    assert not gradient(model, image(), Logit(1)).gradient.any()


def test_a_detector_of_transformers_is_explained() -> None:
    torchvision_operators.declare()
    from transformers import YolosConfig, YolosForObjectDetection

    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    known = YolosForObjectDetection(
        YolosConfig(**size, image_size=[16, 16], patch_size=8, num_detection_tokens=5, num_labels=3)
    ).eval()
    model: Any = innerview.wrap(innerview.detected_at(known, BOX, 3), input=SPEC, output=CLASSES)
    with torch.no_grad():
        found = known(torch.from_numpy(image()).permute(2, 0, 1)[None])
    expected = np.zeros(3)
    for (x, y, width, height), logits in zip(16 * found.pred_boxes[0].numpy(), found.logits[0], strict=True):
        across = min(x + width / 2, 12) - max(x - width / 2, 4)
        down = min(y + height / 2, 12) - max(y - height / 2, 4)
        common = max(across, 0) * max(down, 0)
        chances = logits.softmax(0).numpy()[:3]
        expected = np.maximum(expected, common / (width * height + 64 - common) * chances)
    np.testing.assert_allclose(model.forward(image()[None]).outputs[0], expected, rtol=1e-4)
    assert gradient(model, image(), Logit(2)).gradient.any()


class Queried(nn.Module):
    """As transformers' detectors: two detections, the box itself and nothing, with `given` logits each."""

    def __init__(self, given: int, own: int | None = None) -> None:
        super().__init__()
        self.config = SimpleNamespace(num_labels=own) if own else None
        self.given = given

    def forward(self, images: torch.Tensor) -> Any:
        logits = images.mean(dim=(1, 2, 3))[:, None, None] * torch.arange(1.0, self.given + 1).expand(1, 2, self.given)
        boxes = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0, 0, 0, 0]]).expand(len(images), 2, 4)
        return {"logits": logits, "pred_boxes": boxes}


@pytest.mark.parametrize(("given", "own"), [(4, None), (4, 3), (3, None), (3, 3)])
def test_chances_are_what_the_detector_was_trained_to_give(given: int, own: int | None) -> None:
    """One logit more is that of no object, in a softmax; else each class has its sigmoid, as RT-DETR's."""
    model: Any = innerview.wrap(innerview.detected_at(Queried(given, own), BOX, 3), input=SPEC, output=CLASSES)
    logits = image().mean(dtype=np.float64) * np.arange(1, given + 1)
    odds = np.exp(logits)
    expected = odds / (odds.sum() if given > 3 else 1 + odds)
    np.testing.assert_allclose(model.forward(image()[None]).outputs[0], expected[:3], rtol=1e-5)


@pytest.mark.parametrize(("given", "own"), [(7, None), (2, None), (3, 2), (4, 4)])
def test_other_numbers_of_classes_are_refused(given: int, own: int | None) -> None:
    with raises(ModelError, "classes", asked=3, found=given):
        innerview.wrap(innerview.detected_at(Queried(given, own), BOX, 3), input=SPEC, output=CLASSES)


@pytest.mark.parametrize("box", [(0, 0, 0, 4), (1, 2, 3), (0, 0, np.nan, 1)])
def test_a_box_that_is_none_is_refused(box: Any) -> None:
    with unchecked(), raises(UsageError, "box"):
        innerview.detected_at(Listing(), box, 3)


def test_what_can_not_be_asked_is_refused() -> None:
    with raises(UsageError, "model", found="function"):
        innerview.detected_at(lambda images: images, BOX, 3)
    with raises(UsageError, "classes", asked=0):
        innerview.detected_at(Listing(), BOX, 0)
    with raises(ModelError, "box", found=(16, 16)):
        innerview.wrap(innerview.detected_at(Listing(), (12, 0, 8, 8), 3), input=SPEC, output=CLASSES)
    with raises(ModelError, "outputs", found="Tensor"):
        innerview.wrap(innerview.detected_at(nn.Conv2d(3, 3, 1), BOX, 3), input=SPEC, output=CLASSES)
