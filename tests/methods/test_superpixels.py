"""Superpixels: each pixel in one region, as many as asked for, in one piece, by colour, always the same."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import innerview
from innerview import allcnn
from innerview.adapters import FunctionModel
from innerview.errors import ImageError, MissingExtra, UsageError
from innerview.fills import blur
from innerview.methods import ask, removed_and_alone, sampled_shapley, shapley
from innerview.methods.partitions import bricks, partition
from innerview.methods.regions import count_regions, divide, named_number, parse_regions
from innerview.methods.registry import read_method
from innerview.methods.superpixels import superpixels
from innerview.model import InputSpec, OutputSpec
from innerview.results import as_attribution
from innerview.results.io import load_result, save_result
from innerview.session.query import Query, check_query, read_query
from innerview.targets import Logit
from innerview.types import Array
from raising import raises
from typecheck import unchecked


def smooth(height: int, width: int, channels: int, seed: int = 0) -> Array:
    """An image with colours that change slowly."""
    found = blur(np.random.default_rng(seed).normal(size=(height, width, channels)).astype(np.float32), 2)
    return ((found - found.min()) / max(float(np.ptp(found)), 1e-6)).astype(np.float32)


def pieces(mask: Array) -> int:
    """How many pieces a region has, by the sides of pixels: grown from one pixel until nothing is added."""
    left, count = mask.copy(), 0
    while left.any():
        count += 1
        grown = np.zeros_like(left)
        grown[tuple(np.argwhere(left)[0])] = True
        size = 0
        while size != grown.sum():
            size = int(grown.sum())
            wide = np.pad(grown, 1)
            near = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]
            grown |= near & left
        left &= ~grown
    return count


def hold(labels: Array, shape: tuple[int, int], number: int) -> None:
    """A partition of connected regions, numbered as they are met."""
    assert labels.shape == shape
    assert labels.dtype == np.int64
    found, first = np.unique(labels, return_index=True)
    assert found.tolist() == list(range(number))
    assert first.tolist() == sorted(first.tolist())
    assert [pieces(labels == one) for one in range(number)] == [1] * number


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 2, 3, 4, 5]), st.integers(1, 24), st.integers(0, 99))
def test_every_pixel_is_in_one_connected_region_and_there_are_as_many_as_asked(
    height: int, width: int, channels: int, number: int, seed: int
) -> None:
    number = min(number, height * width)
    image = smooth(height, width, channels, seed)
    found = divide(image, f"superpixels:{number}", 9)
    if found.words.startswith("superpixels"):
        hold(found.labels, (height, width), number)
        assert found.notes == ()
    else:  # of one colour, as an image of one pixel is
        assert np.ptp(image, axis=(0, 1)).max() < 1e-3
        np.testing.assert_array_equal(found.labels, bricks(height, width, number))
        assert "one colour" in found.notes[0]


@pytest.mark.parametrize(("side", "number"), [(224, 10), (224, 60), (32, 12), (32, 500), (9, 81), (5, 3)])
def test_sizes_that_there_are(side: int, number: int) -> None:
    labels, words = superpixels(smooth(side, side, 3), number) or pytest.fail("an image with colours")
    hold(labels, (side, side), number)
    how = f"SLIC of scikit-image {version('scikit-image')}" if number * 12 <= side * side else "single pixels"
    assert words.startswith(f"superpixels ({how}")
    assert words.endswith(f"merged to {number} by colour)")


def test_regions_are_those_of_like_colours() -> None:
    """An image of three plain shapes is divided into these, whatever else would be as large."""
    image = np.zeros((24, 30, 3), np.float32)
    image[:, 12:] = (0.1, 0.4, 0.9)
    image[5:14, 15:26] = (0.9, 0.5, 0.1)
    labels, _ = superpixels(image, 3) or pytest.fail("an image with colours")
    expected = np.zeros((24, 30), np.int64)
    expected[:, 12:] = 1
    expected[5:14, 15:26] = 2
    np.testing.assert_array_equal(labels, expected)
    grey = (expected[..., None] / 2).astype(np.float32)
    np.testing.assert_array_equal((superpixels(grey, 3) or pytest.fail("with greys"))[0], expected)


def test_nothing_is_random_and_no_image_is_changed() -> None:
    image = smooth(32, 32, 3)
    before = image.copy()
    np.random.seed(1)  # noqa: NPY002 the one that others' code may look at
    first = superpixels(image, 8)
    np.random.seed(2)  # noqa: NPY002
    second = superpixels(image, 8)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(image, before)


def test_values_beyond_zero_and_one_are_legal() -> None:
    hold((superpixels(3 * smooth(20, 20, 3) - 1, 7) or pytest.fail("colours"))[0], (20, 20), 7)


MODEL = allcnn.load_pretrained()
IMAGE = innerview.preprocess(innerview.example_image("cat"), MODEL.input).pixels


def test_shapley_values_over_them_add_up_and_say_how_the_regions_were_made() -> None:
    found = shapley(MODEL, IMAGE, Logit(3), regions="superpixels:6", fills=("mean", "black"))
    hold(found.labels, (32, 32), 6)
    np.testing.assert_allclose(found.values.sum(axis=1), found.scores[:, -1] - found.scores[:, 0], rtol=1e-6)
    assert found.provenance.regions.startswith("superpixels (SLIC of scikit-image")
    given = shapley(MODEL, IMAGE, Logit(3), regions=found.labels, fills=("mean", "black"))
    np.testing.assert_array_equal(given.values, found.values)
    assert given.provenance.regions == "6 regions as given"
    np.testing.assert_array_equal(as_attribution(found).regions, found.labels)


def test_the_names_of_regions_make_no_difference() -> None:
    labels = divide(IMAGE, "superpixels:5", 9).labels
    order = np.array([3, 0, 4, 1, 2])
    one = shapley(MODEL, IMAGE, Logit(3), regions=labels, fills=("mean",)).values[0]
    other = shapley(MODEL, IMAGE, Logit(3), regions=order[labels], fills=("mean",)).values[0]
    np.testing.assert_allclose(other[order], one, atol=1e-4 * np.abs(one).max())


@pytest.mark.parametrize("method", [sampled_shapley, removed_and_alone])
def test_maps_over_them_keep_them_in_files(method: Any, tmp_path: Any) -> None:
    found = method(MODEL, IMAGE, Logit(3), regions="superpixels:4")
    hold(found.regions, (32, 32), 4)
    for number in range(4):
        assert np.ptp(found.attribution[found.regions == number]) == 0
    save_result(tmp_path, {"map": found})
    again = load_result(tmp_path)["map"]
    np.testing.assert_array_equal(again.regions, found.regions)
    assert again.provenance.regions == found.provenance.regions


def test_each_of_them_can_be_asked_about() -> None:
    found = ask(MODEL, IMAGE, "superpixels", 3, n_placebos=0)
    assert len(found.names) == 4
    np.testing.assert_array_equal(found.regions.sum(axis=0), 1)
    assert found.provenance.regions.startswith("superpixels")
    labels = divide(IMAGE, "superpixels", 4).labels
    given = ask(MODEL, IMAGE, [labels == number for number in range(4)], 3, n_placebos=0)
    np.testing.assert_array_equal(given.removed, found.removed)
    assert given.provenance.regions == ""


def test_an_image_of_one_colour_is_divided_by_a_grid_and_says_so() -> None:
    plain = np.full((32, 32, 3), 0.3, np.float32)
    assert superpixels(plain, 9) is None
    for run in (shapley, removed_and_alone, sampled_shapley):
        found = run(MODEL, plain, Logit(3), regions="superpixels:4")
        assert found.notes[0].startswith("The image has one colour, by which it can't be divided: the regions are 4")
        np.testing.assert_array_equal(as_attribution(found).regions, partition(32, 32, 4))
        assert found.provenance.regions == "4 cells of about one area"
    assert ask(MODEL, plain, "superpixels", n_placebos=0).notes[0].startswith("The image has one colour")


@pytest.mark.parametrize("text", ["superpixels:0", "superpixels:", "superpixels:-3", "superpixel", "slic", ""])
def test_words_that_are_no_division_are_refused(text: str) -> None:
    for run in (lambda: divide(IMAGE, text, 9), lambda: count_regions(32, 32, text, 9), lambda: named_number(text, 9)):
        with raises(UsageError, "regions"):
            run()


def test_what_can_be_typed() -> None:
    assert [parse_regions(text) for text in ("9", "3x4", " Superpixels ", "superpixels:8")] == [
        9, (3, 4), "superpixels", "superpixels:8",
    ]  # fmt: skip
    assert [named_number(asked, 9) for asked in (7, (3, 4), "3x4", "superpixels", "superpixels:5")] == [7, 12, 12, 9, 5]
    assert [count_regions(32, 32, asked, 9) for asked in (7, "2x2", "superpixels")] == [7, 4, 9]
    method = read_method("shapley:regions=superpixels:5,fills=mean").settled(MODEL)
    assert method.passes(MODEL) == 2**5
    with raises(UsageError, "regions", asked="blobs", found="removed-and-alone"):
        read_method("removed-and-alone:regions=blobs")
    with raises(UsageError, "regions", asked=13, limit=12):
        read_method("shapley:regions=superpixels:13").settled(MODEL)


def test_more_than_pixels_are_refused() -> None:
    with raises(UsageError, "superpixels", asked=2000, found=(32, 32)):
        divide(IMAGE, "superpixels:2000", 9)
    with unchecked(), pytest.raises(ImageError):
        shapley(MODEL, IMAGE[:28], Logit(3), regions="superpixels:4")


def test_without_the_extra_nothing_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counted(images: Array) -> Array:
        calls.append(len(images))
        return images.mean(axis=(1, 2))

    model = FunctionModel(counted, InputSpec(32, 32), OutputSpec(3))
    monkeypatch.setitem(sys.modules, "skimage", None)
    with unchecked():  # which looks at the model, and so runs it
        for run in (
            lambda: shapley(model, IMAGE, Logit(1), regions="superpixels"),
            lambda: removed_and_alone(model, IMAGE, Logit(1), regions="superpixels:3"),
            lambda: sampled_shapley(model, IMAGE, Logit(1), regions="superpixels"),
            lambda: ask(model, IMAGE, "superpixels", 1),
            lambda: read_method("shapley:regions=superpixels").settled(model),
            lambda: check_query(Query(regions="superpixels"), model),
        ):
            with raises(MissingExtra, "extra", extra="superpixels"):
                run()
    assert calls == []
    divide(IMAGE, 9, 9)  # grids need none


def test_a_message_of_the_viewer_may_ask_for_them() -> None:
    for asked in (7, "3x3", "superpixels", "superpixels:12"):
        assert read_query({"kind": "truth", "regions": asked}).regions == asked
    for wrong in (1, 13, "superpixels:13", "4x4", "superpixels:1"):
        with raises(UsageError, "regions", limit=12):
            read_query({"kind": "truth", "regions": wrong})
    for wrong in (True, -1, 2.5, [3], "superpixels" * 99, "/etc/passwd"):
        with raises(UsageError, "regions"):
            read_query({"kind": "truth", "regions": wrong})
