"""Everything that a look works out for one image, in memory: results only, nothing drawn, nothing written."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from innerview.data.baselines import Baseline
from innerview.data.image import Image
from innerview.errors import InnerviewError, ModelError, UsageError
from innerview.layers import as_said
from innerview.methods.registry import CLASS_EVIDENCE, USUAL
from innerview.methods.verdict import judge, with_verdict
from innerview.model import Layer, find_layer, has_gradients
from innerview.results import (
    Activations,
    Attribution,
    ClassEvidence,
    Explained,
    Gradient,
    IntegratedGradients,
    InteriorGradients,
    MaskingCurve,
    Parts,
    PathFrames,
    PathProfile,
    Prediction,
    RegionTruth,
    ShapleyValues,
    Verdict,
    as_attribution,
)
from innerview.session.compute.activations import ACTIVATIONS
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.check import CHECK
from innerview.session.compute.computation import Source
from innerview.session.compute.evidence import EVIDENCE
from innerview.session.compute.integrated import INTEGRATED_CLASSES, Integrated, choose_classes
from innerview.session.compute.masking import keep_by_orders
from innerview.session.compute.parts import PARTS
from innerview.session.compute.path import path_of
from innerview.session.compute.prediction import resolved
from innerview.session.compute.truth import TRUTH, is_judged, not_judged
from innerview.session.layers import choose_layers, layers_shown
from innerview.session.methods import choose_methods
from innerview.session.progress import ALONE, SubProgress
from innerview.session.query import Query
from innerview.viewer.payloads.check import Check


@dataclass(frozen=True, eq=False)
class Along:
    """What gradients along the path from the baseline say.

    Attributes:
        gradient: of the target at the image.
        interior: gradients at the chosen alphas.
        integrated: integrated gradients.
        path: score, prediction and gradient norm along the path, from all evaluations made.
    """

    gradient: Gradient
    interior: InteriorGradients
    integrated: IntegratedGradients
    path: PathProfile


@dataclass(frozen=True, eq=False)
class Look:
    """One image, looked into: whatever shows it (a folder, a page) shows these numbers.

    Attributes:
        item: the image, whole and as the model saw it, with its name and truth.
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
        evidence: what each position of the last map gives to each class; None where the model has no such end.
        truth: what each region does to the answer, exactly; None where that was not asked.
        verdicts: on every map of the class explained, by the name of its method; none without truth.
        not_judged: why there is no truth; empty where there is.
        parts: what windows of the image are predicted as; None where that was not asked.
        check: whether the map that is shown first holds, from its best part alone and from the rest; None if it failed.
    """

    item: Image
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
    evidence: ClassEvidence | None = None
    truth: RegionTruth | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict[str, Verdict])
    not_judged: str = ""
    check: Check | None = None
    parts: Parts | None = None

    @property
    def explained(self) -> int:
        """Number of the class explained."""
        index = self.queries[0].target
        assert isinstance(index, int)  # noqa: S101 `choose_classes` gives numbers
        return index

    @property
    def found(self) -> Along:
        """What gradients say, where it is known that there are some."""
        assert self.along is not None  # noqa: S101 what is drawn of them is asked for only where there are some
        return self.along

    @property
    def gradient(self) -> Gradient:
        """Of the target at the image."""
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
        return self.found.path

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


def examine(source: Source, item: Image, query: Query, portion: SubProgress = ALONE) -> Look:
    """Ask `source` for all that `query` asks about one image, which was fitted to its (first) model.

    `portion` is told of every pass. Of a model without gradients the map is by occlusion. What fails behind the first
    map is missing, with its reason; the rest is there.

    Raises:
        UsageError: a class, layer, alpha, rule, target or baseline that does not exist or has no meaning.
        ImageError: a baseline file can't be read or does not fit.
        ModelError: something is not finite.
    """
    query = source.about(item, query)
    model, baselines = source.model(query), source.baselines(query)
    asked = [as_said(layer) for layer in choose_layers(query.layers, model)]
    every = source.result(ACTIVATIONS, replace(query, layers=asked), portion)
    queries = choose_classes(source, query, portion)  # resolved here, once, so that every view explains the same class
    explained = queries[0]
    gradients = has_gradients(model)
    methods_asked = query.methods if gradients else tuple(dict.fromkeys((FORWARD, *query.methods)))
    chosen = choose_methods(methods_asked, model)
    parts = len(chosen) + gradients
    judged = is_judged(source, query)
    mapped = 0.5 if judged else 0.75
    shares = [portion.part(mapped * number / parts, mapped * (number + 1) / parts) for number in range(parts)]
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
    evidence, truth = _evidence(source, explained, portion), None
    if judged:
        with _tolerated(missing, "the truth about regions"):
            truth = source.result(TRUTH, explained, portion.part(mapped, 0.75, "taking regions away", unit="passes"))
    held, asked_again = None, replace(explained, method=USUAL if gradients else FORWARD)
    source.keep(ATTRIBUTION, asked_again, maps[0])
    with _tolerated(missing, "the check of the map"):
        held = source.result(CHECK, asked_again, portion.part(0.75, 0.8, "asking the model again", unit="passes"))
    windows, masked = None, 0.9 if query.parts else 0.8
    if query.parts:
        with _tolerated(missing, "what parts alone say"):
            windows = source.result(PARTS, explained, portion.part(0.8, masked, "asking about parts", unit="passes"))
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
        evidence=evidence,
        truth=truth,
        not_judged="" if judged else not_judged(query),
        check=held,
        parts=windows,
    )
    look = _judged(look)
    with _tolerated(missing, "masking"):
        orders = keep_by_orders(
            model,
            source.photo(query).image,
            look.map.heatmap,
            fill=baselines[0].image,
            target=resolved(source, explained, portion).index,
            listener=portion.part(masked, 1, "masking", unit="predictions"),
            shares=sorted({*query.curve_fractions, *query.fractions}),
            randoms=query.n_random,
        )
        kept = {one.order: one.at(query.fractions) for one in orders if one.order in {"highest", "lowest"}}
        return replace(look, kept=kept, orders=tuple(one.at(query.curve_fractions) for one in orders))
    return look


def _evidence(source: Source, explained: Query, portion: SubProgress) -> ClassEvidence | None:
    try:
        return source.result(EVIDENCE, explained, portion)
    except (UsageError, ModelError):  # most models have no such end, and nobody asked for it
        return None


def _judged(look: Look) -> Look:
    """With a verdict on every map of the class explained; as it is where there is no truth."""
    if look.truth is None:
        return look
    truth, along, evidence = look.truth.values, look.along, look.evidence
    # exact values of regions are a truth themselves, and keep no verdict
    methods = {
        name: one if isinstance(one, ShapleyValues) else with_verdict(one, truth) for name, one in look.methods.items()
    }
    if along is not None:
        along = replace(
            along, integrated=with_verdict(along.integrated, truth), gradient=with_verdict(along.gradient, truth)
        )
    evidence = None if evidence is None else with_verdict(evidence, truth)
    first = methods[FORWARD] if along is None else along.integrated
    maps = {} if along is None else {USUAL: along.integrated}
    maps |= {} if evidence is None else {CLASS_EVIDENCE: evidence}
    return replace(
        look,
        maps=(first, *look.maps[1:]),
        along=along,
        evidence=evidence,
        methods=methods,
        verdicts={name: _verdict(as_attribution(one), truth) for name, one in (maps | methods).items()},
    )


def _verdict(found: Attribution, truth: ShapleyValues) -> Verdict:
    return found.verdict or judge(found.heatmap, truth)


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
        path=interior.path if integrated.std is not None else interior.path.joined(integrated.path),
    )
