"""What should make people doubt a declaration: a model to which the sample photos are all the same.

Wrong normalisation is the commonest mistake with a model of one's own, and the only silent one. A warning, no error: a
model that is not trained, or trained for something else than photos, may be right as it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from innerview.data.fitting import preprocess
from innerview.data.samples import example_image, example_names
from innerview.methods.response import SILENT, response
from innerview.model import InputSpec, Model
from innerview.types import Images

WHOLE: Final = 255.0
"""Between the two usual ranges, 0 to 1 and 0 to 255."""


def doubts(model: Model) -> tuple[str, ...]:
    """Say what is odd about a model's answers to the sample photos; nothing if they differ as they should.

    Raises:
        ModelError: it can't be run.
    """
    images = np.stack([preprocess(example_image(name), model.input).pixels for name in example_names()])
    found = _response(model, images)
    if found >= SILENT:
        return ()
    words = (
        f"this model gives nearly the same for {len(images)} very different photos (only {100 * found:.2g} % of its "
        "outputs' spread comes from the image), so its maps will mean little. Most often range, mean or std are "
        "declared wrongly"
    )
    factor = WHOLE if model.input.high - model.input.low < 0.5 * WHOLE else 1 / WHOLE
    other = _response(model, images * np.float32(factor))
    if other < max(SILENT, 10 * found):
        return (f"{words}; innerview info shows what it is fed with",)
    return (f"{words}: with {_range(model.input, factor)} it would be {100 * other:.2g} %",)


def _response(model: Model, images: Images) -> float:
    """One image at a time: a model made for small machines may not hold five."""
    return response(np.concatenate([model.forward(images[[row]]).outputs for row in range(len(images))]))


def _range(declared: InputSpec, factor: float) -> str:
    """The same declaration with black where it is and white `factor` times as far from it."""
    return f"range={declared.low:g}..{declared.low + factor * (declared.high - declared.low):g}"
