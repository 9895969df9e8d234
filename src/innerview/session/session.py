"""Whoever answers questions: models, images and runs, and what was worked out of them already.

A server, a notebook's kernel, and whatever writes folders and pages ask one. Queries are answered one at a time by
whoever calls; only looking up what is known is safe from other threads. Results are kept by what was asked, so nothing
is worked out twice while there is room.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar, cast, final, runtime_checkable

from innerview.data.baselines import Baseline, make_baselines
from innerview.data.fitting import preprocess
from innerview.data.folders import open_folders
from innerview.data.image import Image
from innerview.errors import InnerviewError, UsageError
from innerview.fills import DATA, fill_name
from innerview.methods.registry import map_methods
from innerview.model import DifferentiableModel, Model, require_differentiable
from innerview.session.answers import ANSWERS, OpenedModel
from innerview.session.cache import Cache
from innerview.session.compute.computation import Computation
from innerview.session.images import class_number, draw_others
from innerview.session.kept import kept_facts
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.session.tries import Tries
from innerview.types import Image as Pixels
from innerview.viewer.hello import describe_model, describe_photo, hello
from innerview.viewer.payload import Payload, encode
from innerview.viewer.payloads.map import MISSED
from innerview.viewer.payloads.subject import Photo

RESULTS: Final = 256 * 2**20
"""Bytes of results and of answers that are kept, each."""

IMAGES: Final = 64
"""Images that are kept beside those that the session was opened with."""

OVERHEAD: Final = 2048
"""Bytes that the key of an answer takes, about."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Answer:
    """A payload as bytes, and how it ended: "done" or "not-met"."""

    state: str
    blob: bytes


@runtime_checkable
class Runs(Protocol):
    """Trainings that can be shown."""

    def facts(self) -> list[dict[str, Any]]:
        """Identity, name and state of each."""
        ...

    def answer(
        self, query: Query, photo: Photo | None, listener: Listener, keep: Callable[[Image], str] = ...
    ) -> Payload:
        """Show one (and an image in it), and keep its mistakes; raise UsageError if there is none of this name."""
        ...

    def version(self, query: Query) -> str:
        """What changes when the answer does."""
        ...


@runtime_checkable
class SurveyedData(Protocol):
    """A data set whose images were surveyed."""

    def facts(self) -> dict[str, Any]:
        """Its name, how many rows there are, of which model, and whether its images can be had."""
        ...

    def answer(self, query: Query, listener: Listener) -> Payload:
        """Show its rows, where they lie on a map, or small images of some."""
        ...

    def image(self, index: int) -> Image:
        """An image as it was found, by its number; UsageError if there is none, ImageError if it can't be read."""
        ...

    def fit(self, image: Image, model: Model) -> Image:
        """An image as a model sees it, cropped as it was surveyed."""
        ...


OF_DATA: Final = re.compile(r"data-(\d{1,10})")
"""What an image of the surveyed data set is called: by its number there, so that a link names it for good."""


