"""A network with everything that the page's own engine needs to answer as a server does.

The engine works out what is here in Python too: so what decides (the constants of the quadrature, fractions, numbers of
draws, the end of the network) is written down from there and stands nowhere else.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.allcnn import NAMES, load_pretrained, run_folder
from innerview.errors import UsageError
from innerview.export.packed import deflated
from innerview.export.web import MAX_SIZE, WebNetwork, check_max_size, check_size, web_network, web_network_of_steps
from innerview.methods import class_evidence
from innerview.methods.integrated_gradients import LARGE, usual_tolerance
from innerview.methods.regions import JUDGED_REGIONS
from innerview.methods.tolerance import BUDGET
from innerview.methods.walk import NEIGHBOURS, PIXEL_SAFETY
from innerview.model import Model, OutputSpec, precision_of
from innerview.quadrature import integration, judging, missed, panels, sketches, substitutions
from innerview.results import Status
from innerview.session.answers import OpenedModel
from innerview.session.compute import check, path
from innerview.session.compute.effects import LEVELS
from innerview.session.compute.truth import ORDINALS, REFUSED
from innerview.session.layers import layers_shown
from innerview.session.query import Query
from innerview.targets import named_target, usual_kind, usual_of_regions
from innerview.types import Image
from innerview.viewer import sentences

RULES: Final[Mapping[str, object]] = {
    "FIRST": {name: list(pair) for name, pair in integration.FIRST.items()},
    "LEAST": integration.LEAST,
    "KEPT": integration.KEPT,
    "KEPT_BYTES": integration.KEPT_BYTES,
    "STRETCHES": integration.STRETCHES,
    "REST": integration.REST,
    "BALANCE": integration.BALANCE,
    "CONFIRMED": integration.CONFIRMED,
    "PATIENCE": integration.PATIENCE,
    "UNMOVED": integration.UNMOVED,
    "BESIDE": integration.BESIDE,
    "CAUTIOUS": integration.CAUTIOUS,
    "NARROW": integration.NARROW,
    "DRAWS": judging.DRAWS,
    "SPREADS": judging.SPREADS,
    "CAREFUL": judging.CAREFUL,
    "JUMPS": judging.JUMPS,
    "SWINGS": judging.SWINGS,
    "UNFOLLOWED": judging.UNFOLLOWED,
    "SLOWEST": judging.SLOWEST,
    "STEADY": judging.STEADY,
    "LUCK": judging.LUCK,
    "TREND": judging.TREND,
    "ROUGH": judging.ROUGH,
    "FEW": judging.FEW,
    "DOUBT": judging.DOUBT,
    "KINK": judging.KINK,
    "POOLED": judging.POOLED,
    "PAIRS": judging.PAIRS,
    "AROUND": judging.AROUND,
    "CERTAIN": missed.CERTAIN,
    "HIDDEN": missed.HIDDEN,
    "EXPECTED": missed.EXPECTED,
    "MOST": missed.MOST,
    "UNEVEN": panels.UNEVEN,
    "BINS": sketches.BINS,
    "POWERS": dict(substitutions.POWERS),
    "EARLY": substitutions.EARLY,
    "LAYER": substitutions.LAYER,
    "BUDGET": BUDGET,
    "NEIGHBOURS": NEIGHBOURS,
    "PIXEL_SAFETY": PIXEL_SAFETY,
}
"""Constants of integrated gradients to a tolerance, by the names that they have in their modules."""

CHECK: Final[Mapping[str, float]] = {
    "fraction": check.FRACTION,
    "blocks": check.BLOCKS,
    "least": check.LEAST,
    "draws": check.DRAWS,
    "few": check.FEW,
    "clear": check.CLEAR,
    "weak": check.WEAK,
}
"""Constants of the test whether a map holds."""


BASELINES: Final = ("black", "white", "gray", "mean", "blurred")
"""Baselines and fills that the page's engine makes; noise is not among them."""


def page_network(model: Model, name: str, max_size: float = MAX_SIZE) -> dict[str, Any]:
    """Write a network for a page.

    Args:
        model: of the NumPy adapter, of PyTorch or of Keras, of operations that the engine knows.
        name: of the network, for people.
        max_size: MB of weights in 16 bits at most.

    Raises:
        UsageError: the network can't be put into a page; says why.
    """
    written = _written(model, name, max_size)
    known = {one["name"] for one in written.description["operations"]}
    return {
        "network": dict(written.description),
        "weights": written.text,
        "output": _output(model.output),
        "evidence": _evidence(model, known),
        "rules": RULES,
        "check": CHECK,
        "effects": {"placebos": Query.n_placebos, "levels": list(LEVELS)},
        "path": {
            "alphas": list(Query.alphas),
            "stops": path.STOPS,
            "large_stops": path.LARGE_STOPS,
            "still": path.STILL,
        },
        "masking": {"fractions": list(Query.curve_fractions), "random": Query.n_random},
        "layers": [layer for layer in layers_shown(model) if layer in known],
        "words": {
            "checks": dict(sentences.CHECKS),
            "verdicts": dict(sentences.VERDICTS),
            "statuses": {status.name: status.value for status in Status},
            "ordinals": list(ORDINALS),
            "marks": dict(REFUSED),
        },
        "large": LARGE,
        "tolerance": usual_tolerance(model.input),
        "regions": JUDGED_REGIONS,
        "error": written.error,
        "bytes": written.size,
    }


