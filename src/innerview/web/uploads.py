"""Pictures that are sent: bounded in bytes before they are read, in pixels before they are decoded, one at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, final
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from innerview.data.reading import read_picture
from innerview.errors import InnerviewError
from innerview.viewer.payloads.subject import Photo
from innerview.workbench.live.desk import Desk

MOST_BYTES: Final = 32 * 2**20
MOST_PIXELS: Final = 25_000_000
"""What a telephone takes; decoded, 0.3 GB for a moment."""

WAITING: Final = 32
"""Uploads that may wait for each other."""

LONGEST_NAME: Final = 80


@final
@dataclass(eq=False)
class Uploads:
    """Takes pictures in for the desk."""

    desk: Desk
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def take(self, request: Request) -> Response:
        """Answer POST /pictures."""
        declared = request.headers.get("content-length", "")
        if not declared.isdecimal():
            return _refuse(411, "the picture's length was not said (Content-Length); send it whole")
        if int(declared) > MOST_BYTES:
            return _refuse(413, f"the picture has {int(declared):,} bytes; the most is {MOST_BYTES:,}: make it smaller")
        if self._waiting >= WAITING:
            return _refuse(503, f"{WAITING} pictures are waiting already; try again in a moment")
        self._waiting += 1
        try:
            async with self._turn:  # so that memory holds one picture's pixels, whoever sends how many
                return await self._read(request)
        except ClientDisconnect:
            return _refuse(400, "the picture was cut off on its way; send it again")
        finally:
            self._waiting -= 1

    async def _read(self, request: Request) -> Response:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > MOST_BYTES:
                return _refuse(413, f"the picture has more than {MOST_BYTES:,} bytes: make it smaller")
        name = plain_name(unquote(request.headers.get("x-name", "")))
        try:
            photo = await asyncio.to_thread(self._decode, bytes(content), name)
        except InnerviewError as problem:
            return _refuse(422, str(problem))
        return JSONResponse({"picture": photo.picture, "name": photo.name})

    def _decode(self, content: bytes, name: str) -> Photo:
        picture = read_picture(content, name=name, most_pixels=MOST_PIXELS, most_bytes=MOST_BYTES)
        return self.desk.add(picture, "upload")


def plain_name(name: str) -> str:
    """A name for captions: what can be printed, not too long, without folders."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:LONGEST_NAME].strip() or "picture"


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
