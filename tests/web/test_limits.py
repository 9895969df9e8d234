"""Who asks nothing, asks slowly or asks too much at once is let go, and nobody else waits for them.

Each server has limits of its own here; what is waited for is what it does, never how long it took.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from websockets.exceptions import InvalidMessage
from websockets.sync.client import ClientConnection, connect

from innerview.session.session import Session
from innerview.web import connection, uploads
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running
from patience import PATIENCE, until
from web.conftest import image_bytes

HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture
def patient(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that waits for a head for as long as a busy machine may need."""
    monkeypatch.setattr(connection, "HEAD", PATIENCE)
    with running(make_app(session, Access())) as url:
        yield url


@pytest.fixture
def hurried(session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with a third of a second for a head."""
    monkeypatch.setattr(connection, "HEAD", 0.3)
    with running(make_app(session, Access())) as url:
        yield url


def plug(url: str) -> socket.socket:
    host, port = url.split("/")[2].split(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def rest(plugged: socket.socket) -> bytes:
    """All that comes until the server closes."""
    found = b""
    try:
        while part := plugged.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize("said", [b"", b"GET", HEAD, HEAD + b"X-Long: "], ids=["nothing", "a word", "half", "a value"])
def test_a_connection_that_asks_nothing_is_closed(hurried: str, said: bytes) -> None:
    with plug(hurried) as plugged:
        plugged.sendall(said)
        assert rest(plugged) == b""


def test_bytes_that_trickle_do_not_hold_it_open(hurried: str) -> None:
    with plug(hurried) as plugged:
        ended = threading.Event()

        def trickle() -> None:
            while not ended.wait(0.05):
                try:
                    plugged.sendall(b"X: y\r\n")
                except OSError:
                    return

        plugged.sendall(HEAD)
        threading.Thread(target=trickle, daemon=True).start()
        assert rest(plugged) == b""
        ended.set()


def test_a_connection_that_goes_on_asking_is_kept_and_ends_when_it_stops(
    patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plug(patient) as plugged:
        for last in (False, False, True):
            if last:
                monkeypatch.setattr(connection, "HEAD", 0.3)  # from the end of the next answer
            plugged.sendall(HEAD + b"\r\n")
            found = b""
            while b"</html>" not in found:
                part = plugged.recv(65536)
                assert part
                found += part
            assert found.startswith(b"HTTP/1.1 200")
        with suppress(OSError):  # it may be closed by now
            plugged.sendall(HEAD)
        assert rest(plugged) == b""


def test_an_open_page_is_no_connection_that_asks_nothing(hurried: str) -> None:
    pages: list[ClientConnection] = []

    def opened() -> bool:
        with suppress(OSError, InvalidMessage):  # this machine was too busy to ask in time
            pages.append(connect(hurried.replace("http", "ws") + "socket", max_size=None))
        return bool(pages)

    until(opened, "a page")
    with pages[0] as page:
        hello = json.loads(page.recv())
        with plug(hurried) as silent:
            assert rest(silent) == b""  # so the page was open for longer than is given to a head
        page.send(json.dumps({"id": 1, "kind": "subject", "image": hello["samples"][0]["image"]}))
        assert json.loads(page.recv())["id"] == 1


def test_no_more_connections_than_there_is_room_for(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST", 6)
    with running(make_app(session, Access())) as url, ExitStack() as stack:
        plugged = [stack.enter_context(plug(url)) for _ in range(9)]
        for beyond in plugged[6:]:
            assert rest(beyond) == b""
        for one in plugged[:6]:
            one.close()
        with plug(url) as again:  # room again
            again.sendall(HEAD + b"Connection: close\r\n\r\n")
            assert b"200 OK" in rest(again)


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        HEAD + b"Host: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\\@127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1 'unsafe-inline' *\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        HEAD + b"Origin: http://[\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
        b"POST /images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /images HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=[
        "long", "two hosts", "user", "policy", "no host", "no host, old", "origin", "TLS", "digits", "two lengths",
        "negative", "chunks",
    ],
)  # fmt: skip
def test_a_head_that_is_none_is_refused_without_a_word_on_the_console(
    patient: str, head: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with plug(patient) as plugged:
        plugged.sendall(head)
        found = b""
        while b"\r\n\r\n" not in found:
            part = plugged.recv(65536)
            assert part, "closed without an answer"
            found += part
    assert found.split()[1] in {b"400", b"403", b"411", b"431"}
    assert b"evil" not in found.partition(b"\r\n\r\n")[0]
    assert b"unsafe-inline' *" not in found.partition(b"\r\n\r\n")[0]
    with urllib.request.urlopen(patient) as page:  # noqa: S310 our own
        assert page.status == 200
    assert capfd.readouterr().err == ""


def head_of(length: int) -> bytes:
    return f"POST /images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n".encode()


def post(url: str) -> int:
    asked = http.client.HTTPConnection(url.split("/")[2], timeout=PATIENCE)
    asked.request("POST", "/images", image_bytes())
    return asked.getresponse().status


def test_nobody_waits_for_an_upload_that_is_slow(session: Session) -> None:
    content = image_bytes(3)
    with running(make_app(session, Access())) as url, ExitStack() as stack:
        slow = [stack.enter_context(plug(url)) for _ in range(5)]
        for one in slow:
            one.sendall(head_of(len(content)) + content[:100])
        assert post(url) == 200
        for one in slow:
            one.sendall(content[100:])
            assert b"200 OK" in one.recv(65536)


@pytest.mark.parametrize("limit", ["PAUSE", "DEADLINE"])
def test_an_upload_that_does_not_end_is_given_up(session: Session, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(uploads, limit, 0.3)
    with running(make_app(session, Access())) as url, plug(url) as plugged:
        plugged.sendall(head_of(10_000) + b"x" * 100)
        assert plugged.recv(65536).startswith(b"HTTP/1.1 408")
        monkeypatch.undo()
        assert post(url) == 200


def test_no_more_bytes_of_uploads_are_held_than_there_is_room_for(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_HELD", 50_000)
    with running(make_app(session, Access())) as url, plug(url) as plugged:
        plugged.sendall(head_of(100_000) + bytes(60_000))
        assert plugged.recv(65536).startswith(b"HTTP/1.1 503")
        assert post(url) == 200  # what it held is free again
