"""What each position of the last map gives to each class, for models that end in a mean or a dense layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from innerview.methods import class_evidence
from innerview.results import ClassEvidence
from innerview.session.compute.computation import Computation, Source
from innerview.session.compute.prediction import TARGET, resolved
from innerview.session.progress import Listener
from innerview.session.query import Query


def _work(source: Source, query: Query, listener: Listener) -> ClassEvidence:
    """Of a sum of outputs, whatever was asked to be explained of them: a probability is none.

    Raises:
        UsageError: the model has no such end; says why.
    """
    target = resolved(source, replace(query, objective=""), listener)
    return class_evidence(source.model(query), source.photo(query).image, target)


EVIDENCE: Final = Computation(TARGET, _work, lambda found: found.evidence.nbytes + found.heatmap.nbytes)
