"""Results of a session in the form in which the viewer takes them, by kind; nothing is computed.

The table below is all that the viewer can ask.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from innerview.errors import UsageError
from innerview.methods import weight_histograms
from innerview.methods.ask import correct_for
from innerview.methods.registry import CLASS_EVIDENCE
from innerview.methods.verdict import judge
from innerview.model import Model
from innerview.results import Explained, RegionEffects, Verdict, WeightHistograms, as_attribution
from innerview.session.compute.activations import ACTIVATIONS
from innerview.session.compute.attention import ATTENTION
from innerview.session.compute.attribution import ATTRIBUTION
from innerview.session.compute.check import CHECK
from innerview.session.compute.computation import Source
from innerview.session.compute.convolution import CONVOLUTION
from innerview.session.compute.effects import EFFECTS
from innerview.session.compute.evidence import EVIDENCE
from innerview.session.compute.masking import MASK, MASKING
from innerview.session.compute.parts import PARTS
from innerview.session.compute.path import PATH
from innerview.session.compute.prediction import PREDICTION
from innerview.session.compute.truth import TRUTH
from innerview.session.compute.weights import count_weights
from innerview.session.progress import Listener, Passing
from innerview.session.query import Query
from innerview.session.tries import Tries
from innerview.targets import usual_kind
from innerview.types import Array
from innerview.viewer.payload import Payload
from innerview.viewer.payloads.attention import attention_payload
from innerview.viewer.payloads.check import Check, check_payload
from innerview.viewer.payloads.convolution import convolution_payload
from innerview.viewer.payloads.effects import effects_payload
from innerview.viewer.payloads.evidence import evidence_payload
from innerview.viewer.payloads.layers import Shown, layers_payload
from innerview.viewer.payloads.map import MapFacts, map_payload
from innerview.viewer.payloads.masking import mask_payload, masking_payload
from innerview.viewer.payloads.parts import parts_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.viewer.payloads.subject import subject_payload
from innerview.viewer.payloads.truth import truth_payload
from innerview.viewer.payloads.weights import weights_payload

OPAQUE: Final = "it was given as a function: give the model itself (a PyTorch module, say) to look into it"
"""What to do about a model of which nothing inside is known."""


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A model of the session: its name, and weights before training where they are known.

    `named` is how it stands on a command line: beside a file lies what a comparison has kept of it.
    """

    name: str
    model: Model
    before: Mapping[str, Mapping[str, Array]] = field(default_factory=dict[str, Mapping[str, Array]])
    named: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """Of the model; asked once, since a function is run to find it out."""
        return self.model.fingerprint

    @cached_property
    def weights(self) -> Mapping[str, Mapping[str, Array]]:
        """Now, or before and after training; of a function there are none."""
        now = self.model.weights()
        return {**self.before, "after" if self.before else "now": now} if now else {}

    @cached_property
    def histograms(self) -> WeightHistograms:
        """Of these weights; of a function there are none."""
        return count_weights(self.weights) if self.weights else weight_histograms({"now": {}})


@runtime_checkable
class ViewerSource(Source, Protocol):
    """A session, as far as answers need it."""

    tries: Tries
    """Regions that were asked about."""

    def opened(self, query: Query) -> OpenedModel:
        """The model that is asked."""
        ...

    def training(self, query: Query, listener: Listener) -> Payload:
        """A training, shown."""
        ...

    def surveyed(self, query: Query, listener: Listener) -> Payload:
        """A data set that was surveyed, shown."""
        ...


def _stamp(asked: ViewerSource, query: Query) -> Stamp:
    return Stamp(asked.opened(query).fingerprint, asked.photo(query).image_hash)


def _versus(asked: ViewerSource, query: Query) -> int | None:
    return query.classes(asked.model(query).output)[1]


def map_facts(query: Query, model: Model, method: str) -> MapFacts:
    """What a map answers, in the words of the viewer."""
    index, versus = query.classes(model.output)
    kind = "margin" if versus is not None else query.objective or usual_kind(model.output)
    return MapFacts(method, kind, index, versus)


