"""Format × depth × transparency × photometric × profile: every cell is read exactly, or refused by its name.

Expected values are worked out by hand from the samples that a file was made of, or by littleCMS.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageCms

from data.files_made import chunk, encoded, png, random_bytes, tiff
from innerview.data.colours import OVER_WHITE
from innerview.data.reading import Picture, read_picture
from innerview.errors import PictureError
from innerview.types import Array

EXACT = 0.51 / 255 / 256
"""Half a step of 16 bits."""


def over_white(colour: Array, alpha: Array) -> Array:
    return colour * alpha + 1 - alpha


def packed(samples: Array, depth: int) -> bytes:
    """Rows of a PNG, each with its filter in front; samples are height × width × channel."""
    rows = samples.reshape(len(samples), -1)
    if depth == 16:
        return b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    single = (rows[..., None].astype(np.uint8) >> np.arange(depth - 1, -1, -1)) & 1
    return b"".join(b"\0" + np.packbits(row.reshape(-1)).tobytes() for row in single)


def made_png(samples: Array, depth: int, colour: int, *extra: tuple[bytes, bytes]) -> bytes:
    return png(samples.shape[1], samples.shape[0], depth, colour, packed(samples, depth), extra=extra)


def near(picture: Picture, expected: Array, within: float = EXACT) -> None:
    np.testing.assert_allclose(picture.pixels, np.broadcast_to(expected, picture.pixels.shape), atol=within)


CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
DEPTHS = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (4, 8), (4, 16), (6, 8), (6, 16)]


def some(colour: int, depth: int) -> Array:
    samples = np.random.default_rng(colour + depth).integers(0, 1 << depth, (5, 9, CHANNELS[colour]))
    samples[0, :2, :] = [[0], [(1 << depth) - 1]]
    return samples


class TestPNG:
    @pytest.mark.parametrize(("colour", "depth"), DEPTHS)
    def test_every_kind_at_every_depth(self, colour: int, depth: int) -> None:
        samples = some(colour, depth)
        unit = samples / ((1 << depth) - 1)
        picture = read_picture(made_png(samples, depth, colour))
        near(picture, unit if colour in {0, 2} else over_white(unit[..., :-1], unit[..., -1:]))
        assert (OVER_WHITE in picture.notes) == (colour in {4, 6})

    @pytest.mark.parametrize(("colour", "depth"), [(4, 8), (4, 16), (6, 8), (6, 16)])
    def test_opacity_that_hides_nothing_changes_nothing(self, colour: int, depth: int) -> None:
        samples = some(colour, depth)
        samples[..., -1] = (1 << depth) - 1
        picture = read_picture(made_png(samples, depth, colour))
        near(picture, samples[..., :-1] / ((1 << depth) - 1))
        assert OVER_WHITE not in picture.notes

    @pytest.mark.parametrize(("colour", "depth"), [one for one in DEPTHS if one[0] in {0, 2}])
    def test_a_colour_key_at_every_depth(self, colour: int, depth: int) -> None:
        """The colour of the third pixel, and whatever has the same upper half but not the lower."""
        samples = some(colour, depth)
        key = samples[0, 2].copy()
        samples[3, 3] = key
        if depth == 16:
            samples[4, 4] = key ^ 1
        picture = read_picture(made_png(samples, depth, colour, (b"tRNS", struct.pack(f">{len(key)}H", *key))))
        hidden = (samples == key).all(axis=2, keepdims=True)
        near(picture, np.where(hidden, 1, samples / ((1 << depth) - 1)))
        assert OVER_WHITE in picture.notes
        assert not hidden.all()

    @pytest.mark.parametrize(("colour", "depth"), [(0, 2), (0, 8), (2, 8), (0, 16)])
    def test_a_key_that_nothing_has(self, colour: int, depth: int) -> None:
        samples = np.full((2, 3, CHANNELS[colour]), 1)
        key = struct.pack(f">{CHANNELS[colour]}H", *[0] * CHANNELS[colour])
        assert OVER_WHITE not in read_picture(made_png(samples, depth, colour, (b"tRNS", key))).notes

    def test_only_the_lower_bits_of_a_key_count(self) -> None:
        samples = np.array([[[1], [2]]])
        near(read_picture(made_png(samples, 4, 0, (b"tRNS", b"\xff\xf2"))), np.array([[[1 / 15], [1]]]))

    @pytest.mark.parametrize("depth", [1, 2, 4, 8])
    @pytest.mark.parametrize("alphas", [b"", b"\x00", b"\x80\xff"])
    def test_a_palette_at_every_depth(self, depth: int, alphas: bytes) -> None:
        count = 1 << depth
        colours = random_bytes(1, count)[0]
        samples = np.random.default_rng(depth).integers(0, count, (5, 9, 1))
        transparent = [(b"tRNS", alphas)] if alphas else []
        picture = read_picture(made_png(samples, depth, 3, (b"PLTE", colours.tobytes()), *transparent))
        opacity = np.full(count, 255)
        opacity[: len(alphas)] = list(alphas)
        near(picture, over_white(colours / 255, opacity[:, None] / 255)[samples[..., 0]])

    @pytest.mark.parametrize(("colour", "depth"), DEPTHS)
    def test_interlaced(self, colour: int, depth: int) -> None:
        """The first of Adam7's passes is the whole of a picture of one pixel."""
        samples = some(colour, depth)[:1, :1]
        plain = made_png(samples, depth, colour)
        head = plain[16:28] + b"\1"
        data = plain[:8] + chunk(b"IHDR", head) + plain[33:]
        near(read_picture(data), read_picture(plain).pixels)

    def test_interlaced_whole(self) -> None:
        photo = Image.fromarray(random_bytes(9, 11))
        passes = [(0, 8, 0, 8), (0, 8, 4, 8), (4, 8, 0, 4), (0, 4, 2, 4), (2, 4, 0, 2), (0, 2, 1, 2), (1, 2, 0, 1)]
        values = np.asarray(photo)
        rows = b"".join(b"\0" + row.tobytes() for y, dy, x, dx in passes for row in values[y::dy, x::dx] if row.size)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 11, 9, 8, 2, 0, 0, 1))
        data += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        near(read_picture(data), values / 255)


