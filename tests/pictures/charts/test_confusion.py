"""The confusion matrix writes every count, and shades mistakes alone."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from innerview.errors import UsageError
from innerview.pictures import tokens
from innerview.pictures.charts.confusion import class_accuracy_figure, confusion_figure, draw_confusion
from innerview.pictures.charts.paper import NARROW
from innerview.pictures.saving import to_pillow
from raising import raises

NAMES = ("ant", "bee", "cow")
COUNTS = np.array([[8, 2, 0], [0, 10, 0], [5, 0, 0]])


def test_every_count_is_written_and_only_mistakes_are_shaded() -> None:
    axes = Figure().subplots()
    draw_confusion(axes, COUNTS, NAMES)
    written = {(text.get_position()[1], text.get_position()[0]): text for text in axes.texts}
    assert {place: text.get_text() for place, text in written.items()} == {
        (0, 0): "8", (0, 1): "2", (1, 1): "10", (2, 0): "5", (2, 2): "0",
    }  # fmt: skip
    assert to_hex(written[1, 1].get_color()).upper() == tokens.TEST
    assert np.asarray(axes.images[0].get_array()).tolist() == [[0, 2, 0], [0, 0, 0], [5, 0, 0]]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0 ant", "1 bee", "2 cow"]


@pytest.mark.parametrize(("most", "written"), [(900, True), (90_000, False)])
def test_numbers_are_as_small_as_their_cells_and_left_out_where_none_could_be_read(most: int, written: bool) -> None:
    figure = confusion_figure(np.full((10, 10), most), [f"class {n}" for n in range(10)], about="", width=NARROW)
    to_pillow(figure)
    (axes,) = figure.axes
    cell = axes.transData.transform([(0, 0), (1, 0)])
    assert bool(axes.texts) == written
    assert all(text.get_window_extent().width < cell[1][0] - cell[0][0] for text in axes.texts)


def test_no_image_is_refused() -> None:
    with raises(UsageError, "images", found=0):
        confusion_figure(np.zeros((3, 3), dtype=np.int64), NAMES, about="")


def test_classes_stand_by_their_accuracy_with_their_interval() -> None:
    shares = np.array([0.8, 1.0, np.nan])
    ends = np.array([[0.49, 0.94], [0.72, 1.0], [0.0, 1.0]])
    figure = class_accuracy_figure(shares, ends, np.array([10, 10, 0]), NAMES, about="20 images")
    (axes,) = figure.axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [
        "2 cow · – of 0",
        "0 ant · 80 % of 10",
        "1 bee · 100 % of 10",
    ]
    assert axes.lines[0].get_xdata().tolist() == [0.49, 0.94]
    assert len(axes.lines) == 4
    assert axes.get_xlim()[0] == pytest.approx(0.4)