def _subject(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    prediction = asked.result(PREDICTION, query, listener)
    return subject_payload(asked.photo(query), prediction, asked.opened(query).fingerprint)


def _map(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    facts, stamp = map_facts(query, asked.model(query), query.method), _stamp(asked, query)

    def shown(found: Explained, *, final: bool = False) -> Payload:
        return map_payload(found, facts, stamp, final=final)

    return shown(asked.result(ATTRIBUTION, query, Passing(listener, shown)), final=True)


def _evidence(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    return evidence_payload(asked.result(EVIDENCE, query, listener), _stamp(asked, query), versus=_versus(asked, query))


def _truth(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    """With verdicts on the class evidence, where there is some, and on the map of the method that is asked."""
    found, verdicts = asked.result(TRUTH, query, listener), dict[str, Verdict]()
    with contextlib.suppress(UsageError):  # most models have no such end
        verdicts[CLASS_EVIDENCE] = judge(asked.result(EVIDENCE, query, listener).heatmap, found.values)
    shown = as_attribution(asked.result(ATTRIBUTION, query, Passing(listener)))
    verdicts[query.method] = judge(shown.heatmap, found.values)
    return truth_payload(found, verdicts, _stamp(asked, query), versus=_versus(asked, query))


def _check(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    index, versus = query.classes(asked.model(query).output)
    stamp = _stamp(asked, query)

    def shown(found: Check) -> Payload:
        return check_payload(found, index, stamp, versus=versus)

    return shown(asked.result(CHECK, query, Passing(listener, shown)))


def _effects(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    """Corrected for all that was asked about this image before; what was seen counts, even if it is not waited for."""
    stamp, versus, earlier = _stamp(asked, query), _versus(asked, query), asked.tries.others(query)

    def shown(found: RegionEffects) -> Payload:
        asked.tries.add(query, found)
        return effects_payload(correct_for(found, earlier), stamp, versus=versus)

    return shown(asked.result(EFFECTS, query, Passing(listener, shown)))


def _parts(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    return parts_payload(asked.result(PARTS, query, listener), _stamp(asked, query))


def _path(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    stamp, versus = _stamp(asked, query), _versus(asked, query)
    shown = Passing(listener, lambda found: path_payload(found, stamp, versus=versus))
    return path_payload(asked.result(PATH, query, shown), stamp, versus=versus)


def _masking(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    found = asked.result(MASKING, query, listener)
    versus = _versus(asked, query)
    return masking_payload(found.curves, _stamp(asked, query), fill=found.fill.words, seed=query.seed, versus=versus)


def _mask(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    found = asked.result(MASK, query, listener)
    assert found.prediction is not None  # noqa: S101 of a mask there is one
    stamp = _stamp(asked, query)
    return mask_payload(found.prediction, stamp, pixels=found.pixels, fraction=found.fraction, fill=found.fill.words)


def _layers(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    model = asked.model(query)
    if not model.layers:
        raise UsageError(f"the layers are not known of {type(model).__name__}; {OPAQUE}").of(
            "layers", found=type(model).__name__
        )
    found = asked.result(ACTIVATIONS, query, listener)
    shown = Shown(channels=2**16) if query.layer else Shown()
    weights, stamp = model.weights(), _stamp(asked, query)
    return layers_payload(found, model.layers, weights, stamp, shown, complete=bool(query.layer))


def _convolution(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    return convolution_payload(asked.result(CONVOLUTION, query, listener), _stamp(asked, query))


def _attention(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    found = asked.result(ATTENTION, query, listener)
    stamp = _stamp(asked, query)
    return attention_payload(found.chosen, found.rollout, stamp, layers=found.layers, missing=found.missing)


def _weights(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    """Histograms of a run's weights through time, or of a model's before and after training."""
    if query.run:
        return asked.training(query, listener)
    opened = asked.opened(query)
    if not opened.weights:
        raise UsageError(f"the weights are not known of {opened.name}; {OPAQUE}").of("weights", asked=opened.name)
    return weights_payload(opened.histograms, Stamp(opened.fingerprint))


def _surveyed(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    return asked.surveyed(query, listener)


def _training(asked: ViewerSource, query: Query, listener: Listener) -> Payload:
    return asked.training(query, listener)


ANSWERS: Final[Mapping[str, Callable[[ViewerSource, Query, Listener], Payload]]] = MappingProxyType(
    {
        "subject": _subject,
        "map": _map,
        "evidence": _evidence,
        "truth": _truth,
        "check": _check,
        "effects": _effects,
        "parts": _parts,
        "path": _path,
        "masking": _masking,
        "mask": _mask,
        "layers": _layers,
        "convolution": _convolution,
        "attention": _attention,
        "weights": _weights,
        "run": _training,
        "tested": _training,
        "timeline": _training,
        "dataset": _surveyed,
        "embedding": _surveyed,
        "tiles": _surveyed,
    }
)
"""By the kind that is asked for."""
