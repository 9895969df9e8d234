"""One open page: what it asks, and what is on its way to it.

The latest question of a kind wins: an older one is answered "cancelled" and its job ends unless somebody else waits
for it. What is known already is sent at once, past all queues. A page that does not take what it is sent is let go
before its letters fill the memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast, final

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from innerview.errors import UsageError
from innerview.session.jobs import Jobs, News, Ticket
from innerview.session.query import read_query
from innerview.session.session import message_of

MOST_SOCKETS: Final = 64
MOST_BYTES: Final = 64 * 2**20
"""That may be on the way to one page."""

LONGEST: Final = 2**16
"""Characters of a message."""

ENDED: Final = frozenset({"done", "not-met", "failed"})


@final
class Socket:
    """A socket and its questions. All but `_hear` runs in the event loop.

    Args:
        socket: accepted.
        jobs: shared by all sockets.
        client: number of this one.
    """

    def __init__(self, socket: WebSocket, jobs: Jobs, client: int) -> None:
        self._socket = socket
        self._jobs = jobs
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._waiting = 0
        self._asked: dict[str, tuple[int, Ticket | None]] = {}
        self._overfull = asyncio.Event()

    def send(self, message: Mapping[str, object], blob: bytes = b"") -> None:
        """Put a message, and the blob that belongs to it, on the way."""
        if self._waiting > MOST_BYTES:
            self._overfull.set()
            return
        text = json.dumps(message)  # in ASCII: half a surrogate pair that was asked about can be told back
        self._waiting += len(text)
        self._outbox.put_nowait(text)
        if blob:
            self._waiting += len(blob)
            self._outbox.put_nowait(int(cast("int", message["id"])).to_bytes(8, "little") + blob)

    async def run(self, hello: Mapping[str, object]) -> None:
        """Serve until the page goes."""
        self.send(hello)
        try:
            async with anyio.create_task_group() as group:

                async def until_it_ends(work: Callable[[], Awaitable[object]]) -> None:
                    await work()
                    group.cancel_scope.cancel()

                for work in (self._receive, self._deliver, self._overfull.wait):
                    group.start_soon(until_it_ends, work)
        finally:
            for _, ticket in self._asked.values():
                if ticket is not None:
                    ticket.give_back()

    async def _deliver(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # gone
            while True:
                message = await self._outbox.get()
                if isinstance(message, bytes):
                    self._waiting -= len(message) - 8
                    await self._socket.send_bytes(message)
                else:
                    self._waiting -= len(message)
                    await self._socket.send_text(message)

    async def _receive(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # gone
            while True:
                heard = await self._socket.receive()
                if heard["type"] == "websocket.disconnect":
                    return
                self.take(heard.get("text"))

    def take(self, text: str | None) -> None:
        """Take a message of the page; None for bytes, as no page sends."""
        number = 0
        try:
            message = _read(text)
            number = message["id"]
            if message.get("kind") == "cancel":
                self._cancel(number)
            else:
                self._ask(number, message)
        except Exception as problem:  # noqa: BLE001 whatever one message does, the page stays open
            self.send({"id": number, "state": "failed", "message": message_of(problem)})

    def _cancel(self, number: int) -> None:
        for kind, (asked, ticket) in list(self._asked.items()):
            if asked == number:
                self._end(kind, asked, ticket)

    def _end(self, kind: str, number: int, ticket: Ticket | None) -> None:
        del self._asked[kind]
        if ticket is not None:
            ticket.give_back()
        self.send({"id": number, "kind": kind, "state": "cancelled"})

    def _ask(self, number: int, message: Mapping[str, Any]) -> None:
        query = read_query(message)
        if query.kind in self._asked:
            self._end(query.kind, *self._asked[query.kind])
        known = self._jobs.session.known(query)
        if known is not None:
            self.send({"id": number, "kind": query.kind, "state": known.state}, known.blob)
            return
        self._asked[query.kind] = (number, None)
        self.send({"id": number, "kind": query.kind, "state": "queued"})
        try:
            ticket = self._jobs.ask(query, self._client, self._hear(query.kind, number))
        except Exception:
            del self._asked[query.kind]
            raise
        self._asked[query.kind] = (number, ticket)

    def _hear(self, kind: str, number: int) -> Callable[[News], None]:
        def hear(news: News) -> None:
            self._loop.call_soon_threadsafe(self._tell, kind, number, news)

        return hear

    def _tell(self, kind: str, number: int, news: News) -> None:
        if self._asked.get(kind, (None,))[0] != number:
            return  # cancelled while the news was on its way
        if news.state in ENDED:
            del self._asked[kind]
        told: dict[str, object] = {"id": number, "kind": kind, "state": news.state}
        if news.message:
            told["message"] = news.message
        if news.total:
            told["progress"] = {"done": news.done, "total": news.total}
        self.send(told, news.blob)


def _read(text: str | None) -> dict[str, Any]:
    """Read a message: an object with a whole number `id`."""
    if text is None:
        raise UsageError(
            "bytes are no question; send text: a JSON object with a number `id`, a `kind` and the rest"
        ).of("message", found="bytes")
    try:
        message: Any = json.loads(text) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        message = None
    number: Any = cast("dict[str, Any]", message).get("id") if isinstance(message, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**53:
        raise UsageError(
            f"a message of {len(text)} characters is no question; send a JSON object with a number `id`, a `kind` and "
            f"what belongs to it, of at most {LONGEST} characters"
        ).of("message", found=len(text), limit=LONGEST)
    return cast("dict[str, Any]", message)


@final
class Sockets:
    """All open pages."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._open: set[Socket] = set()
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._open)

    async def serve(self, socket: WebSocket) -> None:
        """Serve one page until it goes."""
        if len(self._open) >= MOST_SOCKETS:
            await socket.close(1013, f"{MOST_SOCKETS} pages are open already; close one")
            return
        await socket.accept()
        client = next(self._numbers)
        session = Socket(socket, self._jobs, client)
        self._open.add(session)
        self._jobs.turns.join_in(client)
        try:
            await session.run(self._jobs.session.hello())
        finally:
            self._open.discard(session)
            self._jobs.turns.go(client)

    def broadcast(self, message: Mapping[str, object]) -> None:
        """Tell every page."""
        for session in self._open:
            session.send(message)
