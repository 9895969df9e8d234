"""Questions and answers: levels, the latest wins, what is known comes at once, errors name what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from innerview.adapters.numpy.model import NumpyModel
from innerview.errors import ModelError
from innerview.methods import predict
from innerview.model import VjpResult
from innerview.results import Prediction
from innerview.session.registry import RunRegistry
from innerview.session.session import OpenedModel, Session
from innerview.types import Images
from innerview.viewer.payload import Payload, decode
from innerview.web.app import make_app
from models import MODELS, numpy_model
from patience import PATIENCE, until
from session.made_runs import made_folders, made_run

SOCKET = "ws://127.0.0.1:8470/socket"
ENDED = {"done", "not-met", "failed", "cancelled"}


def listen(socket: WebSocketTestSession, number: int) -> tuple[list[dict[str, Any]], list[Payload]]:
    """Everything that is said of a question, until it has ended."""
    told: list[dict[str, Any]] = []
    payloads: list[Payload] = []
    while True:
        message = socket.receive_json()
        if message.get("id") != number:
            continue
        told.append(message)
        if message["state"] in {"level", "done", "not-met"}:
            blob = socket.receive_bytes()
            assert int.from_bytes(blob[:8], "little") == number
            payloads.append(decode(blob[8:]))
        if message["state"] in ENDED:
            return told, payloads


def ask(socket: WebSocketTestSession, number: int, kind: str, hello: dict[str, Any], **more: Any):
    base = {"model": hello["models"][0]["id"], "image": hello["samples"][0]["image"]}
    socket.send_json({"id": number, "kind": kind, **base, **more})
    return listen(socket, number)


QUESTIONS = {
    "subject": {},
    "map": {"target": 0},
    "path": {"target": 0},
    "masking": {"target": 0, "fill": "gray"},
    "mask": {"mask": "/w==", "cells": [2, 4], "fill": "white"},
    "effects": {"target": 0, "region": [0, 0, 2, 2]},
    "layers": {},
    "weights": {},
}


@pytest.mark.parametrize(("kind", "more"), QUESTIONS.items(), ids=QUESTIONS)
def test_every_kind_is_answered(client: TestClient, kind: str, more: dict[str, Any]) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        told, payloads = ask(socket, 7, kind, hello, **more)
        assert told[0]["state"] == "queued"
        assert told[-1]["state"] == "done"
        assert payloads[-1].kind == kind
        again, same = ask(socket, 8, kind, hello, **more)
        assert [one["state"] for one in again] == ["done"]
        assert same[0].metadata == payloads[-1].metadata


def test_the_first_message_says_what_there_is(client: TestClient) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
    (network,) = hello["models"]
    assert network["classes"] == ["ant", "bee", "cow"]
    assert "integrated-gradients" in network["methods"]
    (sample,) = hello["samples"]
    assert (sample["name"], sample["label"]) == ("first", 1)
    assert sample["thumbnail"].startswith("data:image/png;base64,")
    assert len(sample["thumbnail"]) < 4500


def test_maps_and_paths_come_in_levels(client: TestClient) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        told, payloads = ask(socket, 1, "map", hello, target=2, tolerance=1e-4)
        states = [one["state"] for one in told]
        assert states.count("level") >= 2
        assert [one.metadata["status"] for one in payloads] == [
            *["refining"] * (len(payloads) - 1),
            told[-1]["state"],
        ]
        assert {one["progress"]["done"] for one in told if "progress" in one}
        told, payloads = ask(socket, 2, "path", hello, target=2)
        levels = [one.arrays["alphas"].size for one in payloads]
        assert levels == sorted(levels)
        assert len(levels) == 2  # the integral's own places, then the recipe's as well
        sums, (whole,) = payloads[-1], ask(socket, 3, "map", hello, target=2)[1][-1:]
        last = sums.values("cumulative")[-1]
        np.testing.assert_allclose(last, whole.arrays["heatmap"], atol=0.01 * np.abs(whole.arrays["heatmap"]).max())
        assert payloads[-1].json("missing") == []


def test_a_whole_layer_has_all_channels(client: TestClient) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        name = hello["models"][0]["layers"][0]["name"]
        _, (payload,) = ask(socket, 1, "layers", hello, layer=name)
        first, *others = payload.json("layers")
        assert first["shown"] == first["channels"]
        assert all(one["shown"] == 0 for one in others)


WRONG = {
    "kind": ({"kind": "tea"}, "nothing of kind"),
    "class": ({"kind": "map", "target": 77}, "no class 77"),
    "class of another type": ({"kind": "map", "target": "0"}, "target"),
    "class against itself": ({"kind": "map", "target": 1, "versus": 1}, "itself"),
    "method": ({"kind": "map", "method": "tea"}, "no method"),
    "baseline that is a file": ({"kind": "map", "baseline": "/etc/passwd"}, "no baseline"),
    "baseline that is a folder up": ({"kind": "map", "baseline": "../x.png"}, "no baseline"),
    "fill that is a file": ({"kind": "mask", "fill": "README.md"}, "no fill"),
    "tolerance": ({"kind": "map", "tolerance": 0}, "tolerance"),
    "tolerance below what there is": ({"kind": "map", "tolerance": 1e-6}, "float32"),
    "mask": ({"kind": "mask", "mask": "AAAA", "cells": [2, 4]}, "mask"),
    "image": ({"kind": "map", "image": "ffffffff"}, "not held"),
    "network": ({"kind": "map", "model": "ffffffff"}, "no model"),
    "layer": ({"kind": "layers", "layer": "tea"}, "no layer"),
    "run": ({"kind": "run", "run": "ffffffff"}, "no training"),
    "run that is a path": ({"kind": "weights", "run": "/etc"}, "no training"),
}


@pytest.mark.parametrize(("message", "said"), WRONG.values(), ids=WRONG)
def test_wrong_questions_are_answered_with_what_is_wrong(client: TestClient, message, said: str) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        kind = message["kind"]
        told, _ = ask(socket, 3, kind, hello, **{key: value for key, value in message.items() if key != "kind"})
        assert told[-1]["state"] == "failed"
        assert said in told[-1]["message"]
        assert ask(socket, 4, "subject", hello)[0][-1]["state"] == "done"


@pytest.mark.parametrize(
    "text", ["", "tea", "[]", "3", '{"kind":"map"}', '{"id":"x"}', '{"id":-1}', "[" * 5000, "x" * 70_000]
)
def test_what_is_no_message_is_answered_too(client: TestClient, text: str) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        socket.send_text(text)
        answer = socket.receive_json()
        assert answer["state"] == "failed"
        assert "JSON object" in answer["message"]
        assert ask(socket, 4, "subject", hello)[0][-1]["state"] == "done"


ODD = {
    "bytes": (b"\x00\xff", "bytes are no question"),
    "nested without end": ('{"id":3,"kind":"map","target":' + "[" * 900 + "]" * 900 + "}", "target is list"),
    "a number of 5,000 digits": ('{"id":3,"kind":"map","target":1' + "0" * 5000 + "}", "JSON object"),
    "infinity": ('{"id":3,"kind":"map","tolerance":1e400}', "tolerance is inf"),
    "half a surrogate pair": (r'{"id":3,"kind":"\ud800"}', "nothing of kind"),
    "half a pair as a method": (r'{"id":3,"kind":"map","method":"\ud800"}', ""),
}


@pytest.mark.parametrize(("frame", "said"), ODD.values(), ids=ODD)
def test_odd_frames_are_answered_and_the_page_goes_on(client: TestClient, frame: str | bytes, said: str) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        (socket.send_bytes if isinstance(frame, bytes) else socket.send_text)(frame)
        while (answer := socket.receive_json())["state"] == "queued":
            pass
        assert answer["state"] == "failed"
        assert said in answer["message"]
        assert "unexpected" not in answer["message"]
        assert ask(socket, 4, "subject", hello)[0][-1]["state"] == "done"


class Gated:
    """A network that waits in its gradients until it is let go, and counts them."""

    def __init__(self) -> None:
        model = MODELS["mixed"]
        self._model = numpy_model(model, model.weights(), np.float32)
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.passes = 0
        self.problem: BaseException | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def vjp(self, *arguments: Any, **options: Any) -> VjpResult:
        self.passes += 1
        self.begun.set()
        assert self.gate.wait(PATIENCE)
        if self.problem is not None:
            raise self.problem
        return self._model.vjp(*arguments, **options)


@pytest.fixture
def gated(session: Session) -> Gated:
    made = Gated()
    opened = next(iter(session.models.values()))
    session.models = {opened.fingerprint: OpenedModel("gated", made)}  # type: ignore[arg-type]
    return made


def test_the_latest_question_of_a_kind_wins(client: TestClient, gated: Gated) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        base = {"kind": "map", "model": hello["models"][0]["id"], "image": hello["samples"][0]["image"]}
        for number in range(1, 18):
            socket.send_json({"id": number, **base, "target": number % 3, "tolerance": 0.01 + number / 1000})
        gated.gate.set()
        ends: dict[int, str] = {}
        while 17 not in ends:
            message = socket.receive_json()
            if message["state"] in {"level", "done", "not-met"}:
                blob = socket.receive_bytes()
                assert int.from_bytes(blob[:8], "little") == 17
            if message["state"] in ENDED:
                ends[message["id"]] = message["state"]
        assert ends == {**dict.fromkeys(range(1, 17), "cancelled"), 17: "done"}


def test_a_cancelled_question_stops_the_work(client: TestClient, gated: Gated) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        base = {"kind": "map", "model": hello["models"][0]["id"], "image": hello["samples"][0]["image"]}
        socket.send_json({"id": 1, **base, "target": 0, "tolerance": 1e-5})
        until(lambda: gated.passes, "the first pass")
        socket.send_json({"id": 2, "kind": "cancel"})
        socket.send_json({"id": 1, "kind": "cancel"})
        while socket.receive_json()["state"] != "cancelled":
            pass
        gated.gate.set()
        assert ask(socket, 3, "subject", hello)[0][-1]["state"] == "done"
        assert gated.passes == 1


def test_a_page_that_is_closed_stops_its_work(client: TestClient, gated: Gated) -> None:
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        base = {"kind": "map", "model": hello["models"][0]["id"], "image": hello["samples"][0]["image"]}
        socket.send_json({"id": 1, **base, "target": 0, "tolerance": 1e-5})
        until(lambda: gated.passes, "the first pass")
    gated.gate.set()
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        assert ask(socket, 1, "subject", hello)[0][-1]["state"] == "done"
        assert gated.passes == 1


@pytest.mark.parametrize("way", ["cancel", "closed tab"])
def test_testing_a_run_ends_when_nobody_waits_for_it(
    tmp_path: Path, session: Session, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    made_run(tmp_path / "runs" / "a")
    opened = next(iter(session.models.values()))
    registry = RunRegistry([tmp_path / "runs"], data=made_folders(tmp_path / "data", count=60))
    tested, gate, passes = Session([opened], registry), threading.Event(), list[int]()

    def slow(network: NumpyModel, images: Images) -> Sequence[Prediction]:
        passes.append(len(images))
        assert gate.wait(PATIENCE)
        return predict(network, images)

    monkeypatch.setattr("innerview.session.training.answers.predict", slow)
    with TestClient(make_app(tested), base_url="http://127.0.0.1:8470") as client:
        with client.websocket_connect(SOCKET) as socket:
            run = socket.receive_json()["runs"][0]["id"]
            socket.send_json({"id": 1, "kind": "tested", "run": run})
            until(lambda: passes, "the first pass")
            if way == "cancel":
                socket.send_json({"id": 1, "kind": "cancel"})
                while socket.receive_json()["state"] != "cancelled":
                    pass
        gate.set()
        with client.websocket_connect(SOCKET) as socket:
            hello = socket.receive_json()
            told, payloads = ask(socket, 2, "tested", {**hello, "samples": [{"image": ""}]}, run=run)
    assert [told[0]["state"], told[-1]["state"]] == ["queued", "done"]
    # Of the first question there was one pass; then all 24 of the second.
    assert len(passes) <= 1 + 24
    assert int(payloads[-1].arrays["confusion"].sum()) == 120
    assert [one["progress"]["done"] for one in told if "progress" in one] == list(range(5, 121, 5))


def test_a_second_person_with_the_same_question_joins_the_first(client: TestClient, gated: Gated) -> None:
    with client.websocket_connect(SOCKET) as first, client.websocket_connect(SOCKET) as second:
        hello = first.receive_json()
        second.receive_json()
        base = {"kind": "map", "model": hello["models"][0]["id"], "image": hello["samples"][0]["image"]}
        first.send_json({"id": 1, **base, "target": 0})
        until(lambda: gated.passes, "the first pass")
        second.send_json({"id": 9, **base, "target": 0})
        while second.receive_json()["state"] != "queued":
            pass
        first.send_json({"id": 1, "kind": "cancel"})  # the work goes on for the other
        gated.gate.set()
        told, payloads = listen(second, 9)
        assert told[-1]["state"] == "done"
        assert gated.passes <= payloads[-1].json("n_evaluations")


class Mute(Exception):
    """Fails at saying what it is."""

    def __str__(self) -> str:
        raise KeyError("what")


def test_a_model_that_raises_is_named_and_the_server_lives(client: TestClient, gated: Gated) -> None:
    gated.gate.set()
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        for problem, said in (
            (ModelError("it begins in layer conv2"), "layer conv2"),
            (RuntimeError("out of luck"), "RuntimeError: out of luck"),
            (SystemExit(3), "SystemExit: 3"),
            (Mute(), "unexpected Mute. "),
        ):
            gated.problem = problem
            told, _ = ask(socket, 1, "map", hello, target=0)
            assert told[-1]["state"] == "failed"
            assert said in told[-1]["message"]
        gated.problem = None
        assert ask(socket, 2, "map", hello, target=0)[0][-1]["state"] == "done"


def test_a_budget_that_ended_is_told_and_can_be_continued(client: TestClient, session: Session, monkeypatch) -> None:
    monkeypatch.setattr("innerview.session.query.Query.budget", property(lambda query: 6 * 4**query.more))
    with client.websocket_connect(SOCKET) as socket:
        hello = socket.receive_json()
        told, payloads = ask(socket, 1, "map", hello, target=0, tolerance=1e-4)
        assert (told[-1]["state"], payloads[-1].metadata["status"]) == ("not-met", "not-met")
        more, again = ask(socket, 2, "map", hello, target=0, tolerance=1e-4, more=3)
        assert again[-1].json("n_evaluations") > payloads[-1].json("n_evaluations")
        assert more[-1]["state"] in {"done", "not-met"}


def test_no_more_pages_than_there_is_room_for(session: Session, monkeypatch) -> None:
    monkeypatch.setattr("innerview.web.sockets.MOST_SOCKETS", 1)
    with (
        TestClient(make_app(session), base_url="http://localhost") as client,
        client.websocket_connect(SOCKET) as first,
    ):
        first.receive_json()
        with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect(SOCKET):
            pass
        assert refused.value.code == 1013
