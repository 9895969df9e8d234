from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.errors import ImageError, UsageError
from innerview.methods import (
    aggregate_segments,
    gradient,
    gradient_input,
    grid_segments,
    integrated_gradients,
    noisy_images,
    segment_sums,
    smooth_grad,
)
from innerview.targets import Logit
from methods.analytic import Analytic
from raising import raises
from typecheck import unchecked

NETWORK = Analytic.random(3)
IMAGE = np.random.default_rng(4).uniform(size=NETWORK.input.shape)


@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_regions_share_out_what_the_pixels_add_up_to(seed: int, count: int) -> None:
    result = gradient_input(NETWORK, IMAGE, Logit(0))
    labels = np.random.default_rng(seed).integers(count, size=(4, 5))
    regions = aggregate_segments(result, labels)
    assert regions.heatmap.sum() == pytest.approx(result.heatmap.sum())
    for label in np.unique(labels):
        np.testing.assert_allclose(regions.heatmap[labels == label], result.heatmap[labels == label].mean())
    again = aggregate_segments(regions, labels)
    np.testing.assert_allclose(again.heatmap, regions.heatmap)


def test_a_mask_has_an_inside_and_an_outside() -> None:
    values = np.arange(20.0).reshape(4, 5)
    np.testing.assert_array_equal(segment_sums(values, values >= 15), [105, 85])


@pytest.mark.parametrize(("rows", "columns"), [(2, 5), (1, 1), (4, 5), (3, 2)])
def test_a_grid_has_cells_as_equal_as_pixels_allow(rows: int, columns: int) -> None:
    labels = grid_segments(4, 5, rows, columns)
    assert labels.shape == (4, 5)
    assert set(labels.ravel()) == set(range(rows * columns))
    assert (np.diff(labels, axis=1) >= 0).all()
    heights, widths = (np.bincount(line) for line in (labels[:, 0] // columns, labels[0] % columns))
    assert max(np.ptp(heights), np.ptp(widths)) <= 1


def test_a_region_s_error_is_the_sum_of_its_pixels_errors() -> None:
    smooth = smooth_grad(NETWORK, IMAGE, Logit(0), n_samples=5)
    labels = grid_segments(4, 5, 2, 1)
    regions = aggregate_segments(smooth, labels)
    np.testing.assert_allclose(segment_sums(regions.pixel_error, labels), segment_sums(smooth.pixel_error, labels))
    assert aggregate_segments(gradient(NETWORK, IMAGE, Logit(0)), labels).pixel_error is None


def test_smoothing_what_was_summed_gives_the_regions_own_standard_error() -> None:
    labels = grid_segments(4, 5, 2, 1)
    summed = smooth_grad(
        NETWORK, IMAGE, Logit(0), method=lambda *asked: aggregate_segments(gradient(*asked), labels), n_samples=9
    )
    afterwards = aggregate_segments(smooth_grad(NETWORK, IMAGE, Logit(0), n_samples=9), labels)
    np.testing.assert_allclose(summed.heatmap, afterwards.heatmap)
    images = list(noisy_images(IMAGE, n_samples=9))
    sums = np.stack([segment_sums(gradient(NETWORK, one, Logit(0)).heatmap, labels) for one in images])
    np.testing.assert_allclose(segment_sums(summed.pixel_error, labels), sums.std(axis=0, ddof=1) / 3)
    assert (summed.pixel_error < afterwards.pixel_error).all()


def test_numbers_that_label_nothing_are_no_regions() -> None:
    result = replace(gradient_input(NETWORK, IMAGE, Logit(0)), attribution=-np.ones((4, 5)))
    regions = aggregate_segments(result, np.where(np.arange(20).reshape(4, 5) < 15, 2, 9))
    assert regions.method == "Gradient × input, over 2 regions"
    assert regions.notes[0] == "Region 9 has the most: -5 logit on 5 pixels. Region 2 has the least: -15 on 15 pixels."


def test_integrated_gradients_keep_their_unit_and_class() -> None:
    found = integrated_gradients(NETWORK, IMAGE, Logit(2), baseline=np.zeros_like(IMAGE), n_steps=2)
    regions = aggregate_segments(found, grid_segments(4, 5, 2, 2))
    assert (regions.unit, regions.target, regions.meaning) == ("logit", 2, "contribution")
    assert regions.provenance == found.provenance


def test_bad_labels_are_refused() -> None:
    result = gradient_input(NETWORK, IMAGE, Logit(0))
    with unchecked():
        for labels in (np.zeros((2, 2), int), np.zeros((4, 5)), np.full((4, 5), -1)):
            with raises(ImageError, "labels", asked=(4, 5)):
                aggregate_segments(result, labels)
    with raises(UsageError, "grid", asked=(5, 1), found=(4, 5)):
        grid_segments(4, 5, 5, 1)
