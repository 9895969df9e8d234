"""What Python prints of a model: a few lines, and no pass for them."""

from __future__ import annotations

import numpy as np

from innerview.reprs import LINES
from models import Subject


def test_a_model_is_told_in_a_few_lines(subject: Subject) -> None:
    model = subject.build(np.float32)
    lines = repr(model).splitlines()
    assert len(lines) <= LINES
    assert type(model).__name__ in lines[0]
    assert "float32" in repr(model)
