"""The views of runs: which figures and tables belong to which, under which names, and what is said about them.

With one run, files have plain names; with several, a run's own files begin with its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from innerview import pictures
from innerview.methods import weight_histograms
from innerview.methods.mistakes import interval
from innerview.methods.units import NEARLY_ALL, SLOPE
from innerview.pictures import Subject
from innerview.pictures.charts.confusion import class_accuracy_figure, confusion_figure
from innerview.pictures.charts.heat import heat_figure
from innerview.pictures.charts.layers import Statistic, layer_times_figure
from innerview.pictures.charts.overlaid import ends_figure
from innerview.pictures.charts.ridges import ridges_figure
from innerview.pictures.charts.spread import Window, windows_for
from innerview.pictures.charts.units import Shares, units_figure
from innerview.pictures.timeline import timeline_animation, timeline_strip
from innerview.session.query import Query
from innerview.session.training.curves import Curves, curves, window_of
from innerview.session.training.models import UnitTimes
from innerview.session.training.reading import Recorded, shared_layers
from innerview.session.training.testing import Tested
from innerview.session.training.work import Worked
from innerview.types import Array
from innerview.viewer import run_sentences, sentences
from innerview.viewer.run_sentences import Course
from innerview.workbench.folders import folder_names
from innerview.workbench.run import tables
from innerview.workbench.run.figures import ONE_COLUMN, SLIM, TWO_COLUMNS, FigureSpec, Table, View

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image


def every_view(worked: Sequence[Worked], query: Query) -> list[View]:
    """Give all views that these runs have, in the order of the page."""
    windows: dict[str, dict[str, Window]] = {one.run.name: {} for one in worked}
    for name, runs in shared_layers([one.run for one in worked]).items():
        for run, window in zip(runs, windows_for([run.histories[name] for run in runs]), strict=True):
            windows[run.name][name] = window
    drawn = curves([one.run for one in worked], query)
    views = [_curves(drawn, worked)] if drawn.drawn else []
    views += [_weights(worked, windows), _layers(worked)]
    for make in (_units, _timelines, _mistakes):
        view = make(worked)
        if view is not None:
            views.append(view)
    return views


def course(run: Recorded, query: Query) -> Course:
    """Gather what is said of a run's course."""
    window = window_of(run, query)

    def late(name: str) -> float | None:
        values = run.curve(name)[1][-window:]
        return float(values.mean()) if values.size else None

    tests = run.curve("test_accuracy")[1]
    counts = run.curve("test_images")[1]
    seconds = run.final("seconds")
    return Course(
        run.name,
        run.last_step,
        run.planned,
        run.final("epoch"),
        None if seconds is None else seconds / 60,
        late("loss"),
        late("accuracy"),
        (float(tests[-1]), int(counts[-1])) if tests.size and counts.size else None,
        run.final("final_accuracy"),
        run.final("ema_accuracy"),
        int(run.final("final_images") or 0),
        run.ending,
    )


def _named(worked: Sequence[Worked], one: Worked, file: str) -> str:
    """A file's name: plain for one run, with the run's name in front for several."""
    if len(worked) == 1:
        return file
    names = folder_names(each.run.name + ".run" for each in worked)
    return f"{names[list(worked).index(one)]}-{file}"


def _caption(worked: Sequence[Worked], one: Worked) -> str:
    return one.run.name if len(worked) > 1 else ""


def _prefix(worked: Sequence[Worked], one: Worked, text: str) -> str:
    return f"{one.run.name}: {text}" if len(worked) > 1 else text


def _curves(drawn: Curves, worked: Sequence[Worked]) -> View:
    words = tuple(
        _prefix(worked, one, f"It was trained on images of {_sizes(one.run)}.") for one in worked if _sizes(one.run)
    )
    table = Table(
        "curves.csv", lambda: tables.rows(("run", "plot", "part", drawn.unit, "value", "mean as drawn"), drawn.rows())
    )
    metrics = [Table(_named(worked, one, "metrics.csv"), partial(_metrics, one.run)) for one in worked]
    sheet = FigureSpec(
        "curves.png", "Loss, accuracy, learning rate and gradient norm over the training.", drawn.figure, SLIM
    )
    return View("curves", words, (sheet,), (table, *metrics))


def _metrics(run: Recorded) -> bytes:
    return run.folder.table().encode()


def _sizes(run: Recorded) -> str:
    """The sizes of the images in the order of the training: "20, 24 and 32 pixels"; empty where there is one."""
    found = list(dict.fromkeys(int(size) for size in run.curve("size")[1]))
    if len(found) < 2:
        return ""
    return f"{', '.join(map(str, found[:-1]))} and {found[-1]} pixels, one after the other"


