"""One training: its curves and its manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from innerview.types import Array
from innerview.viewer.payload import Payload, make_payload, numbered


@dataclass(frozen=True, eq=False)
class Line:
    """One metric over time: its steps and values, with the epoch and the seconds at each (NaN where unknown)."""

    steps: Array
    values: Array
    epochs: Array
    seconds: Array


@dataclass(frozen=True, eq=False)
class Course:
    """How a run stands.

    Attributes:
        name: of the run; `network`: the identity or name of what it trains.
        state: "running", or how it ended, in words.
        step: the last one; `steps`: how many are planned (0 if it does not say).
        classes: names.
        health: what is wrong: layer, words, figure.
        manifest: what was trained, how.
        lines: by the name of the metric.
    """

    name: str
    network: str
    state: str
    step: int
    steps: int
    classes: Sequence[str]
    health: Sequence[Mapping[str, object]]
    manifest: Mapping[str, object]
    lines: Mapping[str, Line]


def run_payload(course: Course) -> Payload:
    """Show a run."""
    arrays: dict[str, Array] = {}
    for name, line in course.lines.items():
        columns = {"x": line.steps, "epoch": line.epochs, "seconds": line.seconds, "y": line.values}
        arrays |= {f"curve/{name}/{column}": numbered(values) for column, values in columns.items()}
    return make_payload(
        "run",
        arrays,
        model=course.network,
        image="",
        name=course.name,
        state=course.state,
        classes=list(course.classes),
        health=[dict(one) for one in course.health],
        step=course.step,
        steps=course.steps or None,
        manifest=dict(course.manifest),
    )
