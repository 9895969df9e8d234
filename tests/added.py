"""Packages of other people, made up: a module and what an installer leaves beside it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path

import pytest

from innerview import plugins


def install(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str],
    name: str = "tea",
) -> None:
    """Put a package where Python finds it.

    Args:
        folder: empty or new; comes in front of the search path for the length of the test.
        monkeypatch: of the test.
        points: by group, what each name stands for ("tea:ROW").
        modules: by name, their text.
        name: of the distribution.
    """
    (folder / f"{name}-1.0.dist-info").mkdir(parents=True)
    sections = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in one.items()) for group, one in points.items()
    ]
    (folder / f"{name}-1.0.dist-info" / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")
    (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
    )
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(plugins, "_points", inspect.unwrap(plugins._points))  # found anew each time
