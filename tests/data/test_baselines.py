from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.ndimage import gaussian_filter

from data.files_made import encoded, random_bytes
from innerview.data.baselines import (
    BaselineName,
    baseline_from,
    blur,
    make_baseline,
    make_baselines,
    parse_baseline,
)
from innerview.errors import ImageError, UsageError
from innerview.model import InputSpec
from raising import raises

SPEC = InputSpec(6, 8)
PICTURE = np.random.default_rng(0).random((6, 8, 3), dtype=np.float32)


@pytest.mark.parametrize(("name", "level"), [("black", 0), ("white", 1), ("gray", 0.5)])
@pytest.mark.parametrize("spec", [SPEC, InputSpec(3, 3, 1)], ids=["colour", "grey"])
def test_plain_ones(name: str, level: float, spec: InputSpec) -> None:
    baseline = make_baseline(name, spec, np.zeros(spec.shape, np.float32))
    assert_array_equal(baseline.image, np.full(spec.shape, level, np.float32))
    assert baseline.name == name
    assert baseline.words.startswith(name)


class TestNoise:
    def test_a_seed_fixes_it(self) -> None:
        first, again, other = (make_baseline(name, SPEC, PICTURE) for name in ("noise:7", "noise:7", "noise:8"))
        assert_array_equal(first.image, again.image)
        assert (first.image != other.image).any()
        assert (first.name, first.words, first.seed) == ("noise:7", "uniform noise, seed 7", 7)

    def test_without_a_seed_it_is_0_and_says_so(self) -> None:
        baseline = make_baseline("noise", SPEC, PICTURE)
        assert baseline.words == "uniform noise, seed 0"
        assert_array_equal(baseline.image, make_baseline("noise:0", SPEC, PICTURE).image)

    def test_it_fills_the_range_evenly(self) -> None:
        values = make_baseline("noise", InputSpec(100, 100), np.zeros((100, 100, 3), np.float32)).image
        counts = np.histogram(values, bins=10, range=(0, 1))[0]
        assert counts.sum() == values.size
        assert_allclose(counts / values.size, 0.1, atol=0.01)


class TestBlur:
    @given(st.floats(0.2, 9))
    def test_it_is_the_gaussian_of_the_textbook(self, sigma: float) -> None:
        """SciPy's, mirrored and cut at four sigma alike; it rounds the radius down where this rounds up."""
        known = gaussian_filter(PICTURE.astype(np.float64), (sigma, sigma, 0), mode="reflect", truncate=4)
        assert_allclose(blur(PICTURE, sigma), known, atol=5e-4)

    @pytest.mark.parametrize("sigma", [1.0, 2.0])
    def test_exactly_where_the_radius_is_whole(self, sigma: float) -> None:
        known = gaussian_filter(PICTURE.astype(np.float64), (sigma, sigma, 0), mode="reflect", truncate=4)
        assert_allclose(blur(PICTURE, sigma), known, atol=1e-6)

    @given(st.floats(0.2, 8))
    def test_the_mean_stays(self, sigma: float) -> None:
        assert_allclose(blur(PICTURE, sigma).mean(axis=(0, 1)), PICTURE.mean(axis=(0, 1)), rtol=1e-4)

    def test_a_plain_image_stays_plain_to_its_borders(self) -> None:
        assert_allclose(blur(np.full((5, 7, 1), 0.25, np.float32), 3), 0.25, rtol=1e-5)

    def test_sigma_is_an_eighth_of_the_longer_side_and_said(self) -> None:
        baseline = make_baseline("blurred", SPEC, PICTURE)
        assert baseline.words == "the image blurred (Gaussian, sigma 1 pixels)"
        assert_array_equal(baseline.image, make_baseline("blurred:1", SPEC, PICTURE).image)

    def test_a_kernel_without_limit_is_refused(self) -> None:
        with raises(UsageError, "blur", asked=9.0, limit=8):
            make_baseline("blurred:9", SPEC, PICTURE)


