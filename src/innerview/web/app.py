"""The application: seven addresses and no other, none of which opens a file that a client names.

GET /            the page          GET /viewer.js, /viewer.css     the bundle, as the package carries it
POST /images     an image          GET /dataset.js, /dataset.css   the data-set view, when it is opened
/socket          questions and answers
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from innerview.errors import InnerviewError
from innerview.session.jobs import Jobs
from innerview.session.schedule import FairScheduler
from innerview.session.session import Session
from innerview.viewer.bundle import read_bundle, read_chunk
from innerview.web.guard import Access, Guard
from innerview.web.hosts import read_host
from innerview.web.page import PAGE, policy
from innerview.web.sockets import Sockets
from innerview.web.uploads import Uploads

OPEN: Final = frozenset({"/viewer.js", "/viewer.css", "/dataset.js", "/dataset.css"})

POLL: Final = 2.0
"""Seconds between two looks at the run folders."""

Changes = Callable[[], Sequence[Mapping[str, Any]]]
"""Looks at the run folders and gives those that have changed since; called in a thread."""


def make_app(session: Session, access: Access | None = None, changes: Changes | None = None) -> Starlette:
    """Make the application.

    Args:
        session: who answers.
        access: who may come in; this computer if left out.
        changes: looked at every few seconds; None where there are no runs.

    Raises:
        OutputError: the viewer was not built.
    """
    jobs = Jobs(session, FairScheduler())
    sockets, uploads = Sockets(jobs), Uploads(session)
    bundle, chunk = read_bundle(), read_chunk()

    async def page(request: Request) -> Response:
        headers = {
            "Content-Security-Policy": policy(read_host(request.headers.get("host", ""))),
            "Cache-Control": "no-store",
        }
        return HTMLResponse(PAGE, headers=headers)

    async def socket(websocket: WebSocket) -> None:
        await sockets.serve(websocket)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None, None]:
        watching = asyncio.create_task(_watch(changes, sockets)) if changes is not None else None
        yield
        if watching is not None:
            watching.cancel()

    return Starlette(
        routes=[
            Route("/", page),
            Route("/viewer.js", _file(bundle.script, "text/javascript")),
            Route("/viewer.css", _file(bundle.style, "text/css")),
            Route("/dataset.js", _file(chunk.script, "text/javascript")),
            Route("/dataset.css", _file(chunk.style, "text/css")),
            Route("/images", uploads.take, methods=["POST"]),
            WebSocketRoute("/socket", socket),
        ],
        middleware=[Middleware(Guard, access=access or Access(), open_paths=OPEN)],
        lifespan=lifespan,
    )


def _file(text: str, kind: str) -> Callable[[Request], Response]:
    """Serve a text that never changes while the server runs; a browser that has it is told so."""
    content = text.encode("utf-8", "backslashreplace")
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}

    def serve(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    return serve


async def _watch(changes: Changes, sockets: Sockets) -> None:
    while True:
        await asyncio.sleep(POLL)
        if not len(sockets):
            continue
        try:
            changed = await asyncio.to_thread(changes)
        except (OSError, InnerviewError):  # a folder that is being written, moved or taken away: the next look may do
            continue
        for run in changed:
            sockets.broadcast({"state": "run", "run": dict(run)})
