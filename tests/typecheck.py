"""The run-time type checker that pytest puts on all of innerview (see pyproject.toml)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from beartype import BeartypeConf, beartype
from jaxtyping import config

# As everywhere in Python's typing, an int is welcome where a float is asked for (PEP 484).
checked = beartype(conf=BeartypeConf(is_pep484_tower=True))


@contextmanager
def unchecked() -> Iterator[None]:
    """Call innerview as users do, without the checker, to see what it says itself to a wrong shape or type."""
    config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        config.update("jaxtyping_disable", False)
