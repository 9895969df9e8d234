"""What the model says of the image."""

from __future__ import annotations

from typing import Final

from innerview.methods import predict
from innerview.results import Prediction
from innerview.session.compute.computation import IMAGE, Computation, Source
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.targets import Target


def _work(source: Source, query: Query, _: Listener) -> Prediction:
    return predict(source.model(query), source.photo(query).image[None])[0]


PREDICTION: Final = Computation(IMAGE, _work, lambda found: found.logits.nbytes + found.probabilities.nbytes + 1024)

TARGET: Final = IMAGE | {"target", "versus", "objective"}
"""What a target depends on: an open class is the predicted one."""


def resolved(source: Source, query: Query, listener: Listener) -> Target:
    """What is explained, with its class fixed.

    Raises:
        UsageError: an unknown class or objective, or a class against itself.
    """
    output = source.model(query).output
    return query.explained(output).resolve(source.result(PREDICTION, query, listener).logits, output)
