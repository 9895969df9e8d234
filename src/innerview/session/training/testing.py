"""A run's model on test images: what it calls them, and the mistakes that it is surest of.

With no data at hand, it is what the run folder keeps of its last test: answers without images. Else only images
that were kept from training are shown: the part "test", or, of class folders that are not divided, every sixth
image, as training sets them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.data import cifar10
from innerview.data.class_folders import apart
from innerview.data.fitting import parse_crop, preprocess
from innerview.data.folders import ClassFolders, open_folders
from innerview.data.image import Image
from innerview.data.parts import is_divided
from innerview.errors import DataError, ImageError
from innerview.methods import integrated_gradients, predict
from innerview.methods.mistakes import Mistakes, mistakes, mistakes_among
from innerview.results import IntegratedGradients, Prediction
from innerview.runs import answers
from innerview.session.query import Query
from innerview.session.training.models import model_at
from innerview.session.training.reading import Recorded
from innerview.targets import Logit
from innerview.types import Array, Images
from innerview.types import Image as Pixels

WORST: Final = 9
"""Mistakes that are drawn."""

BLOCK: Final = 20


@dataclass(frozen=True, eq=False)
class Labelled:
    """A test image: its name, its pixels in [0, 1], the number of its class."""

    name: str
    image: Pixels
    label: int


@dataclass(frozen=True, eq=False)
class Tested:
    """What the model predicts for test images.

    Attributes:
        found: counts and mistakes.
        names: of the images, in order; `labels` and `predicted` are numbers of classes.
        images: the same images with `predictions`; both empty if the answers were read from the run folder.
        worst: maps of the answer for the most confident mistakes.
        problems: images that could not be read.
    """

    found: Mistakes
    names: tuple[str, ...]
    labels: Array
    predicted: Array
    images: tuple[Labelled, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    worst: tuple[IntegratedGradients, ...] = ()
    problems: tuple[str, ...] = ()


def labelled_images(data: Path, model: NumpyModel, query: Query, problems: list[str]) -> Iterator[Labelled]:
    """Read test images in whatever form they come; what can't be read is taken down and left out.

    Raises:
        DataError: there is no data set, or its classes are not the model's.
    """
    if cifar10.holds_arrays(data):
        yield from _from_arrays(data, model, query)
        return
    folders = _kept_apart(data)
    labels = dict(zip(folders.class_names, folders.matching(model.output.answers), strict=True))
    for entry in folders.shuffled(query.num_images, query.seed):
        try:
            image = preprocess(entry.read(), model.input, parse_crop(query.crop)).pixels
        except ImageError as problem:
            problems.append(str(problem))
            continue
        yield Labelled(entry.name, image, labels[entry.label])


def _kept_apart(data: Path) -> ClassFolders:
    if is_divided(data):
        return open_folders(data, "test")
    whole = open_folders(data)
    return ClassFolders(whole.root, whole.class_names, tuple(apart(whole)[1]), whole.notes)


def _from_arrays(data: Path, model: NumpyModel, query: Query) -> Iterator[Labelled]:
    found = cifar10.load(data)
    strange = [name for name in found.classes if name not in model.output.class_names]
    if strange:
        raise DataError(
            f"the model does not know {', '.join(strange)}; test it on the classes that it was trained on"
        ).of("classes", found=tuple(strange))
    numbers: list[int] = (
        np.random.default_rng(query.seed).permutation(len(found.test.labels))[: query.num_images].tolist()
    )
    for number in numbers:
        pixels = found.test.images[number].astype(np.float32) / np.float32(255)
        name = found.classes[int(found.test.labels[number])]
        image = Image(f"{name}, no. {number}", pixels, label=name)
        label = model.output.class_names.index(name)
        yield Labelled(image.name, preprocess(image, model.input, parse_crop(query.crop)).pixels, label)


def on_test_images(run: Recorded, query: Query, data: Path, report: Callable[[str], None]) -> Tested:
    """Show the run's last weights test images.

    The last weights, also where their running mean was kept: they are what the run folder keeps answers of, what is
    bundled and exported, and what all other views of the run show.

    Raises:
        ModelError: it can't be run; `DataError`: the data set can't be read; `ImageError`: no image can.
    """
    model = model_at(run, run.steps[-1])
    problems: list[str] = []
    images: list[Labelled] = []
    predictions: list[Prediction] = []
    waiting: list[Labelled] = []

    def ask() -> None:
        if waiting:
            predictions.extend(predict(model, _stack(waiting)))
            images.extend(waiting)
            waiting.clear()
            report(f"test images, {len(images)} of {query.num_images}")

    for image in labelled_images(data, model, query, problems):
        waiting.append(image)
        if len(waiting) == BLOCK:
            ask()
    ask()
    if not images:
        raise ImageError(f"none of the test images in {data} can be read; the first: {problems[0]}").of(
            "images", path=data, found=0
        )
    found = mistakes(predictions, [one.label for one in images])
    worst: list[IntegratedGradients] = []
    surest: list[int] = found.surest[:WORST].tolist()
    for place in surest:
        image = images[place].image
        worst.append(
            integrated_gradients(
                model,
                image,
                Logit(model.output.output_of(predictions[place].index, predictions[place].logits)),
                baseline=np.zeros_like(image),
                n_steps=query.timeline_steps,
            )
        )
        report(f"the map of {images[place].name}")
    return Tested(
        found,
        tuple(one.name for one in images),
        np.array([one.label for one in images]),
        np.array([one.index for one in predictions]),
        tuple(images),
        tuple(predictions),
        tuple(worst),
        tuple(problems),
    )


def kept_answers(run: Recorded) -> Tested | None:
    """Read what the run folder keeps of its last test, which needs neither the data nor the model.

    Returns:
        None where nothing was kept, as of a run that has not ended.

    Raises:
        DataError: what was kept is damaged, or not of the manifest's classes.
    """
    kept = answers.latest(run.folder)
    if kept is None:
        return None
    classes = tuple(str(name) for name in run.folder.manifest.data.get("classes") or ())
    numbers = np.concatenate([kept.predicted, kept.label])
    if numbers.max() >= len(classes) or numbers.min() < 0:
        raise DataError(
            f"{run.folder.path} keeps answers of classes {numbers.min()} to {numbers.max()}, "
            f"but its manifest names {len(classes)} classes"
        ).of("classes", path=run.folder.path, found=(int(numbers.min()), int(numbers.max())), limit=len(classes) - 1)
    found = mistakes_among(kept.predicted, kept.probability.astype(np.float64), kept.label, classes)
    names = tuple(f"{classes[label]}, no. {number}" for number, label in enumerate(kept.label.tolist()))
    return Tested(found, names, kept.label, kept.predicted)


def _stack(images: list[Labelled]) -> Images:
    return np.stack([one.image for one in images])
