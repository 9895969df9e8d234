"""Every form of TIFF is read exactly, or refused by its name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from data.files_made import encoded, random_bytes, tiff
from data.forms import EXACT, near, over_white
from innerview.data.colours import OVER_WHITE
from innerview.data.reading import load_image
from innerview.errors import ImageError
from innerview.types import Array
from raising import raises

FLOATS = {"f2": 1e-3, "f4": 1e-6, "f8": 1e-6}


def deep(kind: str, channels: int) -> Array:
    generator = np.random.default_rng(channels)
    if kind[0] == "f":
        return generator.random((5, 7, channels)).astype(kind)
    return generator.integers(0, np.iinfo(kind).max, (5, 7, channels), dtype=kind, endpoint=True)


class TestTIFF:
    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("compression", [1, 8])
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("kind", ["u1", "u2", *FLOATS])
    def test_kinds_of_numbers(self, kind: str, channels: int, compression: int, order: str) -> None:
        values = deep(kind, channels)
        data = tiff(values, photometric=1 if channels == 1 else 2, order=order, compression=compression)
        scale = np.iinfo(kind).max if kind[0] == "u" else 1
        near(load_image(data), values / scale, FLOATS.get(kind, EXACT))

    @pytest.mark.parametrize("layout", [{"separate": True}, {"tile": 16}, {"separate": True, "tile": 16}])
    @pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
    @pytest.mark.parametrize("compression", [1, 8])
    def test_planes_and_tiles(self, kind: str, layout: dict[str, int], compression: int) -> None:
        values = np.tile(deep(kind, 3), (5, 4, 1))
        data = tiff(values, photometric=2, compression=compression, **layout)
        near(load_image(data), values / (np.iinfo(kind).max if kind[0] == "u" else 1))

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize(
        ("kind", "predictor", "tile"),
        [("u1", 2, 0), ("u2", 2, 0), ("u2", 2, 16), ("f4", 2, 0), ("f4", 3, 0), ("f8", 3, 0)],
    )
    def test_predictors(self, kind: str, predictor: int, tile: int, order: str) -> None:
        values = np.tile(deep(kind, 3), (4, 5, 1))
        data = tiff(values, photometric=2, compression=8, predictor=predictor, tile=tile, order=order)
        near(load_image(data), values / (np.iinfo(kind).max if kind[0] == "u" else 1))

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("kind", ["u1", "u2"])
    def test_white_at_0(self, kind: str, order: str) -> None:
        values = deep(kind, 1)
        near(load_image(tiff(values, photometric=0, order=order)), 1 - values / np.iinfo(kind).max)

    @pytest.mark.parametrize(("photometric", "white"), [(0, 0), (1, 1)])
    @pytest.mark.parametrize("bits", [1, 2, 4])
    def test_few_bits(self, bits: int, photometric: int, white: int) -> None:
        values = np.random.default_rng(bits).integers(0, 1 << bits, (4, 16, 1), dtype=np.uint8)
        unit = values / ((1 << bits) - 1)
        near(load_image(tiff(values, photometric=photometric, bits=bits)), unit if white else 1 - unit)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("bits", [10, 12, 14])
    def test_bits_between(self, bits: int, channels: int) -> None:
        values = np.random.default_rng(bits).integers(0, 1 << bits, (4, 7, channels), dtype=np.uint16)
        near(load_image(tiff(values, photometric=1 if channels == 1 else 2, bits=bits)), values / ((1 << bits) - 1))

    @pytest.mark.parametrize("kind", ["u1", "u2"])
    @pytest.mark.parametrize("colours", [1, 3])
    @pytest.mark.parametrize("associated", [False, True])
    def test_opacity(self, kind: str, colours: int, *, associated: bool) -> None:
        most = np.iinfo(kind).max
        values = deep(kind, colours + 1)
        if associated:
            values[..., :-1] = np.minimum(values[..., :-1], values[..., -1:])
        unit = values / most
        colour, alpha = unit[..., :-1], unit[..., -1:]
        data = tiff(values, photometric=1 if colours == 1 else 2, extra=(1 if associated else 2,))
        image = load_image(data)
        near(image, colour + 1 - alpha if associated else over_white(colour, alpha))
        assert OVER_WHITE in image.notes

    @pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
    def test_further_channels_are_left_out_and_said(self, kind: str) -> None:
        values = deep(kind, 5)
        image = load_image(tiff(values, photometric=2, extra=(0, 0)))
        near(image, values[..., :3] / (np.iinfo(kind).max if kind[0] == "u" else 1))
        assert "2 more channels, of which nobody says what they hold, left out" in image.notes

    @pytest.mark.parametrize("scale", [257, 1])
    def test_palettes_of_either_depth(self, scale: int) -> None:
        colours = random_bytes(1, 256)[0]
        values = np.random.default_rng(0).integers(0, 256, (4, 6, 1), dtype=np.uint8)
        table = (colours.T.astype(np.uint16) * scale).astype("<u2").tobytes()
        near(load_image(tiff(values, photometric=3, more={320: (3, table, 768)})), colours[values[..., 0]] / 255)

    @pytest.mark.parametrize("compression", ["raw", "jpeg", "tiff_lzw", "packbits", "tiff_adobe_deflate", "lzma"])
    def test_compressions(self, compression: str) -> None:
        image = Image.new("RGB", (16, 16), (200, 100, 50))
        near(load_image(encoded(image, "TIFF", compression=compression)), np.array([200, 100, 50]) / 255, 0.01)

    @pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
    def test_fax(self, compression: str) -> None:
        values = random_bytes(8, 16, 1)[..., 0] > 99
        near(load_image(encoded(Image.fromarray(values), "TIFF", compression=compression)), values[..., None])

    @pytest.mark.parametrize("value", [0, 3, 40_000, 2**31 + 5])
    def test_whole_numbers_without_a_sign(self, value: int) -> None:
        values = np.array([[[0], [value]]], np.uint32)
        scale = next(one for one in (255, 65535, 2**31 - 1, 2**32 - 1) if value <= one)
        near(load_image(tiff(values, photometric=1)), values / scale, 1e-6)

    def test_a_second_page_is_said_and_not_read(self) -> None:
        first, second = Image.new("L", (4, 4), 9), Image.new("L", (90, 90), 99)
        image = load_image(encoded(first, "TIFF", save_all=True, append_images=[second]))
        near(image, np.array(9 / 255))
        assert image.notes == ("the first of several images in the file",)

    def test_a_large_one_by_its_marks(self) -> None:
        values = random_bytes(3, 5)
        near(load_image(encoded(Image.fromarray(values), "TIFF", big_tiff=True)), values / 255)


REFUSED = {
    "floats with opacity": (
        tiff(deep("f4", 4), photometric=2, extra=(2,)),
        {"about": "opacity", "found": "32-bit floats"},
    ),
    "floats with white at 0": (tiff(deep("f4", 1), photometric=0), {"about": "white", "found": "32-bit floats"}),
    "five channels of which nothing is said": (
        tiff(deep("u1", 5), photometric=2),
        {"about": "channels", "found": 5, "limit": 3},
    ),
    "an image of many bands": (tiff(deep("u2", 8), photometric=1), {"about": "channels", "found": 8, "limit": 1}),
    "inks at 16 bits": (tiff(deep("u2", 4), photometric=5), {"about": "photometric", "found": "inks"}),
    "five inks": (tiff(deep("u1", 5), photometric=5), {"about": "channels", "found": 5, "limit": 4}),
    "L*a*b* at 16 bits": (tiff(deep("u2", 3), photometric=8), {"about": "photometric", "found": "L*a*b*"}),
    "L*a*b* of ICC": (tiff(deep("u1", 3), photometric=9), {"about": "photometric", "found": "L*a*b* (ICC)"}),
    "a camera's raw file": (
        tiff(deep("u2", 1), photometric=32803),
        {"about": "photometric", "found": "a camera's raw colours"},
    ),
    "numbers below 0": (tiff(np.array([[[-3], [7]]], np.int16), photometric=1), {"about": "values"}),
    "NaN": (tiff(np.full((2, 2, 3), np.nan, np.float32), photometric=2), {"about": "values"}),
    "JPEG of the old kind": (
        tiff(deep("u1", 3), photometric=2, compression=6),
        {"about": "compression", "found": "JPEG of the old kind"},
    ),
    "a compression of its own": (
        tiff(deep("u1", 3), photometric=2, compression=34887),
        {"about": "compression", "found": "LERC"},
    ),
    "too few channels": (tiff(deep("u1", 1), photometric=2), {"about": "channels", "asked": 3, "found": 1}),
    "opacity of a palette": (
        tiff(deep("u1", 2), photometric=3, extra=(2,), more={320: (3, bytes(1536), 768)}),
        {"about": "palette", "found": 2},
    ),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_by_its_name(data: bytes, said: dict[str, Any]) -> None:
    with raises(ImageError, **said) as caught:
        load_image(data)
    assert "broken" not in str(caught.value)
