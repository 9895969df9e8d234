"""Who may speak to the server: the name that it was called by, the page that asks, a token; checked first of all.

A page of another site can make a browser send requests to this computer. So a request must name this server by a name
of this computer (which defeats a foreign name that was pointed here), and whatever a browser sends from a page must
come from this server's own. On another address than this computer's a token is needed besides.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Final, final

from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from innerview.web.hosts import Host, read_host, read_origin

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
)


@dataclass(frozen=True)
class Access:
    """Who may come in.

    Attributes:
        host: address that the server listens on.
        token: that must be named; empty where none is needed.
    """

    host: str = "127.0.0.1"
    token: str = ""

    @staticmethod
    def on(host: str) -> Access:
        """Rules for an address: on any but this computer's own, a new token."""
        return Access(host, "" if is_loopback(host) else secrets.token_urlsafe(24))

    def knows(self, name: str) -> bool:
        """Whether the server may be called by this name (as `Host` has it, without a port).

        Listening on every address it has no name of its own, and the token alone decides.
        """
        own = name_of(f"[{self.host}]" if ":" in self.host else self.host)
        return name in LOOPBACK or name == own or (bool(self.token) and self.host in {"0.0.0.0", "::"})  # noqa: S104


def is_loopback(host: str) -> bool:
    """Whether an address is this computer's own, which no other can reach."""
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def name_of(host: str) -> str:
    """The name in "name:port" or "[address]:port"; empty where it is none."""
    found = read_host(host)
    return "" if found is None else found.name


@final
class Guard:
    """Refuses whoever may not come in, and puts the rules for browsers on every answer.

    Args:
        app: what is guarded.
        access: the rules.
        open_paths: paths that hold nothing of anybody's, for which no token is needed.
    """

    def __init__(self, app: ASGIApp, access: Access, open_paths: frozenset[str]) -> None:
        self._app = app
        self._access = access
        self._open = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refused})
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        if refused:
            await PlainTextResponse(f"innerview: {refused}\n", 403)(scope, receive, send_on)
        else:
            await self._app(scope, receive, send_on)

    def _refusal(self, scope: Scope) -> str:
        """Why a request may not come in; empty if it may."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = read_host(hosts[0]) if len(hosts) == 1 else None
        if host is None or not self._access.knows(host.name):
            said = " and ".join(hosts)[:80]
            return f"this server is not called {said!a}; open it by the address that it printed"
        if origins and not (len(origins) == 1 and _own(origins[0], host)):
            return "this request was made by a page of another site"
        if not origins and scope.get("method") == "POST" and headers.get("sec-fetch-site", "none") != "none":
            return "this request was made by a page that does not say which"
        if self._access.token and scope["path"] not in self._open:
            given = QueryParams(scope.get("query_string", b"")).get("token", "")
            if not secrets.compare_digest(given.encode(), self._access.token.encode()):
                return "the token in the address is missing or wrong; open the whole address that was printed"
        return ""


def _own(origin: str, host: Host) -> bool:
    """Whether a page of `origin` is one of the server that was called by `host`."""
    found = read_origin(origin)
    return found is not None and found[1].at(found[0]) == host.at(found[0])
