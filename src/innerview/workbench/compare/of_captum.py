"""Captum's methods as entrants of a comparison: which there are, and what each is told that it does not know itself.

Those that explain the input alone: what asks for a layer answers another question. Methods that take features away get
16 cells of a grid, as many as truth could have regions; sets of baselines are black and white. LRP follows one output
back and is asked about no sum of outputs, so it is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from innerview.adapters.captum.bridge import captum_attribution
from innerview.methods.method import Chosen, Method
from innerview.methods.segments import grid_segments
from innerview.model import Model
from innerview.results import Attribution
from innerview.targets import Target
from innerview.types import Image

CAPTUM: Final = "captum:"
"""Before the name of a class of `captum.attr`, which then takes part; it is asked about sums of outputs, since some of
them know no other target."""


@dataclass(frozen=True)
class Told:
    """What a method is told.

    Attributes:
        words: for people; empty for nothing.
        arguments: of its `attribute`, for a model.
    """

    words: str = ""
    arguments: Callable[[Model], Mapping[str, Any]] = lambda _: {}


def _cells(model: Model, **more: object) -> Mapping[str, Any]:
    height, width = model.input.height, model.input.width
    return {"feature_mask": grid_segments(height, width, min(4, height), min(4, width)), **more}


def _both(model: Model) -> Mapping[str, Any]:
    return {"baselines": np.stack([np.zeros(model.input.shape), np.ones(model.input.shape)])}


def _window(model: Model) -> Mapping[str, Any]:
    """A quarter of the shorter side, in steps of half of that; all channels at once, wherever they stand."""
    side = min(model.input.height, model.input.width)
    window, stride, channels = max(side // 4, 1), max(side // 8, 1), model.input.channels
    first = model.input.layout == "CHW"

    def shape(size: int) -> tuple[int, ...]:
        return (channels, size, size) if first else (size, size, channels)

    return {"sliding_window_shapes": shape(window), "strides": shape(stride)}


METHODS: Final[Mapping[str, Told]] = MappingProxyType(
    {
        "Saliency": Told(),
        "InputXGradient": Told(),
        "IntegratedGradients": Told(),
        "DeepLift": Told(),
        "DeepLiftShap": Told("from black and white", _both),
        "GradientShap": Told("from black and white", _both),
        "GuidedBackprop": Told(),
        "Deconvolution": Told(),
        "LRP": Told(),
        "Occlusion": Told("a window of a quarter", _window),
        "FeatureAblation": Told("16 cells", _cells),
        "ShapleyValueSampling": Told("16 cells", _cells),
        "KernelShap": Told("16 cells, 200 samples", lambda model: _cells(model, n_samples=200)),
        "Lime": Told("16 cells, 200 samples", lambda model: _cells(model, n_samples=200)),
    }
)
"""All that `--captum` lets take part, in Captum's names."""


def entrant_of(model: Model, text: str, target: Target) -> Chosen:
    """A method of Captum, tried once, so that what it refuses is said before anything is measured.

    Args:
        model: the model.
        text: "captum:DeepLift"; of METHODS or any other class of `captum.attr`.
        target: a sum of outputs.

    Raises:
        MissingExtra: Captum is not installed.
        UsageError: there is no such method, or it has no meaning for this model.
    """
    name = text.removeprefix(CAPTUM)
    told = METHODS.get(name, Told())
    arguments = told.arguments(model)

    def function(model: Model, image: Image, target: Target) -> Attribution:
        return captum_attribution(model, name, image, target, **arguments)

    noise = np.random.default_rng(0).random(model.input.shape).astype(model.dtype)
    function(model, noise, target)
    return Chosen(
        Method(
            name=text,
            title=f"Captum: {name}",
            function=function,
            result="map",
            answers="what Captum's method answers",
            needs_gradients=True,
            cost="as there",
            source="captum.attr",
        )
    )


def text_of(text: str) -> str:
    """How a comparison tells what was asked: with what the method was told, so that no rows of another are taken."""
    words = METHODS.get(text.removeprefix(CAPTUM), Told()).words
    return f"{text} ({words})" if words else text