def srgb_curve(linear: Array) -> Array:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chrm(*points: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(one * 100_000) for one in points))


SRGB_POINTS = chrm(0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SWAPPED_POINTS = chrm(0.3127, 0.3290, 0.15, 0.06, 0.30, 0.60, 0.64, 0.33)


class TestTonesOfPNG:
    SAMPLES = np.arange(256).reshape(16, 16, 1).repeat(3, axis=2)

    def read(self, *extra: tuple[bytes, bytes]) -> Picture:
        return read_picture(made_png(self.SAMPLES, 8, 2, *extra))

    @pytest.mark.parametrize("gamma", [1.0, 0.55, 0.7, 0.25])
    def test_a_gamma_is_applied(self, gamma: float) -> None:
        near(self.read(gama(gamma)), srgb_curve((self.SAMPLES / 255) ** (1 / gamma)), 1e-5)

    @pytest.mark.parametrize("extra", [(gama(0.45455),), (gama(0.45455), SRGB_POINTS), (SRGB_POINTS,), (gama(0.45),)])
    def test_what_is_srgb_changes_nothing(self, extra: Sequence[tuple[bytes, bytes]]) -> None:
        picture = self.read(*extra)
        near(picture, self.SAMPLES / 255)
        assert picture.notes == ()

    @pytest.mark.parametrize("first", [(b"sRGB", b"\0"), (b"cICP", bytes([1, 13, 0, 1]))])
    def test_srgb_goes_before_a_gamma(self, first: tuple[bytes, bytes]) -> None:
        near(self.read(first, gama(1.0)), self.SAMPLES / 255)

    def test_primaries_are_applied(self) -> None:
        """Red and blue in each other's place."""
        picture = read_picture(made_png(np.array([[[255, 0, 0]]]), 8, 2, gama(0.45455), SWAPPED_POINTS))
        near(picture, np.array([0, 0, 1]), 1e-3)
        assert "its own primaries" in picture.notes[0]

    def test_display_p3_by_its_number(self) -> None:
        """P3's red lies outside sRGB; its greys are sRGB's."""
        picture = read_picture(
            made_png(np.array([[[90, 90, 90], [255, 0, 0]]]), 8, 2, (b"cICP", bytes([12, 13, 0, 1])))
        )
        near(picture, np.array([[[90 / 255] * 3, [1, 0, 0]]]), 1e-3)

    def test_sixteen_bits_keep_their_levels(self) -> None:
        samples = np.array([[[0], [7], [300], [65535]]])
        near(read_picture(made_png(samples, 16, 0, gama(1.0))), srgb_curve(samples / 65535), 1e-6)

    @pytest.mark.parametrize("cicp", [(9, 16, 0, 1), (9, 18, 0, 1), (1, 13, 0, 0), (1, 13, 1, 1)])
    def test_high_dynamic_range_is_refused(self, cicp: tuple[int, ...]) -> None:
        with pytest.raises(PictureError, match=f"cICP: primaries {cicp[0]}, transfer {cicp[1]}"):
            self.read((b"cICP", bytes(cicp)))

    @pytest.mark.parametrize("extra", [(gama(0),), (gama(1.0), chrm(*[0] * 8)), (gama(1.0), chrm(*[0.3] * 8))])
    def test_nonsense_is_passed_over_and_said(self, extra: Sequence[tuple[bytes, bytes]]) -> None:
        picture = self.read(*extra)
        near(picture, self.SAMPLES / 255)
        assert picture.notes == ("its gAMA and cHRM chunks make no sense and were passed over",)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_curve(content: bytes) -> bytes:
    """sRGB's profile with other tone curves, still called sRGB."""
    profile = bytearray(srgb_profile())
    for at in range(132, 132 + 12 * struct.unpack(">I", profile[128:132])[0], 12):
        start, size = struct.unpack(">II", profile[at + 4 : at + 12])
        if profile[at + 1 : at + 4] == b"TRC":
            profile[start : start + size] = content.ljust(size, b"\0")
            profile[at + 8 : at + 12] = struct.pack(">I", len(content))
    return bytes(profile)


LINEAR = with_curve(b"curv" + bytes(8))
GAMMA = with_curve(b"curv" + bytes(4) + struct.pack(">IH", 1, round(1.8 * 256)))


def grey_profile() -> bytes:
    """A grey profile of gamma 1.8, made by hand: version 2, white point, curve, two texts."""
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    tags = [
        (b"desc", text),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)),
        (b"kTRC", b"curv" + bytes(4) + struct.pack(">IH", 1, round(1.8 * 256))),
    ]
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags:
        padded = content + b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", start + len(body), len(content))
        body += padded
    head = bytearray(128)
    head[0:4] = struct.pack(">I", start + len(body))
    head[8:12], head[12:16], head[16:20], head[20:24] = b"\x02\x10\0\0", b"mntr", b"GRAY", b"XYZ "
    head[36:40] = b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + table + body


