"""The faster precision is found by trying, and the number of threads is given back."""

from __future__ import annotations

import pytest
import torch

from innerview.training import precision


def test_one_of_two_is_named_and_the_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    assert precision.fast_precision() in {"float32", "bfloat16"}
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("gain", "found"), [(0.0, "bfloat16"), (float("inf"), "float32")])
def test_bfloat16_has_to_be_worth_it(monkeypatch: pytest.MonkeyPatch, gain: float, found: str) -> None:
    monkeypatch.setattr(precision, "GAIN", gain)
    assert precision.fast_precision() == found
