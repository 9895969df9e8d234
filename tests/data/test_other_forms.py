"""JPEG, GIF, BMP, WebP and Netpbm in their forms."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from data.files_made import encoded, random_bytes
from data.forms import LINEAR, near, over_white
from innerview.data.colours import OVER_WHITE
from innerview.data.reading import load_image
from innerview.errors import ImageError
from raising import raises


class TestJPEG:
    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_modes(self, mode: str, *, progressive: bool) -> None:
        image = Image.fromarray(random_bytes(4, 4).repeat(8, 0).repeat(8, 1)).convert(mode)
        data = encoded(image, "JPEG", progressive=progressive, quality=95)
        with Image.open(io.BytesIO(data)) as decoded:
            near(load_image(data), np.asarray(decoded.convert("RGB")) / 255)

    def test_red_green_and_blue_as_they_are(self) -> None:
        data = encoded(Image.new("RGB", (8, 8), (200, 100, 50)), "JPEG", keep_rgb=True, quality=100)
        near(load_image(data), np.array([200, 100, 50]) / 255, 0.005)

    def test_four_inks_need_adobes_mark(self) -> None:
        data = encoded(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", quality=100)
        near(load_image(data), np.array([0, 1, 1]), 0.01)
        place = data.index(b"\xff\xee")
        without = data[:place] + data[place + 16 :]
        with raises(ImageError, "inks", found=4):
            load_image(without)

    @pytest.mark.parametrize(
        ("at", "value", "said"),
        [(1, 0xC3, "kind"), (4, 12, "depth")],
    )
    def test_kinds_that_are_not_read_are_named(self, at: int, value: int, said: str) -> None:
        data = bytearray(encoded(Image.new("RGB", (8, 8)), "JPEG"))
        data[data.index(b"\xff\xc0") + at] = value
        with raises(ImageError, said):
            load_image(bytes(data))

    def test_scans_without_end_are_refused(self) -> None:
        data = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
        start = data.rindex(b"\xff\xda")
        with raises(ImageError, "scans", found=206):
            load_image(data[:-2] + data[start:-2] * 200 + b"\xff\xd9")

    def test_a_profile_in_several_parts(self) -> None:
        image = Image.new("RGB", (8, 8), (55, 55, 55))
        half = len(LINEAR) // 2
        parts = [LINEAR[:half], LINEAR[half:]]
        plain = encoded(image, "JPEG")
        marks = [
            b"\xff\xe2" + struct.pack(">H", len(part) + 16) + b"ICC_PROFILE\0" + bytes([number, 2]) + part
            for number, part in enumerate(parts, 1)
        ]
        near(load_image(plain[:2] + marks[1] + marks[0] + plain[2:]), np.array(128 / 255), 0.01)


class TestGIF:
    def test_around_a_smaller_first_image_the_canvas_is_see_through(self) -> None:
        data = bytearray(encoded(Image.new("P", (2, 2)), "GIF"))
        data[6:10] = struct.pack("<HH", 5, 4)
        place = data.index(b"\x2c\0\0\0\0")
        data[place + 1 : place + 5] = struct.pack("<HH", 2, 1)
        image = load_image(bytes(data))
        expected = np.ones((4, 5, 1))
        expected[1:3, 2:4] = 0
        near(image, expected)
        assert OVER_WHITE in image.notes

    def test_of_an_animation_only_the_first_counts(self) -> None:
        frames = [Image.new("P", (4, 4), level) for level in (0, 1)]
        for frame in frames:
            frame.putpalette([9, 9, 9, 200, 200, 200])
        data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2, transparency=1)
        near(load_image(data), np.array(9 / 255))


class TestBMP:
    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
    def test_modes(self, mode: str) -> None:
        image = Image.fromarray(random_bytes(5, 7)).convert(mode)
        near(load_image(encoded(image, "BMP")), np.asarray(image.convert("RGB")) / 255)

    def test_opacity(self) -> None:
        """Of 32 bits, where a mask says so; without one the fourth byte means nothing."""
        values = random_bytes(5, 7, 4)
        stored = values[::-1, :, [2, 1, 0, 3]].tobytes()
        masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        head = struct.pack("<IiiHHIIiiII", 108, 7, 5, 1, 32, 3, len(stored), 0, 0, 0, 0) + masks + b"BGRs" + bytes(48)
        data = b"BM" + struct.pack("<IHHI", 122 + len(stored), 0, 0, 122) + head + stored
        near(load_image(data), over_white(values[..., :3] / 255, values[..., 3:] / 255))
        near(load_image(encoded(Image.fromarray(values), "BMP")), values[..., :3] / 255)

    def test_sixteen_bits_in_all(self) -> None:
        """Five bits each: 31 is white."""
        head = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 0, 4, 0, 0, 0, 0)
        data = b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + head + struct.pack("<HH", 31 << 10, 16)
        near(load_image(data), np.array([[[1, 0, 0], [0, 0, 16 / 31]]]), 0.003)


class TestWebP:
    @pytest.mark.parametrize("lossless", [True, False])
    @pytest.mark.parametrize("animated", [True, False])
    def test_opacity(self, *, lossless: bool, animated: bool) -> None:
        image = Image.new("RGBA", (8, 8), (0, 100, 200, 51))
        more = {"save_all": True, "append_images": [Image.new("RGBA", (8, 8), (9, 9, 9, 255))]} if animated else {}
        data = encoded(image, "WEBP", lossless=lossless, quality=100, **more)
        near(load_image(data), over_white(np.array([0, 100, 200]) / 255, np.array(0.2)), 0.01)


class TestNetpbm:
    @pytest.mark.parametrize("most", [1, 7, 255, 256, 1023, 65535])
    @pytest.mark.parametrize("kind", [2, 3, 5, 6])
    def test_numbers(self, kind: int, most: int) -> None:
        channels = 3 if kind in {3, 6} else 1
        values = np.random.default_rng(most).integers(0, most, (3, 5, channels), endpoint=True)
        body = (
            values.astype(np.uint8 if most < 256 else ">u2").tobytes()
            if kind > 3
            else " ".join(map(str, values.ravel())).encode()
        )
        near(load_image(f"P{kind}\n# made\n5 3\n{most}\n".encode() + body), values / most, 1e-6)

    @pytest.mark.parametrize("body", [b"P1 3 2 #x\n1 0 1\n011", b"P4\n3 2\n\xa0\x60"])
    def test_ink_is_black(self, body: bytes) -> None:
        near(load_image(body), 1 - np.array([[1, 0, 1], [0, 1, 1]])[..., None])

    @pytest.mark.parametrize(
        "data",
        [
            *(b"P6 2 2 255\n123", b"P5 2 2 0\n1234", b"P5 2 2 70000\n1234", b"P2 2 2 9 1 2 3", b"P2 2 2 9 1 2 3 10"),
            *(b"P3 1 1 9 1 -2 3", b"P5 2", b"P5 2 2 9\n\x0a\0\0\0", b"P1 2 2 1 0 1"),
        ],
    )
    def test_what_is_broken_is_said(self, data: bytes) -> None:
        with pytest.raises(ImageError, match=r"broken or cut short|of no kind|is text"):
            load_image(data)

    def test_size_is_checked_first(self) -> None:
        with raises(ImageError, "size", found=(90000, 90000), limit=64000000):
            load_image(b"P6 90000 90000 255\n")
