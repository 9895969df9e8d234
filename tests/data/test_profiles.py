"""Colour profiles in every format, against littleCMS."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from data.files_made import encoded, random_bytes
from data.forms import (
    LINEAR,
    PROFILES,
    by_littlecms,
    grey_profile,
    made_png,
    near,
    over_white,
    some,
    srgb_curve,
    srgb_profile,
    with_curve,
)
from innerview.data.reading import load_image


class TestProfiles:
    @pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
    @pytest.mark.parametrize(
        ("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 100})]
    )
    def test_colours_in_every_format(self, kind: str, options: dict[str, object], profile: bytes) -> None:
        image = Image.fromarray(random_bytes(4, 6).repeat(8, 0).repeat(8, 1))
        data = encoded(image, kind, icc_profile=profile, **options)
        with Image.open(io.BytesIO(data)) as decoded:
            expected = by_littlecms(decoded.convert("RGB"), profile)
        found = load_image(data)
        near(found, expected, 1e-6)
        assert "colours turned from sRGB built-in to sRGB" in found.notes

    def test_what_does_as_srgb_does_is_srgb(self) -> None:
        """Gamma 2.2 differs by more than two steps in the shadows, and is applied."""
        for profile, same in (
            (srgb_profile(), True),
            (with_curve(b"curv" + bytes(4) + struct.pack(">IH", 1, 563)), False),
        ):
            image = load_image(encoded(Image.fromarray(random_bytes(4, 4)), icc_profile=profile))
            assert (image.notes == ()) == same

    def test_a_name_decides_nothing(self) -> None:
        renamed = srgb_profile().replace("sRGB built-in".encode("utf-16-be"), "ProPhoto RGB ".encode("utf-16-be"))
        assert renamed != srgb_profile()
        assert load_image(encoded(Image.fromarray(random_bytes(4, 4)), icc_profile=renamed)).notes == ()

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
        near(load_image(data), expected, 1e-6)

    def test_grey_with_a_grey_profile(self) -> None:
        values = np.arange(256, dtype=np.uint8).reshape(16, 16)
        expected = by_littlecms(Image.fromarray(values), grey_profile())
        near(load_image(encoded(Image.fromarray(values), icc_profile=grey_profile())), expected, 1e-6)
        assert abs(expected[8, 0, 0] - values[8, 0] / 255) > 0.01

    def test_grey_of_sixteen_bits_with_a_grey_profile(self) -> None:
        """Hand value: v ^ 1.8 is the light; littleCMS rounds to 8 bits."""
        values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
        image = load_image(encoded(Image.fromarray(values), icc_profile=grey_profile()))
        near(image, srgb_curve((values / 65535) ** 1.8)[..., None], 1.5 / 255)

    def test_colours_of_sixteen_bits_use_their_upper_halves(self) -> None:
        samples = some(2, 16)
        compressed = zlib.compress(LINEAR)
        image = load_image(made_png(samples, 16, 2, (b"iCCP", b"p\0\0" + compressed)))
        upper = Image.fromarray((samples >> 8).astype(np.uint8))
        near(image, by_littlecms(upper, LINEAR), 1e-6)
        assert "16 bits per channel, of which the upper 8 are used for its profile" in image.notes

    @pytest.mark.parametrize(
        ("mode", "profile", "said"),
        [
            ("RGB", grey_profile(), "is for grey, not red, green and blue; not applied"),
            ("L", LINEAR, "is for red, green and blue, not grey; not applied"),
            ("CMYK", LINEAR, "is for red, green and blue, not inks; not applied"),
        ],
    )
    def test_one_for_something_else_is_passed_over_and_said(self, mode: str, profile: bytes, said: str) -> None:
        image = load_image(encoded(Image.new(mode, (8, 8)), "TIFF", icc_profile=profile))
        assert any(said in note for note in image.notes)

    def test_grey_with_the_profile_of_srgb_is_usual(self) -> None:
        assert load_image(encoded(Image.new("L", (8, 8)), "JPEG", icc_profile=srgb_profile())).notes == ()

    @pytest.mark.parametrize("profile", [b"x", b"x" * 200, LINEAR[:-50], LINEAR[:128], bytes(5 * 2**20)])
    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_a_broken_one_changes_nothing_and_is_said(self, kind: str, profile: bytes) -> None:
        values = random_bytes(4, 4)
        image = load_image(encoded(Image.fromarray(values), kind, icc_profile=profile))
        if not any("turned from" in note for note in image.notes):
            near(image, values / 255)
            assert any("not applied" in note for note in image.notes)
