"""Images that are sent: bounded in bytes before they are read, in pixels before they are decoded, one at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, final
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from innerview.data.reading import load_image
from innerview.errors import InnerviewError
from innerview.session.session import Session, message_of
from innerview.viewer.payloads.subject import Photo

MOST_BYTES: Final = 32 * 2**20
MOST_PIXELS: Final = 25_000_000
"""What a telephone takes; decoded, 0.3 GB for a moment."""

WAITING: Final = 32
"""Uploads that may be on their way or wait for each other."""

MOST_HELD: Final = 128 * 2**20
"""Bytes of all of them."""

PAUSE: Final = 20.0
"""Seconds without a byte after which an upload is given up."""

DEADLINE: Final = 180.0
"""Seconds for the whole of it: 32 MiB over a telephone's line take two minutes."""

LONGEST_NAME: Final = 80


@final
@dataclass(eq=False)
class Uploads:
    """Takes images in for the session."""

    session: Session
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0
    _held: int = 0

    async def take(self, request: Request) -> Response:
        """Answer POST /images."""
        declared = request.headers.get("content-length", "")
        if not (declared.isascii() and declared.isdecimal()):
            return _refuse(411, "the image's length was not said (Content-Length); send it whole")
        length = int(declared[:20])
        if length > MOST_BYTES:
            return _refuse(413, f"the image has {length:,} bytes; the most is {MOST_BYTES:,}: make it smaller")
        if self._waiting >= WAITING:
            return _refuse(503, f"{WAITING} images are waiting already; try again in a moment")
        self._waiting += 1
        content = bytearray()
        try:
            # Whole before it takes its turn, so that nobody waits for a line that is slower than theirs.
            refused = await self._receive(request, content)
            if refused is not None:
                return refused
            async with self._turn:  # so that memory holds one image's pixels, whoever sends how many
                return await self._read(content, plain_name(unquote(request.headers.get("x-name", ""))))
        except ClientDisconnect:
            return _refuse(400, "the image was cut off on its way; send it again")
        except TimeoutError:
            return _refuse(408, f"the image was not there after {DEADLINE:g} s, or paused for {PAUSE:g} s")
        finally:
            self._waiting -= 1
            self._held -= len(content)

    async def _receive(self, request: Request, content: bytearray) -> Response | None:
        """Collect what is sent; what to answer where that is too much."""
        parts = request.stream()
        async with asyncio.timeout(DEADLINE):
            while True:
                try:
                    part = await asyncio.wait_for(anext(parts), PAUSE)
                except StopAsyncIteration:
                    return None
                content += part
                self._held += len(part)
                if len(content) > MOST_BYTES:
                    return _refuse(413, f"the image has more than {MOST_BYTES:,} bytes: make it smaller")
                if self._held > MOST_HELD:
                    return _refuse(503, "too many large images are on their way; try again in a moment")

    async def _read(self, content: bytearray, name: str) -> Response:
        try:
            photo = await asyncio.to_thread(self._decode, bytes(content), name)
        except InnerviewError as problem:
            return _refuse(422, str(problem))
        except Exception as problem:  # noqa: BLE001 what nobody foresaw is told as a question's end would be
            return _refuse(500, message_of(problem))
        return JSONResponse({"image": photo.image_hash, "name": photo.name})

    def _decode(self, content: bytes, name: str) -> Photo:
        image = load_image(content, name=name, max_pixels=MOST_PIXELS, max_bytes=MOST_BYTES)
        return self.session.add(image, "upload")


def plain_name(name: str) -> str:
    """A name for captions: what can be printed, not too long, without folders."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:LONGEST_NAME].strip() or "image"


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