def packed_pixels(pixels: Image) -> str:
    """An image as the network sees it, in 65535ths, which no byte rounds: base64 of the deflated numbers."""
    levels = np.rint(np.clip(pixels, 0, 1).astype(np.float64) * 65_535).astype("<u2")
    return deflated(levels.tobytes())


def network_and_words(opened: OpenedModel, max_size: float) -> tuple[dict[str, Any] | None, str]:
    """The network for a page, and what the page says of it; None with the reason where it can't be put in."""
    model, name = opened.model, opened.name
    check_max_size(max_size)
    try:
        found = page_network(model, name, max_size)
    except UsageError as problem:
        return None, f"The network is not in this page: {problem}."
    weights = sum(value.size for value in model.weights().values())
    error = "" if found["error"] == 0 else f", rounded to 16 bits: by {found['error']:.1g} at most"
    about = _about(name, opened.fingerprint)
    return found, (
        f"Inside this page: the network {name} ({weights:,} weights{error}; {found['bytes'] / 1e6:.1f} MB){about}. "
        "What you ask is answered by it here, in your browser; nothing leaves this computer."
    )


def _about(name: str, fingerprint: str) -> str:
    """What is known of a built-in network; nothing of another."""
    if name not in NAMES or load_pretrained(name).fingerprint != fingerprint:
        return ""
    figures = json.loads((run_folder(name) / "figures.json").read_text(encoding="utf-8"))
    return f", right on {figures['accuracy']} % of {figures['pictures']:,} test images it never saw, MIT licence"


def _output(output: OutputSpec) -> dict[str, Any]:
    return {
        "classes": list(output.class_names),
        "answers": list(output.answers),
        "kind": output.kind,
        "temperature": output.temperature,
        "objective": usual_kind(output),
        "ofRegions": usual_of_regions(output),
    }


def _written(model: Model, name: str, max_size: float) -> WebNetwork:
    if isinstance(model, NumpyModel):
        return web_network(model, name, max_size)
    for framework, write in (("torch", _of_torch), ("keras", _of_keras)):
        # whose framework is not there yet is no model of it, and importing one takes seconds
        written = write(model, name, max_size) if framework in sys.modules else None
        if written is not None:
            return written
    raise UsageError(f"{name} is no network of NumPy's, PyTorch's or Keras's").of("model", asked=name)


def _of_torch(model: Model, name: str, max_size: float) -> WebNetwork | None:
    """Of PyTorch; None of another framework."""
    from innerview.adapters.torch.model import TorchModel
    from innerview.adapters.torch.steps import traced

    if not isinstance(model, TorchModel):
        return None
    taken = model.input
    if taken.layout != "CHW":
        raise UsageError(f"{name} takes its channels last").of("channels", asked=name)
    _check_far(name, (one.numel() for one in model.model.parameters()), max_size)
    full = model if precision_of(model) == "float32" else model.astype(np.float32)
    steps = traced(full.model, (taken.channels, taken.height, taken.width), set_aside=bool(model.set_aside))
    return web_network_of_steps(model, name, steps.operations, steps.weights, max_size)


def _of_keras(model: Model, name: str, max_size: float) -> WebNetwork | None:
    """Of Keras; None of another framework."""
    from innerview.adapters.keras.model import KerasModel
    from innerview.adapters.keras.steps import followed

    if not isinstance(model, KerasModel):
        return None
    if model.input.layout != "HWC":
        raise UsageError(f"{name} takes its channels first").of("channels", asked=name)
    _check_far(name, (math.prod(one.shape) for one in model.model.weights), max_size)
    steps = followed(model.model, model.set_aside)
    return web_network_of_steps(model, name, steps.operations, steps.weights, max_size)


def _check_far(name: str, sizes: Iterable[int], max_size: float) -> None:
    """Refuse at once what is far too large, before it is followed, which takes seconds; not all need be on the way."""
    count = sum(sizes)
    if count > 1e6 * max_size:  # of 16 bits: twice what is allowed
        check_size(name, count, max_size)


def _evidence(model: Model, known: Collection[str]) -> dict[str, Any] | None:
    """Where the class evidence is, and how far a position sees; None for a network without."""
    noise = np.random.default_rng(1).random(model.input.shape, dtype=np.float32)
    try:
        found = class_evidence(model, noise.astype(model.dtype), named_target(usual_kind(model.output), 0))
    except UsageError:
        return None
    if not {found.layer, *found.head} <= set(known):
        return None
    return {"layer": found.layer, "head": list(found.head), "field": found.receptive_field}
