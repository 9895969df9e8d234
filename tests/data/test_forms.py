"""Format × depth × transparency × photometric × profile: every cell is read exactly, or refused by its name.

Expected values are worked out by hand from the samples that a file was made of, or by littleCMS.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from data.files_made import chunk, random_bytes
from data.forms import CHANNELS, DEPTHS, made_png, near, over_white, some, srgb_curve
from innerview.data.colours import OVER_WHITE
from innerview.data.image import Image as Loaded
from innerview.data.reading import load_image
from innerview.errors import ImageError
from raising import raises


class TestPNG:
    @pytest.mark.parametrize(("colour", "depth"), DEPTHS)
    def test_every_kind_at_every_depth(self, colour: int, depth: int) -> None:
        samples = some(colour, depth)
        unit = samples / ((1 << depth) - 1)
        image = load_image(made_png(samples, depth, colour))
        near(image, unit if colour in {0, 2} else over_white(unit[..., :-1], unit[..., -1:]))
        assert (OVER_WHITE in image.notes) == (colour in {4, 6})

    @pytest.mark.parametrize(("colour", "depth"), [(4, 8), (4, 16), (6, 8), (6, 16)])
    def test_opacity_that_hides_nothing_changes_nothing(self, colour: int, depth: int) -> None:
        samples = some(colour, depth)
        samples[..., -1] = (1 << depth) - 1
        image = load_image(made_png(samples, depth, colour))
        near(image, samples[..., :-1] / ((1 << depth) - 1))
        assert OVER_WHITE not in image.notes

    @pytest.mark.parametrize(("colour", "depth"), [one for one in DEPTHS if one[0] in {0, 2}])
    def test_a_colour_key_at_every_depth(self, colour: int, depth: int) -> None:
        """The colour of the third pixel, and whatever has the same upper half but not the lower."""
        samples = some(colour, depth)
        key = samples[0, 2].copy()
        samples[3, 3] = key
        if depth == 16:
            samples[4, 4] = key ^ 1
        image = load_image(made_png(samples, depth, colour, (b"tRNS", struct.pack(f">{len(key)}H", *key))))
        hidden = (samples == key).all(axis=2, keepdims=True)
        near(image, np.where(hidden, 1, samples / ((1 << depth) - 1)))
        assert OVER_WHITE in image.notes
        assert not hidden.all()

    @pytest.mark.parametrize(("colour", "depth"), [(0, 2), (0, 8), (2, 8), (0, 16)])
    def test_a_key_that_nothing_has(self, colour: int, depth: int) -> None:
        samples = np.full((2, 3, CHANNELS[colour]), 1)
        key = struct.pack(f">{CHANNELS[colour]}H", *[0] * CHANNELS[colour])
        assert OVER_WHITE not in load_image(made_png(samples, depth, colour, (b"tRNS", key))).notes

    def test_only_the_lower_bits_of_a_key_count(self) -> None:
        samples = np.array([[[1], [2]]])
        near(load_image(made_png(samples, 4, 0, (b"tRNS", b"\xff\xf2"))), np.array([[[1 / 15], [1]]]))

    @pytest.mark.parametrize("depth", [1, 2, 4, 8])
    @pytest.mark.parametrize("alphas", [b"", b"\x00", b"\x80\xff"])
    def test_a_palette_at_every_depth(self, depth: int, alphas: bytes) -> None:
        count = 1 << depth
        colours = random_bytes(1, count)[0]
        samples = np.random.default_rng(depth).integers(0, count, (5, 9, 1))
        transparent = [(b"tRNS", alphas)] if alphas else []
        image = load_image(made_png(samples, depth, 3, (b"PLTE", colours.tobytes()), *transparent))
        opacity = np.full(count, 255)
        opacity[: len(alphas)] = list(alphas)
        near(image, over_white(colours / 255, opacity[:, None] / 255)[samples[..., 0]])

    @pytest.mark.parametrize(("colour", "depth"), DEPTHS)
    def test_interlaced(self, colour: int, depth: int) -> None:
        """The first of Adam7's passes is the whole of an image of one pixel."""
        samples = some(colour, depth)[:1, :1]
        plain = made_png(samples, depth, colour)
        head = plain[16:28] + b"\1"
        data = plain[:8] + chunk(b"IHDR", head) + plain[33:]
        near(load_image(data), load_image(plain).pixels)

    def test_interlaced_whole(self) -> None:
        photo = Image.fromarray(random_bytes(9, 11))
        passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
        values = np.asarray(photo)
        rows = b"".join(b"\0" + row.tobytes() for y, dy, x, dx in passes for row in values[y::dy, x::dx] if row.size)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 11, 9, 8, 2, 0, 0, 1))
        data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        near(load_image(data), values / 255)


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chrm(*points: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(one * 100_000) for one in points))


