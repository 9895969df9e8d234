"""Seeds, hypothesis's profiles, and frameworks that are left out on purpose.

INNERVIEW_TEST_WITHOUT=torch leaves out what needs PyTorch; without it, a missing framework is a failure.
`--hypothesis-profile=thorough` tries ten times as many examples.
"""

from __future__ import annotations

import os
import random
import re
import signal
import tempfile
from pathlib import Path

# Models here are so small that a second thread only waits for the first.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What JAX compiles here runs once or twice.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# What was compared on this machine decides what is drawn; here nothing was.
os.environ["XDG_DATA_HOME"] = str(Path(tempfile.gettempdir()) / f"innerview-nothing-kept-{os.getpid()}")

import numpy as np
import pytest
from hypothesis import settings

import typecheck

typecheck.install()

# A job that was started in the background ignores Ctrl-C, and so would everything that the tests start and stop.
signal.signal(signal.SIGINT, signal.default_int_handler)

WITHOUT = frozenset(os.environ.get("INNERVIEW_TEST_WITHOUT", "").split(",")) - {""}
NEEDING = {
    "torch": re.compile(
        r"^\s*(?:import|from) (?:torch|innerview\.training|(?:innerview\.)?adapters\.torch)\b", re.MULTILINE
    ),
    "jax": re.compile(r"^\s*(?:import|from) (?:jax|(?:innerview\.)?adapters\.jax)\b", re.MULTILINE),
    "captum": re.compile(r"^\s*(?:import|from) (?:captum|innerview\.adapters\.captum)", re.MULTILINE),
}
"""What a test module imports if it can't be read without a framework."""

KERAS = re.compile(r"^from innerview\.adapters\.keras\b", re.MULTILINE)
"""What a test module imports that is read only where a process has a backend (see models.BACKEND)."""

# Derandomised, so that a failure is the same for everyone; no deadlines, since nothing here is timed.
settings.register_profile("default", max_examples=30, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _seeds() -> None:
    """Tests draw from generators of their own; this fixes what libraries draw by themselves."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 the global generator is what is to be fixed


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out modules that can't be imported without a framework that was left out."""
    if collection_path.suffix != ".py" or collection_path.name == "conftest.py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    if KERAS.search(text) and not os.environ.get("INNERVIEW_TEST_BACKEND"):
        return True
    return True if any(NEEDING[framework].search(text) for framework in WITHOUT & set(NEEDING)) else None


LONG = (
    "adapters/test_keras_backends.py",
    "docs/test_code.py",
    "docs/test_photos.py",
    "workbench/test_compare.py",
    "browser/test_notebooks.py",
)
"""Files that take a minute or more: they begin first, so that no process is left alone with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first, and skip single tests that are marked with a framework that was left out."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))
    for item in items:
        for framework in WITHOUT:
            if item.get_closest_marker(framework):
                item.add_marker(pytest.mark.skip(reason=f"INNERVIEW_TEST_WITHOUT={framework}"))
