"""What every method asks of an image before anything is computed."""

from __future__ import annotations

import pytest

import innerview
from innerview.errors import ImageError
from innerview.methods.passes import check_image
from typecheck import unchecked


class Tensor:
    """Something of a framework that looks like an array."""

    shape, dtype = (32, 32, 3), "float32"


def test_a_tensor_is_refused_with_the_line_that_makes_an_array() -> None:
    with unchecked(), pytest.raises(ImageError, match=r"Tensor was given.*permute\(1, 2, 0\)"):
        check_image(innerview.load_pretrained("allcnn"), Tensor(), "image")  # pyright: ignore[reportArgumentType]
