"""An exported model as someone gets it: a folder with a module that is imported from there."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from innerview.adapters.numpy.model import NumpyModel
from innerview.export import export_files


def taken_away(folder: Path, model: NumpyModel, kind: str) -> ModuleType:
    """Write a model, and import its source."""
    for name, content in export_files(model, "small", kind).items():
        (folder / name).write_bytes(content)
    return imported(folder / "model.py")


def imported(path: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"taken_{path.parent.name}", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
