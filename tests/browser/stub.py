"""A small network on a server whose maps are made up by the test, level by level."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from innerview.data.image import Image as Loaded
from innerview.session import session as sessions
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from innerview.types import Array
from innerview.viewer.payload import Payload, make_payload, numbered
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running
from models import MODELS, ModelSpec, numpy_model
from patience import PATIENCE

SHAPE = (21, 18)
"""Height and width of the network's image."""


@dataclass
class Stub:
    """What the next maps are.

    Attributes:
        session: behind the server; all but maps is worked out as ever.
        levels: of every map: values (height × width), estimated error, status, evaluations; the last one ends it.
        gates: one before each level, to be opened by the test; none for no waiting.
        queries: maps that were asked for.
        notes: of every map.
    """

    session: Session
    levels: list[tuple[Array, float, str, int]] = field(default_factory=list)
    gates: list[threading.Event] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def values(self, query: Query) -> list[tuple[Array, float, str, int]]:
        """The levels of one map; replaced by tests."""
        return self.levels

    def heatmap(self, _: Session, query: Query, listener: Listener) -> Payload:
        """Answer."""
        self.queries.append(query)
        levels = self.values(query)
        for at, level in enumerate(levels):
            if at < len(self.gates):
                assert self.gates[at].wait(PATIENCE)
            if at < len(levels) - 1:
                listener.level(made(query, *level, self.notes))
        return made(query, *levels[-1], self.notes)


def made(query: Query, values: Array, error: float, status: str, evaluations: int, notes: list[str]) -> Payload:
    """A map as the server would send it."""
    return make_payload(
        "map",
        {"heatmap": numbered(values), "pixel_error": numbered(np.abs(values) * error)},
        model=query.model,
        image=query.image,
        method="integrated-gradients",
        method_words="Integrated gradients",
        meaning="contribution",
        target=query.target,
        versus=None,
        objective="contrast",
        target_words="contrast of a class",
        unit="logit",
        baseline=query.baselines[0],
        rule="made up",
        tolerance=query.tolerance or 0.01,
        error=error,
        convergence_delta=0.0012,
        relative_convergence_delta=0.0012,
        n_evaluations=evaluations,
        status=status,
        status_words="It was made up.",
        score=2.0,
        baseline_score=0.5,
        notes=notes,
        convergence=[],
    )


@contextmanager
def stubbed(monkeypatch: pytest.MonkeyPatch, model: ModelSpec = MODELS["mixed"]) -> Iterator[tuple[Stub, str]]:
    """Serve; gives the stub and the address."""
    session = Session([OpenedModel("small", numpy_model(model, model.weights(), np.float32))])
    pixels = np.random.default_rng(5).random(model.input.shape, dtype=np.float32)
    session.add(Loaded("first", pixels, label="bee"), "sample")
    stub = Stub(session)
    monkeypatch.setattr(sessions, "ANSWERS", {**sessions.ANSWERS, "map": stub.heatmap})
    with running(make_app(session, Access())) as url:
        yield stub, url
