"""A download ends with the right bytes or with the reason; a server on this machine plays every kind of source."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from innerview.data import download as downloading
from innerview.data.download import Source, download
from innerview.errors import DataError, OutputError
from raising import raises

CONTENT = np.random.default_rng(1).bytes(1_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """What the fake server was asked, and where it is."""

    address: str
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def source(self, behaviour: str) -> Source:
        return Source(f"{self.address}/{behaviour}/data.tar.gz", DIGEST, len(CONTENT))


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server("")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            behaviour = self.path.split("/")[1]
            asked = self.headers.get("Range")
            state.asked.append((behaviour, asked))
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and behaviour != "rangeless" else 0
            match behaviour:
                case "missing":
                    self.send_error(404)
                    return
                case "wrong":
                    body = bytes(len(CONTENT))
                case "sign-in":
                    body = b"<html>sign in</html>"
                    start = 0
                case "longer":
                    body = CONTENT + b"more"
                case _:
                    body = CONTENT
            body = body[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # a connection that is cut after 300 kB, every time or the first time only
            cut = behaviour == "flaky" or (behaviour == "stuck" and start == 0)
            self.wfile.write(
                (body[:0] if behaviour == "stuck" and start else body[:300_000])
                if cut or behaviour == "stuck"
                else body
            )

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    running.shutdown()
    running.server_close()
    thread.join()


def kept(folder: Path) -> Path:
    return folder / f"data.tar.gz.{DIGEST[:12]}.partial"


@pytest.mark.parametrize("behaviour", ["good", "flaky", "rangeless"])
def test_the_content_arrives_whole(server: Server, tmp_path: Path, behaviour: str) -> None:
    path = download([server.source(behaviour)], tmp_path)
    assert path == tmp_path / "data.tar.gz"
    assert path.read_bytes() == CONTENT
    assert not kept(tmp_path).exists()


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server: Server, tmp_path: Path) -> None:
    download([server.source("flaky")], tmp_path)
    starts = [int((asked or "bytes=0-").removeprefix("bytes=").removesuffix("-")) for _, asked in server.asked]
    assert starts == sorted(set(starts))
    assert starts[1] > 0


@pytest.mark.parametrize("behaviour", ["good", "rangeless"])
def test_an_earlier_download_is_continued(server: Server, tmp_path: Path, behaviour: str) -> None:
    kept(tmp_path).write_bytes(CONTENT[:700_000])
    assert download([server.source(behaviour)], tmp_path).read_bytes() == CONTENT
    assert server.asked == [(behaviour, "bytes=700000-")]


@pytest.mark.parametrize("length", [500_000, len(CONTENT), len(CONTENT) + 5])
def test_a_damaged_beginning_is_downloaded_anew(server: Server, tmp_path: Path, length: int) -> None:
    kept(tmp_path).write_bytes(bytes(length))
    assert download([server.source("good")], tmp_path).read_bytes() == CONTENT


def test_a_file_that_is_there_is_not_asked_for(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.tar.gz").write_bytes(CONTENT)
    download([server.source("good")], tmp_path)
    assert server.asked == []


def test_a_damaged_file_that_is_there_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.tar.gz").write_bytes(CONTENT[:-1])
    assert download([server.source("good")], tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("bad", ["wrong", "missing", "longer"])
def test_a_source_that_fails_gives_way_to_the_next(server: Server, tmp_path: Path, bad: str) -> None:
    assert download([server.source(bad), server.source("good")], tmp_path).read_bytes() == CONTENT
    assert [name for name, _ in server.asked] == [bad, "good"]


def test_the_next_source_goes_on_from_what_another_gave(server: Server, tmp_path: Path) -> None:
    assert download([server.source("stuck"), server.source("good")], tmp_path).read_bytes() == CONTENT
    assert server.asked[-1][0] == "good"
    assert server.asked[-1][1] is not None


def test_a_wrong_checksum_is_refused_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with raises(DataError, "sources", found=1):
        download([server.source("wrong")], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_when_all_fail_each_reason_is_given(server: Server, tmp_path: Path) -> None:
    nowhere = Source("http://127.0.0.1:1/data.tar.gz", DIGEST, len(CONTENT))
    other = Source("file:///data.tar.gz", DIGEST, len(CONTENT))
    with pytest.raises(DataError) as caught:
        download([server.source("missing"), nowhere, other], tmp_path)
    message = str(caught.value)
    for part in ("answered 404", "can't be reached", "only http and https", "name its path"):
        assert part in message


def test_progress_rises_to_the_whole(server: Server, tmp_path: Path) -> None:
    said: list[tuple[int, int, str]] = []
    download([server.source("good")], tmp_path, lambda *now: said.append(now))
    done = [now[0] for now in said]
    assert done == sorted(done)
    assert done[-1] == len(CONTENT)
    assert {now[1] for now in said} == {len(CONTENT)}


def test_a_full_disk_is_said_so(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloading, "store", full)
    with raises(OutputError, "folder"):
        download([server.source("good")], tmp_path)


def test_a_page_in_the_files_place_replaces_nothing_that_has_arrived(server: Server, tmp_path: Path) -> None:
    source = server.source("sign-in")
    downloading.partial(source, tmp_path).write_bytes(CONTENT[:400_000])
    with raises(DataError, "sources", found=1):
        download([source], tmp_path)
    assert downloading.partial(source, tmp_path).read_bytes() == CONTENT[:400_000]
    download([server.source("whole")], tmp_path)
    assert server.asked[-1] == ("whole", "bytes=400000-")
