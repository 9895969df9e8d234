"""Errors that tests expect, told apart by their fields: docs/reference/error-messages.md alone holds the wording."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from innerview.errors import InnerviewError

E = TypeVar("E", bound=InnerviewError)


@contextmanager
def raises(
    kind: type[E] | tuple[type[E], ...], about: str, *, file: str | None = None, **fields: object
) -> Iterator[pytest.ExceptionInfo[E]]:
    """Expect an error about something, with these values in its fields; `file` is the name of its path's last part."""
    with pytest.raises(kind) as caught:
        yield caught
    error = caught.value
    found = {"about": error.about, **{name: getattr(error, name) for name in fields}}
    if file is not None:
        found["file"] = error.path and error.path.name
    wanted = {"about": about, **fields, **({} if file is None else {"file": file})}
    assert found == wanted, str(error)
