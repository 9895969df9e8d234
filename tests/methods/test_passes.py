"""What every method asks of an image before anything is computed."""

from __future__ import annotations

import innerview
from innerview.errors import ImageError
from innerview.methods.passes import check_image
from raising import raises
from typecheck import unchecked


class Tensor:
    """Something of a framework that looks like an array."""

    shape, dtype = (32, 32, 3), "float32"


def test_a_tensor_is_refused_with_the_line_that_makes_an_array() -> None:
    with unchecked(), raises(ImageError, "image", found="tests.Tensor"):
        check_image(innerview.load_pretrained("allcnn"), Tensor(), "image")  # pyright: ignore[reportArgumentType]
