"""What is refused of Captum, with the reason; and a place's value, shared out to its pixels. See `bridge`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from innerview.errors import ModelError, UsageError

REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FeaturePermutation": "it swaps values among the images of a batch, and one image has none to swap with; "
        "take FeatureAblation, which fills in a baseline",
        "LayerFeaturePermutation": "it swaps values among the images of a batch, and one image has none to swap "
        "with; take LayerFeatureAblation, which fills in a baseline",
        "DataLoaderAttribution": "it adds up over a data set; take the method that it repeats",
        "LLMAttribution": "it explains language models",
        "LLMGradientAttribution": "it explains language models",
        "RemoteLLMAttribution": "it explains language models",
        "Attribution": "it is what methods are made from, and computes nothing",
        "GradientAttribution": "it is what methods are made from, and computes nothing",
        "PerturbationAttribution": "it is what methods are made from, and computes nothing",
        "LayerAttribution": "it is what methods are made from, and computes nothing",
        "NeuronAttribution": "it is what methods are made from, and computes nothing",
    }
)
"""Methods without meaning for one image, with the reason."""


def refuse(name: str) -> None:
    """Raise UsageError for a method without meaning for one image."""
    if name in REFUSED:
        raise UsageError(f"Captum's {name} was asked to explain an image, and is refused: {REFUSED[name]}").of(
            "method", asked=name, found="refused"
        )


def require_relu(name: str, activations: set[str]) -> str:
    """Raise UsageError unless one of the called activations is ReLU; give what to say when others are there too."""
    others = ", ".join(sorted(activations - {"ReLU"}))
    if "ReLU" not in activations:
        raise UsageError(
            f"Captum's {name} was asked of a model whose activations are {others or 'not modules'}, and is refused: "
            "it changes what ReLU modules pass back, so here it would be the plain gradient by another name. Take the "
            "gradient, or write relu as a module (nn.ReLU)"
        ).of("activations", asked=name, found=others)
    return f"Only ReLU is changed on the way back; {others} pass gradients as they are." if others else ""


def share_out(places: np.ndarray, height: int, width: int) -> np.ndarray:
    """Give each pixel an equal share of the value of the place that it lies in; the sum stays the same.

    Raises:
        ModelError: there are more places than pixels.
    """
    if places.shape[0] > height or places.shape[1] > width:
        raise ModelError(
            f"the layer has {places.shape[0]} × {places.shape[1]} places, more than the {height} × {width} pixels of "
            "the image; choose a layer with fewer"
        ).of("layer", found=places.shape[:2], limit=(height, width))
    rows, columns = (
        ((np.arange(length) + 0.5) * count / length).astype(int)
        for length, count in zip((height, width), places.shape, strict=True)
    )
    pixels = np.bincount(rows)[:, None] * np.bincount(columns)
    return (places / pixels)[rows[:, None], columns]
