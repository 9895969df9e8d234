"""One connection: whoever opens it must ask something soon, and only so many may be open.

uvicorn waits for ever for the first request of a connection, and for the rest of one whose head has begun. Here a
connection has `HEAD` seconds, from its beginning or from the end of an answer, until a request's head is whole.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD: Final = 10.0
"""Seconds."""

MOST: Final = 256
"""Connections at once, those of open pages included."""

MOST_HEADERS: Final = 32 * 2**10
"""Bytes of a request's head."""


@final
class Connection(H11Protocol):
    """Closes itself when nothing is asked."""

    _until_asked: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or end at once where too many are open."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.close()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; once they are a whole head, nothing is waited for."""
        super().data_received(data)
        if self._asked():
            self._wait_no_more()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over."""
        self._wait_no_more()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if not self._asked() and not self.transport.is_closing():
            self._wait()

    def _asked(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        self._wait_no_more()
        self._until_asked = self.loop.call_later(HEAD, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._until_asked is not None:
            self._until_asked.cancel()
            self._until_asked = None
