"""The built viewer: one ES module and one stylesheet, which the package carries."""

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


@lru_cache(maxsize=1)
def read_bundle() -> Bundle:
    """Read the bundle.

    Raises:
        OutputError: it was not built; only a checkout that was never installed lacks it.
    """
    try:
        return Bundle(*((FOLDER / name).read_text(encoding="utf-8") for name in ("viewer.js", "viewer.css")))
    except OSError:
        raise OutputError(
            "the viewer was not built: this is a checkout that was not installed; run `python hatch_build.py` in it, "
            "or `pip install .`"
        ) from None
