"""The built viewer, which the package carries: a module and a stylesheet, and what stands beside them.

That is the engine of pages with a network, and the data-set view, each loaded where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from innerview.errors import OutputError

FOLDER: Final = Path(__file__).with_name("bundle")


@dataclass(frozen=True)
class Bundle:
    """Texts of the module and of the stylesheet."""

    script: str
    style: str


@dataclass(frozen=True)
class EngineBundle:
    """Texts of the engine's worker, and of what a page runs to use it."""

    worker: str
    live: str


@lru_cache(maxsize=1)
def read_bundle() -> Bundle:
    """Read the bundle.

    Raises:
        OutputError: it was not built; only a checkout that was never installed lacks it.
    """
    return Bundle(*_texts("viewer.js", "viewer.css"))


@lru_cache(maxsize=1)
def read_engine() -> EngineBundle:
    """Read the engine that runs a network in a page; raises as `read_bundle`."""
    return EngineBundle(*_texts("engine.js", "live.js"))


@lru_cache(maxsize=1)
def read_chunk() -> Bundle:
    """Read the data-set view, which is no part of the module; raises as `read_bundle`."""
    return Bundle(*_texts("dataset.js", "dataset.css"))


def _texts(*names: str) -> list[str]:
    try:
        return [(FOLDER / name).read_text(encoding="utf-8") for name in names]
    except OSError:
        raise OutputError(
            "the viewer was not built: this is a checkout that was not installed; run `python hatch_build.py` in it, "
            "or `pip install .`"
        ).of("bundle") from None
