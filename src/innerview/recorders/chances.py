"""What is random in Python and NumPy, given back as it was; a model may draw from either while it is looked at."""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np


@contextmanager
def same_chances() -> Generator[None, None, None]:
    """Put Python's and NumPy's global generators back behind the block, whatever happens in it."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 it is the global one that others draw from
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
