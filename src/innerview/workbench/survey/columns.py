"""What stands in the row of an image: each column with its type, its unit, and how it is worked out.

| column | type | what |
|---|---|---|
| `index` | int64 | number of the image in the data set, from 0 |
| `image` | string | where it is |
| `label`, `label_index` | string, int32 | its class, by the data set and by the model; null where unknown |
| `predicted`, `predicted_index` | string, int32 | the model's answer |
| `correct` | bool | whether both agree |
| `probability` | float32 | of the answer, in [0, 1]; null where the outputs have none |
| `loss` | float32 | −log p(label), natural logarithm |
| `margin` | float32 | the highest output less the next one, in the outputs' own unit |
| `entropy` | float32 | of the probabilities, in nats |
| `probabilities` | list of float32 | one per class |
| `features` | list of float16 | of the layer before the last, the mean over its positions |
| `effects` | list of float32 | what each region does to the answer's score (`removed_and_alone`), in its unit |
| `effects_error` | list of float32 | half the range of that over the fills |
| `max:LAYER` | list of float32 | the largest value of each channel |
| `at:LAYER` | list of int32 | its position: row × width + column |
| `map_sum` | float32 | of the map that was asked for: what all pixels add up to, in the score's unit |
| `map_size` | float32 | the sum of its values' sizes, in that unit |
| `map_error` | float32 | of integrated gradients: the stated error, as a share of its size |
| `n_evaluations` | int32 | forward passes of one image |
| `problem` | string | why the image could not be read or asked about; the rest is null then |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from innerview.data.baselines import DEFAULT_BASELINE, make_baselines
from innerview.data.records import Record
from innerview.errors import AmbiguousClass, DataError, ImageError, InnerviewError, ModelError, UnknownClass
from innerview.layers import Layer
from innerview.methods import removed_and_alone
from innerview.methods.activation_distances import feature_of
from innerview.methods.method import Chosen
from innerview.methods.passes import require_finite
from innerview.methods.removed_and_alone import count_both
from innerview.methods.segments import segment_sums
from innerview.model import Model
from innerview.results import IntegratedGradients, Prediction, as_attribution
from innerview.targets import Target, find_class
from innerview.types import Array, Image, Images
from innerview.workbench.compare.entrants import choose_objectives, resolve

Row: TypeAlias = dict[str, Any]

PLAIN: Final[Mapping[str, str]] = {
    "index": "int64",
    "image": "string",
    "label": "string",
    "label_index": "int32",
    "predicted": "string",
    "predicted_index": "int32",
    "correct": "bool",
    "probability": "float32",
    "loss": "float32",
    "margin": "float32",
    "entropy": "float32",
    "probabilities": "float32[]",
    "features": "float16[]",
    "effects": "float32[]",
    "effects_error": "float32[]",
}
LAST: Final[Mapping[str, str]] = {"n_evaluations": "int32", "problem": "string"}


@dataclass(frozen=True, eq=False)
class Measured:
    """What is measured of each image.

    Attributes:
        model: that is asked.
        target: what the regions' effects are on.
        regions: rows and columns of the grid; None where no effects are measured.
        fills: that stand where a region is taken away.
        features: the layer whose values are kept; None where the model's layers are not known.
        layers: whose channels' largest values are kept.
        map: a method whose map is kept beside the rows; None for none.
        baseline: by name, where the map's path begins, or what it puts in hidden pixels' place.
    """

    model: Model
    target: Target
    regions: tuple[int, int] | None
    fills: tuple[str, ...]
    features: Layer | None
    layers: tuple[Layer, ...]
    map: Chosen | None = None
    baseline: str = DEFAULT_BASELINE

    @property
    def columns(self) -> dict[str, str]:
        """Names and types of the columns, in order."""
        left_out = {name for name in ("effects", "effects_error") if self.regions is None}
        left_out |= {"features"} if self.features is None else set()
        own = {name: kind for name, kind in PLAIN.items() if name not in left_out}
        for layer in self.layers:
            own |= {f"max:{layer.name}": "float32[]", f"at:{layer.name}": "int32[]"}
        if self.map is not None:
            own |= dict.fromkeys(("map_sum", "map_size", "map_error"), "float32")
        return {**own, **LAST}

    @property
    def passes(self) -> int:
        """Forward passes that an image takes, its map not counted."""
        return 1 + (0 if self.regions is None else count_both(self.regions[0] * self.regions[1], len(self.fills)))


def measure(asked: Measured, records: Sequence[Record], fit: Callable[[Record], Image]) -> list[Row]:
    """Work out the rows of a batch of images; what fails of one image stays in its row.

    Args:
        asked: what is measured.
        records: as many as the model runs at once, or fewer.
        fit: reads an image as the model sees it; may raise ImageError.
    """
    rows: list[Row] = []
    images: dict[int, Image] = {}
    for place, record in enumerate(records):
        row: Row = {"index": record.index, "image": record.name, "label": _text(record.label)}
        row["label_index"] = index_of(record.label, asked.model)
        try:
            images[place] = fit(record)
        except ImageError as problem:
            row["problem"] = str(problem)
        rows.append(row)
    if images:
        batch = np.stack(list(images.values())).astype(asked.model.dtype)
        try:
            passed = _forward(asked, batch)
        except ModelError:  # of one image: each alone then
            for place, image in images.items():
                _fill_in(asked, rows[place], image, None)
        else:
            for number, (place, image) in enumerate(images.items()):
                _fill_in(asked, rows[place], image, {name: values[number] for name, values in passed.items()})
    return rows


_WHOLE: Final = re.compile(r"(?<=\d)\.0+$")
"""Behind a whole number, where a table holds numbers and gaps and so has made them floats."""

SLACK: Final = 1e-3
"""How far probabilities may lie outside of [0, 1] by rounding; float16 is as coarse as this."""

OUTPUTS: Final = ""
"""Beside the layers' names: what the model gives."""


