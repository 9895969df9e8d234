"""A run folder's content as payloads: curves, weights through time, an image's way through the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Final

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.errors import DataError, InnerviewError, ModelError, UsageError
from innerview.methods import integrated_gradients, predict
from innerview.methods.health import examine_health
from innerview.model import find_layer
from innerview.pictures.charts.spread import reach_of
from innerview.pictures.timeline import Frame, Timeline
from innerview.pictures.words import layer_title
from innerview.results import WeightHistograms
from innerview.runs import Histogram, History
from innerview.runs.histograms import BINS as SHARED
from innerview.session.cache import Cache
from innerview.session.evenly import evenly
from innerview.session.progress import Listener
from innerview.session.query import TIMELINE_STEPS, Query
from innerview.session.training.answers import Answers
from innerview.session.training.models import LAYERS, model_at
from innerview.session.training.reading import Recorded
from innerview.session.training.recordings import recorded_timelines, recorded_units
from innerview.session.training.work import signals
from innerview.targets import Logit, label
from innerview.types import Array, Image
from innerview.viewer import run_sentences
from innerview.viewer.payload import Payload
from innerview.viewer.payloads.run import Course, Line, run_payload
from innerview.viewer.payloads.stamp import Stamp, hash_image
from innerview.viewer.payloads.subject import Photo
from innerview.viewer.payloads.tested import Wrong, tested_payload
from innerview.viewer.payloads.timeline import ShownTimeline, timeline_payload
from innerview.viewer.payloads.weights import weights_payload

PLACES: Final = frozenset({"step", "epoch", "seconds"})
"""What a record says of its place in the training; all else in it is a metric."""

POINTS: Final = 4000
"""Of one curve, at most; beyond it neighbours are averaged."""

BINS: Final = 128
FRAMES: Final = 12


def show_course(run: Recorded, state: str) -> Payload:
    """Show how a run stands: curves, warnings, manifest."""
    manifest, signs = run.folder.manifest, health(run)  # the problems after what finds them
    course = Course(
        name=run.name,
        network=str(manifest.model.get("name", "network")),
        state=state,
        step=run.last_step,
        steps=run.planned,
        classes=[str(name) for name in manifest.data.get("classes") or ()],
        health=signs,
        manifest={
            "network": manifest.model,
            "configuration": manifest.configuration,
            "data": manifest.data,
            "versions": manifest.versions,
            "notes": [*manifest.notes, *(f"left out: {problem}" for problem in run.problems)],
        },
        lines=lines(run),
    )
    return run_payload(course)


def health(run: Recorded) -> list[dict[str, object]]:
    """What goes wrong, in words; nothing where a run is too young to say."""
    query = Query(num_checkpoints=FRAMES)
    titles = tuple(f"layer {at} ({name.removesuffix('.weight')})" for at, name in enumerate(run.layers, start=1))
    try:
        findings = examine_health(signals(run, titles, recorded_units(run, query), None, query))
    except InnerviewError:  # a checkpoint that is on its way
        return []
    return [
        {
            "layer": one.layer,
            "words": run_sentences.warning(one).text,
            "figure": float(one.values[0]) if one.values and np.isfinite(one.values[0]) else None,
        }
        for one in findings
    ]


def lines(run: Recorded) -> dict[str, Line]:
    """Every metric over time, with the epoch and the seconds of each step as far as they were logged."""
    names = dict.fromkeys(
        name
        for record in run.records
        for name, value in record.items()
        if name not in PLACES and isinstance(value, int | float)
    )
    found: dict[str, Line] = {}
    for name in names:
        steps, values = _fewer(*run.curve(name))
        found[name.replace("/", " ")] = Line(steps, values, _at(run, "epoch", steps), _at(run, "seconds", steps))
    return found


def _fewer(steps: Array, values: Array) -> tuple[Array, Array]:
    """Average neighbours where there are more points than are drawn."""
    block = -(-len(steps) // POINTS)
    if block <= 1:
        return steps, values
    starts = np.arange(0, len(steps), block)
    sizes = np.diff(np.append(starts, len(steps)))
    return np.add.reduceat(steps, starts) / sizes, np.add.reduceat(values, starts) / sizes


def _at(run: Recorded, name: str, steps: Array) -> Array:
    known, values = run.curve(name)
    if not known.size:
        return np.full(len(steps), np.nan)
    return np.interp(steps, np.concatenate([[0], known]), np.concatenate([[0.0], values]))


def show_weights(run: Recorded, stamp: Stamp) -> Payload:
    """Show the histograms of every time that weights were counted, each layer on bins that hold 99.9 % at least."""
    steps, counted = list(run.counted), list(run.counted.values())
    nothing = Histogram(np.zeros(SHARED, dtype=np.int64))
    if not steps:
        raise DataError(f"no histograms of {run.name} can be read; {' '.join(run.problems)}").of(
            "histograms", asked=run.name
        )
    names = list(run.layers)
    columns = [_layer([one.get(name, nothing) for one in counted]) for name in names]
    table: dict[str, Any] = {key: np.stack([one[key] for one in columns], axis=1) for key in COLUMNS}
    found = WeightHistograms(
        checkpoints=tuple(f"step {step:,}" for step in steps),
        layers=tuple(names),
        edges=np.stack([one["edges"] for one in columns]),
        distance=_distances(run, steps),
        **table,
    )
    epochs = _at(run, "epoch", np.asarray(steps, dtype=np.float64))
    return weights_payload(
        found, Stamp(stamp.network or "run"), steps=steps, epochs=epochs.tolist(), health=health(run)
    )


def _distances(run: Recorded, steps: Sequence[int]) -> Array | None:
    """How far the weights still are from the last ones, at those steps at which they were saved; NaN at the others."""
    try:
        times = run.times
    except InnerviewError:  # a checkpoint that is on its way, or none at all
        return None
    saved = {int(step): row for step, row in zip(times.steps, times.distance, strict=True)}
    return np.stack([saved.get(step, np.full(len(times.layers), np.nan)) for step in steps])


COLUMNS: Final = ("counts", "under", "over", "nan", "infinite", "mean", "std", "minimum", "maximum")


def _layer(rows: list[Histogram]) -> dict[str, Array]:
    """One layer at all times on BINS bins about 0, the few weights beyond as under or over.

    Statistics are those of the shared bins, exact to the width of one, 1/256.
    """
    counts = np.stack([row.counts for row in rows])
    middle = counts.shape[1] // 2
    width = float(rows[0].edges[1] - rows[0].edges[0])
    outside = np.array([row.below + row.above for row in rows])
    reach = reach_of(History(np.arange(len(rows)), rows[0].edges, counts, outside))
    half = min(BINS // 2 * ceil(reach / width / (BINS // 2)), middle)
    factor = half // (BINS // 2)
    window = slice(middle - half, middle + half)
    merged = counts[:, window].reshape(len(rows), BINS, factor).sum(axis=2)
    centres = (rows[0].edges[:-1] + rows[0].edges[1:]) / 2
    sizes = np.maximum(counts.sum(axis=1), 1)
    sums = np.where(counts.sum(axis=1) > 0, 1.0, np.nan)  # of weights that were not there, nothing is known
    mean = sums * (counts @ centres) / sizes
    spread = np.sqrt(np.maximum(counts @ centres**2 / sizes - mean**2, 0))
    return {
        "edges": rows[0].edges[middle - half : middle + half + 1 : factor],
        "counts": merged,
        "under": np.array([row.below for row in rows]) + counts[:, : middle - half].sum(axis=1),
        "over": np.array([row.above for row in rows]) + counts[:, middle + half :].sum(axis=1),
        "nan": np.array([row.not_numbers for row in rows]),
        "infinite": np.zeros(len(rows), dtype=np.int64),
        "mean": mean,
        "std": spread,
        "minimum": np.array([_first(row, centres) for row in counts]),
        "maximum": np.array([_first(row[::-1], centres[::-1]) for row in counts]),
    }


def _first(counts: Array, centres: Array) -> float:
    used = np.flatnonzero(counts)
    return float(centres[used[0]]) if used.size else float("nan")


def show_answers(run: str, found: Answers, held: Sequence[str] = ()) -> Payload:
    """Show what a run's model answered on test images; `held`: by which the images can be asked for."""
    wrong = found.mistakes
    return tested_payload(
        run,
        step=found.step,
        classes=found.classes,
        confusion=found.confusion,
        wrong=Wrong(
            [one.image for one in wrong if one.image is not None],
            [one.name for one in wrong],
            list(held) or [""] * len(wrong),
            [one.predicted for one in wrong],
            [one.label for one in wrong],
            [one.probability for one in wrong],
        ),
        about=found.about,
        mistakes_about=found.mistakes_about,
        more=found.more,
    )


