"""Several people at once: nobody gets another's answer, and nothing that is known is worked out twice.

What is counted are the network's own passes, so that a memory that only seemed to be one would be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient, WebSocketTestSession

from innerview.data.reading import load_image
from innerview.model import ForwardResult, VjpResult
from innerview.session.progress import NullListener
from innerview.session.query import read_query
from innerview.session.session import OpenedModel, Session
from innerview.viewer.payload import Payload, decode
from innerview.web.app import make_app
from innerview.web.guard import Access
from web.conftest import image_bytes, small_model

SOCKET = "ws://127.0.0.1:8470/socket"
ORIGIN = {"Origin": "http://127.0.0.1:8470"}


class Counting:
    """A network that counts the images in its passes."""

    def __init__(self) -> None:
        self._model = small_model()
        self.passes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def forward(self, *arguments: Any, **options: Any) -> ForwardResult:
        self.passes += 1
        return self._model.forward(*arguments, **options)

    def vjp(self, *arguments: Any, **options: Any) -> VjpResult:
        self.passes += 1
        return self._model.vjp(*arguments, **options)  # type: ignore[attr-defined]


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def asked(counting: Counting) -> Iterator[TestClient]:
    session = Session([OpenedModel("counting", counting)])  # type: ignore[arg-type]
    with TestClient(make_app(session, Access()), base_url="http://127.0.0.1:8470") as made:
        yield made


def upload(client: TestClient, seed: int, name: str) -> str:
    answer = client.post("/images", content=image_bytes(seed), headers={**ORIGIN, "X-Name": name})
    assert answer.status_code == 200, answer.text
    return answer.json()["image"]


def ended(socket: WebSocketTestSession, number: int) -> Payload:
    """The last payload of a question."""
    while True:
        message = socket.receive_json()
        if message["state"] in {"level", "done", "not-met"}:
            blob = socket.receive_bytes()
            assert int.from_bytes(blob[:8], "little") == message["id"]
        assert message["state"] not in {"failed", "cancelled"}, message
        if message.get("id") == number and message["state"] in {"done", "not-met"}:
            return decode(blob[8:])


def ask(client: TestClient, image: str, target: int) -> Payload:
    """One question in a tab of its own."""
    with client.websocket_connect(SOCKET) as socket:
        network = socket.receive_json()["models"][0]["id"]
        socket.send_json({"id": 1, "kind": "map", "model": network, "image": image, "target": target})
        return ended(socket, 1)


def test_the_same_pixels_under_another_name_from_somebody_else_cost_no_pass(
    asked: TestClient, counting: Counting
) -> None:
    first = upload(asked, 1, "mine.png")
    before = ask(asked, first, 0)
    spent = counting.passes
    assert spent > 0
    again = upload(asked, 1, "another name.png")
    assert again == first  # named by its pixels
    assert (ask(asked, again, 0).arrays["heatmap"] == before.arrays["heatmap"]).all()
    assert counting.passes == spent
    other = upload(asked, 2, "mine.png")  # the same name, other pixels
    assert other != first
    assert (ask(asked, other, 0).arrays["heatmap"] != before.arrays["heatmap"]).any()
    assert counting.passes > spent


def test_what_nobody_wanted_for_longest_is_worked_out_again_and_the_rest_is_not(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Session([OpenedModel("counting", counting)])  # type: ignore[arg-type]
    with TestClient(make_app(probe, Access()), base_url="http://127.0.0.1:8470") as client:
        ask(client, upload(client, 0, "probe"), 0)
    size = min(probe._answers.size, probe._results.size)  # an answer, and the result that it was made of
    monkeypatch.setattr("innerview.session.session.RESULTS", int(2.5 * size))  # room for two
    session = Session([OpenedModel("counting", counting)])  # type: ignore[arg-type]
    with TestClient(make_app(session, Access()), base_url="http://127.0.0.1:8470") as client:
        images = [upload(client, seed, "p") for seed in range(5)]

        def costs(at: int) -> bool:
            before = counting.passes
            ask(client, images[at], 0)
            return counting.passes > before

        assert [costs(0), costs(1)] == [True, True]
        assert not costs(0)  # wanted now, so the second is the oldest
        assert costs(2)
        assert not costs(0)
        assert [costs(3), costs(4)] == [True, True]  # neither the answer to 1 nor its result has room now
        assert costs(1)
        assert session._answers.size <= session._answers.most


def test_twelve_people_with_the_same_numbers_get_their_own_answers(asked: TestClient, counting: Counting) -> None:
    people = 12
    images = [upload(asked, seed, "mine.png") for seed in range(people)]
    sockets = [asked.websocket_connect(SOCKET) for _ in range(people)]
    for socket in sockets:
        socket.__enter__()
    try:
        network = [socket.receive_json() for socket in sockets][-1]["models"][0]["id"]
        # Everybody's question 1 is a map of their own image, question 2 its prediction; asked before any is answered.
        for at, (socket, image) in enumerate(zip(sockets, images, strict=True)):
            base = {"model": network, "image": image}
            socket.send_json({"id": 1, "kind": "map", **base, "target": at % 3, "tolerance": 0.01})
            socket.send_json({"id": 2, "kind": "subject", **base})
        for at, (socket, image) in enumerate(zip(sockets, images, strict=True)):
            found: dict[int, Payload] = {}
            while len(found) < 2:
                message = socket.receive_json()
                assert message["state"] not in {"failed", "cancelled"}, message
                if message["state"] in {"level", "done", "not-met"}:
                    blob = socket.receive_bytes()
                    assert int.from_bytes(blob[:8], "little") == message["id"]
                    payload = decode(blob[8:])
                    assert payload.metadata["image"] == image
                    if message["state"] != "level":
                        found[message["id"]] = payload
            assert found[1].metadata["target"] == str(at % 3)
            alone = Session([OpenedModel("alone", small_model())])  # type: ignore[arg-type]
            photo = alone.add(load_image(image_bytes(at), name="mine"), "sample")
            assert photo.image_hash == image
            query = {"kind": "map", "model": network, "image": image, "target": at % 3, "tolerance": 0.01}
            wanted = decode(alone.answer(read_query(query), NullListener()).blob)
            np.testing.assert_allclose(found[1].arrays["heatmap"], wanted.arrays["heatmap"], rtol=1e-4, atol=1e-6)
            said = decode(alone.answer(read_query({**query, "kind": "subject"}), NullListener()).blob)
            np.testing.assert_allclose(found[2].arrays["logits"], said.arrays["logits"], rtol=1e-5)
    finally:
        for socket in sockets:
            socket.__exit__(None, None, None)


def test_nobody_is_told_of_the_others_uploads(asked: TestClient) -> None:
    with asked.websocket_connect(SOCKET) as other:
        before = other.receive_json()["samples"]
        upload(asked, 3, "private.png")
        with asked.websocket_connect(SOCKET) as newcomer:
            assert newcomer.receive_json()["samples"] == before
