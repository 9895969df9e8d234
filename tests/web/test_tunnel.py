"""Through a tunnel (as `ssh -L` makes one) the page is called localhost and another port: all of it works there."""

# ruff: noqa: S310, S104 it asks servers of its own

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from innerview.session.session import Session
from innerview.viewer.payload import decode
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import listen, running
from patience import until
from web.conftest import image_bytes


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _reach(place: tuple[str, int]) -> socket.socket:
    """Connect to a server that may be about to listen."""
    found: list[socket.socket] = []

    def reached() -> bool:
        with suppress(ConnectionRefusedError):
            found.append(socket.create_connection(place))
        return bool(found)

    until(reached, f"a server at {place}")
    return found[0]


@contextmanager
def tunnel(url: str) -> Iterator[str]:
    """Carry bytes from a port of this computer to the server, and give the address that people then open."""
    host, port = url.split("/")[2].split(":")
    gate = listen("127.0.0.1", 0)
    gate.listen()

    def carry() -> None:
        with suppress(OSError):
            while True:
                near, _ = gate.accept()
                far = _reach((host, int(port)))
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=ends, daemon=True).start()

    threading.Thread(target=carry, daemon=True).start()
    with closing(gate):
        yield f"http://localhost:{gate.getsockname()[1]}/"


@pytest.fixture
def through(session: Session) -> Iterator[str]:
    with running(make_app(session, Access())) as url, tunnel(url) as near:
        assert near.split(":")[2] != url.split(":")[2]
        yield near


def test_the_page_its_questions_and_uploads_go_through_a_tunnel(through: str) -> None:
    with urllib.request.urlopen(through) as page:
        assert b"viewer" in page.read()
        assert "default-src" in page.headers["content-security-policy"]
    with connect(through.replace("http", "ws") + "socket", origin=through[:-1], max_size=None) as page:
        hello = json.loads(page.recv())
        page.send(json.dumps({"id": 1, "kind": "subject", "image": hello["samples"][0]["image"]}))
        told = [page.recv() for _ in range(2)]
        while not isinstance(told[-1], bytes):
            told.append(page.recv())
        assert decode(told[-1][8:]).kind == "subject"
    request = urllib.request.Request(
        f"{through}images", data=image_bytes(), method="POST", headers={"Origin": through[:-1]}
    )
    with urllib.request.urlopen(request) as answer:
        assert len(json.load(answer)["image"]) == 8


@pytest.mark.parametrize("origin", ["http://localhost:8470", "http://elsewhere.example", "null"])
def test_a_page_of_another_address_is_refused_through_a_tunnel_too(through: str, origin: str) -> None:
    with pytest.raises(InvalidStatus), connect(through.replace("http", "ws") + "socket", origin=origin):
        pass
    request = urllib.request.Request(f"{through}images", data=image_bytes(), method="POST", headers={"Origin": origin})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_on_another_address_the_token_is_needed_through_a_tunnel_too(session: Session) -> None:
    access = Access.on("0.0.0.0")
    with running(make_app(session, access)) as url, tunnel(url) as near:
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(near)
        with urllib.request.urlopen(f"{near}?token={access.token}") as page:
            assert page.status == 200
        with pytest.raises(InvalidStatus), connect(near.replace("http", "ws") + "socket", origin=near[:-1]):
            pass
        with connect(f"{near.replace('http', 'ws')}socket?token={access.token}", origin=near[:-1]) as page:
            assert json.loads(page.recv())["state"] == "hello"
