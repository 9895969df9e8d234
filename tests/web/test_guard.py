"""Whoever is not called by this computer's name, comes from another site's page or has no token stays outside."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from innerview.session.session import Session
from innerview.web.app import make_app
from innerview.web.guard import Access, is_loopback, name_of

REFUSED = 403
SOCKET = "ws://127.0.0.1:8470/socket"


@pytest.mark.parametrize("host", ["127.0.0.1:8470", "localhost:8470", "localhost:9000", "[::1]:8470", "127.0.0.1"])
def test_names_of_this_computer_are_let_in_at_any_port(client: TestClient, host: str) -> None:
    """At any port, since a tunnel may end at another one."""
    assert client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8470", "192.168.0.7:8470", "", "[::1", "@"])
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/viewer.js"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == REFUSED
        assert "not called" in answer.text


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:8471", "http://127.0.0.1.evil:8470"]
)
def test_pages_of_other_sites_can_neither_send_nor_listen(client: TestClient, origin: str) -> None:
    assert client.post("/images", content=b"x", headers={"origin": origin}).status_code == REFUSED
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(SOCKET, headers={"origin": origin}):
        pass
    assert closed.value.code == 1008


def test_a_post_that_hides_its_page_is_refused(client: TestClient) -> None:
    answer = client.post("/images", content=b"x", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == REFUSED


def test_its_own_page_is_let_in(client: TestClient) -> None:
    own = {"origin": "http://127.0.0.1:8470", "host": "127.0.0.1:8470"}
    assert client.post("/images", content=b"x", headers=own).status_code != REFUSED
    with client.websocket_connect(SOCKET, headers=own) as socket:
        assert socket.receive_json()["state"] == "hello"


def test_on_another_address_a_token_is_needed_for_all_but_the_bundle(session: Session) -> None:
    access = Access.on("192.168.0.7")
    assert len(access.token) >= 32
    assert Access.on("192.168.0.7").token != access.token
    with TestClient(make_app(session, access), base_url="http://192.168.0.7:8470") as client:
        for path in ("/", "/?token=", "/?token=wrong", f"/?token={access.token}x"):
            assert client.get(path).status_code == REFUSED
        assert client.get(f"/?token={access.token}").status_code == 200
        assert client.get("/viewer.js").status_code == 200
        assert client.post("/images", content=b"x").status_code == REFUSED
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(SOCKET):
            pass
        with client.websocket_connect(f"ws://192.168.0.7:8470/socket?token={access.token}") as socket:
            assert socket.receive_json()["remote"] is False


def test_listening_everywhere_needs_the_token_whatever_the_name() -> None:
    access = Access.on("0.0.0.0")  # noqa: S104 a name for the address
    assert access.token
    assert access.knows("my-machine")
    assert not Access.on("127.0.0.1").knows("my-machine")


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("::", False),
        ("192.168.1.2", False),
        ("name", False),
    ],
)
def test_loopback_is_this_computer_alone(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_names_are_taken_out_of_addresses() -> None:
    assert [name_of(text) for text in ("a:1", "[::1]:2", "A.b", "[::", "")] == ["a", "::1", "a.b", "", ""]


def test_every_answer_carries_the_rules(client: TestClient) -> None:
    for answer in (client.get("/"), client.get("/nothing"), client.get("/", headers={"host": "evil.example"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "ws://127.0.0.1:8470" in policy


@pytest.mark.parametrize(
    "path", ["/data/x", "/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "/viewer.js/../app.py", "/images"]
)
def test_there_are_no_other_addresses(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in {404, 405}


def test_the_bundle_is_sent_once(client: TestClient) -> None:
    first = client.get("/viewer.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = client.get("/viewer.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
