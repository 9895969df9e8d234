"""A tenth of the soak: damaged images of every form end in an image or in one of our errors, and in silence."""

from __future__ import annotations

from collections import Counter

import pytest

from data.mutating import mutations, outcome, silence, whole_files
from innerview.data.reading import load_image


@pytest.mark.parametrize("name", whole_files())
def test_the_files_are_read_before_they_are_damaged(name: str) -> None:
    assert load_image(whole_files()[name]).pixels.shape[2] == 3


def test_a_thousand_damaged_images() -> None:
    with silence():
        ends = Counter(outcome(data) for _, data in mutations(1000))
    assert set(ends) == {"read", "refused"}
    assert min(ends.values()) > 100
