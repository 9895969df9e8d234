"""What was drawn of runs, as tables: CSV for people and spreadsheets, NPZ for arrays."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np

from innerview.pictures.timeline import Timeline
from innerview.runs import History
from innerview.session.training.models import UnitTimes
from innerview.session.training.reading import STATISTICS, LayerTimes
from innerview.session.training.testing import Tested
from innerview.targets import label
from innerview.types import Array
from innerview.workbench.csv_table import csv_table


def rows(head: Sequence[str], body: Sequence[Sequence[object]]) -> bytes:
    """Write a table; numbers with nine significant digits, NaN as nothing."""
    return csv_table(head, [[_cell(value) for value in row] for row in body])


def _cell(value: object) -> object:
    if not isinstance(value, float):
        return value
    return "" if np.isnan(value) else f"{value:.9g}"


def arrays(values: Mapping[str, Array]) -> bytes:
    """Write arrays as an NPZ file."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **values)
    return file.getvalue()


def histories(found: Mapping[str, History]) -> bytes:
    """Histograms of each layer, checkpoint × bin, with the edges of the bins and the steps of the checkpoints."""
    first = next(iter(found.values()))
    counts = {name: one.counts.astype(np.uint32) for name, one in found.items()}
    return arrays({"steps": first.steps, "edges": first.edges, **counts})


def layer_times(found: LayerTimes) -> bytes:
    """One line for each checkpoint and layer."""
    body = [
        (int(step), layer, *(float(getattr(found, name)[time, place]) for name in STATISTICS))
        for time, step in enumerate(found.steps)
        for place, layer in enumerate(found.layers)
    ]
    return rows(("step", "layer", *STATISTICS), body)


def unit_times(found: UnitTimes) -> bytes:
    """One line for each checkpoint, layer and channel."""
    body = [
        (step, layer, channel, float(one.positive[channel]), float(one.saturated[channel]))
        for step, row in zip(found.steps, found.rows, strict=True)
        for layer, one in zip(found.layers, row, strict=True)
        for channel in range(one.positive.size)
    ]
    return rows(("step", "layer", "channel", "fraction above 0", "fraction saturated"), body)


def timelines_table(found: Sequence[Timeline]) -> bytes:
    """One line for each image, checkpoint and class."""
    body = [
        (timeline.name, frame.step, name, float(frame.prediction.logits[at]), float(frame.prediction.probabilities[at]))
        for timeline in found
        for frame in timeline.frames
        for at, name in enumerate(frame.prediction.class_names)
    ]
    return rows(("image", "step", "class", "logit", "probability"), body)


def timelines_arrays(found: Sequence[Timeline]) -> bytes:
    """Maps, image × checkpoint × height × width, with the images and the steps."""
    return arrays(
        {
            "images": np.stack([timeline.image for timeline in found]),
            "names": np.array([timeline.name for timeline in found]),
            "classes": np.array([timeline.target for timeline in found]),
            "steps": np.array([frame.step for frame in found[0].frames]),
            "heatmaps": np.stack([[frame.map for frame in timeline.frames] for timeline in found]),
        }
    )


def confusion(found: Tested) -> bytes:
    """A line for each true class, a column for each answer."""
    names = [label(index, found.found.class_names) for index in range(len(found.found.class_names))]
    body = [(name, *(int(number) for number in row)) for name, row in zip(names, found.found.confusion, strict=True)]
    return rows(("label", *(f"predicted {name}" for name in names)), body)


def answers(found: Tested) -> bytes:
    """A line for each test image: label, prediction, its probability."""
    names = found.found.class_names
    body = [
        (name, label(true, names), label(predicted, names), confidence)
        for name, true, predicted, confidence in zip(
            found.names, found.labels.tolist(), found.predicted.tolist(), found.found.confidence.tolist(), strict=True
        )
    ]
    return rows(("image", "label", "prediction", "probability"), body)