def _before_after(one: Worked, *, columns: int = 3) -> Figure:
    """Draw the first and the last checkpoint over each other, each layer on its own axis: they differ in reach."""
    run = one.run
    chosen = {name: run.first.weights[name] for name in run.layers}
    checkpoints = {f"step {run.steps[0]:,}": chosen, f"step {run.steps[-1]:,}": run.last.weights}
    return pictures.layers_figure(weight_histograms(checkpoints, layers=list(chosen)), columns=columns)


def _weights(worked: Sequence[Worked], windows: dict[str, dict[str, Window]]) -> View:
    figures: list[FigureSpec] = []
    found: list[Table] = []
    words: list[str] = []
    for one in worked:
        run = one.run
        caption = _caption(worked, one)
        figures += [
            FigureSpec(
                _named(worked, one, "ridges.png"),
                f"Weights of each layer of {run.name} as ridges, a histogram for each checkpoint.",
                partial(ridges_figure, run.histories, run.name, windows[run.name]),
                ONE_COLUMN,
                caption,
            ),
            FigureSpec(
                _named(worked, one, "heat.png"),
                f"Weights of each layer of {run.name} as heat maps over the checkpoints.",
                partial(heat_figure, run.histories, run.name, windows[run.name]),
                ONE_COLUMN,
                caption,
            ),
        ]
        if len(run.steps) > 1:
            figures.append(
                FigureSpec(
                    _named(worked, one, "before-after.png"),
                    f"Histograms of the weights of {run.name} before and after.",
                    partial(_before_after, one),
                    ONE_COLUMN,
                    caption,
                )
            )
        found.append(Table(_named(worked, one, "weights.npz"), partial(tables.histories, run.histories)))
        words.append(_prefix(worked, one, run_sentences.spread(one.titles, run.times.std)))
    if len(worked) > 1:
        histories = {one.run.name: one.run.histories for one in worked}
        figures.insert(
            0,
            FigureSpec("ends.png", "Histograms of each layer's last weights, all runs over each other.",
                  partial(ends_figure, histories), ONE_COLUMN),
        )  # fmt: skip
    return View("weights", tuple(words), tuple(figures), tuple(found))


def _layers(worked: Sequence[Worked]) -> View:
    figures: list[FigureSpec] = []
    found: list[Table] = []
    words: list[str] = []
    for one in worked:
        times = one.run.times
        layers = {name.removesuffix(".weight"): place for place, name in enumerate(times.layers)}
        found.append(Table(_named(worked, one, "layers.csv"), partial(tables.layer_times, times)))
        if len(times.steps) == 2:  # a line from one point to the other would look like a course
            words.append(_prefix(worked, one, run_sentences.moved_in_all(one.titles, times.steps, times.distance)))
            continue
        for file, statistic in (
            (
                "movement.png",
                Statistic(
                    "How fast each layer moves",
                    "distance from the checkpoint before, per step, as a fraction of the weights' size",
                    times.moved,
                    log=True,
                ),
            ),
            (
                "distance.png",
                Statistic(
                    "How far each layer is from where it ends",
                    "distance from the last checkpoint, as a fraction of the weights' size there",
                    times.distance,
                ),
            ),
        ):
            figures.append(
                FigureSpec(
                    _named(worked, one, file),
                    f"{statistic.title}, for {one.run.name}, over the steps.",
                    partial(layer_times_figure, times.steps, statistic, layers, one.run.name),
                    ONE_COLUMN,
                    _caption(worked, one),
                )
            )
        words.append(_prefix(worked, one, run_sentences.movement(one.titles, times.steps, times.moved)))
    return View("layers", tuple(words), tuple(figures), tuple(found))


def unit_counts(seen: UnitTimes) -> tuple[Array, Array, Array]:
    """Dead and saturated channels, checkpoint × layer, and how many channels each layer has."""
    dead = np.array([[one.dead.size for one in row] for row in seen.rows])
    saturated = np.array([[one.saturated_channels.size for one in row] for row in seen.rows])
    return dead, saturated, np.array([one.positive.size for one in seen.rows[-1]])


def _units(worked: Sequence[Worked]) -> View | None:
    figures: list[FigureSpec] = []
    found: list[Table] = []
    words: list[str] = []
    for one in worked:
        if one.units is None:
            words.append(_prefix(worked, one, f"Channels could not be watched: {one.missing}."))
            continue
        seen = one.units
        dead, saturated, sizes = unit_counts(seen)
        about = (
            f"on {seen.about} · dead: above 0 nowhere · saturated value: slope below {SLOPE:g} · "
            f"saturated channel: at {100 * NEARLY_ALL:g} % of positions"
        )
        counted = tuple(int(size) for size in sizes)
        values = np.array([[float(unit.saturated.mean()) for unit in row] for row in seen.rows])
        shares = (
            Shares("Dead channels", dead / sizes, counted),
            Shares("Saturated channels", saturated / sizes, counted),
            Shares("Saturated, fraction of all values", values),
        )
        draw = partial(units_figure, seen.steps, seen.layers, shares, name=one.run.name, about=about)
        shown = f"How many channels of each layer of {one.run.name} are dead or saturated, at each checkpoint."
        figures.append(FigureSpec(_named(worked, one, "units.png"), shown, draw, SLIM, _caption(worked, one)))
        found.append(Table(_named(worked, one, "units.csv"), partial(tables.unit_times, seen)))
        text = run_sentences.channels(seen.layers, dead, saturated, sizes, seen.about)
        words.append(_prefix(worked, one, text))
    return View("units", tuple(words), tuple(figures), tuple(found))


