"""What a server or a notebook starts with: a session that may look at models, images and trainings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from innerview.allcnn import NAMES, has_initial, load_pretrained, run_folder
from innerview.data import cifar10
from innerview.data.folders import open_folders
from innerview.data.image import Image
from innerview.data.samples import example_image, example_names, find_image
from innerview.data.sources import Source
from innerview.errors import UsageError
from innerview.files.regular import brief, is_file
from innerview.runs import RunFolder
from innerview.session.images import gather
from innerview.session.models import take_model
from innerview.session.query import Query
from innerview.session.registry import RunRegistry
from innerview.session.session import OpenedModel, Session, SurveyedData
from innerview.typing import ModelLike

OFFERED: Final = 16
"""Images of a data set that are offered if none is picked."""


def furnish(
    model: ModelLike = "allcnn",
    runs: Sequence[Path] = (),
    images: Sequence[str] = (),
    *,
    data: Path | None = None,
    picks: Sequence[str] = (),
    remote: bool = False,
    named: str = "",
    survey: Callable[[Mapping[str, OpenedModel]], SurveyedData] | None = None,
) -> tuple[Session, Callable[[], Sequence[Mapping[str, Any]]]]:
    """Open a session.

    Args:
        model: a model (`innerview.typing.ModelLike`), or the name of one: then the built-in ones come along, to be
            compared.
        runs: folders of trainings, or folders that hold such folders; those of the built-in models come with them.
        images: files or names of samples to offer first.
        data: data set to offer images from, and to test the models of trainings on.
        picks: which of them; a few if none is named.
        remote: images come from another computer.
        named: the model as it stands on a command line.
        survey: opens a survey of one of the models, given by their fingerprints; then `data` is what was surveyed, and
            none of its images is offered unless it was picked.

    Returns:
        The session, and what looks at the run folders and tells which have changed.

    Raises:
        UsageError, ImageError, DataError: something that was named can't be used.
    """
    others = [name for name in NAMES if name != model] if isinstance(model, str) else []
    opened = [opened_model(model, named), *map(opened_model, others)]
    owners = {folder: one.fingerprint for one in opened for folder in built_in_runs(one.name)}
    for folder in runs:
        if is_file(folder / "manifest.json"):
            RunFolder.open(folder)  # what can't be read of a run that was named is said before anything is served
    surveyed = survey({one.fingerprint: one for one in opened}) if survey else None
    folder = data if data is None or survey is None or data.is_dir() else None  # a list is no data set for trainings
    registry = RunRegistry([*runs, *owners], owners, folder, still=owners)
    session = Session(opened, registry, surveyed, remote=remote)
    for name in images:
        session.add(find_image(name), "data")
    for image in _offered(data, picks) if data is not None and (picks or survey is None) else ():
        session.add(image, "data")
    for name in example_names():
        session.add(example_image(name), "sample")
    return session, registry.changes


def session_about(image: Source, query: Query, model: ModelLike) -> tuple[Session, Image, Query]:
    """Open a session of one model and one image, and make the query be about them.

    Args:
        image: a file, the name of an example, a PIL image or an array.
        query: its `crop` is the image's.
        model: a model, or the name of one.

    Returns:
        The session, the image as the model sees it, and the query.

    Raises:
        UsageError, ImageError, ModelError: the image or the model can't be used.
    """
    opened = OpenedModel(model if isinstance(model, str) else called(model), take_model(model))
    (item,) = gather(opened.model, [image], replace(query, data=None, select=()))  # of the data set comes a fill alone
    session = Session([opened])
    return session, item, session.about(item, query)


def _offered(data: Path, picks: Sequence[str]) -> Iterator[Image]:
    """Read those that were picked, or a few test images of a data set that comes as arrays, or of class folders."""
    if picks or not cifar10.holds_arrays(data):
        folders = open_folders(data)
        entries = [folders.pick(one) for one in picks] if picks else folders.shuffled(OFFERED)
        yield from (entry.read() for entry in entries)
        return
    found = cifar10.load(data)
    numbers: list[int] = np.random.default_rng(0).permutation(len(found.test.labels))[:OFFERED].tolist()
    for number in numbers:
        name = found.classes[int(found.test.labels[number])]
        pixels = found.test.images[number].astype(np.float32) / np.float32(255)
        yield Image(f"{name}, no. {number}", pixels, label=name)


def opened_model(model: ModelLike, named: str = "") -> OpenedModel:
    """Open a model by name, with its weights before training where they were kept; or take one that is open.

    Args:
        model: the model, or its name.
        named: as it stands on a command line (see `OpenedModel`).

    Raises:
        UsageError, ModelError: as of `take_model`.
    """
    if isinstance(model, OpenedModel):
        return model
    name = model if isinstance(model, str) else called(model)
    before = {"before": load_pretrained(name, "initial").weights()} if model in NAMES and has_initial(name) else {}
    return OpenedModel(name, take_model(model), before, named)


def called(model: object) -> str:
    """What people call a model, wrapped or not: its own name, as Keras models have one, or its class."""
    own: object = getattr(model, "model", model)
    name: object = getattr(own, "name", "")
    return name if isinstance(name, str) and name else type(own).__name__


def query_and_model(query: object, model: object) -> tuple[Query, ModelLike]:
    """Tell the two apart by what they are, so that `explain("photo.jpg", model)` means what it says.

    Args:
        query: a query or None; or the model, which then stands there alone.
        model: a model or None; or a query, behind the model.

    Raises:
        UsageError: two models, or two queries, were given.
    """
    given = [one for one in (query, model) if one is not None]
    queries = [one for one in given if isinstance(one, Query)]
    models = [one for one in given if not isinstance(one, Query)]
    if len(queries) > 1 or len(models) > 1:
        what = "queries" if queries else "models"
        raise UsageError(
            f"two {what} were given, {brief(query)} and {brief(model)}; give a query and a model, or one"
        ).of(what, asked=2)
    return (queries or [Query()])[0], (models or [NAMES[0]])[0]


def built_in_runs(name: str) -> list[Path]:
    """The training of a built-in model, where it was kept."""
    if name not in NAMES:
        return []
    folder = run_folder(name)
    return [folder] if is_file(folder / "manifest.json") else []
