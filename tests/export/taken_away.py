"""An exported network as someone gets it: a folder with a module that is imported from there."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from innerview.adapters.numpy import NumpyNetwork
from innerview.export import export_files


def taken_away(folder: Path, network: NumpyNetwork, kind: str) -> ModuleType:
    """Write a network, and import its source."""
    for name, content in export_files(network, "small", kind).items():
        (folder / name).write_bytes(content)
    return imported(folder / "network.py")


def imported(path: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"taken_{path.parent.name}", path)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
