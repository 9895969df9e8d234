"""Whoever answers the viewer's questions: networks, pictures and runs, and what was worked out of them already.

A server and a notebook's kernel both ask one. Queries are answered one at a time by whoever calls; only
looking up what is known is safe from other threads. Results are kept by what was asked, so nothing is worked out twice
while there is room.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Protocol, cast, final, runtime_checkable

from innerview.data.baselines import Baseline, make_baseline
from innerview.data.fitting import fit
from innerview.data.reading import Picture
from innerview.errors import InnerviewError, UsageError
from innerview.layers import by_name
from innerview.methods import BUDGET, RECIPE_ALPHAS, activations, interior_gradients, predict
from innerview.methods.registry import USUAL, map_methods
from innerview.network import Differentiable, Network, require_differentiable
from innerview.results import Explained, IntegratedGradients, Prediction
from innerview.session.cache import Cache
from innerview.session.compute.integrated import (
    Asked,
    Integrated,
    Listener,
    explain,
    integrate,
    layers_shown,
    with_interior,
)
from innerview.session.compute.masking import answer_to_mask, keep_by_orders, read_mask
from innerview.session.compute.path import is_large, path_of
from innerview.session.compute.weights import count_weights
from innerview.session.query import Query
from innerview.session.request import Request
from innerview.targets import find_class, usual_kind
from innerview.types import Array
from innerview.viewer.hello import describe_network, describe_photo, hello
from innerview.viewer.payload import Payload, encode
from innerview.viewer.payloads.keep import keep_payload, kept_payload
from innerview.viewer.payloads.layers import Shown, layers_payload
from innerview.viewer.payloads.map import Question, map_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo, subject_payload
from innerview.viewer.payloads.weights import weights_payload

RESULTS: Final = 256 * 2**20
"""Bytes of results and of answers that are kept, each."""

PICTURES: Final = 64
"""Images that are kept beside those that the session was opened with."""

OVERHEAD: Final = 2048
"""Bytes that the key of an answer takes, about."""

RANDOM_SEED: Final = 0

OPAQUE: Final = "it was given as a function: give the model itself (a PyTorch module, say) to look into it"
"""What to do about a network of which nothing inside is known."""


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A network of the session: its name, and weights before training where they are known."""

    name: str
    network: Network
    before: Mapping[str, Mapping[str, Array]] = field(default_factory=dict[str, Mapping[str, Array]])

    @cached_property
    def identity(self) -> str:
        """Of the network; asked once, since a function is run to find it out."""
        return self.network.identity


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
        self, query: Query, photo: Photo | None, listener: Listener, keep: Callable[[Picture], str] = ...
    ) -> Payload:
        """Show one (and a picture in it), and keep its mistakes; raise UsageError if there is none of this name."""
        ...

    def version(self, query: Query) -> str:
        """What changes when the answer does."""
        ...


