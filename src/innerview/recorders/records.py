"""The kinds of records, one method each.

A method looks at the model, writes what belongs into files, and gives the numbers for the step's line of the metrics.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from innerview.errors import ModelError
from innerview.methods import integrated_gradients
from innerview.recorders.probe_config import ProbeConfig
from innerview.recorders.watched import Measure, Watched
from innerview.runs import RunFolder
from innerview.runs import observations as kept
from innerview.runs.observations import Channels
from innerview.spec import decides
from innerview.targets import Logit
from innerview.types import Array

EVALUATIONS: Final = 32
"""Gauss–Legendre points of a probe's map: its gap is kept beside it, so a map that would need more can be seen."""

NO_GRADIENTS: Final = (
    "no weight has a gradient when step() is called, so none is recorded; "
    "call it after optimizer.step() and before optimizer.zero_grad()"
)


@dataclass(frozen=True)
class Place:
    """Where a training stands: updates and epochs done."""

    step: int
    epoch: int


@final
class Records:
    """Makes the records of one recording.

    Args:
        run: where they are written.
        watched: the model.
        config: what is looked at.
    """

    def __init__(self, run: RunFolder, watched: Watched, config: ProbeConfig) -> None:
        self._run, self._watched, self._config = run, watched, config
        self._outputs: tuple[int, Array] | None = None
        shapes: Mapping[str, Sequence[int]] = watched.describe()["weights"]
        # a line for each bias and each scale would drown the kernels and matrices
        self._shown = [name for name, shape in shapes.items() if len(shape) > 1] or list(shapes)
        self._warned = False

    def images(self) -> None:
        """Keep the probe images themselves, once."""
        images = self._watched.images()
        if images is None or self._run.observed("pictures"):
            return
        labels = {"labels": np.asarray(self._config.labels, np.int64)} if self._config.labels else {}
        self._run.observe("pictures", 0, {"pictures": images, **labels})

    def measures(self, place: Place) -> dict[str, float]:  # noqa: ARG002 as the others
        """Measure each weight's norm, gradient and update, and count what is no number."""
        found = self._watched.measure()
        squares = [one.gradient_norm**2 for one in found.values() if one.gradient_norm is not None]
        wrong = {name: one for name, one in found.items() if one.wrong}
        if not squares and not self._warned:
            self._warned = True
            warnings.warn(NO_GRADIENTS, RuntimeWarning, stacklevel=5)
        return {
            **({"gradient_norm": math.sqrt(sum(squares))} if squares else {}),
            "nan": sum(one.nan + one.gradient_nan for one in wrong.values()),
            "infinite": sum(one.infinite + one.gradient_infinite for one in wrong.values()),
            **{f"{key}/{name}": value for name in self._shown for key, value in _columns(found[name]).items()},
            **{f"{key}/{name}": value for name, one in wrong.items() for key, value in _counts(one).items()},
        }

    def weights(self, place: Place) -> dict[str, float]:
        """Keep the weights with their histograms, and how their gradients are spread."""
        beside = self._watched.beside()
        self._run.checkpoint(place.step, self._watched.weights(), self._metadata(place, beside), beside=beside)
        if place.step:
            gradients = self._watched.gradients()
            if gradients:
                counted = {name: kept.magnitudes(values) for name, values in gradients.items()}
                kept.keep_gradients(self._run, place.step, counted)
        return {}

    def channels(self, place: Place) -> dict[str, float]:
        """Keep the statistics of the layers on the probe images, and what the model says of these."""
        seen = self._watched.look()
        self._outputs = None
        if seen is None:
            return {}
        kept.keep_channels(self._run, place.step, seen.channels)
        line = {f"{key}/{name}": value for name, one in seen.channels.items() for key, value in _summary(one).items()}
        if seen.outputs is not None:
            self._outputs = place.step, seen.outputs
            kept.keep_probes(self._run, place.step, self._said(seen.outputs, [], [], []))
            said = self._decided(seen.outputs)
            if self._config.labels and said is not None:
                right = said == np.asarray(self._config.labels)
                line["probe_accuracy"] = float(right.mean())
        return line

    def maps(self, place: Place) -> dict[str, float]:
        """Add maps to what was kept of the probe images at this step; none where something is not finite."""
        model, pixels = self._watched.model, self._config.pixels
        if model is None or pixels is None or self._outputs is None or self._outputs[0] != place.step:
            return {}
        outputs, labels = self._outputs[1], self._config.labels
        maps, classes, gaps = list[Array](), list[int](), list[float]()
        for number, image in enumerate(pixels[: self._config.maps].astype(model.dtype)):
            highest = int(outputs[number].argmax())
            explained = model.output.output_of(labels[number], outputs[number]) if labels else highest
            black = np.zeros_like(image)
            try:
                with self._watched.undisturbed():
                    found = integrated_gradients(model, image, Logit(explained), baseline=black, n_steps=EVALUATIONS)
            except ModelError:
                return {}
            maps.append(found.attribution.sum(axis=2).astype(np.float32))
            classes.append(explained)
            gaps.append(found.convergence_delta)
        kept.keep_probes(self._run, place.step, self._said(outputs, maps, classes, gaps))
        return {}

    def _decided(self, outputs: Array) -> Array | None:
        """Number of the answer to each image as its declaration says; without one, that of the highest of several.

        It must not stop a training, so what has no answer is None.
        """
        output = self._config.output
        if output is None:
            return outputs.argmax(axis=1) if outputs.shape[1] > 1 else None
        return output.decide(outputs) if decides(output) else None

    def _said(self, outputs: Array, maps: list[Array], classes: list[int], gaps: list[float]) -> kept.Probes:
        output = self._config.output
        return kept.Probes(
            outputs=outputs.astype(np.float32),
            probabilities=np.full(outputs.shape, np.nan) if output is None else output.probabilities(outputs),
            maps=np.stack(maps) if maps else np.zeros((0, 0, 0), np.float32),
            classes=np.asarray(classes, np.int64),
            gaps=np.asarray(gaps, np.float64),
        )

    def _metadata(self, place: Place, beside: Mapping[str, Array]) -> dict[str, str]:
        """What a checkpoint says of itself, as those of the built-in model do."""
        known = {"step": str(place.step), "epoch": str(place.epoch), "layout": self._watched.layout}
        if beside:
            known["beside"] = ",".join(beside)
        spec, output = self._config.input, self._config.output
        if spec is not None and output is not None:
            known |= {
                "mean": ",".join(f"{value:g}" for value in spec.mean),
                "std": ",".join(f"{value:g}" for value in spec.std),
                "temperature": f"{output.temperature:g}",
                "classes": ",".join(output.class_names),
            }
        return known


