"""The checkpoints of a run as models, and what they make of probe images: timelines, and channels that do nothing.

Checkpoints of the built-in architecture run in NumPy, whatever trained them. Another architecture would need its own
framework and its own code, which a run folder does not hold; `run_recordings` reads what its recorder saw instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.data.image import Image
from innerview.data.samples import example_names
from innerview.methods import integrated_gradients, predict
from innerview.methods.units import LayerUnits, units
from innerview.model import Layer, find_layer
from innerview.pictures.timeline import Frame, Timeline
from innerview.pictures.words import layer_title
from innerview.session.checkpoints import model_of_run
from innerview.session.evenly import evenly
from innerview.session.images import gather
from innerview.session.query import Query
from innerview.session.training.reading import Recorded
from innerview.targets import Logit
from innerview.types import Images

LAYERS: Final = (3, 6, 9)
"""Layers of a timeline: the 2018 tutorial's."""


def model_at(run: Recorded, step: int, series: str = "step") -> NumpyModel:
    """Open a checkpoint as a model.

    Raises:
        ModelError: it is of another architecture, or its weights are not finite; `DataError`: it can't be read.
    """
    return model_of_run(run.folder, run.name, step, series)


@dataclass(frozen=True, eq=False)
class UnitTimes:
    """What channels did at several checkpoints.

    Attributes:
        steps: of the checkpoints, rising.
        layers: titles, from the first layer to the last.
        rows: for each step, one per layer.
        about: on what this was seen.
        n_images: how many those were; 0 where the recorder did not say.
    """

    steps: tuple[int, ...]
    layers: tuple[str, ...]
    rows: tuple[tuple[LayerUnits, ...], ...]
    about: str
    n_images: int


def probes_of(model: NumpyModel, query: Query) -> list[Image]:
    """Read the probe images: those that were named, or else the bundled photos."""
    named = query.probes or (() if query.select else example_names())
    return gather(model, named, query if query.select else replace(query, data=None))


def shown_steps(run: Recorded, query: Query) -> tuple[int, ...]:
    """The checkpoints that are run: at most as many as asked for, evenly along the list."""
    return evenly(run.steps, query.num_checkpoints)


def unit_times(run: Recorded, images: Images, query: Query, report: Callable[[str], None]) -> UnitTimes:
    """Take down what channels do with `images` at several checkpoints, oldest first."""
    steps = shown_steps(run, query)
    rows: list[tuple[LayerUnits, ...]] = []
    titles: tuple[str, ...] = ()
    for step in steps:
        model = model_at(run, step)
        rows.append(tuple(units(model, images)))
        titles = tuple(layer_title(one.layer, model.layers) for one in rows[-1])
        report(f"channels at step {step:,}")
    about = f"{len(images)} image{'s' * (len(images) != 1)}"
    return UnitTimes(steps, titles, tuple(rows), about, len(images))


def timelines(run: Recorded, items: Sequence[Image], query: Query, report: Callable[[str], None]) -> list[Timeline]:
    """Follow each probe image through the checkpoints.

    The class explained is the image's own, where it is known and the model has it, or else the last answer.
    """
    last = model_at(run, run.steps[-1])
    said = [predict(last, item.pixels[None])[0] for item in items]
    targets = [
        last.output.output_of(one.index if item.class_number is None else item.class_number, one.logits)
        for item, one in zip(items, said, strict=True)
    ]
    figures_of: list[list[Frame]] = [[] for _ in items]
    for step in shown_steps(run, query):
        model = model_at(run, step)
        titles = {layer.name: layer_title(layer.name, model.layers) for layer in _shown(model)}
        for item, target, frames in zip(items, targets, figures_of, strict=True):
            image = item.pixels
            answer = model.forward(image[None], list(titles))
            frames.append(
                Frame(
                    step,
                    predict(model, image[None])[0],
                    integrated_gradients(
                        model, image, Logit(target), baseline=np.zeros_like(image), n_steps=query.timeline_steps
                    ).heatmap,
                    {title: answer.activations[name][0] for name, title in titles.items()},
                )
            )
            report(f"{item.name} at step {step:,}")
    return [
        Timeline(item.name, item.pixels, item.class_number, target, tuple(frames), about=_about(last, target, query))
        for item, target, frames in zip(items, targets, figures_of, strict=True)
    ]


def _about(model: NumpyModel, target: int, query: Query) -> str:
    explained = Logit(target).describe(model.output.class_names)
    return f"The maps: {explained}, from black, {query.timeline_steps} evaluations each, not judged."


def _shown(model: NumpyModel) -> list[Layer]:
    return [find_layer(model.layers, number) for number in LAYERS]
