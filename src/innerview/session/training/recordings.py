"""What a recorder saw of a training while it ran: channels and maps of the probe images, of any architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from innerview.methods.units import LayerUnits
from innerview.pictures.timeline import Frame, KeptChannels, Timeline
from innerview.results import Prediction
from innerview.runs import observations
from innerview.runs.observations import Probes, Shots
from innerview.session.evenly import evenly
from innerview.session.query import Query
from innerview.session.training.models import UnitTimes
from innerview.session.training.reading import Recorded
from innerview.spec import kind_of
from innerview.targets import Logit
from innerview.types import Array


def recorded_units(run: Recorded, query: Query) -> UnitTimes | None:
    """Read what a recorder saw of channels; None if nothing was recorded."""
    asked = evenly(run.folder.observed("channel-stats"), query.num_checkpoints)
    read = {step: run.attempt(observations.channels, step) for step in asked}
    seen_at = {step: one for step, one in read.items() if one is not None}
    steps, found = tuple(seen_at), list(seen_at.values())
    # Where saturation is not known the layer gives scores, and a score that is never above 0 is nothing wrong.
    judged = [{name for name, seen in one.items() if not np.isnan(seen.saturated).all()} for one in found]
    layers = tuple(name for name in found[0] if all(name in one for one in judged)) if found else ()
    if not layers:
        return None
    rows = tuple(
        tuple(LayerUnits(name, one[name].positive, np.nan_to_num(one[name].saturated)) for name in layers)
        for one in found
    )
    titles = tuple(f"layer {name}" if name[:1].isdecimal() else name for name in layers)
    return UnitTimes(steps, titles, rows, "the recorder's probe images", 0)


def recorded_timelines(run: Recorded, query: Query) -> list[Timeline]:
    """Make timelines of the maps that a recorder took; none where it took none, or was not told what the model takes.

    Where channels of layers were kept beside the maps, they are in the frames of those steps.
    """
    declared: Any = run.folder.manifest.configuration
    if not (declared.get("input") and declared.get("output")):
        return []
    names = tuple(str(name) for name in declared["output"]["class_names"])
    kind = kind_of(declared["output"].get("kind"))
    seen = _with_maps(run, len(names))
    steps = evenly(list(seen), query.num_checkpoints)
    given = run.attempt(lambda folder, _: observations.images(folder), 0) if steps else None
    if given is None:
        return []
    images, labels = given
    figures_of = {step: run.attempt(observations.layers, step) or {} for step in steps}
    timelines: list[Timeline] = []
    for place in range(min(len(seen[step].maps) for step in steps)):
        frames = [
            Frame(
                step,
                Prediction(one.outputs[place], one.probabilities[place], names, kind),
                one.maps[place],
                {title: shot.values[place].astype(np.float32) for title, shot in figures_of[step].items()},
            )
            for step, one in ((step, seen[step]) for step in steps)
        ]
        target = int(seen[steps[-1]].classes[place])
        about = f"Maps from black, as recorded; at the end: {Logit(target).describe(names)}."
        truth = None if labels is None else int(labels[place])
        called: dict[str, Any] = declared.get("probes") or {}
        name = called.get(str(place), f"probe {place}")
        timelines.append(
            Timeline(
                name,
                _pixels(images[place]),
                truth,
                target,
                tuple(frames),
                "output",
                about,
                _kept(figures_of[steps[-1]], place),
            )
        )
    return timelines


def _with_maps(run: Recorded, classes: int) -> dict[int, Probes]:
    """What was recorded of the probe images when maps were taken, by step."""
    found: dict[int, Probes] = {}
    for step in run.folder.observed("probes"):
        one = run.attempt(observations.probes, step)
        if one is None or not len(one.maps):
            continue
        if one.outputs.shape[1] != classes:
            run.tell(
                f"the probes of step {step:,} have {one.outputs.shape[1]} outputs, {classes} classes were declared"
            )
            continue
        found[step] = one
    shapes = {one.maps.shape[1:] for one in found.values()}
    if len(shapes) > 1:
        run.tell(f"the maps that were recorded differ in size ({', '.join(map(str, sorted(shapes)))}); none is shown")
        return {}
    return found


def _kept(figures_of: Mapping[str, Shots], place: int) -> dict[str, KeptChannels]:
    """Which channels of one image's layers were kept, where it is not all of them."""
    return {
        title: KeptChannels(tuple(int(channel) for channel in shot.channels[place]), shot.of)
        for title, shot in figures_of.items()
        if shot.channels.shape[1] < shot.of
    }


def _pixels(image: Array) -> Array:
    """An image as it was declared: height × width × channel in [0, 1]."""
    return image.astype(np.float32)
