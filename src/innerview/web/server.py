"""The server around the application: where it listens, what it prints, how it ends."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import webbrowser
from collections.abc import Callable, Generator
from typing import Final, final

import uvicorn
from starlette.applications import Starlette

from innerview.errors import OutputError
from innerview.web.connection import HEAD, MOST, MOST_HEADERS, Connection
from innerview.web.guard import Access
from innerview.web.sockets import LONGEST

BACKLOG: Final = 128
"""Connections that wait to be taken."""

EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 a name for the address, not a choice of it

REASONS: Final = {
    errno.EADDRINUSE: "something listens there already; choose another with --port, or 0 for any that is free",
    errno.EACCES: "it is not allowed to; choose a port above 1023",
    errno.EADDRNOTAVAIL: "this computer has no such address; choose one of its own with --host",
}


def listen(host: str, port: int) -> socket.socket:
    """Take an address, before anything is computed.

    Raises:
        OutputError: it can't be had; says why.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)  # whoever comes before the server is ready waits instead of being refused
    except (OSError, OverflowError) as problem:
        listening.close()
        number = problem.errno if isinstance(problem, OSError) else None
        why = REASONS.get(number or 0, str(problem).lower())
        raise OutputError(f"the server can't listen on {host}, port {port}: {why}").of(
            "port", asked=(host, port), found=why
        ) from None
    return listening


def address(listening: socket.socket, access: Access) -> str:
    """What to open in a browser."""
    host, port = listening.getsockname()[:2]
    shown = socket.gethostname() if host in EVERYWHERE else str(host)
    name = f"[{shown}]" if ":" in shown else shown
    return f"http://{name}:{port}/" + (f"?token={access.token}" if access.token else "")


def configuration(app: Starlette) -> uvicorn.Config:
    """How the server runs: quietly, and ending at once whatever is open."""
    return uvicorn.Config(
        app,
        http=Connection,
        h11_max_incomplete_event_size=MOST_HEADERS,
        limit_concurrency=MOST,
        timeout_keep_alive=int(HEAD),
        log_level="error",
        access_log=False,
        server_header=False,
        ws_max_size=LONGEST * 4,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
        lifespan="on",
    )


@final
class _Server(uvicorn.Server):
    """Tells when it has begun to answer: uvicorn has no call for that."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(app: Starlette, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C; `ready` is called once, as soon as requests are answered."""
    with contextlib.suppress(KeyboardInterrupt):
        _Server(configuration(app), ready).run(sockets=[listening])


def open_browser(url: str) -> None:
    """Open a browser if there is one, and don't wait for it; without one the printed address is enough."""

    def opening() -> None:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(url)

    threading.Thread(target=opening, daemon=True).start()


@contextlib.contextmanager
def running(app: Starlette, host: str = "127.0.0.1") -> Generator[str, None, None]:
    """Serve in a thread for the length of a `with` block, on a free port; gives the address."""
    listening = listen(host, 0)
    server = uvicorn.Server(configuration(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield address(listening, Access(host))
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
