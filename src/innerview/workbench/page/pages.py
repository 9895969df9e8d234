"""The viewer as one file, put together: images, model, weights, training. Nothing is read or written here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from innerview.data.baselines import parse_baseline
from innerview.errors import UsageError
from innerview.export.web import MAX_SIZE
from innerview.methods.registry import USUAL
from innerview.model import Model, has_gradients
from innerview.results import Prediction
from innerview.session.answers import OpenedModel
from innerview.session.compute.explanation import FORWARD, Look
from innerview.session.methods import choose_methods
from innerview.session.opening import built_in_runs
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.session.registry import RunRegistry
from innerview.types import Array
from innerview.viewer.hello import describe_model, describe_photo, hello
from innerview.viewer.one_file import Packed, pack, write_page
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo, subject_payload
from innerview.viewer.payloads.weights import weights_payload
from innerview.workbench.network import BASELINES, network_and_words, packed_pixels
from innerview.workbench.page.one_page import Sizes, payloads_of
from innerview.workbench.page.survey_part import SurveyPart


@dataclass(frozen=True, eq=False)
class PageContext:
    """What a page holds beside its images: the model, its weights, its training.

    Attributes:
        model: opened.
        weights: of the model.
        facts: the model for the page's first message.
        runs: its trainings, likewise.
        payloads: weights and trainings.
        registry: that knows its trainings.
        network: the model as the page's own engine runs it; None where it is left out or can't be put in.
        inside: what the page says of that.
    """

    model: Model
    weights: Mapping[str, Array]
    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]
    payloads: tuple[Packed, ...]
    registry: RunRegistry
    network: Mapping[str, Any] | None = None
    inside: str = ""


def page_context(
    opened: OpenedModel,
    methods: Sequence[str] = (),
    kept: str = "",
    *,
    network: bool = False,
    max_size: float = MAX_SIZE,
) -> PageContext:
    """Gather what a page holds beside its images.

    Args:
        opened: the model.
        methods: of the maps beside the usual one, as they were asked for.
        kept: what a comparison has decided of them, in words (`with_kept`); empty if none has.
        network: put the model itself into it, where the page's engine runs it.
        max_size: MB of its weights in 16 bits at most.
    """
    model, name, fingerprint, histograms = opened.model, opened.name, opened.fingerprint, opened.histograms
    payloads = [pack(weights_payload(histograms, Stamp(fingerprint)))] if histograms.layers else []
    folders = built_in_runs(name)
    registry = RunRegistry(folders, dict.fromkeys(folders, fingerprint), still=folders)
    facts = registry.facts()
    for run in facts:
        for kind in ("run", "weights"):
            shown = registry.answer(Query(kind=kind, model=fingerprint, run=run["id"]), None, NullListener())
            payloads.append(pack(shown, network=None if kind == "run" else fingerprint, run=run["id"]))
        with contextlib.suppress(UsageError):  # nothing was kept
            payloads.append(
                pack(
                    registry.answer(Query(kind="tested", run=run["id"]), None, NullListener()),
                    model=None,
                    run=run["id"],
                )
            )
        timeline = registry.answer(Query(kind="timeline", model=fingerprint, run=run["id"]), None, NullListener())
        payloads.append(pack(timeline, image=None, run=run["id"]))  # stands in for images that nobody followed
    shown = list(dict.fromkeys([USUAL if has_gradients(model) else FORWARD, *choose_methods(methods, model)]))
    described = describe_model(model, name, shown, {"words": kept} if kept else None)
    held, inside = network_and_words(opened, max_size) if network else (None, "")
    return PageContext(
        model, model.weights(), described, tuple(facts), tuple(payloads), registry, network=held, inside=inside
    )


def page_for(looks: Iterable[Look], scene: PageContext, sizes: Sizes, title: str) -> str:
    """Write what was worked out of some images as one page; arguments as below.

    Raises:
        OutputError: the viewer was not built.
    """
    photos: list[Photo] = []
    listed, payloads, baselines = gather_payloads(looks, scene, sizes, photos)
    first = hello([scene.facts], listed, runs=scene.runs, baselines=baselines)
    if scene.inside:
        first["inside"] = scene.inside
    if scene.network is None:
        return write_page(title, first, payloads)
    images = {photo.image_hash: packed_pixels(photo.image) for photo in photos}
    return write_page(title, first, payloads, {**scene.network, "images": images})


def live_page(
    seen: Sequence[tuple[Photo, Prediction]], scene: PageContext, title: str, survey: SurveyPart | None = None
) -> str:
    """Write images, with what is predicted of each, as a page whose network works everything else out.

    Args:
        seen: the images, with their predictions.
        scene: the model and what belongs to it.
        title: of the page.
        survey: a whole data set, with which the page opens then.

    Raises:
        OutputError: the viewer was not built.
    """
    photos = [photo for photo, _ in seen]
    payloads = [pack(subject_payload(photo, predicted, scene.model.fingerprint)) for photo, predicted in seen]
    first = hello([scene.facts], [describe_photo(*one) for one in seen], runs=scene.runs, baselines=BASELINES)
    images: dict[str, object] = {photo.image_hash: packed_pixels(photo.image) for photo in photos}
    first["inside"] = scene.inside
    if survey is not None:
        first |= {"survey": survey.facts, "start": "#/dataset"}
        payloads += survey.payloads
        images |= survey.images
    network = None if scene.network is None else {**scene.network, "images": images}
    return write_page(title, first, [*payloads, *scene.payloads], network, survey=survey is not None)


def gather_payloads(
    looks: Iterable[Look], scene: PageContext, sizes: Sizes, kept: list[Photo] | None = None
) -> tuple[list[dict[str, Any]], list[Packed], list[str]]:
    """Pack what was worked out of some images.

    Args:
        looks: equal images are taken once.
        scene: the model and what belongs to it.
        sizes: how much of each layer.
        kept: the images are added to it.

    Returns:
        The images for the page's first message, the payloads, and the names of the baselines.
    """
    photos: dict[str, Photo] = {}
    told: list[dict[str, Any]] = []
    payloads: list[Packed] = []
    baselines: list[str] = []
    for look in looks:
        photo = Photo.of(look.item, "data")
        if photo.image_hash not in photos:
            photos[photo.image_hash] = photo
            told.append(describe_photo(photo, look.prediction))
            if kept is not None:
                kept.append(photo)
            baseline = " and ".join(map(_shown, look.query.baselines))
            baselines = [baseline]
            payloads += payloads_of(scene.model, look, photo, baseline, sizes, scene.weights) + _timelines(scene, photo)
    return told, [*payloads, *scene.payloads], baselines


def _shown(baseline: str) -> str:
    """Name a baseline that is a file by its name alone: where it lay is nobody's business."""
    return Path(baseline).name if parse_baseline(baseline).kind == "file" else baseline


def _timelines(scene: PageContext, photo: Photo) -> list[Packed]:
    """The image's way through the model's training, where somebody followed it."""
    if not scene.runs:
        return []
    timelines: list[Packed] = []
    for run in scene.runs:
        timeline = scene.registry.answer(
            Query(kind="timeline", model=scene.model.fingerprint, run=run["id"]), photo, NullListener()
        )
        if timeline.metadata["image"] == photo.image_hash:
            timelines.append(pack(timeline, run=run["id"]))
    return timelines
