"""A framework that these tests are meant to cover is there: its tests can't be left out by accident."""

from __future__ import annotations

import importlib
import os

import pytest

MEANT = ("torch",)


@pytest.mark.parametrize("framework", sorted(set(MEANT) - set(os.environ.get("INNERVIEW_TEST_WITHOUT", "").split(","))))
def test_the_framework_is_installed(framework: str) -> None:
    assert importlib.import_module(framework).__name__ == framework