def show_timeline(
    run: Recorded, photo: Photo | None, stamp: Stamp, listener: Listener, known: Cache[Frame] | None = None
) -> Payload:
    """Show an image's way through a training: as it was recorded, or by running the checkpoints.

    Args:
        run: as it is now.
        photo: the image; None for the first that was recorded.
        stamp: of the payload.
        listener: told of the progress.
        known: frames that were worked out before, and those that are now.

    Raises:
        UsageError: nothing was recorded, and the checkpoints can't be run here.
    """
    query = Query(num_checkpoints=FRAMES, n_steps=TIMELINE_STEPS)
    recorded = recorded_timelines(run, query)
    chosen = next((one for one in recorded if photo is not None and _same(one.image, photo.image)), None)
    reason = "no image is at hand"
    if chosen is None and photo is not None and (len(run.steps) > 2 or not recorded):
        try:
            chosen = _run_checkpoints(run, photo, listener, Cache(0) if known is None else known)
        except ModelError as problem:
            reason = str(problem)
    if chosen is None and recorded:
        chosen = recorded[0]
    if chosen is None:
        raise UsageError(
            f"no timeline of {run.name} can be shown: {reason}. A recorder takes maps as the training goes on: "
            "Recorder(…, probes=images)"
        ).of("timeline", asked=run.name, found=reason)
    shown = stamp.image_hash if photo is not None and _same(chosen.image, photo.image) else hash_image(chosen.image)
    return timeline_payload(_shown_timeline(run, chosen, photo), Stamp(stamp.network, shown))


