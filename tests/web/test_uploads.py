"""Images are taken in or refused with what is wrong; the server lives on, whatever comes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image
from starlette.testclient import TestClient

from innerview.session.session import IMAGES, Session
from innerview.web.uploads import MOST_BYTES, plain_name
from web.conftest import image_bytes

SOCKET = "ws://127.0.0.1:8470/socket"


def bomb(side: int = 10_000) -> bytes:
    """A PNG of 100 megapixels in a few hundred bytes: its size is in the head, its pixels are hardly there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def post(client: TestClient, content: bytes, **headers: str):
    return client.post("/images", content=content, headers=headers)


def test_an_image_is_taken_in_and_can_be_asked_about(client: TestClient, hello) -> None:
    answer = post(client, image_bytes(), **{"X-Name": "my%20cat.png"})
    assert answer.status_code == 200
    found = answer.json()
    assert found["name"] == "my cat.png"
    assert len(found["image"]) == 8
    with client.websocket_connect(SOCKET) as socket:
        listed = {one["image"] for one in socket.receive_json()["samples"]}
        assert found["image"] not in listed  # nobody else is shown it
        socket.send_json({"id": 1, "kind": "subject", "image": found["image"]})
        assert socket.receive_json()["state"] in {"queued", "done"}


BROKEN = {
    "text": (b"Dear reader, this is a letter.", "text"),
    "nothing": (b"", "empty"),
    "cut short": (image_bytes()[:500], "broken or cut short"),
    "noise": (bytes(range(256)) * 4, "of no kind that is known"),
    "page": (b"<html><script>alert(1)</script></html>", "PNG, JPEG"),
    "drawing with a program in it": (b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage", "PNG, JPEG"),
    "100 megapixels": (bomb(), "100 megapixels"),
    "vector": (b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>', "PNG, JPEG"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
def test_broken_files_are_refused_with_what_they_are(client: TestClient, content: bytes, said: str) -> None:
    answer = post(client, content, **{"X-Name": "thing.png"})
    assert answer.status_code == 422
    message = answer.json()["message"]
    assert said in message
    assert "thing.png" in message
    assert post(client, image_bytes()).status_code == 200


def test_a_length_that_is_too_large_is_refused_unread(client: TestClient) -> None:
    answer = client.post("/images", content=b"x", headers={"content-length": str(MOST_BYTES + 1)})
    assert answer.status_code == 413
    assert f"{MOST_BYTES:,}" in answer.json()["message"]


def test_a_body_without_a_length_is_refused(client: TestClient) -> None:
    def parts() -> Iterator[bytes]:
        yield image_bytes()

    answer = client.post("/images", content=parts())
    assert answer.status_code == 411


def test_many_images_push_out_the_oldest_uploads_and_no_sample(client: TestClient, session: Session, hello) -> None:
    found = [post(client, image_bytes(seed, (8, 8))).json()["image"] for seed in range(IMAGES + 3)]
    assert len(set(found)) == IMAGES + 3
    assert len(session._guests) == IMAGES
    assert [one["image"] for one in session.hello()["samples"]] == [one["image"] for one in hello["samples"]]
    with client.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        socket.send_json({"id": 1, "kind": "subject", "image": found[0]})
        states = [socket.receive_json(), socket.receive_json()]
        assert states[-1]["state"] == "failed"
        assert "upload it again" in states[-1]["message"]


def test_every_kind_of_image_is_taken(client: TestClient) -> None:
    for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        assert post(client, image_bytes(form=form)).status_code == 200


def test_a_grey_image_with_transparency_is_taken(client: TestClient) -> None:
    buffer = io.BytesIO()
    Image.new("LA", (9, 7), (120, 30)).save(buffer, "PNG")
    assert post(client, buffer.getvalue()).status_code == 200


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a/b\\c.png", "c.png"),
        ("../../etc/passwd", "passwd"),
        ("", "image"),
        ("x" * 200, "x" * 80),
        ("a\x00\n\u202eb", "ab"),
        ("<b>.png", "<b>.png"),
    ],
)
def test_names_are_for_captions_only(name: str, plain: str) -> None:
    assert plain_name(name) == plain
