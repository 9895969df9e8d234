"""The viewer as a widget: the questions that the page can't answer go to the kernel, in messages as on the socket."""

# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false, reportMissingTypeStubs=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

import anywidget
import traitlets

from innerview.errors import InnerviewError
from innerview.session.jobs import Jobs, News, Ticket
from innerview.session.query import read_query
from innerview.session.schedule import FairScheduler
from innerview.session.session import Session
from innerview.viewer.bundle import read_bundle

CLIENT: Final = 1

MIME: Final = "application/vnd.jupyter.widget-view+json"

Send = Callable[[Mapping[str, Any], Sequence[bytes]], None]


class Widget(anywidget.AnyWidget):
    """What the notebook holds: the bundle, the page, and whether a kernel answers."""

    _esm = ""
    _css = ""
    page = traitlets.Dict().tag(sync=True)
    live = traitlets.Bool(default_value=False).tag(sync=True)
    key = traitlets.Unicode("").tag(sync=True)
    fragment = traitlets.Unicode("").tag(sync=True)


def make_widget(page: Mapping[str, Any], session: Session, key: str) -> Widget:
    """Make the widget, with the session behind it; it hides the saved page of the same key."""
    bundle = read_bundle()
    kind = type("InnerviewWidget", (Widget,), {"_esm": bundle.script, "_css": bundle.style})
    widget = kind(page=dict(page), live=True, key=key)
    answering = Answering(session, lambda message, blobs: widget.send(dict(message), list(blobs)))

    def heard(_widget: object, message: object, _buffers: object) -> None:
        answering.take(message)

    widget.on_msg(heard)
    return widget


class Answering:
    """Answers a cell's questions.

    Args:
        session: who knows.
        send: takes a message and blobs, from any thread.
    """

    def __init__(self, session: Session, send: Send) -> None:
        self._desk = session
        self._send = send
        self._jobs = Jobs(session, FairScheduler())
        self._tickets: dict[int, Ticket] = {}

    def take(self, message: Any) -> None:
        """Take a message of the cell."""
        if not isinstance(message, dict):
            return
        message = cast("dict[str, Any]", message)
        if message.get("kind") == "hello":
            self._send(self._desk.hello(), ())
            return
        number = message.get("id")
        if not isinstance(number, int):
            return
        if message.get("kind") == "cancel":
            ticket = self._tickets.pop(number, None)
            if ticket is not None:
                ticket.give_back()
                self._send({"id": number, "state": "cancelled"}, ())
            return
        try:
            self._ask(number, message)
        except InnerviewError as problem:
            self._send({"id": number, "state": "failed", "message": str(problem)}, ())

    def _ask(self, number: int, message: Mapping[str, Any]) -> None:
        query = read_query(message)
        known = self._desk.known(query)
        if known is not None:
            self._send({"id": number, "kind": query.kind, "state": known.state}, (known.blob,))
            return

        def hear(news: News) -> None:
            told: dict[str, Any] = {"id": number, "kind": query.kind, "state": news.state}
            if news.message:
                told["message"] = news.message
            if news.total:
                told["progress"] = {"done": news.done, "total": news.total}
            self._send(told, (news.blob,) if news.blob else ())
            if news.state in {"done", "not-met", "failed"}:
                self._tickets.pop(number, None)

        self._tickets[number] = self._jobs.ask(query, CLIENT, hear)
