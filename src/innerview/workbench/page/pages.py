"""The viewer as one file, put together: pictures, network, weights, training. Nothing is read or written here."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from innerview.data.baselines import parse_baseline
from innerview.errors import UsageError
from innerview.methods.registry import USUAL
from innerview.network import Network, has_gradients
from innerview.results import WeightHistograms
from innerview.targets import find_class
from innerview.types import Array
from innerview.viewer.hello import describe_network, describe_photo, hello
from innerview.viewer.one_file import Packed, pack, write_page
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import Photo
from innerview.viewer.payloads.weights import weights_payload
from innerview.workbench.explore.explore import Asked, Nobody
from innerview.workbench.explore.keep import SHARES
from innerview.workbench.items import Item
from innerview.workbench.live.serving import built_in_runs
from innerview.workbench.live.shelf import Shelf
from innerview.workbench.live.wish import Wish
from innerview.workbench.page.one_page import OCCLUSION, Explaining, Extent, payloads_of
from innerview.workbench.portions import ALONE, Portion
from innerview.workbench.request import Request

BRIEF: Final = Extent(stops=31, shares=SHARES[::2], randoms=3)
"""For the page that a look writes beside its own: what it adds to two seconds must stay under two."""


@dataclass(frozen=True, eq=False)
class Backdrop:
    """What a page holds beside its pictures: the network, its weights, its training.

    Attributes:
        network: opened.
        weights: of the network.
        facts: the network for the page's first message.
        runs: its trainings, likewise.
        payloads: weights and trainings.
    """

    network: Network
    weights: Mapping[str, Array]
    facts: dict[str, Any]
    runs: tuple[dict[str, Any], ...]
    payloads: tuple[Packed, ...]


def backdrop(network: Network, name: str, histograms: WeightHistograms) -> Backdrop:
    """Gather what a page holds beside its pictures."""
    identity = network.identity
    payloads = [pack(weights_payload(histograms, Stamp(identity)))] if histograms.layers else []
    folders = built_in_runs(name)
    shelf = Shelf(folders, dict.fromkeys(folders, identity))
    facts = shelf.facts()
    for run in facts:
        for kind in ("run", "weights"):
            shown = shelf.answer(Wish(kind, network=identity, run=run["id"]), None, Nobody())
            payloads.append(pack(shown, network=None if kind == "run" else identity, run=run["id"]))
        with contextlib.suppress(UsageError):  # nothing was kept
            payloads.append(
                pack(shelf.answer(Wish("tested", run=run["id"]), None, Nobody()), network=None, run=run["id"])
            )
        film = shelf.answer(Wish("film", network=identity, run=run["id"]), None, Nobody())
        payloads.append(pack(film, picture=None, run=run["id"]))  # stands in for pictures that nobody followed
    described = describe_network(network, name, [USUAL if has_gradients(network) else OCCLUSION])
    return Backdrop(network, network.weights(), described, tuple(facts), tuple(payloads))


def page_for(
    items: Sequence[Item], scene: Backdrop, request: Request, extent: Extent, portions: Sequence[Portion], title: str
) -> str:
    """Work out everything about some pictures and write it as one page; arguments as below.

    Raises:
        OutputError: the viewer was not built.
    """
    listed, payloads, baselines = gather_payloads(items, scene, request, extent, portions)
    portions[-1].part(1, 1, "writing").begin()
    return write_page(title, hello([scene.facts], listed, runs=scene.runs, baselines=baselines), payloads)


def gather_payloads(
    items: Sequence[Item], scene: Backdrop, request: Request, extent: Extent, portions: Sequence[Portion] = ()
) -> tuple[list[dict[str, Any]], list[Packed], list[str]]:
    """Work out everything about some pictures.

    Args:
        items: the pictures; equal ones are taken once.
        scene: the network and what belongs to it.
        request: the class, the target, the baseline (the first) and the tolerance.
        extent: how much of each picture.
        portions: one for each picture, told of every pass; none if nobody waits.

    Returns:
        The pictures for the page's first message, the payloads, and the names of the baselines.
    """
    baseline = request.baselines[0]
    shown = Path(baseline).name if parse_baseline(baseline).kind == "file" else baseline
    photos: dict[str, Photo] = {}
    payloads: list[Packed] = []
    for item, portion in zip(items, portions or [ALONE] * len(items), strict=True):
        portion.begin()
        photo = Photo.of(item.fitted, item.name, item.truth, "data")
        if photo.picture not in photos:
            photos[photo.picture] = photo
            explaining = Explaining(_asked(request, scene), baseline, _tolerance(request), request.budget)
            packed = payloads_of(scene.network, photo, explaining, extent, weights=scene.weights, portion=portion)
            payloads += [_renamed(one, baseline, shown) for one in packed] + _films(scene, photo)
    return [describe_photo(one) for one in photos.values()], [*payloads, *scene.payloads], [shown]


def _asked(request: Request, scene: Backdrop) -> Asked:
    names = scene.network.output.class_names
    target = find_class(request.explained, names) if request.explained else None
    versus = find_class(request.versus, names) if request.versus else None
    return Asked(target, versus, request.target)


def _tolerance(request: Request) -> float:
    return request.tolerance if not (request.rule or request.evaluations) else Request().tolerance


def _renamed(packed: Packed, baseline: str, shown: str) -> Packed:
    """Name a baseline that is a file by its name alone: where it lay is nobody's business."""
    keys = {key: shown if value == baseline else value for key, value in packed.keys.items()}
    return Packed(packed.kind, keys, packed.text)


def _films(scene: Backdrop, photo: Photo) -> list[Packed]:
    """The picture's way through the network's training, where somebody followed it."""
    if not scene.runs:
        return []
    shelf = Shelf(built_in_runs(str(scene.facts["name"])))
    films: list[Packed] = []
    for run in scene.runs:
        film = shelf.answer(Wish("film", network=scene.network.identity, run=run["id"]), photo, Nobody())
        if film.metadata["picture"] == photo.picture:
            films.append(pack(film, run=run["id"]))
    return films
