"""The strip of what is left when only some pixels are kept."""

from __future__ import annotations

import numpy as np
import pytest

from innerview.pictures import tokens
from innerview.pictures.captions import Subject
from innerview.pictures.masking import ORDERS, masking_strip
from innerview.pictures.pixels import to_bytes
from innerview.pictures.ramps import parse
from pictures.made import keep


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_the_strip_has_a_cell_for_each_share(columns) -> None:
    page = masking_strip(keep(), columns=columns, subject=Subject("x", label=1))
    across = min(columns, 3)
    assert page.width == across * 160 + (across - 1) * tokens.GAP + 2 * tokens.MARGIN


def test_the_kept_pixels_are_shown_and_nothing_else() -> None:
    result = keep((0.25,))
    pixels = np.asarray(masking_strip(result))
    top = int((pixels[:, tokens.MARGIN] == parse(tokens.BORDER)).all(axis=1).argmax())
    places = np.arange(8) * 20 + 10
    shown = pixels[top + places][:, tokens.MARGIN + places]
    assert (shown[:2] == to_bytes(result.image)[:2]).all()
    assert not shown[2:].any()


def test_every_order_is_explained() -> None:
    assert set(ORDERS) == {"highest", "lowest", "strongest"}
