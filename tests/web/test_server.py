"""The server takes its address first, says what is wrong with it, and ends quietly."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette

from innerview.cli import main
from innerview.errors import OutputError
from innerview.web.guard import Access
from innerview.web.server import address, listen
from patience import PATIENCE
from serving import served

ROOT = Path(__file__).resolve().parents[2]


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--no-open", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert f"port {port}" in said
    assert "--port" in said


@pytest.mark.parametrize(("host", "said"), [("203.0.113.7", "no such address"), ("no.such.name.invalid", "listen on")])
def test_an_address_that_is_not_ours_is_told(host: str, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        listen(host, 0)


def test_who_comes_before_the_server_is_ready_waits() -> None:
    with (
        listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname(), timeout=PATIENCE) as early,
    ):
        assert early.getpeername() == listening.getsockname()


def test_the_printed_address_has_the_token_where_one_is_needed() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address(listening, Access.on("127.0.0.1")) == f"http://127.0.0.1:{port}/"
        token = Access("192.168.0.7", "secret")
        assert address(listening, token).endswith("/?token=secret")


def test_wrong_arguments_are_told_before_anything_is_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-open", "--port", "0", str(tmp_path / "nothing")]) == 1
    assert "there is no folder" in capsys.readouterr().err


ANSWERS = """
import asyncio, contextlib, os, signal, threading, urllib.request
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from innerview.web.guard import Access
from innerview.web.server import address, listen, serve

@contextlib.asynccontextmanager
async def lifespan(_):
    await asyncio.sleep(0.2)
    print("begun", flush=True)
    yield

app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))], lifespan=lifespan)
with listen("127.0.0.1", 0) as listening:

    def ask():
        with urllib.request.urlopen(address(listening, Access())) as answer:
            print(answer.read().decode(), flush=True)
        os.kill(os.getpid(), signal.SIGINT)

    def ready():
        print("ready", flush=True)
        threading.Thread(target=ask).start()

    serve(app, listening, ready)
"""


def test_the_address_is_told_by_a_server_that_answers() -> None:
    """`ready` asks the server, then presses Ctrl-C; in a process of its own, since a browser's loop may run in this."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS], capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False
    )
    assert (done.stdout.split(), done.stderr, done.returncode) == (["begun", "ready", "here"], "", 0)


def test_the_command_says_nothing_before_its_server_is_ready(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []

    def serve(_: Starlette, __: socket.socket, ready: Callable[[], None]) -> None:
        said.append(capsys.readouterr().out)
        ready()
        said.append(capsys.readouterr().out)

    monkeypatch.setattr("innerview.web.server.serve", serve)
    assert main(["serve", "--no-open", "--port", "0"]) == 0
    assert said[0] == ""
    assert re.fullmatch(r"Open http://127\.0\.0\.1:\d+/\nCtrl-C ends it\.\n", said[1])


def test_it_serves_until_ctrl_c_and_ends_quietly() -> None:
    """A process of its own, as a user starts it; a page is open when it is stopped."""
    with served(stderr=subprocess.PIPE) as server:
        with urllib.request.urlopen(server.url, timeout=PATIENCE) as answer:  # noqa: S310 our own
            assert b"viewer.js" in answer.read()
        assert server.end() == (0, "")