def _columns(one: Measure) -> dict[str, float]:
    """The columns of one weight; what is not known is left out."""
    values = {"weight_norm": one.weight_norm}
    if one.gradient_norm is not None:
        values["gradient_norm"] = one.gradient_norm
    if one.update_norm is not None and one.weight_norm > 0:
        values["update_ratio"] = one.update_norm / one.weight_norm
    return values


def _counts(one: Measure) -> dict[str, float]:
    """How many values of a weight and of its gradient are no number, where there are some."""
    counts = {
        "weight_nan": one.nan,
        "weight_infinite": one.infinite,
        "gradient_nan": one.gradient_nan,
        "gradient_infinite": one.gradient_infinite,
    }
    return {name: count for name, count in counts.items() if count}


def _summary(one: Channels) -> dict[str, float]:
    """The columns of one layer; what can't be told is left out."""
    values = {
        "activation_mean": _mean(one.mean),
        # over all channels together: the law of total variance
        "activation_std": math.sqrt(_mean(one.std**2 + (one.mean - _mean(one.mean)) ** 2)),
        "dead": math.nan if np.isnan(one.saturated).all() else len(one.dead),
        "saturated": _mean(one.saturated),
    }
    counts = {"activation_nan": int(one.nan.sum()), "activation_infinite": int(one.infinite.sum())}
    return {
        **{name: value for name, value in values.items() if not math.isnan(value)},
        **{name: count for name, count in counts.items() if count},
    }


def _mean(values: Array) -> float:
    """The mean of the finite values; NaN if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else math.nan
