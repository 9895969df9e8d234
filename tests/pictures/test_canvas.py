"""Layout: text that fits, tiles that don't overlap, glyphs that exist."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from innerview.pictures import canvas, tokens
from innerview.pictures.canvas import Line, Tile

words_ = st.lists(st.text("abcdefghij", min_size=1, max_size=30), min_size=1, max_size=12)


@pytest.mark.parametrize("glyph", "×−α≤·Σ…→±∞✓é")
@pytest.mark.parametrize("bold", [False, True])
def test_the_font_draws_every_sign_that_is_used(glyph, bold) -> None:
    typeface = canvas.font(20, bold=bold)
    missing = bytes(typeface.getmask("\uffff"))
    assert bytes(typeface.getmask(glyph)) not in (missing, b"")


@given(words_, st.integers(40, 400))
def test_wrapped_rows_fit_and_lose_nothing(texts, width) -> None:
    rows = canvas.wrap(" ".join(texts), 13, width)
    assert all(canvas.text_width(row, 13) <= width for row in rows)
    assert "".join("".join(rows).split()) == "".join(texts)


@given(words_, st.integers(0, 300))
def test_a_shortened_text_fits_and_is_a_beginning(texts, width) -> None:
    text = " ".join(texts)
    short = canvas.shorten(text, 13, width)
    assert short == "" or canvas.text_width(short, 13) <= width
    assert text.startswith(short.removesuffix("…"))


def solid(width: int, height: int, colour: str = "#FF0000") -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def red(image: Image.Image) -> int:
    return int((np.asarray(image) == (255, 0, 0)).all(axis=2).sum())


@pytest.mark.parametrize(("count", "columns", "size"), [(1, 5, (40, 30)), (4, 2, (96, 76)), (5, 3, (152, 76))])
def test_a_grid_has_the_size_of_its_cells_and_gaps(count, columns, size) -> None:
    drawn = canvas.grid([Tile(solid(40, 30))] * count, columns)
    assert drawn.size == size
    assert red(drawn) == count * 40 * 30


@given(st.lists(st.tuples(st.integers(5, 60), st.integers(5, 60)), min_size=1, max_size=7), st.integers(1, 4))
def test_tiles_of_any_size_never_cover_each_other(sizes, columns) -> None:
    tiles = [Tile(solid(*size), (Line("above"),), (Line("below", "right", share=0.4),)) for size in sizes]
    assert red(canvas.grid(tiles, columns)) == sum(width * height for width, height in sizes)


def test_a_page_has_margins_and_holds_its_parts_whole() -> None:
    drawn = canvas.page("A title that is much longer than the image is wide", [Line("text"), solid(100, 50)])
    assert drawn.width == 100 + 2 * tokens.MARGIN
    assert red(drawn) == 100 * 50
    edge = np.asarray(drawn)
    for side in (edge[: tokens.MARGIN], edge[-tokens.MARGIN :], edge[:, : tokens.MARGIN], edge[:, -tokens.MARGIN :]):
        assert (side == 255).all()


def test_the_bar_behind_a_line_has_the_share_of_its_width() -> None:
    tile = canvas.draw_tile(Tile(solid(201, 4), (), (Line("", share=0.5),)))
    row = np.asarray(tile)[-4]
    filled = (row == tuple(int(tokens.RULE[place : place + 2], 16) for place in (1, 3, 5))).all(axis=1).sum()
    assert filled == 101


def test_frames_are_padded_to_one_size() -> None:
    padded = canvas.same_size([solid(10, 30), solid(20, 5)])
    assert [frame.size for frame in padded] == [(20, 30)] * 2
    assert [red(frame) for frame in padded] == [300, 100]


def test_the_track_marks_the_current_frame() -> None:
    dark = [int((np.asarray(canvas.track(4, now, 200)) < 40).all(axis=2).any(axis=0).argmax()) for now in range(4)]
    assert dark == sorted(set(dark))
    assert canvas.track(1, 0, 200).width == 200
