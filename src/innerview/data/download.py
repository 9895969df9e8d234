"""Downloading one file from several places, verified, resumed, never half there.

What has arrived stays in a `.partial` file named for the wanted content, so the next call, or the next source of the
same content, goes on from there. Only a file whose SHA-256 is right gets its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from innerview.errors import DataError, OutputError
from innerview.files.regular import opened, size_of

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with the bytes that are there, the bytes in all, and the address that they come from."""

CHUNK: Final = 2**18
DIGITS: Final = 18
"""Of a length that a server announces, at most: more is another file in any case."""

SECONDS: Final = 30.0
"""How long a server may be silent before it is given up, in seconds."""


@dataclass(frozen=True)
class Source:
    """Where a file can be had, and how to know it.

    Attributes:
        url: http or https.
        sha256: of the content, hexadecimal.
        size: of the content, in bytes.
    """

    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The name of the file."""
        return PurePosixPath(urlsplit(self.url).path).name


def download(sources: Sequence[Source], folder: Path, progress: Progress | None = None) -> Path:
    """Fetch the first source that gives what it should.

    Args:
        sources: tried in order; a source that breaks off is asked again as long as something arrives.
        folder: where the file goes; made if it is not there.
        progress: see Progress.

    Returns:
        The file's path. If it was there already, and right, nothing is downloaded.

    Raises:
        DataError: if no source gave the right file; the message says why of each.
        OutputError: if the disk is full or the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            path = folder / source.name
            if path.exists() and sha256(path) == source.sha256:
                return path
        failures: list[str] = []
        for source in sources:
            failure = attempt(source, partial(source, folder), progress)
            if failure is None:
                return partial(source, folder).replace(folder / source.name)
            failures.append(f"  {source.url}: {failure}")
    except OSError as problem:
        raise OutputError(
            f"{folder} can't be written ({problem.strerror}), so the download stopped; "
            "make room there, or name another folder"
        ).of("folder", path=folder) from problem
    raise DataError(
        "no source gave the file:\n" + "\n".join(failures) + "\nTry again later (what arrived is kept), "
        "or fetch it by other means and name its path"
    ).of("sources", found=len(failures))


def partial(source: Source, folder: Path) -> Path:
    """Where the content of a source gathers; sources of the same content share it."""
    return folder / f"{source.name}.{source.sha256[:12]}.partial"


def attempt(source: Source, path: Path, progress: Progress | None) -> str | None:
    """Bring `path` to the whole content of a source; return None, or the reason why not."""
    continued = size(path) > 0
    while True:
        before = size(path)
        failure = receive(source, path, before, progress) if before < source.size else None
        if before < size(path) < source.size:
            continue  # it broke off, but something arrived
        if size(path) < source.size:
            return failure or f"ended after {size(path):,} of {source.size:,} bytes"
        if size(path) == source.size and sha256(path) == source.sha256:
            return None
        path.unlink()
        if not continued:
            return "sent another file: its SHA-256 is wrong, so it was thrown away"
        continued = False  # what was there from before may have been damaged: once more, from the start


def size(path: Path) -> int:
    """The bytes of a file, 0 if it is not there."""
    return size_of(path, "the download") if path.exists() else 0


def receive(source: Source, path: Path, start: int, progress: Progress | None) -> str | None:
    """Append what a source sends, from byte `start` on; return None, or why it stopped."""
    # Here: data sets are hardly ever fetched, and every start of the program would import these.
    import http.client
    import urllib.error
    import urllib.request

    if urlsplit(source.url).scheme not in {"http", "https"}:
        return "only http and https are asked"
    request = urllib.request.Request(source.url, headers={"User-Agent": "innerview"})  # noqa: S310  checked above
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310
            # A server that knows no ranges answers 200 and sends everything again.
            start = start if response.status == http.HTTPStatus.PARTIAL_CONTENT else 0
            coming = response.headers.get("Content-Length")
            if coming is not None and coming.isdecimal() and start + int(coming[:DIGITS]) != source.size:
                # a page that asks to log in, an error told as a success: it must not replace what has arrived
                return f"would send another file, of {start + int(coming):,} bytes instead of {source.size:,}"
            return store(response, path, start, source, progress)
    except urllib.error.HTTPError as problem:
        return f"answered {problem.code} {problem.reason}"
    except urllib.error.URLError as problem:
        return f"can't be reached ({problem.reason})"
    except (TimeoutError, ConnectionError, http.client.HTTPException, ValueError) as problem:  # an address that is none
        return f"broke off ({problem or type(problem).__name__})"


def store(response: Any, path: Path, start: int, source: Source, progress: Progress | None) -> None:
    """Write a response to `path` from byte `start` on, no more than the source should have."""
    with path.open("r+b" if start else "wb") as file:
        file.seek(start)
        done = start
        while done <= source.size:
            chunk = _next(response)
            if not chunk:
                break
            file.write(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, source.size, source.url)


def _next(response: Any) -> bytes:
    """What a server sends next; whatever goes wrong there is the connection's fault, and not the folder's."""
    try:
        return response.read(CHUNK)
    except (OSError, ValueError) as problem:
        raise ConnectionError(problem) from problem


def sha256(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with opened(path, "the download") as file:
        return hashlib.file_digest(cast("Any", file), "sha256").hexdigest()
