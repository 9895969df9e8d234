"""Hosts and origins are read strictly, and no word of a header reaches the rules that a browser is given."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from innerview.session.session import Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.hosts import read_host, read_origin
from innerview.web.page import policy

HOSTS = {
    "localhost": "localhost",
    "LOCALHOST:80": "localhost:80",
    "localhost.": "localhost",
    "localhost.:8470": "localhost:8470",
    "localhost:": "localhost",
    "localhost:0": "localhost:0",
    "localhost:00080": "localhost:80",
    "127.0.0.1:65535": "127.0.0.1:65535",
    "[::1]": "[::1]",
    "[::1]:": "[::1]",
    "[0:0:0:0:0:0:0:1]:8470": "[::1]:8470",
    "[::FFFF:127.0.0.1]": "[::ffff:7f00:1]",
    "xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
    "my_machine-2.local:1": "my_machine-2.local:1",
}
NO_HOSTS = (
    "",
    " ",
    ":80",
    ".",
    "..",
    "a..b",
    "-a",
    "a-",
    "localhost:65536",
    "localhost:999999",
    "localhost:-1",
    "localhost:+80",
    "localhost:8_0",
    "localhost:²",
    "localhost:٨٠",
    "localhost:80:80",
    "localhost:http",
    "localhost localhost",
    " localhost",
    "localhost ",
    "localhost\t",
    "local\thost",
    "localhost\n",
    "localhost\r\nx: y",
    "localhost\x00",
    "localhost/",
    "localhost/path",
    "localhost?x",
    "localhost#x",
    "http://localhost",
    "//localhost",
    "user@localhost",
    "user:word@localhost",
    "@localhost",
    "localhost@evil.example",
    "evil.example\\@127.0.0.1",
    "evil.example/@127.0.0.1",
    "evil.example#@127.0.0.1",
    "localhost, evil.example",
    "localhost;evil",
    "localhost'",
    "localhost 'unsafe-inline' *",
    "*",
    "*.localhost",
    "%6cocalhost",
    "localhost%00.evil.example",
    "münchen.example",
    "ｌocalhost",
    "localhost。",
    "[::1",
    "::1",
    "::1]",
    "[::1]x",
    "[::1]]",
    "[[::1]]",
    "[::1%lo]",
    "[::1%25lo]",
    "[127.0.0.1]",
    "[localhost]",
    "[v1.x]",
    "[]",
    "[:]",
    "a" * 64,
    ".".join(["a" * 60] * 5),
)


@pytest.mark.parametrize(("text", "plain"), HOSTS.items())
def test_one_spelling_for_each_host(text: str, plain: str) -> None:
    assert str(read_host(text)) == plain


@pytest.mark.parametrize("text", NO_HOSTS)
def test_what_is_not_wholly_a_host_is_none(text: str) -> None:
    assert read_host(text) is None


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("http://localhost:80", True),
        ("https://[::1]:1", True),
        ("http://localhost/", False),
        ("http://localhost\\@evil.example", False),
        ("HTTP://localhost", False),
        ("ftp://localhost", False),
        ("http:/localhost", False),
        ("http://[", False),
        ("http://", False),
        ("://", False),
        ("null", False),
        ("", False),
        ("http://a http://b", False),
        ("http://user@localhost", False),
    ],
)
def test_an_origin_is_a_scheme_and_a_host(text: str, known: bool) -> None:
    assert (read_origin(text) is not None) is known


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    session: Session,
    *headers: tuple[str, str | bytes],
    access: Access | None = None,
    method: str = "GET",
    path: str = "/",
) -> Answer:
    """What the application answers to a head of just these headers, which no client would send as they are."""
    told: list[dict] = []
    raw = [(name.encode(), value if isinstance(value, bytes) else value.encode("utf-8")) for name, value in headers]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8470),
    }

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        told.append(message)

    # In a thread of its own: a browser that tests before this one have open keeps a loop running in theirs.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(make_app(session, access or Access())(scope, receive, send))).result()
    start = told[0]
    listed = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], listed, b"".join(one.get("body", b"") for one in told[1:]))


@pytest.mark.parametrize("access", [Access(), Access.on("0.0.0.0")], ids=["local", "everywhere"])  # noqa: S104
@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_name_that_is_none_is_refused_with_or_without_a_token(session: Session, host: str, access: Access) -> None:
    answer = ask(session, ("host", host), access=access)
    assert answer.status == 403
    assert "content-security-policy" not in answer.headers
    assert b"not called" in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("host", "localhost"), ("host", "localhost")),
        (("host", "localhost"), ("host", "evil.example")),
        (("host", b"localhost\xff"),),
        (("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://localhost")),
    ],
    ids=["none", "the same twice", "two", "bytes", "two origins"],
)
def test_there_is_one_host_and_at_most_one_origin(session: Session, headers) -> None:
    assert ask(session, *headers).status == 403


MALFORMED = (
    "http://[",
    "http://[::1",
    "http://]",
    "://",
    "\x00",
    "http://localhost:99999",
    "http://\xff",
    "é",
    "[" * 900,
)


@pytest.mark.parametrize("value", MALFORMED)
@pytest.mark.parametrize(
    "name", ["origin", "referer", "cookie", "sec-fetch-site", "content-length", "x-name", "if-none-match"]
)
def test_a_malformed_header_is_no_mistake_of_ours(session: Session, name: str, value: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/viewer.js"), ("POST", "/images")):
        answer = ask(session, ("host", "localhost"), (name, value), method=method, path=path)
        assert answer.status < 500
        if name == "origin":
            assert answer.status == 403


@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("localhost:8470", "http://localhost:8470", True),
        ("LOCALHOST.:8470", "http://localhost:8470", True),
        ("localhost", "http://localhost:80", True),
        ("localhost:443", "https://localhost", True),  # behind something that ends TLS
        ("localhost:8470", "http://localhost:8471", False),
        ("localhost:8470", "http://127.0.0.1:8470", False),
        ("localhost", "https://localhost:80", False),
    ],
)
def test_the_own_page_is_known_however_it_is_written(session: Session, host: str, origin: str, own: bool) -> None:
    assert (ask(session, ("host", host), ("origin", origin)).status != 403) is own


@pytest.mark.parametrize("host", ["localhost:8470", "LOCALHOST.", "[0::1]:1"])
def test_the_rules_hold_the_host_as_it_was_read(session: Session, host: str) -> None:
    said = ask(session, ("host", host)).headers["content-security-policy"]
    found = str(read_host(host))
    assert said == policy(read_host(host))
    assert f"connect-src 'self' ws://{found} wss://{found};" in said


def test_without_a_host_the_rules_name_none() -> None:
    assert "connect-src 'self';" in policy(None)
