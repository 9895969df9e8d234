"""How much of what a model gives depends on the image at all: nearly nothing where its input is declared wrongly.

A wrong value range or normalisation raises no error. But fed with values between 0 and 1 in place of 0 and 255, say,
every image is black to the model, and it gives the same for all of them. With zₚₖ the output for image p and
class k, less its mean over the classes (which no softmax sees), and z̄ₖ its mean over the images,

    response = Σₚₖ (zₚₖ − z̄ₖ)² / Σₚₖ zₚₖ²

is 0 if the image does not matter, and at most 1. It does not depend on scale or temperature.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from innerview.types import Logits

SILENT: Final = 0.005
"""Response below which something is likely wrong. On the five sample photos, trained models fed as in training
have 0.79 (the built-in one, and EfficientNet-Lite0) and untrained ones 0.014 to 0.65; EfficientNet-Lite0 with its range
255 times too small has 0.0007."""


def response(outputs: Logits) -> float:
    """Work out the share of the outputs' spread that comes from the images.

    Args:
        outputs: of two or more different images, in whatever unit.

    Returns:
        Between 0 and 1; 1 where all outputs are equal to 0, of which nothing can be said.
    """
    values = outputs.astype(np.float64)
    if values.shape[1] > 1:
        values = values - values.mean(axis=1, keepdims=True)
    whole = float((values**2).sum())
    return float(((values - values.mean(axis=0)) ** 2).sum()) / whole if whole else 1.0