def _forward(asked: Measured, batch: Images) -> dict[str, Array]:
    names = tuple(dict.fromkeys(one.name for one in (*asked.layers, *([asked.features] if asked.features else []))))
    found = asked.model.forward(batch, names)
    require_finite(asked.model, batch, found.outputs, "output")
    return {OUTPUTS: found.outputs, **found.activations}


def _fill_in(asked: Measured, row: Row, image: Image, passed: Mapping[str, Array] | None) -> None:
    """Write down what was found of one image; a failure is its `problem`, and nothing else is kept then."""
    try:
        if passed is None:
            alone = _forward(asked, image[None].astype(asked.model.dtype))
            passed = {name: values[0] for name, values in alone.items()}
        answered, seen = _answered(asked, row, passed[OUTPUTS]), _seen(asked, passed)
        effects, mapped = _effects(asked, image), _mapped(asked, image, passed[OUTPUTS])
    except InnerviewError as problem:
        row["problem"] = str(problem)
    else:
        row |= {**answered, **seen, **effects, **mapped}
        row["n_evaluations"] = asked.passes + mapped.get("n_evaluations", 0)


def _answered(asked: Measured, row: Row, outputs: Array) -> Row:
    spec = asked.model.output
    chances = spec.probabilities(outputs[None])[0]
    found = Prediction(outputs, chances, spec.class_names, spec.kind)
    label, known = row["label_index"], bool(np.isfinite(chances).all())
    if known and not (chances.min() >= -SLACK and chances.max() <= 1 + SLACK):
        raise ModelError(
            f"outputs declared as probabilities go from {chances.min():.4g} to {chances.max():.4g}; declare what they "
            "are: kind 'logits', 'sigmoid' or 'scores'"
        ).of("kind", asked="probabilities", found=(float(chances.min()), float(chances.max())))
    highest = np.sort(outputs.astype(np.float64))[::-1]
    told: Row = {"probabilities": chances.astype(np.float32) if known else None}
    if found.decided:
        told["predicted"], told["predicted_index"] = spec.answers[found.index], found.index
        told["correct"] = None if label is None else bool(found.index == label)
        told["probability"] = _number(found.confidence)
    if known:
        told["loss"] = None if label is None else _loss(found.probability_of(label))
        told["entropy"] = _entropy(chances, independent=spec.kind == "sigmoid" or len(chances) == 1)
    if len(highest) > 1:
        told["margin"] = float(highest[0] - highest[1])
    return told


