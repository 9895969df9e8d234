"""Every subject in every adapter, in both precisions; the tests of this folder hold for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from networks import SUBJECTS, Subject


def _cases(*, differentiable: bool = False, known: bool = False) -> list[object]:
    return [
        pytest.param(
            subject,
            id=f"{subject.adapter}-{subject.name}",
            marks=[pytest.mark.torch] if subject.adapter == "torch" else [],
        )
        for subject in SUBJECTS
        if (subject.differentiable or not differentiable) and (subject.model.formula or not known)
    ]


@pytest.fixture(params=_cases())
def subject(request: pytest.FixtureRequest) -> Subject:
    """Any network."""
    return request.param


@pytest.fixture(params=_cases(known=True))
def known(request: pytest.FixtureRequest) -> Subject:
    """A network with a formula."""
    return request.param


@pytest.fixture(params=_cases(differentiable=True))
def differentiable(request: pytest.FixtureRequest) -> Subject:
    """A network with gradients."""
    return request.param


@pytest.fixture(params=_cases(differentiable=True, known=True))
def known_differentiable(request: pytest.FixtureRequest) -> Subject:
    """A network with gradients and a formula for them."""
    return request.param


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> type[np.floating]:
    """Both precisions."""
    return request.param
