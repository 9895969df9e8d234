"""How result.json of an older schema becomes that of the next one, so that no file is ever too old.

One step for every number below `SCHEMA`. A step works on the JSON alone: the arrays keep the keys that they were
written under, since the JSON names them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

TYPE: Final = "$type"
"""The key under which a result says what it is."""

OF_SCHEMA_1: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Activations": ("image prediction layers colours provenance", "about"),
        "Attribution": ("image attribution method meaning unit score target evaluations provenance", "error notes"),
        "Gradient": ("image prediction gradient score unit provenance", ""),
        "InputSpec": ("height width channels mean std low high layout", ""),
        "IntegratedGradients": (
            "image baseline attribution score baseline_score rule evaluations profile status provenance",
            "spread tolerance estimated_error estimated_channel_error error history notes interior",
        ),
        "InteriorGradients": (
            "image baseline alphas gradients scores logits probabilities class_names target unit provenance",
            "",
        ),
        "Keep": ("image fill ranking order shares kept logits probabilities class_names target provenance", ""),
        "Layer": ("name kind", "parameters axes shape tokens sources follows"),
        "OutputSpec": ("class_names kind temperature key", ""),
        "PathProfile": ("alphas scores probabilities norms class_names target unit", ""),
        "PathStatistics": ("alphas accuracy shares pictures class_names input provenance", ""),
        "Prediction": ("logits probabilities class_names", "kind"),
        "Provenance": ("network dtype chunk", "target baseline seed versions schema"),
        "TokenGrid": ("count start height width", ""),
        "WeightHistograms": (
            "snapshots layers edges counts under over nan infinite mean std minimum maximum",
            "notes",
        ),
    }
)
"""Fields of results that did not say what they are: those that each had, and those that it could have."""

TYPES_OF_SCHEMA_2: Final[Mapping[str, str]] = MappingProxyType(
    {"Keep": "MaskingCurve", "PathStatistics": "PathPredictions"}
)

FIELDS_OF_SCHEMA_2: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "Attribution": {"evaluations": "n_evaluations", "error": "pixel_error"},
        "IntegratedGradients": {
            "evaluations": "n_evaluations",
            "profile": "path",
            "spread": "std",
            "estimated_error": "error",
            "estimated_channel_error": "channel_error",
            "error": "pixel_error",
            "history": "convergence",
        },
        "Keep": {"shares": "fractions"},
        "OutputSpec": {"key": "output"},
        "PathStatistics": {"shares": "fractions", "pictures": "n_images"},
        "Provenance": {"network": "fingerprint", "chunk": "batch_size"},
        "WeightHistograms": {"snapshots": "checkpoints"},
    }
)
"""Old name of a field -> new name, by the old name of the result."""

STATUS_OF_SCHEMA_2: Final[Mapping[str, str]] = MappingProxyType(
    {"met": "converged", "budget": "budget_exhausted", "fixed": "fixed_steps"}
)


def say_types(told: dict[str, Any]) -> dict[str, Any]:
    """From 1 to 2: results did not say what they are; their fields tell."""

    def typed(value: Any) -> Any:
        match value:
            case dict():
                inner = {str(key): typed(one) for key, one in cast("dict[Any, Any]", value).items()}
                kind = _kind_of(inner)
                return {TYPE: kind, **inner} if kind else inner
            case list():
                return [typed(one) for one in cast("list[Any]", value)]
            case _:
                return value

    return {name: typed(value) for name, value in told.items()}


def _kind_of(named: Mapping[str, Any]) -> str:
    """The name of the result that needs most of the fields that are there; empty for none."""
    found = {
        name: set(needed.split())
        for name, (needed, more) in OF_SCHEMA_1.items()
        if set(needed.split()) <= set(named) <= {*needed.split(), *more.split()}
    }
    return max(found, key=lambda name: len(found[name]), default="")


def rename(told: dict[str, Any]) -> dict[str, Any]:
    """From 2 to 3: fields got the names of the field."""

    def renamed(value: Any) -> Any:
        match value:
            case {"$type": str(kind), **_inner}:
                return _renamed_result(kind, {str(key): renamed(one) for key, one in _inner.items()})
            case dict():
                return {str(key): renamed(one) for key, one in cast("dict[Any, Any]", value).items()}
            case list():
                return [renamed(one) for one in cast("list[Any]", value)]
            case _:
                return value

    return {name: renamed(value) for name, value in told.items()}


def _renamed_result(kind: str, inner: dict[str, Any]) -> dict[str, Any]:
    names = FIELDS_OF_SCHEMA_2.get(kind, {})
    found = {names.get(name, name): value for name, value in inner.items()}
    if kind == "InputSpec" and {"low", "high"} <= set(found):
        found["value_range"] = [found.pop("low"), found.pop("high")]
    status = found.get("status")
    if kind == "IntegratedGradients" and isinstance(status, dict) and "name" in status:
        name = cast("dict[str, Any]", status)["name"]
        found["status"] = {**status, "name": STATUS_OF_SCHEMA_2.get(str(name), name)}
    return {TYPE: TYPES_OF_SCHEMA_2.get(kind, kind), **found}


PARTS_OF_SCHEMA_3: Final[Mapping[str, str]] = MappingProxyType(
    {"picture": "image", "profile": "path", "kept": "masking"}
)
"""Old name of a part of an explanation -> new name."""


def rename_parts(told: dict[str, Any]) -> dict[str, Any]:
    """From 3 to 4: the parts of an explanation got the names of the field; what others saved keeps its names."""
    if "prediction" not in told or "picture" not in told:
        return told
    found = {PARTS_OF_SCHEMA_3.get(name, name): value for name, value in told.items()}
    match found["image"]:
        case {"truth": label, **_others}:
            found["image"] = {"label": label, **_others}
        case _:
            pass
    return found


VERDICTS_OF_SCHEMA_4: Final[Mapping[str, str]] = MappingProxyType(
    {"integrated": "integrated-gradients", "evidence": "class-evidence"}
)
"""Old name of a map that a verdict is on -> the name of its method."""


def rename_verdicts(told: dict[str, Any]) -> dict[str, Any]:
    """From 4 to 5: every verdict of an explanation stands under the name of a method."""
    match told:
        case {"prediction": _, "verdicts": {**verdicts}} if TYPE not in verdicts:
            return {**told, "verdicts": {VERDICTS_OF_SCHEMA_4.get(name, name): one for name, one in verdicts.items()}}
        case _:
            return told


MIGRATIONS: Final[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]] = MappingProxyType(
    {1: say_types, 2: rename, 3: rename_parts, 4: rename_verdicts}
)
"""How result.json of a schema becomes that of the next one."""