def _same(one: Image, other: Image) -> bool:
    return one.shape == other.shape and float(np.abs(one - other).max()) < 1 / 255


def _run_checkpoints(run: Recorded, photo: Photo, listener: Listener, known: Cache[Frame]) -> Timeline:
    """Run the image through checkpoints.

    Raises:
        ModelError: they can't be run, or take another size.
    """
    last = model_at(run, run.steps[-1])
    image = photo.image
    if last.input.shape != image.shape:
        taken, given = (" × ".join(map(str, shape[:2])) for shape in (last.input.shape, image.shape))
        raise ModelError(f"it takes images of {taken} pixels, and this one has {given}").of(
            "size", asked=taken, found=given
        )
    said = predict(last, image[None])[0]
    target = last.output.output_of(said.index if photo.label is None else photo.label, said.logits)
    frames: list[Frame] = []
    steps = evenly(run.steps, FRAMES)
    for step in steps:
        place = run.folder.place_of(step)
        key = (place, place.stat().st_mtime_ns, photo.image_hash, target)
        frame = known.get(key)
        if frame is None:
            progress = _part(listener, len(frames), len(steps))
            frame = _frame(model_at(run, step), step, image, target, progress)
            known.put(key, frame, frame.map.nbytes + sum(values.nbytes for values in frame.layers.values()))
        frames.append(frame)
    about = (
        f"{Logit(target).describe(last.output.class_names)}, from black, {TIMELINE_STEPS} evaluations each, not judged"
    )
    return Timeline(photo.name, image, photo.label, target, tuple(frames), about=about)


def _frame(model: NumpyModel, step: int, image: Image, target: int, progress: Callable[[int, int], None]) -> Frame:
    shown = [find_layer(model.layers, number).name for number in LAYERS]
    answer = model.forward(image[None], shown)
    result = integrated_gradients(
        model,
        image,
        Logit(target),
        baseline=np.zeros_like(image),
        n_steps=TIMELINE_STEPS,
        progress=progress,
    )
    titles = {layer_title(name, model.layers): answer.activations[name][0] for name in shown}
    return Frame(step, predict(model, image[None])[0], result.heatmap, titles)


def _part(listener: Listener, place: int, parts: int) -> Callable[[int, int], None]:
    """The progress of one of several equal parts."""
    return lambda done, total: listener.progress(place * total + done, parts * total)


def _over_time(timeline: Timeline, title: str) -> Array:
    """One layer at all checkpoints; NaN where it was not kept."""
    nothing = np.full_like(timeline.frames[-1].layers[title], np.nan)
    return np.stack([frame.layers.get(title, nothing) for frame in timeline.frames])


def _shown_timeline(run: Recorded, timeline: Timeline, photo: Photo | None) -> ShownTimeline:
    steps = np.array([frame.step for frame in timeline.frames], dtype=np.float64)
    first, mine = timeline.frames[0], photo is not None and _same(timeline.image, photo.image)
    names = first.prediction.class_names
    return ShownTimeline(
        name=photo.name if photo is not None and mine else timeline.name,
        run=run.name,
        image=timeline.image,
        steps=steps,
        epochs=_at(run, "epoch", steps),
        predictions=[frame.prediction for frame in timeline.frames],
        maps=np.stack([frame.map for frame in timeline.frames]),
        layers={title: _over_time(timeline, title) for title in timeline.frames[-1].layers},
        kept=timeline.kept,
        target=timeline.target,
        words=timeline.about or f"logit of {label(timeline.target, names)}",
        label=photo.label if photo is not None and mine else timeline.label,
        unit="logit" if timeline.unit == "output" else timeline.unit,
    )
