"""torchvision's operators are compiled for one build of PyTorch; its models and transforms need none of them."""

from __future__ import annotations

ABSENT = "operator torchvision::nms does not exist"


def declare() -> None:
    """Let torchvision be imported beside a PyTorch that its operators were not compiled for."""
    import torch

    try:
        import torchvision  # noqa: F401 whether it can be
    except RuntimeError as error:
        if ABSENT not in str(error):
            raise
        for name in ("nms", "qnms"):
            torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