class TestFiles:
    def test_one_of_the_right_size_is_taken_as_it_is(self, tmp_path: Path) -> None:
        values = random_bytes(6, 8)
        path = tmp_path / "base.png"
        path.write_bytes(encoded(Image.fromarray(values)))
        baseline = make_baseline(str(path), SPEC, PICTURE)
        assert_array_equal(baseline.image, values.astype(np.float32) / np.float32(255))
        assert baseline.words == "from base.png"

    def test_another_size_is_refused_with_both(self, tmp_path: Path) -> None:
        path = tmp_path / "base.png"
        path.write_bytes(encoded(Image.new("RGB", (9, 5))))
        with raises(ImageError, "size", asked="base.png", found=(5, 9)):
            make_baseline(str(path), SPEC, PICTURE)

    def test_a_file_that_is_no_image(self, tmp_path: Path) -> None:
        (tmp_path / "base.png").write_bytes(b"words")
        with raises(ImageError, "kind", found="text, 5 bytes"):
            make_baseline(str(tmp_path / "base.png"), SPEC, PICTURE)


class TestArrays:
    def test_one_of_the_right_shape_is_copied(self) -> None:
        array = PICTURE.astype(np.float64)
        baseline = baseline_from(array, SPEC, "mean image")
        assert_allclose(baseline.image, PICTURE)
        assert baseline.image.dtype == np.float32
        assert baseline.words == "from mean image"
        array[:] = 0
        assert baseline.image.any()

    @pytest.mark.parametrize("shape", [(8, 6, 3), (6, 8), (1, 6, 8, 3), ()])
    def test_another_shape_is_refused_with_both(self, shape: tuple[int, ...]) -> None:
        with raises(ImageError, "shape", asked="array"):
            baseline_from(np.zeros(shape), SPEC)

    def test_bytes_are_refused(self) -> None:
        with raises(ImageError, "dtype", asked="array", found="uint8"):
            baseline_from(np.zeros(SPEC.shape, np.uint8), SPEC)

    def test_what_is_not_finite_is_counted(self) -> None:
        array = np.zeros(SPEC.shape)
        array[0, 0] = [np.nan, np.inf, 0]
        with raises(ImageError, "values", asked="array", found=2):
            baseline_from(array, SPEC)


class TestNames:
    @pytest.mark.parametrize(("spelt", "kind"), [("grey", "gray"), ("blur:2.5", "blurred"), ("zeros", "black")])
    def test_other_spellings_are_understood(self, spelt: str, kind: str) -> None:
        assert parse_baseline(spelt).kind == kind

    @pytest.mark.parametrize("text", ["black", "white", "gray", "blurred", "blurred:2.5", "noise", "noise:7"])
    def test_they_read_back_as_written(self, text: str) -> None:
        assert str(parse_baseline(text)) == text

    def test_a_file_reads_back_too(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").touch()
        name = parse_baseline(str(tmp_path / "a.png"))
        assert name == BaselineName("file", str(tmp_path / "a.png"))
        assert str(name) == str(tmp_path / "a.png")

    @pytest.mark.parametrize("text", ["", "pink", "noises", "nowhere.png", "Black"])
    def test_what_is_none_lists_them(self, text: str) -> None:
        with raises(UsageError, "baseline"):
            parse_baseline(text)

    @pytest.mark.parametrize("text", ["black:1", "noise:", "noise:x", "noise:-1", "noise:1.5", f"noise:{2**63}"])
    def test_a_number_without_meaning_is_refused(self, text: str) -> None:
        with raises(UsageError, "baseline"):
            parse_baseline(text)

    @pytest.mark.parametrize("text", ["blurred:0", "blurred:-1", "blurred:nan", "blurred:inf", "blurred:", "blurred:x"])
    def test_a_sigma_without_meaning_is_refused(self, text: str) -> None:
        with raises(UsageError, "baseline"):
            parse_baseline(text)


class TestSeveral:
    def test_they_come_in_the_order_asked_for(self) -> None:
        made = make_baselines(["white", "black", "noise:3"], SPEC, PICTURE)
        assert [baseline.name for baseline in made] == ["white", "black", "noise:3"]

    def test_none_is_refused(self) -> None:
        with raises(UsageError, "baselines"):
            make_baselines([], SPEC, PICTURE)