def _seen(asked: Measured, passed: Mapping[str, Array]) -> Row:
    told: Row = {}
    if asked.features is not None:
        with np.errstate(over="ignore"):  # beyond float16 is infinite
            told["features"] = feature_of(asked.features, passed[asked.features.name]).astype(np.float16)
    for layer in asked.layers:
        placed = layer.positions(passed[layer.name])
        flat = passed[layer.name].reshape(1, -1) if placed is None else placed.reshape(-1, placed.shape[-1])
        at = flat.argmax(axis=0)
        told[f"max:{layer.name}"] = flat.max(axis=0).astype(np.float32)
        told[f"at:{layer.name}"] = at.astype(np.int32)
    return told


def _effects(asked: Measured, image: Image) -> Row:
    if asked.regions is None:
        return {}
    found = removed_and_alone(asked.model, image, asked.target, regions=asked.regions, fills=asked.fills)
    assert found.regions is not None  # noqa: S101 they were asked for
    assert found.pixel_error is not None  # noqa: S101 it has one always
    return {
        "effects": segment_sums(found.heatmap.astype(np.float64), found.regions).astype(np.float32),
        "effects_error": segment_sums(found.pixel_error.astype(np.float64), found.regions).astype(np.float32),
    }


MAP: Final = "map"
"""Where a row holds its map (height × width, float32) until it is written beside the rows."""


def _mapped(asked: Measured, image: Image, outputs: Array) -> Row:
    if asked.map is None:
        return {}
    model = asked.model
    objectives = resolve(choose_objectives(model.output), outputs, model.output)
    baselines = [one.image for one in make_baselines((asked.baseline,), model.input, image)]
    target = objectives.of(asked.map.method)
    result = asked.map.run(model, image, target, baselines=baselines, progress=None)
    found = as_attribution(result)
    error = result.error if isinstance(result, IntegratedGradients) else None
    return {
        MAP: found.heatmap.astype(np.float32),
        "map_sum": float(found.heatmap.sum()),
        "map_size": float(np.abs(found.heatmap).sum()),
        "map_error": error,
        "n_evaluations": found.n_evaluations,
    }


def _text(label: str | int | None) -> str | None:
    return None if label is None else str(label)


def index_of(label: str | int | None, model: Model) -> int | None:
    """The number of a label among the model's answers; text that no class has for a name may be a number.

    Raises:
        AmbiguousClass: several classes have the name.
    """
    if label is None:
        return None
    answers = model.output.answers
    if isinstance(label, int):
        return label if 0 <= label < len(answers) else None
    for name in (label, _WHOLE.sub("", label)):
        try:
            return find_class(name, answers)
        except AmbiguousClass:
            raise
        except UnknownClass:
            continue
    return None


def strange_labels(model: Model, labels: Iterable[str | int | None]) -> tuple[str, ...]:
    """What to say of labels that are no classes of the model; where none is one, nothing can be compared.

    Raises:
        DataError: none is one, or one is the name of several classes.
    """
    known = dict.fromkeys(one for one in labels if one is not None)
    try:
        rows = {label: index_of(label, model) for label in known}
    except AmbiguousClass as problem:
        raise DataError(f"{problem} (a label of the data set); give labels by their numbers").of(
            "label", asked=problem.asked, known=problem.known
        ) from problem
    strange = [str(label) for label, index in rows.items() if index is None]
    if known and len(strange) == len(known):
        raise DataError(
            f"no label of the data set ({', '.join(strange[:5])}) is a class of the model "
            f"({', '.join(model.output.answers[:5])}, …); declare the model's classes, or give a list without labels"
        ).of("classes", found=tuple(strange), known=model.output.answers)
    return (f"Labels that are no classes of the model: {', '.join(strange[:10])}.",) if strange else ()


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _loss(probability: float) -> float | None:
    with np.errstate(divide="ignore"):
        return _number(float(-np.log(np.clip(probability, 0, 1))) + 0.0)  # no −0


def _entropy(chances: Array, *, independent: bool) -> float:
    """Of one distribution; of independent classes, and of a single one, the sum of each class's own."""
    both = np.stack([chances, 1 - chances]) if independent else chances
    above = both[both > 0]
    return float(-(above * np.log(above)).sum()) + 0.0  # no −0