SRGB_POINTS = chrm(0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SWAPPED_POINTS = chrm(0.3127, 0.3290, 0.15, 0.06, 0.30, 0.60, 0.64, 0.33)


class TestTonesOfPNG:
    SAMPLES = np.arange(256).reshape(16, 16, 1).repeat(3, axis=2)

    def read(self, *extra: tuple[bytes, bytes]) -> Loaded:
        return load_image(made_png(self.SAMPLES, 8, 2, *extra))

    @pytest.mark.parametrize("gamma", [1.0, 0.55, 0.7, 0.25])
    def test_a_gamma_is_applied(self, gamma: float) -> None:
        near(self.read(gama(gamma)), srgb_curve((self.SAMPLES / 255) ** (1 / gamma)), 1e-5)

    @pytest.mark.parametrize("extra", [(gama(0.45455),), (gama(0.45455), SRGB_POINTS), (SRGB_POINTS,), (gama(0.45),)])
    def test_what_is_srgb_changes_nothing(self, extra: Sequence[tuple[bytes, bytes]]) -> None:
        image = self.read(*extra)
        near(image, self.SAMPLES / 255)
        assert image.notes == ()

    @pytest.mark.parametrize("first", [(b"sRGB", b"\0"), (b"cICP", bytes([1, 13, 0, 1]))])
    def test_srgb_goes_before_a_gamma(self, first: tuple[bytes, bytes]) -> None:
        near(self.read(first, gama(1.0)), self.SAMPLES / 255)

    def test_primaries_are_applied(self) -> None:
        """Red and blue in each other's place."""
        image = load_image(made_png(np.array([[[255, 0, 0]]]), 8, 2, gama(0.45455), SWAPPED_POINTS))
        near(image, np.array([0, 0, 1]), 1e-3)
        assert "its own primaries" in image.notes[0]

    def test_display_p3_by_its_number(self) -> None:
        """P3's red lies outside sRGB; its greys are sRGB's."""
        image = load_image(made_png(np.array([[[90, 90, 90], [255, 0, 0]]]), 8, 2, (b"cICP", bytes([12, 13, 0, 1]))))
        near(image, np.array([[[90 / 255] * 3, [1, 0, 0]]]), 1e-3)

    def test_sixteen_bits_keep_their_levels(self) -> None:
        samples = np.array([[[0], [7], [300], [65535]]])
        near(load_image(made_png(samples, 16, 0, gama(1.0))), srgb_curve(samples / 65535), 1e-6)

    @pytest.mark.parametrize("cicp", [(9, 16, 0, 1), (9, 18, 0, 1), (1, 13, 0, 0), (1, 13, 1, 1)])
    def test_high_dynamic_range_is_refused(self, cicp: tuple[int, ...]) -> None:
        with raises(ImageError, "colours", found=(cicp[0], cicp[1])):
            self.read((b"cICP", bytes(cicp)))

    @pytest.mark.parametrize("extra", [(gama(0),), (gama(1.0), chrm(*[0] * 8)), (gama(1.0), chrm(*[0.3] * 8))])
    def test_nonsense_is_passed_over_and_said(self, extra: Sequence[tuple[bytes, bytes]]) -> None:
        image = self.read(*extra)
        near(image, self.SAMPLES / 255)
        assert image.notes == ("its gAMA and cHRM chunks make no sense and were passed over",)