@final
class Session:
    """Answers questions.

    Args:
        networks: at least one; their identities differ.
        runs: trainings; None for none.
        remote: pictures come from another computer.
    """

    def __init__(self, networks: Sequence[OpenedModel], runs: Runs | None = None, *, remote: bool = False) -> None:
        if not networks:
            raise UsageError("no network was given; name at least one")
        self.networks = {one.identity: one for one in networks}
        self.runs = runs
        self.remote = remote
        self._listed: list[str] = []
        self._kept: dict[tuple[str, str], Photo] = {}
        self._guests: Cache[Mapping[str, Photo]] = Cache(PICTURES)
        self._mistakes: Cache[Mapping[str, Photo]] = Cache(PICTURES)
        self._results: Cache[Any] = Cache(RESULTS)
        self._answers: Cache[Answer] = Cache(RESULTS)

    def hello(self) -> dict[str, Any]:
        """What there is."""
        first = next(iter(self.networks))
        described = [
            describe_network(one.network, one.name, map_methods(one.network)) for one in self.networks.values()
        ]
        listed = [describe_photo(self._kept[picture, first]) for picture in self._listed]
        return hello(described, listed, runs=self.runs.facts() if self.runs else (), remote=self.remote)

    def add(self, picture: Picture, source: str) -> Photo:
        """Take a picture for all networks: a sample or one of a data set stays, an upload stays while there is room."""
        photos = self._fitted(picture, source)
        first = next(iter(photos.values()))
        if source == "upload":
            self._guests.put(first.picture, photos, 1)
        elif first.picture not in self._listed:
            self._listed.append(first.picture)
            self._kept |= {(first.picture, identity): photo for identity, photo in photos.items()}
        return first

    def _fitted(self, picture: Picture, source: str) -> dict[str, Photo]:
        return {
            identity: Photo.of(fit(picture, one.network.input), picture.name, _truth(picture, one), source)
            for identity, one in self.networks.items()
        }

    def _keep(self, mistake: Picture) -> str:
        """Keep the picture of a mistake while there is room, so that it can be looked into."""
        photos = self._fitted(mistake, "data")
        first = next(iter(photos.values()))
        self._mistakes.put(first.picture, photos, 1)
        return first.picture

    def known(self, query: Query) -> Answer | None:
        """The answer to a question that was answered before; safe from any thread."""
        return self._answers.get(self._key(query))

    def answer(self, query: Query, listener: Listener) -> Answer:
        """Answer a question.

        Raises:
            InnerviewError: it has no answer; says why.
        """
        known = self.known(query)
        if known is not None:
            return known
        key = self._key(query)
        payload = ANSWERS[query.kind](self, query, listener)
        missed = payload.kind == "map" and payload.metadata["status"] in {"not-met", "no-gradient"}
        answer = Answer("not-met" if missed else "done", encode(payload))
        self._answers.put(key, answer, len(answer.blob) + OVERHEAD)
        return answer

    def _key(self, query: Query) -> tuple[Query, str]:
        return query, self.runs.version(query) if self.runs and query.run else ""

    def _opened(self, query: Query) -> OpenedModel:
        if query.network and query.network not in self.networks:
            raise UsageError(f"there is no network {query.network[:40]!r} here (any more); reload the page")
        return self.networks.get(query.network) or next(iter(self.networks.values()))

    def _differentiable(self, query: Query) -> Differentiable:
        network = self._opened(query).network
        require_differentiable(network)
        return cast("Differentiable", network)

    def _photo(self, query: Query) -> Photo:
        identity = self._opened(query).identity
        guest = self._guests.get(query.picture) or self._mistakes.get(query.picture) or {}
        found = self._kept.get((query.picture, identity)) or guest.get(identity)
        if found is None:
            raise UsageError(
                f"the picture {query.picture[:40]!r} is not held here (any more); the last {PICTURES} uploads are: "
                "upload it again"
            )
        return found

    def _result(self, key: object, make: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        found = self._results.get(("result", key))
        if found is None:
            found = make()
            self._results.put(("result", key), found, size(found))
        return found

    def _prediction(self, query: Query) -> Prediction:
        photo, opened = self._photo(query), self._opened(query)
        return self._result(
            ("prediction", opened.identity, photo.picture),
            lambda: predict(opened.network, photo.image[None])[0],
            lambda found: found.logits.nbytes + found.probabilities.nbytes + 1024,
        )

    def _asked(self, query: Query) -> Asked:
        kind = "" if query.target_kind == "margin" else query.target_kind
        return Asked(query.target, query.versus, kind or usual_kind(self._opened(query).network.output))

    def _baseline(self, query: Query, name: str) -> Baseline:
        return make_baseline(name, self._opened(query).network.input, self._photo(query).image)

    def _integrated(self, query: Query, listener: Listener) -> Integrated:
        """Integrated gradients, from memory or worked out; levels go to the listener only where a map was asked for."""
        network, photo = self._differentiable(query), self._photo(query)
        target = self._asked(query).resolve(network, self._prediction(query).logits)

        def level(results: tuple[IntegratedGradients, ...]) -> None:
            if query.kind == "map":
                listener.level(map_payload(results[0], self._question(query), self._stamp(query), final=False))

        def work() -> Integrated:
            return integrate(
                network,
                photo.image,
                [target],
                [self._baseline(query, query.baseline)],
                Request(tolerance=query.tolerance, budget=BUDGET * 4**query.more),
                listener,
                level=level,
                whole=not is_large(photo.image),
            )

        key = ("integrated", replace(query, kind="map", network=network.identity, fill="", mask="", cells=(), layer=""))
        return self._result(key, work, lambda found: found.size)

    def _stamp(self, query: Query) -> Stamp:
        return Stamp(self._opened(query).identity, self._photo(query).picture)

    def _question(self, query: Query) -> Question:
        asked = self._asked(query)
        return Question(query.method, "margin" if asked.versus is not None else asked.kind, asked.target, asked.versus)

    def subject(self, query: Query, _: Listener) -> Payload:
        """The picture and what is said of it."""
        return subject_payload(self._photo(query), self._prediction(query), self._opened(query).identity)

    def map(self, query: Query, listener: Listener) -> Payload:
        """One map, by any method."""
        return map_payload(self._map(query, listener), self._question(query), self._stamp(query))

    def _map(self, query: Query, listener: Listener) -> Explained:
        if query.method == USUAL:
            return self._integrated(query, listener).results[0]
        network, photo = self._opened(query).network, self._photo(query)
        target = self._asked(query).resolve(network, self._prediction(query).logits)
        return explain(network, photo.image, target, self._baseline(query, query.baseline), query.method, listener)

    def path(self, query: Query, listener: Listener) -> Payload:
        """The way from the baseline, as the integral and the recipe's ten places saw it."""
        network, found = self._differentiable(query), self._integrated(replace(query, method=USUAL), listener)
        stamp, versus = self._stamp(query), query.versus
        if not is_large(found.baseline.image):  # else gradients are kept only where they are asked for below
            listener.level(path_payload(path_of(network, found), stamp, versus=versus))
        inside = interior_gradients(
            network,
            self._photo(query).image,
            found.targets[0],
            baseline=found.baseline.image,
            alphas=RECIPE_ALPHAS,
            progress=listener.progress,
        )
        return path_payload(path_of(network, with_interior(found, inside)), stamp, versus=versus)

    def keep(self, query: Query, listener: Listener) -> Payload:
        """What is said of shares of the pixels, ranked by the map that was asked for."""
        network, photo = self._opened(query).network, self._photo(query)
        found = self._map(query, listener)
        fill = self._baseline(query, query.fill or query.baseline)
        target = self._asked(query).resolve(network, self._prediction(query).logits).index
        keeps = keep_by_orders(
            network, photo.image, found.map, fill=fill.image, target=target, listener=listener, seed=RANDOM_SEED
        )
        return keep_payload(keeps, self._stamp(query), fill=fill.words, seed=RANDOM_SEED, versus=query.versus)

    def kept(self, query: Query, _: Listener) -> Payload:
        """What is said of the pixels of a mask."""
        network, photo = self._opened(query).network, self._photo(query)
        fill = self._baseline(query, query.fill or query.baseline)
        mask = read_mask(query.mask, query.cells, *photo.image.shape[:2])
        prediction = answer_to_mask(network, photo.image, fill.image, mask)
        return kept_payload(
            prediction, self._stamp(query), pixels=int(mask.sum()), share=float(mask.mean()), fill=fill.words
        )

    def layers(self, query: Query, _: Listener) -> Payload:
        """What all layers give, in part; or one, whole."""
        network, photo = self._opened(query).network, self._photo(query)
        if not network.layers:
            raise UsageError(f"the layers are not known of {self._opened(query).name}; {OPAQUE}")
        names = [query.layer] if query.layer else layers_shown(network)
        shown = Shown(channels=2**16) if query.layer else Shown()
        return layers_payload(
            activations(network, photo.image, [by_name(name) for name in names]),
            network.layers,
            network.weights(),
            self._stamp(query),
            shown,
            complete=bool(query.layer),
        )

    def weights(self, query: Query, listener: Listener) -> Payload:
        """Histograms of a run's weights through time, or of a network's before and after training."""
        if query.run:
            return self._run(query, listener)
        opened = self._opened(query)
        if not opened.network.weights():
            raise UsageError(f"the weights are not known of {opened.name}; {OPAQUE}")
        snapshots = {**opened.before, "after" if opened.before else "now": opened.network.weights()}
        return weights_payload(count_weights(snapshots), Stamp(opened.identity))

    def _run(self, query: Query, listener: Listener) -> Payload:
        if self.runs is None:
            raise UsageError("no training is shown here; start with its folder: innerview serve RUN")
        return self.runs.answer(query, self._photo(query) if query.picture else None, listener, self._keep)

    def training(self, query: Query, listener: Listener) -> Payload:
        """A training, what its network answers, or a picture's way through it."""
        return self._run(query, listener)


ANSWERS: Final[Mapping[str, Callable[[Session, Query, Listener], Payload]]] = MappingProxyType(
    {
        "subject": Session.subject,
        "map": Session.map,
        "path": Session.path,
        "keep": Session.keep,
        "kept": Session.kept,
        "layers": Session.layers,
        "weights": Session.weights,
        "run": Session.training,
        "tested": Session.training,
        "film": Session.training,
    }
)
"""By the kind that is asked for."""


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


def _truth(picture: Picture, opened: OpenedModel) -> int | None:
    try:
        return None if picture.truth is None else find_class(picture.truth, opened.network.output.answers)
    except UsageError:
        return None