def _timelines(worked: Sequence[Worked]) -> View | None:
    figures: list[FigureSpec] = []
    found: list[Table] = []
    words: list[str] = []
    for one in worked:
        if not one.timelines:
            words.append(_prefix(worked, one, f"There are no timelines: {one.missing}."))
            continue
        for timeline, name in zip(
            one.timelines, folder_names(timeline.name for timeline in one.timelines), strict=True
        ):
            words.append(_prefix(worked, one, run_sentences.timeline(timeline)))
            about = (
                f"{timeline.name} at {len(timeline.frames)} checkpoints of {one.run.name}: prediction, map and layers"
            )
            figures += [
                FigureSpec(
                    _named(worked, one, f"timeline-{name}.png"),
                    f"{about}.",
                    partial(timeline_strip, timeline),
                    TWO_COLUMNS,
                    _caption(worked, one),
                ),
                FigureSpec(
                    _named(worked, one, f"timeline-{name}.webp"),
                    f"{about}, one after the other.",
                    partial(timeline_animation, timeline),
                    TWO_COLUMNS,
                    _caption(worked, one),
                    moving=True,
                ),
            ]
        found += [
            Table(_named(worked, one, "timelines.csv"), partial(tables.timelines_table, one.timelines)),
            Table(_named(worked, one, "timelines.npz"), partial(tables.timelines_arrays, one.timelines)),
        ]
    return View("timeline", tuple(words), tuple(figures), tuple(found))


def _mistakes(worked: Sequence[Worked]) -> View | None:
    shown = [(one, one.tested) for one in worked if one.tested is not None]
    if not shown:
        return None
    figures: list[FigureSpec] = []
    found: list[Table] = []
    words: list[str] = []
    for one, answers in shown:
        result = answers.found
        about = f"{result.n_images:,} test images, the weights after the last step"
        ends = np.array([interval(float(np.nan_to_num(share)), int(total)) for share, total in
                         zip(result.by_class, result.confusion.sum(axis=1), strict=True)])  # fmt: skip
        caption = _caption(worked, one)
        figures += [
            FigureSpec(
                _named(worked, one, "confusion.png"),
                f"Confusion matrix of {one.run.name}: labels by rows, predictions by columns.",
                partial(confusion_figure, result.confusion, result.class_names, about=about),
                SLIM,
                caption,
            ),
            FigureSpec(
                _named(worked, one, "classes.png"),
                f"Accuracy of {one.run.name} on each class, with intervals.",
                partial(
                    class_accuracy_figure,
                    result.by_class,
                    ends,
                    result.confusion.sum(axis=1),
                    result.class_names,
                    about=about,
                ),
                SLIM,
                caption,
            ),
        ]
        if answers.worst:
            figures.append(
                FigureSpec(
                    _named(worked, one, "mistakes.png"),
                    f"The most confident errors of {one.run.name}, each with the map of its wrong prediction.",
                    partial(_surest, answers),
                    ONE_COLUMN,
                    _prefix(worked, one, "The most confident errors, with the map of the wrong prediction."),
                )
            )
        found += [
            Table(_named(worked, one, "confusion.csv"), partial(tables.confusion, answers)),
            Table(_named(worked, one, "predictions.csv"), partial(tables.answers, answers)),
        ]
        words.append(_prefix(worked, one, run_sentences.tested(result)))
        if not answers.images and result.surest.size:
            words.append(_prefix(worked, one, run_sentences.surest(result, answers.names, answers.predicted)))
        words += [f"left out: {problem}" for problem in answers.problems]
    return View("mistakes", tuple(words), tuple(figures), tuple(found))


def _surest(answers: Tested, *, columns: int = 3) -> Image:
    places: list[int] = answers.found.surest[: len(answers.worst)].tolist()
    subjects = [
        Subject(answers.images[place].name, answers.predictions[place], answers.images[place].label) for place in places
    ]
    title = "Most confident errors"
    verdicts = [sentences.brief_verdict(None)] * len(subjects)
    return pictures.contact_sheet(
        answers.worst, subjects, scale="per-image", columns=columns, title=title, verdicts=verdicts
    )
