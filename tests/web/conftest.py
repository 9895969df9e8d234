"""A session with a small network, a server in this process, and one on a port for real browsers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from innerview.data.image import Image as Loaded
from innerview.model import Model
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from models import MODELS, numpy_model


def image_bytes(seed: int = 0, size: tuple[int, int] = (40, 30), form: str = "PNG") -> bytes:
    """A file of a random image."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def small_model(name: str = "mixed") -> Model:
    model = MODELS[name]
    return numpy_model(model, model.weights(), np.float32)


@pytest.fixture
def session() -> Session:
    made = Session([OpenedModel("small", small_model())])
    pixels = np.random.default_rng(5).random((24, 20, 3), dtype=np.float32)
    made.add(Loaded("first", pixels, label="bee"), "sample")
    return made


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    with TestClient(make_app(session, Access()), base_url="http://127.0.0.1:8470") as made:
        yield made


@pytest.fixture
def hello(session: Session) -> dict[str, Any]:
    return session.hello()