PROFILES = {"linear": LINEAR, "gamma 1.8": GAMMA}
PALETTED = ["PNG", "GIF", "TIFF"]


def by_littlecms(picture: Image.Image, profile: bytes) -> Array:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    turned = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert turned is not None
    return np.asarray(turned) / 255


class TestProfiles:
    @pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
    @pytest.mark.parametrize(
        ("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 100})]
    )
    def test_colours_in_every_format(self, kind: str, options: dict[str, object], profile: bytes) -> None:
        picture = Image.fromarray(random_bytes(4, 6).repeat(8, 0).repeat(8, 1))
        data = encoded(picture, kind, icc_profile=profile, **options)
        with Image.open(io.BytesIO(data)) as decoded:
            expected = by_littlecms(decoded.convert("RGB"), profile)
        found = read_picture(data)
        near(found, expected, 1e-6)
        assert "colours turned from sRGB built-in to sRGB" in found.notes

    def test_what_does_as_srgb_does_is_srgb(self) -> None:
        """Gamma 2.2 differs by more than two steps in the shadows, and is applied."""
        for profile, same in (
            (srgb_profile(), True),
            (with_curve(b"curv" + bytes(4) + struct.pack(">IH", 1, 563)), False),
        ):
            picture = read_picture(encoded(Image.fromarray(random_bytes(4, 4)), icc_profile=profile))
            assert (picture.notes == ()) == same

    def test_a_name_decides_nothing(self) -> None:
        renamed = srgb_profile().replace("sRGB built-in".encode("utf-16-be"), "ProPhoto RGB ".encode("utf-16-be"))
        assert renamed != srgb_profile()
        assert read_picture(encoded(Image.fromarray(random_bytes(4, 4)), icc_profile=renamed)).notes == ()

    @pytest.mark.parametrize("opacity", ["RGBA", "key", "palette"])
    def test_what_is_see_through_stays_so(self, opacity: str) -> None:
        values = random_bytes(4, 4)
        alpha = random_bytes(4, 4, 1, seed=2)
        managed = by_littlecms(Image.fromarray(values), LINEAR)
        match opacity:
            case "RGBA":
                data = encoded(Image.fromarray(np.concatenate([values, alpha], axis=2)), icc_profile=LINEAR)
                expected = over_white(managed, alpha / 255)
            case "key":
                colour = tuple(values[1, 2].tolist())
                data = encoded(Image.fromarray(values), icc_profile=LINEAR, transparency=colour)
                expected = np.where((values == values[1, 2]).all(axis=2, keepdims=True), 1, managed)
            case _:
                indexed = Image.new("P", (2, 1))
                indexed.putpalette([10, 20, 30, 200, 100, 0])
                indexed.putpixel((1, 0), 1)
                data = encoded(indexed, icc_profile=LINEAR, transparency=1)
                expected = by_littlecms(Image.new("RGB", (2, 1), (10, 20, 30)), LINEAR)
                expected[0, 1] = 1
        near(read_picture(data), expected, 1e-6)

    def test_grey_with_a_grey_profile(self) -> None:
        values = np.arange(256, dtype=np.uint8).reshape(16, 16)
        expected = by_littlecms(Image.fromarray(values), grey_profile())
        near(read_picture(encoded(Image.fromarray(values), icc_profile=grey_profile())), expected, 1e-6)
        assert abs(expected[8, 0, 0] - values[8, 0] / 255) > 0.01

    def test_grey_of_sixteen_bits_with_a_grey_profile(self) -> None:
        """Hand value: v ^ 1.8 is the light; littleCMS rounds to 8 bits."""
        values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
        picture = read_picture(encoded(Image.fromarray(values), icc_profile=grey_profile()))
        near(picture, srgb_curve((values / 65535) ** 1.8)[..., None], 1.5 / 255)

    def test_colours_of_sixteen_bits_use_their_upper_halves(self) -> None:
        samples = some(2, 16)
        compressed = zlib.compress(LINEAR)
        picture = read_picture(made_png(samples, 16, 2, (b"iCCP", b"p\0\0" + compressed)))
        upper = Image.fromarray((samples >> 8).astype(np.uint8))
        near(picture, by_littlecms(upper, LINEAR), 1e-6)
        assert "16 bits per channel, of which the upper 8 are used for its profile" in picture.notes

    @pytest.mark.parametrize(
        ("mode", "profile", "said"),
        [
            ("RGB", grey_profile(), "is for grey, not red, green and blue; not applied"),
            ("L", LINEAR, "is for red, green and blue, not grey; not applied"),
            ("CMYK", LINEAR, "is for red, green and blue, not inks; not applied"),
        ],
    )
    def test_one_for_something_else_is_passed_over_and_said(self, mode: str, profile: bytes, said: str) -> None:
        picture = read_picture(encoded(Image.new(mode, (8, 8)), "TIFF", icc_profile=profile))
        assert any(said in note for note in picture.notes)

    def test_grey_with_the_profile_of_srgb_is_usual(self) -> None:
        assert read_picture(encoded(Image.new("L", (8, 8)), "JPEG", icc_profile=srgb_profile())).notes == ()

    @pytest.mark.parametrize("profile", [b"x", b"x" * 200, LINEAR[:-50], LINEAR[:128], bytes(5 * 2**20)])
    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_a_broken_one_changes_nothing_and_is_said(self, kind: str, profile: bytes) -> None:
        values = random_bytes(4, 4)
        picture = read_picture(encoded(Image.fromarray(values), kind, icc_profile=profile))
        if not any("turned from" in note for note in picture.notes):
            near(picture, values / 255)
            assert any("not applied" in note for note in picture.notes)


class TestJPEG:
    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_modes(self, mode: str, *, progressive: bool) -> None:
        picture = Image.fromarray(random_bytes(4, 4).repeat(8, 0).repeat(8, 1)).convert(mode)
        data = encoded(picture, "JPEG", progressive=progressive, quality=95)
        with Image.open(io.BytesIO(data)) as decoded:
            near(read_picture(data), np.asarray(decoded.convert("RGB")) / 255)

    def test_red_green_and_blue_as_they_are(self) -> None:
        data = encoded(Image.new("RGB", (8, 8), (200, 100, 50)), "JPEG", keep_rgb=True, quality=100)
        near(read_picture(data), np.array([200, 100, 50]) / 255, 0.005)

    def test_four_inks_need_adobes_mark(self) -> None:
        data = encoded(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "JPEG", quality=100)
        near(read_picture(data), np.array([0, 1, 1]), 0.01)
        place = data.index(b"\xff\xee")
        without = data[:place] + data[place + 16 :]
        with pytest.raises(PictureError, match="four inks without Adobe's mark"):
            read_picture(without)

    @pytest.mark.parametrize(
        ("at", "value", "said"),
        [(1, 0xC3, "of a kind that is not read .lossless or in levels, SOF3"), (4, 12, "with 12 bits per channel")],
    )
    def test_kinds_that_are_not_read_are_named(self, at: int, value: int, said: str) -> None:
        data = bytearray(encoded(Image.new("RGB", (8, 8)), "JPEG"))
        data[data.index(b"\xff\xc0") + at] = value
        with pytest.raises(PictureError, match=said):
            read_picture(bytes(data))

    def test_scans_without_end_are_refused(self) -> None:
        data = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
        start = data.rindex(b"\xff\xda")
        with pytest.raises(PictureError, match=r"goes over its 4000 × 4000 pixels .* times"):
            read_picture(data[:-2] + data[start:-2] * 200 + b"\xff\xd9")

    def test_a_profile_in_several_parts(self) -> None:
        picture = Image.new("RGB", (8, 8), (55, 55, 55))
        half = len(LINEAR) // 2
        parts = [LINEAR[:half], LINEAR[half:]]
        plain = encoded(picture, "JPEG")
        marks = [
            b"\xff\xe2" + struct.pack(">H", len(part) + 16) + b"ICC_PROFILE\0" + bytes([number, 2]) + part
            for number, part in enumerate(parts, 1)
        ]
        near(read_picture(plain[:2] + marks[1] + marks[0] + plain[2:]), np.array(128 / 255), 0.01)


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
        near(read_picture(data), values / scale, FLOATS.get(kind, EXACT))

    @pytest.mark.parametrize("layout", [{"separate": True}, {"tile": 16}, {"separate": True, "tile": 16}])
    @pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
    @pytest.mark.parametrize("compression", [1, 8])
    def test_planes_and_tiles(self, kind: str, layout: dict[str, int], compression: int) -> None:
        values = np.tile(deep(kind, 3), (5, 4, 1))
        data = tiff(values, photometric=2, compression=compression, **layout)
        near(read_picture(data), values / (np.iinfo(kind).max if kind[0] == "u" else 1))

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize(
        ("kind", "predictor", "tile"),
        [("u1", 2, 0), ("u2", 2, 0), ("u2", 2, 16), ("f4", 2, 0), ("f4", 3, 0), ("f8", 3, 0)],
    )
    def test_predictors(self, kind: str, predictor: int, tile: int, order: str) -> None:
        values = np.tile(deep(kind, 3), (4, 5, 1))
        data = tiff(values, photometric=2, compression=8, predictor=predictor, tile=tile, order=order)
        near(read_picture(data), values / (np.iinfo(kind).max if kind[0] == "u" else 1))

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("kind", ["u1", "u2"])
    def test_white_at_0(self, kind: str, order: str) -> None:
        values = deep(kind, 1)
        near(read_picture(tiff(values, photometric=0, order=order)), 1 - values / np.iinfo(kind).max)

    @pytest.mark.parametrize(("photometric", "white"), [(0, 0), (1, 1)])
    @pytest.mark.parametrize("bits", [1, 2, 4])
    def test_few_bits(self, bits: int, photometric: int, white: int) -> None:
        values = np.random.default_rng(bits).integers(0, 1 << bits, (4, 16, 1), dtype=np.uint8)
        unit = values / ((1 << bits) - 1)
        near(read_picture(tiff(values, photometric=photometric, bits=bits)), unit if white else 1 - unit)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("bits", [10, 12, 14])
    def test_bits_between(self, bits: int, channels: int) -> None:
        values = np.random.default_rng(bits).integers(0, 1 << bits, (4, 7, channels), dtype=np.uint16)
        near(read_picture(tiff(values, photometric=1 if channels == 1 else 2, bits=bits)), values / ((1 << bits) - 1))

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
        picture = read_picture(data)
        near(picture, colour + 1 - alpha if associated else over_white(colour, alpha))
        assert OVER_WHITE in picture.notes

    @pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
    def test_further_channels_are_left_out_and_said(self, kind: str) -> None:
        values = deep(kind, 5)
        picture = read_picture(tiff(values, photometric=2, extra=(0, 0)))
        near(picture, values[..., :3] / (np.iinfo(kind).max if kind[0] == "u" else 1))
        assert "2 more channels, of which nobody says what they hold, left out" in picture.notes

    @pytest.mark.parametrize("scale", [257, 1])
    def test_palettes_of_either_depth(self, scale: int) -> None:
        colours = random_bytes(1, 256)[0]
        values = np.random.default_rng(0).integers(0, 256, (4, 6, 1), dtype=np.uint8)
        table = (colours.T.astype(np.uint16) * scale).astype("<u2").tobytes()
        near(read_picture(tiff(values, photometric=3, more={320: (3, table, 768)})), colours[values[..., 0]] / 255)

    @pytest.mark.parametrize("compression", ["raw", "jpeg", "tiff_lzw", "packbits", "tiff_adobe_deflate", "lzma"])
    def test_compressions(self, compression: str) -> None:
        picture = Image.new("RGB", (16, 16), (200, 100, 50))
        near(read_picture(encoded(picture, "TIFF", compression=compression)), np.array([200, 100, 50]) / 255, 0.01)

    @pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
    def test_fax(self, compression: str) -> None:
        values = random_bytes(8, 16, 1)[..., 0] > 99
        near(read_picture(encoded(Image.fromarray(values), "TIFF", compression=compression)), values[..., None])

    @pytest.mark.parametrize("value", [0, 3, 40_000, 2**31 + 5])
    def test_whole_numbers_without_a_sign(self, value: int) -> None:
        values = np.array([[[0], [value]]], np.uint32)
        scale = next(one for one in (255, 65535, 2**31 - 1, 2**32 - 1) if value <= one)
        near(read_picture(tiff(values, photometric=1)), values / scale, 1e-6)

    def test_a_second_page_is_said_and_not_read(self) -> None:
        first, second = Image.new("L", (4, 4), 9), Image.new("L", (90, 90), 99)
        picture = read_picture(encoded(first, "TIFF", save_all=True, append_images=[second]))
        near(picture, np.array(9 / 255))
        assert picture.notes == ("the first of several pictures in the file",)

    def test_a_large_one_by_its_marks(self) -> None:
        values = random_bytes(3, 5)
        near(read_picture(encoded(Image.fromarray(values), "TIFF", big_tiff=True)), values / 255)


REFUSED = {
    "floats with opacity": (tiff(deep("f4", 4), photometric=2, extra=(2,)), "32-bit floats with opacity"),
    "floats with white at 0": (tiff(deep("f4", 1), photometric=0), "32-bit floats with white at 0"),
    "five channels of which nothing is said": (tiff(deep("u1", 5), photometric=2), "with 5 channels of 8-bit whole"),
    "a picture of many bands": (tiff(deep("u2", 8), photometric=1), "with 8 channels of 16-bit whole numbers"),
    "inks at 16 bits": (tiff(deep("u2", 4), photometric=5), "in inks of 16-bit whole numbers"),
    "five inks": (tiff(deep("u1", 5), photometric=5), "of which 4 are colours .inks"),
    "L*a*b* at 16 bits": (tiff(deep("u2", 3), photometric=8), "in L.a.b. with 3 channels of 16-bit"),
    "L*a*b* of ICC": (tiff(deep("u1", 3), photometric=9), "in L.a.b. .ICC., which is not read"),
    "a camera's raw file": (tiff(deep("u2", 1), photometric=32803), "a camera's raw colours"),
    "numbers below 0": (tiff(np.array([[[-3], [7]]], np.int16), photometric=1), "holds numbers from -3 to 7"),
    "NaN": (tiff(np.full((2, 2, 3), np.nan, np.float32), photometric=2), "holds numbers from nan"),
    "JPEG of the old kind": (tiff(deep("u1", 3), photometric=2, compression=6), "JPEG of the old kind"),
    "a compression of its own": (tiff(deep("u1", 3), photometric=2, compression=34887), "compressed with LERC"),
    "too few channels": (tiff(deep("u1", 1), photometric=2), "in RGB with 1 channels, 3 are needed"),
    "opacity of a palette": (
        tiff(deep("u1", 2), photometric=3, extra=(2,), more={320: (3, bytes(1536), 768)}),
        "with a palette and 2 channels",
    ),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_is_refused_by_its_name(data: bytes, said: str) -> None:
    with pytest.raises(PictureError, match=said) as caught:
        read_picture(data)
    assert "broken" not in str(caught.value)


class TestGIF:
    def test_around_a_smaller_first_picture_the_canvas_is_see_through(self) -> None:
        data = bytearray(encoded(Image.new("P", (2, 2)), "GIF"))
        data[6:10] = struct.pack("<HH", 5, 4)
        place = data.index(b"\x2c\0\0\0\0")
        data[place + 1 : place + 5] = struct.pack("<HH", 2, 1)
        picture = read_picture(bytes(data))
        expected = np.ones((4, 5, 1))
        expected[1:3, 2:4] = 0
        near(picture, expected)
        assert OVER_WHITE in picture.notes

    def test_of_an_animation_only_the_first_counts(self) -> None:
        frames = [Image.new("P", (4, 4), level) for level in (0, 1)]
        for frame in frames:
            frame.putpalette([9, 9, 9, 200, 200, 200])
        data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2, transparency=1)
        near(read_picture(data), np.array(9 / 255))


class TestBMP:
    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
    def test_modes(self, mode: str) -> None:
        picture = Image.fromarray(random_bytes(5, 7)).convert(mode)
        near(read_picture(encoded(picture, "BMP")), np.asarray(picture.convert("RGB")) / 255)

    def test_opacity(self) -> None:
        """Of 32 bits, where a mask says so; without one the fourth byte means nothing."""
        values = random_bytes(5, 7, 4)
        stored = values[::-1, :, [2, 1, 0, 3]].tobytes()
        masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
        head = struct.pack("<IiiHHIIiiII", 108, 7, 5, 1, 32, 3, len(stored), 0, 0, 0, 0) + masks + b"BGRs" + bytes(48)
        data = b"BM" + struct.pack("<IHHI", 122 + len(stored), 0, 0, 122) + head + stored
        near(read_picture(data), over_white(values[..., :3] / 255, values[..., 3:] / 255))
        near(read_picture(encoded(Image.fromarray(values), "BMP")), values[..., :3] / 255)

    def test_sixteen_bits_in_all(self) -> None:
        """Five bits each: 31 is white."""
        head = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 16, 0, 4, 0, 0, 0, 0)
        data = b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + head + struct.pack("<HH", 31 << 10, 16)
        near(read_picture(data), np.array([[[1, 0, 0], [0, 0, 16 / 31]]]), 0.003)


