"""What the viewer is told first: which networks, images and runs there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from innerview.fills import DEFAULT_FILLS
from innerview.methods.integrated_gradients import usual_tolerance
from innerview.methods.parts import passes_needed, place_windows
from innerview.methods.regions import JUDGED_REGIONS
from innerview.methods.shapley import count_passes
from innerview.methods.superpixels import lacking
from innerview.model import Layer, Model, has_gradients
from innerview.results import Prediction, versions
from innerview.spec import decides
from innerview.viewer.payloads.subject import Photo

BASELINES: Final = ("black", "white", "gray", "mean", "blurred", "noise")
"""Baselines that the viewer offers; none of them is a file."""


def describe_model(
    network: Model, name: str, methods: Sequence[str], kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Describe a network: its identity, classes, layers, and what it can be asked.

    Args:
        network: the model.
        name: for people.
        methods: of its maps; the first is shown where none is chosen.
        kept: the method and baseline to begin with instead, and why in words, from a comparison; empty for none.
    """
    return {
        "id": network.fingerprint,
        "name": name,
        "classes": list(network.output.class_names),
        "answers": list(network.output.answers),
        "decides": decides(network.output),
        "input": {
            "height": network.input.height,
            "width": network.input.width,
            "channels": network.input.channels,
        },
        "layers": [{"name": layer.name, "kind": layer.kind, **_sizes(layer)} for layer in network.layers],
        "kind": network.output.kind,
        "differentiable": has_gradients(network),
        "methods": list(methods),
        "tolerance": usual_tolerance(network.input),
        **({"kept": dict(kept)} if kept else {}),
    }


def _sizes(layer: Layer) -> dict[str, int]:
    """Height, width and channels, as far as they are known; of tokens those of their grid."""
    known = dict(zip(layer.axes.split(), layer.shape, strict=False))
    if layer.tokens is not None:
        known |= {"height": layer.tokens.height, "width": layer.tokens.width}
    return {f"{axis}s" if axis == "channel" else axis: length for axis, length in known.items() if axis != "token"}


def describe_photo(photo: Photo, prediction: Prediction | None = None) -> dict[str, Any]:
    """Describe an image for a list; with what is predicted of it, where that is known and says something."""
    told = {"image": photo.image_hash, "name": photo.name, "label": photo.label, "thumbnail": photo.icon}
    if prediction is None or not prediction.decided or np.isnan(prediction.confidence):
        return told
    return {**told, "said": [prediction.index, round(prediction.confidence, 4)]}


def hello(
    networks: Sequence[dict[str, Any]],
    samples: Sequence[dict[str, Any]],
    *,
    runs: Sequence[dict[str, Any]] = (),
    survey: Mapping[str, Any] | None = None,
    baselines: Sequence[str] = BASELINES,
    remote: bool = False,
) -> dict[str, Any]:
    """Put the first message together.

    Args:
        networks: described (`describe_model`).
        samples: images at hand (`describe_photo`).
        runs: trainings.
        survey: a data set that was surveyed; None for none.
        baselines: by name.
        remote: images leave the computer that shows them.
    """
    problem = lacking()
    return {
        "state": "hello",
        "version": versions()["innerview"],
        "models": list(networks),
        "samples": list(samples),
        "runs": list(runs),
        **({"survey": dict(survey)} if survey else {}),
        "baselines": list(baselines),
        "judging": count_passes(JUDGED_REGIONS, len(DEFAULT_FILLS)),
        "parts": passes_needed(len(place_windows(8, 8)), len(DEFAULT_FILLS)),  # as many in every image
        "superpixels": "" if problem is None else problem.command,
        "remote": remote,
    }
