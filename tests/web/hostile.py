"""Thousands of hostile frames on one open page: each is answered or harmless, and the page goes on.

    PYTHONPATH=src:tests python tests/web/hostile.py [FRAMES] [SEED]

Frames are made from a seed: questions with one field or several of a wrong type, size or spelling, JSON that is broken,
nested, doubled or no JSON, bytes, and questions that are right. After each handful comes a right question, whose answer
shows that the server lives. Held are: every error is worded by innerview, no frame closes the socket, what was begun
ends, threads return, no file that a frame names is opened, nothing is run or imported. The tests take a tenth;
scripts/soak all of it, and there memory must stay flat too.
"""

# ruff: noqa: T201, S311 it prints what it measured, with chances that are no secret

from __future__ import annotations

import json
import logging
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect

from innerview.data.image import Image as Loaded
from innerview.session.session import OpenedModel, Session
from innerview.web.app import make_app
from innerview.web.guard import Access
from innerview.web.server import running
from models import MODELS, numpy_model
from patience import PATIENCE, until

HANDFUL = 6
"""Hostile frames between two right questions; with more, the latest of a kind cancels all that would have begun."""

GROWTH = 40.0
"""Megabytes: what an allocator may keep."""

CANARY = "canary-5d1f"
"""Part of the name of every file that a frame names."""

DEEP = ("[" * 900 + "]" * 900, "[" * 3000 + "]" * 3000, '{"a":' * 400 + "1" + "}" * 400)
RAW = (
    *("null", "true", "false", "0", "-1", "-0.0", "0.5", "1e400", "-1e400", "NaN", "Infinity", "1e-400", "2147483648"),
    *("9007199254740993", "1" + "0" * 400, "1" + "0" * 5000, '""', '"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"'),
    *('"' + "x" * 600 + '"', '"' + "é" * 500 + '"', "[]", "{}", "[1,2]", "[1]", "[0,0]", "[1,2,3]", '["1","2"]'),
    *("[2147483647,2147483647]", '{"__proto__":1}', f'"__import__(\\"os\\").system(\\"touch {CANARY}\\")"'),
    *(f'"/tmp/{CANARY}.png"', f'"../{CANARY}"', f'"file:///{CANARY}"', f'"\\\\\\\\host\\\\{CANARY}"'),
    *('"blurred:999999999999"', '"blurred:1.2.3"', '"noise:.."', '"black"', '"blurred:3"', '"noise:7"', '"/w=="'),
    *('"integrated-gradients"', '"contrast"', '"logit"', '"probability"', '"margin"', '"conv1"', '"map"', '"cancel"'),
    *('"_w"', '"%s%n{0}{}"', '"\\u202e\\u001b[2J"', *DEEP),
)
FIELDS = (
    *("id", "kind", "model", "image", "target", "versus", "method", "baseline", "fill", "tolerance"),
    *("objective", "mask", "cells", "layer", "run", "more", "__class__", "Kind", "", "\ud800"),
)
KINDS: dict[str, dict[str, Any]] = {
    "subject": {},
    "map": {"target": 0},
    "path": {"target": 1, "tolerance": 0.1},
    "masking": {"target": 2, "fill": "gray"},
    "mask": {"mask": "/w==", "cells": [2, 4], "fill": "white"},
    "layers": {"layer": "conv1"},
    "weights": {},
    "run": {"run": "ffffffff"},
    "tested": {},
    "timeline": {"run": "x"},
    "cancel": {},
    "hello": {},
}
PLAIN = (
    "",
    "tea",
    "[]",
    "3",
    '"id"',
    "{",
    "}",
    '{"id":1,}',
    "{'id':1}",
    "\ufeff{}",
    "\x00",
    "NaN",
    *DEEP,
    "x" * 70_000,
)


def frames(seed: int, count: int, base: dict[str, str]) -> Iterator[str | bytes]:
    """Hostile frames, the same for the same seed; all their numbers are below a million."""
    chances = random.Random(seed)
    for number in range(1, count + 1):
        way = chances.random()
        if way < 0.08:
            yield chances.randbytes(chances.choice((0, 1, 8, 300, 20_000)))
        elif way < 0.16:
            yield chances.choice(PLAIN)
        else:
            kind = chances.choice(list(KINDS))
            fields = {key: json.dumps(value) for key, value in {"kind": kind, **base, **KINDS[kind]}.items()}
            fields["id"] = str(number)
            yield _spoiled(chances, fields, way)