class TestWebP:
    @pytest.mark.parametrize("lossless", [True, False])
    @pytest.mark.parametrize("animated", [True, False])
    def test_opacity(self, *, lossless: bool, animated: bool) -> None:
        picture = Image.new("RGBA", (8, 8), (0, 100, 200, 51))
        more = {"save_all": True, "append_images": [Image.new("RGBA", (8, 8), (9, 9, 9, 255))]} if animated else {}
        data = encoded(picture, "WEBP", lossless=lossless, quality=100, **more)
        near(read_picture(data), over_white(np.array([0, 100, 200]) / 255, np.array(0.2)), 0.01)


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
        near(read_picture(f"P{kind}\n# made\n5 3\n{most}\n".encode() + body), values / most, 1e-6)

    @pytest.mark.parametrize("body", [b"P1 3 2 #x\n1 0 1\n011", b"P4\n3 2\n\xa0\x60"])
    def test_ink_is_black(self, body: bytes) -> None:
        near(read_picture(body), 1 - np.array([[1, 0, 1], [0, 1, 1]])[..., None])

    @pytest.mark.parametrize(
        "data",
        [
            *(b"P6 2 2 255\n123", b"P5 2 2 0\n1234", b"P5 2 2 70000\n1234", b"P2 2 2 9 1 2 3", b"P2 2 2 9 1 2 3 10"),
            *(b"P3 1 1 9 1 -2 3", b"P5 2", b"P5 2 2 9\n\x0a\0\0\0", b"P1 2 2 1 0 1"),
        ],
    )
    def test_what_is_broken_is_said(self, data: bytes) -> None:
        with pytest.raises(PictureError, match=r"broken or cut short|of no kind|is text"):
            read_picture(data)

    def test_size_is_checked_first(self) -> None:
        with pytest.raises(PictureError, match="90000 × 90000"):
            read_picture(b"P6 90000 90000 255\n")