@final
class Session:
    """Answers questions.

    Args:
        models: at least one; their identities differ.
        runs: trainings; None for none.
        survey: a data set that was surveyed; None for none.
        remote: images come from another computer.
    """

    def __init__(
        self,
        models: Sequence[OpenedModel],
        runs: Runs | None = None,
        survey: SurveyedData | None = None,
        *,
        remote: bool = False,
    ) -> None:
        if not models:
            raise UsageError("no model was given; name at least one").of("models", found=0)
        self.models = {one.fingerprint: one for one in models}
        self.runs = runs
        self.survey = survey
        self.remote = remote
        self.tries = Tries()
        self._listed: list[str] = []
        self._kept: dict[tuple[str, str], Photo] = {}
        self._guests: Cache[Mapping[str, Photo]] = Cache(IMAGES)
        self._drawn: dict[tuple[Path | None, int, str], Sequence[tuple[str, Pixels]]] = {}
        self._mistakes: Cache[Mapping[str, Photo]] = Cache(IMAGES)
        self._results: Cache[Any] = Cache(RESULTS)
        self._answers: Cache[Answer] = Cache(RESULTS)

    def hello(self) -> dict[str, Any]:
        """What there is."""
        first = next(iter(self.models))
        described = [
            describe_model(one.model, one.name, map_methods(one.model), kept_facts(one)) for one in self.models.values()
        ]
        listed = [describe_photo(self._kept[image, first]) for image in self._listed]
        survey = self.survey.facts() if self.survey else None
        runs = self.runs.facts() if self.runs else ()
        return hello(described, listed, runs=runs, survey=survey, remote=self.remote)

    def add(self, image: Image, source: str) -> Photo:
        """Take an image for all models: a sample or one of a data set stays, an upload stays while there is room."""
        photos = self._fitted(image, source)
        first = next(iter(photos.values()))
        if source == "upload":
            self._guests.put(first.image_hash, photos, 1)
        elif first.image_hash not in self._listed:
            self._listed.append(first.image_hash)
            self._kept |= {(first.image_hash, fingerprint): photo for fingerprint, photo in photos.items()}
        return first

    def about(self, item: Image, query: Query) -> Query:
        """Take an image that was fitted to the (first) model, while there is room; the query is about it then."""
        photo, fingerprint = Photo.of(item, "data"), next(iter(self.models))
        # The same original may come twice, with another crop or label; its hash is of 255ths, which floats may share.
        seen = hashlib.sha256(photo.image.tobytes()).hexdigest()
        name = f"{photo.image_hash} {photo.box} {photo.label} {seen}"
        self._guests.put(name, {fingerprint: photo}, 1)
        return replace(query, model=fingerprint, image=name)

    def _fitted(self, image: Image, source: str) -> dict[str, Photo]:
        fitted: dict[str, Photo] = {}
        for fingerprint, one in self.models.items():
            known = replace(image, class_number=class_number(image, one.model))
            fitted[fingerprint] = Photo.of(preprocess(known, one.model.input), source)
        return fitted

    def _keep(self, mistake: Image) -> str:
        """Keep the image of a mistake while there is room, so that it can be looked into."""
        photos = self._fitted(mistake, "data")
        first = next(iter(photos.values()))
        self._mistakes.put(first.image_hash, photos, 1)
        return first.image_hash

    def _of_data(self, name: str) -> Mapping[str, Photo]:
        """An image of the surveyed data set, read when it is first asked about, kept while there is room."""
        found = OF_DATA.fullmatch(name)
        if found is None or self.survey is None:
            return {}
        image, photos = self.survey.image(int(found[1])), dict[str, Photo]()
        for fingerprint, one in self.models.items():
            known = replace(image, class_number=class_number(image, one.model))
            photos[fingerprint] = Photo.of(self.survey.fit(known, one.model), "data")
        self._mistakes.put(name, photos, 1)
        return photos

    def known(self, query: Query) -> Answer | None:
        """The answer to a question that was answered before; safe from any thread."""
        return self._answers.get(self._key(query))

    def answer(self, query: Query, listener: Listener) -> Answer:
        """Answer a query of the viewer.

        Raises:
            InnerviewError: it has no answer; says why.
        """
        known = self.known(query)
        if known is not None:
            return known
        key = self._key(query)
        payload = ANSWERS[query.kind](self, query, listener)
        missed = payload.kind == "map" and payload.metadata["status"] in MISSED
        answer = Answer("not-met" if missed else "done", encode(payload))
        self._answers.put(key, answer, len(answer.blob) + OVERHEAD)
        return answer

    def _key(self, query: Query) -> tuple[Query, str]:
        """With what changes while a query stays the same: a run that goes on, tries that were made since."""
        if query.kind == "effects":
            return query, str(len(self.tries.others(query)))
        return query, self.runs.version(query) if self.runs and query.run else ""

    def result(self, computation: Computation[T], query: Query, listener: Listener) -> T:
        """A result, from the cache or worked out.

        Raises:
            InnerviewError: as the computation.
        """
        key = computation.key(query)
        found = self._results.get(key)
        if found is None:
            found = computation.work(self, computation.seen(query), listener)
            self._results.put(key, found, computation.size(found))
        return found

    def keep(self, computation: Computation[T], query: Query, found: T) -> None:
        """Keep a result that came along with another one."""
        self._results.put(computation.key(query), found, computation.size(found))

    def opened(self, query: Query) -> OpenedModel:
        """The model that is asked; the first one where none is named."""
        if query.model and query.model not in self.models:
            raise UsageError(f"there is no model {query.model[:40]!r} here (any more); reload the page").of(
                "model", asked=query.model
            )
        return self.models.get(query.model) or next(iter(self.models.values()))

    def model(self, query: Query) -> Model:
        """The same, for computations."""
        return self.opened(query).model

    def differentiable(self, query: Query) -> DifferentiableModel:
        """The same; raises UsageError if it has no gradients."""
        model = self.model(query)
        require_differentiable(model)
        return cast("DifferentiableModel", model)

    def photo(self, query: Query) -> Photo:
        """The image that is asked about, as the model sees it."""
        fingerprint = self.opened(query).fingerprint
        guest = self._guests.get(query.image) or self._mistakes.get(query.image) or self._of_data(query.image)
        found = self._kept.get((query.image, fingerprint)) or guest.get(fingerprint)
        if found is None:
            raise UsageError(
                f"the image {query.image[:40]!r} is not held here (any more); the last {IMAGES} uploads are: "
                "upload it again"
            ).of("image", asked=query.image, limit=IMAGES)
        return found

    def baselines(self, query: Query) -> tuple[Baseline, ...]:
        """Made for that image."""
        return make_baselines(query.baselines, self.model(query).input, self.photo(query).image)

    def drawn(self, query: Query) -> Sequence[tuple[str, Pixels]]:
        """Images of the data set, for the fill "data"."""
        if query.data is None:
            fill_name(DATA)
        about = (query.data, query.seed, self.opened(query).fingerprint)
        if about not in self._drawn and query.data is not None:
            self._drawn[about] = draw_others(open_folders(query.data), self.model(query).input, query.seed)
        return self._drawn[about]

    def training(self, query: Query, listener: Listener) -> Payload:
        """A training, what its model answers, or an image's way through it."""
        if self.runs is None:
            raise UsageError("no training is shown here; start with its folder: innerview serve RUN").of(
                "runs", found=0
            )
        return self.runs.answer(query, self.photo(query) if query.image else None, listener, self._keep)

    def surveyed(self, query: Query, listener: Listener) -> Payload:
        """A data set that was surveyed, shown."""
        if self.survey is None:
            raise UsageError(
                "no surveyed data set is shown here; start with one: innerview serve --survey ROWS --data DATA"
            ).of("survey", found=None)
        return self.survey.answer(query, listener)


def message_of(problem: BaseException) -> str:
    """What to tell whoever asked; what nobody foresaw is logged in full and named."""
    if isinstance(problem, InnerviewError):
        return str(problem)
    logging.getLogger("innerview").error("a question could not be answered", exc_info=problem)
    try:
        said = f": {problem}"
    except Exception:  # noqa: BLE001 an error of a model's own, which fails at saying what it is
        said = ""
    return f"unexpected {type(problem).__name__}{said}. This is a mistake in innerview or in the model"
