"""What Python prints of a network: a few lines, and no pass for them."""

from __future__ import annotations

import numpy as np

from innerview.reprs import LINES
from networks import Subject


def test_a_network_is_told_in_a_few_lines(subject: Subject) -> None:
    network = subject.build(np.float32)
    lines = repr(network).splitlines()
    assert len(lines) <= LINES
    assert type(network).__name__ in lines[0]
    assert "float32" in repr(network)
