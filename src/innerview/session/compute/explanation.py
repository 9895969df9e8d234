"""Everything that a look works out for one picture, in memory: results only, nothing drawn, nothing written."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from innerview.data.baselines import Baseline
from innerview.data.fitting import Preprocessed
from innerview.errors import InnerviewError, UsageError
from innerview.layers import as_said
from innerview.model import Layer, find_layer, has_gradients
from innerview.results import (
    Activations,
    Explained,
    Gradient,
    IntegratedGradients,
    InteriorGradients,
    MaskingCurve,
    PathFrames,
    PathProfile,
    Prediction,
)
from innerview.session.compute.activations import ACTIVATIONS
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.computation import Source
from innerview.session.compute.integrated import INTEGRATED_CLASSES, Integrated, choose_classes
from innerview.session.compute.masking import keep_by_orders
from innerview.session.compute.path import path_of
from innerview.session.compute.prediction import resolved
from innerview.session.layers import choose_layers, layers_shown
from innerview.session.methods import choose_methods
from innerview.session.progress import ALONE, SubProgress
from innerview.session.query import Query


@dataclass(frozen=True, eq=False)
class Along:
    """What gradients along the path from the baseline say.

    Attributes:
        gradient: of the target at the picture.
        interior: gradients at the chosen alphas.
        integrated: integrated gradients.
        profile: score, prediction and gradient norm along the path, from all evaluations made.
    """

    gradient: Gradient
    interior: InteriorGradients
    integrated: IntegratedGradients
    profile: PathProfile


@dataclass(frozen=True, eq=False)
class Look:
    """One picture, looked into: whatever shows it (a folder, a page) shows these numbers.

    Attributes:
        item: the picture, whole and as the model saw it, with its name and truth.
        query: what was asked.
        prediction: what the model says of it.
        layers: all layers of the model.
        activations: of the chosen layers.
        inside: of the layers that a viewer shows.
        queries: of each class that has a map, the one explained first; `target` is its number.
        maps: of these classes: integrated gradients, or by occlusion without gradients.
        along: what gradients say; None for a model that has none.
        path: the way from the (first) baseline; None likewise.
        kept: predictions with only a share of the pixels shown, by order ("highest", "lowest"), as was asked.
        orders: the same for a viewer: by each order of the map and at random.
        fill: what stands in the place of pixels that are taken away.
        methods: maps by the other methods that were asked for, by name.
        missing: what could not be worked out, by what it is, with the reason.
    """

    item: Preprocessed
    query: Query
    prediction: Prediction
    layers: tuple[Layer, ...]
    activations: Activations
    inside: Activations
    queries: tuple[Query, ...]
    maps: tuple[Explained, ...]
    along: Along | None
    path: PathFrames | None
    kept: Mapping[str, MaskingCurve]
    orders: tuple[MaskingCurve, ...]
    fill: Baseline
    methods: Mapping[str, Explained]
    missing: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def found(self) -> Along:
        """What gradients say, where it is known that there are some."""
        assert self.along is not None  # noqa: S101 what is drawn of them is asked for only where there are some
        return self.along

    @property
    def gradient(self) -> Gradient:
        """Of the target at the picture."""
        return self.found.gradient

    @property
    def interior(self) -> InteriorGradients:
        """Gradients at the chosen alphas."""
        return self.found.interior

    @property
    def integrated(self) -> IntegratedGradients:
        """Integrated gradients."""
        return self.found.integrated

    @property
    def profile(self) -> PathProfile:
        """Score, prediction and gradient norm along the path."""
        return self.found.profile

    @property
    def map(self) -> Explained:
        """The map that the others are held against: integrated gradients, or the first one without gradients."""
        return self.maps[0]


FORWARD: Final = "occlusion"
"""The map of a model without gradients."""

NO_GRADIENTS: Final = (
    "the model can only be run forward, so there are no gradients: the map is by occlusion, and what gradients would "
    "say (integrated gradients, the way from the baseline) is left out"
)


def examine(source: Source, item: Preprocessed, query: Query, portion: SubProgress = ALONE) -> Look:
    """Ask `source` for all that `query` asks about one image; `portion` is told of every pass.

    Of a model without gradients the map is by occlusion. What fails behind the first map is missing, with its reason;
    the rest is there.

    Raises:
        UsageError: a class, layer, alpha, rule, target or baseline that does not exist or has no meaning.
        ImageError: a baseline file can't be read or does not fit.
        ModelError: something is not finite.
    """
    model, baselines = source.model(query), source.baselines(query)
    asked = [as_said(layer) for layer in choose_layers(query.layers, model)]
    every = source.result(ACTIVATIONS, replace(query, layers=asked), portion)
    queries = choose_classes(source, query, portion)  # resolved here, once, so that every view explains the same class
    explained = queries[0]
    gradients = has_gradients(model)
    methods_asked = query.methods if gradients else tuple(dict.fromkeys((FORWARD, *query.methods)))
    chosen = choose_methods(methods_asked, model)
    parts = len(chosen) + gradients
    shares = [portion.part(0.8 * number / parts, 0.8 * (number + 1) / parts) for number in range(parts)]
    missing, along, path, methods = dict[str, str](), None, None, dict[str, Explained]()
    if gradients:
        found = source.result(INTEGRATED_CLASSES, query, shares.pop(0))
        along, path, maps = (
            _along(found, every.prediction, query),
            path_of(model, found, query.max_alphas),
            found.results,
        )
    else:
        missing["gradients"] = NO_GRADIENTS
        maps = tuple(
            source.result(ATTRIBUTION, replace(one, method=chosen[FORWARD]), share)
            for one, share in zip(queries, _even(shares.pop(0), len(queries)), strict=True)
        )
        methods[FORWARD] = maps[0]
        del chosen[FORWARD]
    for (name, method), share in zip(chosen.items(), shares, strict=True):
        with _tolerated(missing, f"the map by {name}"):
            asked_by = share.part(0, 1, name, unit="passes")
            methods[name] = source.result(ATTRIBUTION, replace(explained, method=method), asked_by)
    look = Look(
        item=item,
        query=query,
        prediction=every.prediction,
        layers=tuple(model.layers),
        activations=every.only(find_layer(model.layers, one).name for one in asked),
        inside=every.only(layers_shown(model)),
        queries=queries,
        maps=maps,
        along=along,
        path=path,
        kept={},
        orders=(),
        fill=baselines[0],
        methods=methods,
        missing=missing,
    )
    with _tolerated(missing, "masking"):
        orders = keep_by_orders(
            model,
            source.photo(query).image,
            look.map.heatmap,
            fill=baselines[0].image,
            target=resolved(source, explained, portion).index,
            listener=portion.part(0.8, 1, "masking", unit="predictions"),
            shares=sorted({*query.curve_fractions, *query.fractions}),
            randoms=query.n_random,
        )
        kept = {one.order: one.at(query.fractions) for one in orders if one.order in {"highest", "lowest"}}
        return replace(look, kept=kept, orders=tuple(one.at(query.curve_fractions) for one in orders))
    return look


def _even(portion: SubProgress, parts: int) -> list[SubProgress]:
    return [portion.part(number / parts, (number + 1) / parts, FORWARD, unit="passes") for number in range(parts)]


@contextmanager
def _tolerated(missing: dict[str, str], what: str) -> Generator[None, None, None]:
    """Note down what fails in the block, and go on; a query that has no meaning stops the look."""
    try:
        yield
    except UsageError:
        raise
    except InnerviewError as problem:
        missing[what] = str(problem)


def _along(found: Integrated, prediction: Prediction, query: Query) -> Along:
    """What gradients say of the first class."""
    inside, integrated = found.interior, found.results[0]
    assert inside is not None  # noqa: S101 it was asked for
    interior = inside.first(len(query.alphas))
    score, image = float(inside.scores[-1]), integrated.image
    source = replace(inside.provenance, baseline="", seed=None)
    return Along(
        gradient=Gradient(image, prediction, inside.gradients[-1], score, inside.unit, source),
        interior=interior,
        integrated=integrated,
        profile=interior.path if integrated.std is not None else interior.path.joined(integrated.path),
    )
