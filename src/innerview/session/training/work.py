"""Everything that is worked out of one run, in memory: nothing drawn, nothing written.

The parts that need the model to be run are left out, with the reason, where it can't be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from innerview.errors import DataError, ModelError
from innerview.methods.health import TrainingSignals, TrainingWarning, examine_health
from innerview.pictures.charts.curves import Curve, smoothed
from innerview.pictures.timeline import Timeline
from innerview.session.query import Query
from innerview.session.training.curves import window_of
from innerview.session.training.models import (
    UnitTimes,
    model_at,
    probes_of,
    shown_steps,
    timelines,
    unit_times,
)
from innerview.session.training.reading import Recorded
from innerview.session.training.recordings import recorded_timelines, recorded_units
from innerview.session.training.testing import Tested, kept_answers, on_test_images
from innerview.types import Array

MORE: Final = 45
"""Test images on which channels are watched, beside the probe images."""


@dataclass(frozen=True, eq=False)
class Worked:
    """One run, worked out.

    Attributes:
        run: as it was read.
        titles: of its layers, for people: "layer 5 (conv5)".
        units: what channels did; None if that could not be seen.
        timelines: of the probe images; empty if it could not be run.
        tested: answers on test images: on those that were named, or else what the run folder keeps; None if neither.
        missing: why something could not be run; empty if all was.
        findings: signs that something goes wrong.
    """

    run: Recorded
    titles: tuple[str, ...]
    units: UnitTimes | None
    timelines: tuple[Timeline, ...]
    tested: Tested | None
    missing: str
    findings: tuple[TrainingWarning, ...]


def work(run: Recorded, query: Query, report: Callable[[str], None]) -> Worked:
    """Work out everything that a query asks of a run.

    Raises:
        DataError: a file of the run, or the data set, can't be read; `ImageError`: a probe can't.
        UsageError: a probe or crop that does not exist.
    """
    report(f"weights of {run.name}")
    titles = tuple(f"layer {at} ({name.removesuffix('.weight')})" for at, name in enumerate(run.layers, start=1))
    seen = recorded_units(run, query)
    shown = recorded_timelines(run, query)
    answers = run.attempt(lambda _, __: kept_answers(run), run.steps[-1])
    missing = ""
    try:
        model = model_at(run, run.steps[-1])
    except (ModelError, DataError) as problem:
        missing = str(problem)
    else:
        items = probes_of(model, query)
        if query.data:
            answers = on_test_images(run, query, query.data, report)
        images = [item.pixels for item in items]
        images += [one.image for one in answers.images[:MORE]] if answers else []
        try:
            seen = unit_times(run, np.stack(images), query, report)
            # a run whose checkpoints were thinned out keeps its timelines as they were recorded
            if not shown or query.probes or query.select or len(shown[0].frames) <= len(shown_steps(run, query)):
                shown = timelines(run, items, query, report)
        except (ModelError, DataError) as problem:  # a checkpoint before the last one is of another shape
            missing = str(problem)
    findings = examine_health(signals(run, titles, seen, answers, query))
    return Worked(run, titles, seen, tuple(shown), answers, missing, tuple(findings))


def steps_of_work(run: Recorded, query: Query) -> int:
    """About how many reports `work` makes."""
    frames, probes = len(shown_steps(run, query)), len(query.probes) + len(query.select) or 5
    return 1 + frames * (1 + probes) + (query.num_images // 20 + 10 if query.data else 0)


def signals(
    run: Recorded, titles: tuple[str, ...], seen: UnitTimes | None, answers: Tested | None, query: Query
) -> TrainingSignals:
    """Gather what the rules of health look at."""
    steps, loss = run.curve("loss")
    window = window_of(run, query)

    def smooth(name: str) -> Array:
        _, values = run.curve(name)
        if len(values) != len(steps):
            return np.zeros(0)
        return smoothed(Curve(steps.astype(np.float64), values), window).values

    gradient = np.full(len(steps), np.nan)
    norm_steps, norms = run.curve("gradient_norm")
    taken = np.isin(norm_steps, steps)
    gradient[np.searchsorted(steps, norm_steps[taken])] = norms[taken]
    test_steps, test_accuracy = run.curve("test_accuracy")
    times = run.times
    return TrainingSignals(
        steps=steps,
        loss=smooth("loss") if loss.size else loss,
        accuracy=smooth("accuracy"),
        gradient=gradient,
        test_steps=test_steps,
        test_accuracy=test_accuracy,
        checkpoints=times.steps,
        layers=titles,
        distance=times.distance,
        broken=times.broken,
        units=[replace(one, layer=title) for one, title in zip(seen.rows[-1], seen.layers, strict=True)]
        if seen
        else (),
        n_images=seen.n_images if seen else 0,
        predicted=answers.found.predicted if answers else np.zeros(0),
        broken_at=run.ending.step + 1 if run.ending is not None and run.ending.how == "diverged" else -1,
        broken_in=run.ending.where if run.ending is not None else "",
    )