def _spoiled(chances: random.Random, fields: dict[str, str], way: float) -> str:
    for _ in range(chances.choice((0, 1, 1, 1, 2, 4))):
        fields[chances.choice(FIELDS)] = chances.choice(RAW)
    if chances.random() < 0.1:
        fields.pop(chances.choice(list(fields)))
    pairs = [f"{json.dumps(key)}:{value}" for key, value in fields.items()]
    if chances.random() < 0.1:
        pairs += chances.choices(pairs, k=3)  # keys twice
    chances.shuffle(pairs)
    text = "{" + ",".join(pairs) + "}"
    if way < 0.3:  # a few characters changed, or cut off
        letters = list(text)
        for _ in range(chances.choice((1, 3, 9))):
            letters[chances.randrange(len(letters))] = chances.choice('{}[]:,"\\0e\x00\u2028é')
        text = "".join(letters[: chances.choice((len(letters), chances.randrange(1, len(letters) + 1)))])
    return text


class Watch:
    """What the process does while it is on: an audit hook, which can't be taken off, only be told to look away."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._on:
            return
        if event in {"os.system", "subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "socket.getaddrinfo"} or (
            event == "open" and CANARY in str(arguments[0])
        ):
            self.found.append(f"{event} {str(arguments[0])[:80]}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be on for a block."""
        self._on = True
        try:
            yield
        finally:
            self._on = False


def made_desk() -> Session:
    model = MODELS["mixed"]
    session = Session([OpenedModel("small", numpy_model(model, model.weights(), np.float32))])  # type: ignore[arg-type]
    pixels = np.random.default_rng(5).random((model.input.height, model.input.width, 3), dtype=np.float32)
    session.add(Loaded("first", pixels, label="bee"), "sample")
    return session


class Page:
    """One open page: it sends, and takes down how all that it hears ended."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        hello = json.loads(socket.recv(PATIENCE))
        self.base = {"model": hello["models"][0]["id"], "image": hello["samples"][0]["image"]}
        self.ends: Counter[str] = Counter()
        self.mistakes: list[str] = []
        self._right = 10**6

    def take(self, handful: Sequence[str | bytes]) -> None:
        """Send them and then a right question, and hear everything up to its end."""
        for frame in handful:
            self._socket.send(frame)
        self._right += 1
        self._socket.send(json.dumps({"id": self._right, "kind": "subject", **self.base}))
        while True:
            told = self._socket.recv(PATIENCE)
            if isinstance(told, bytes):
                continue
            message = json.loads(told)
            self.ends[message["state"]] += 1
            if "unexpected" in message.get("message", ""):
                self.mistakes.append(message["message"])
            if message.get("id") == self._right and message["state"] not in {"queued", "level"}:
                assert message["state"] == "done", message
                return


class Log(logging.Handler):
    """What was logged as an error: a job that nobody waits for has no other way to say so."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(f"{record.getMessage()}: {record.exc_info[1] if record.exc_info else ''}")


WATCH: list[Watch] = []


def attack(count: int, seed: int) -> tuple[Page, list[str], int]:
    """Send `count` frames; gives the page, what was opened or run, and how many threads are left over."""
    WATCH[:] = WATCH or [Watch()]
    watch, log = WATCH[0], Log()
    logging.getLogger("innerview").addHandler(log)
    with running(make_app(made_desk(), Access())) as url:
        threads = threading.active_count()
        with connect(url.replace("http", "ws") + "socket", max_size=None, compression=None) as socket:
            page = Page(socket)
            with watch.watching():
                sent = list(frames(seed, count, page.base))
                for at in range(0, count, HANDFUL):
                    page.take(sent[at : at + HANDFUL])
            until(
                lambda: not [one for one in threading.enumerate() if one.name.startswith("innerview job")], "its jobs"
            )
        until(lambda: threading.active_count() <= threads + 8, "its threads")  # to_thread keeps some
        logging.getLogger("innerview").removeHandler(log)
        page.mistakes += log.found
        return page, watch.found, threading.active_count() - threads


def _working() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("innerview job")]


def resident() -> float:
    """Megabytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def main(count: int = 5000, seed: int = 0) -> int:
    """Attack twice, so that what grows is seen."""
    attack(count // 5, seed + 1)
    before, began = resident(), time.perf_counter()
    page, done, left = attack(count, seed)
    took, after = time.perf_counter() - began, resident()
    print(f"{count:,} frames in {took:.0f} s: {dict(page.ends)}; memory {before:.0f} to {after:.0f} MB")
    broken = [*page.mistakes[:5], *done[:5]]
    if after - before > GROWTH:
        broken.append("memory grew")
    print("; ".join(broken) or f"all bounds hold; {left} threads more than before")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in sys.argv[1:3])))
