"""Every subject in every adapter, in both precisions; the tests of this folder hold for all of them."""

from __future__ import annotations

import numpy as np
import pytest

from models import DTYPES, SUBJECTS, Subject

FRAMEWORKS = {"torch", "jax", "keras"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs more digits than this process's framework has."""
    if np.float64 not in DTYPES:
        few = [item for item in items if item.get_closest_marker("float64")]
        config.hook.pytest_deselected(items=few)
        items[:] = [item for item in items if item not in few]


def _cases(*, differentiable: bool = False, known: bool = False) -> list[object]:
    return [
        pytest.param(
            subject,
            id=f"{subject.adapter}-{subject.name}",
            marks=[getattr(pytest.mark, subject.adapter)] if subject.adapter in FRAMEWORKS else [],
        )
        for subject in SUBJECTS
        if (subject.differentiable or not differentiable) and (subject.model.formula or not known)
    ]


@pytest.fixture(params=_cases())
def subject(request: pytest.FixtureRequest) -> Subject:
    """Any model."""
    return request.param


@pytest.fixture(params=_cases(known=True))
def known(request: pytest.FixtureRequest) -> Subject:
    """A model with a formula."""
    return request.param


@pytest.fixture(params=_cases(differentiable=True))
def differentiable(request: pytest.FixtureRequest) -> Subject:
    """A model with gradients."""
    return request.param


@pytest.fixture(params=_cases(differentiable=True, known=True))
def known_differentiable(request: pytest.FixtureRequest) -> Subject:
    """A model with gradients and a formula for them."""
    return request.param


@pytest.fixture(params=DTYPES, ids=lambda kind: kind.__name__)
def dtype(request: pytest.FixtureRequest) -> type[np.floating]:
    """Each precision that there is."""
    return request.param
