"""Data sets by name: what other packages bring, as folders of class folders.

An entry point of the group `innerview.datasets` names a function without arguments that gives the folder; it may
download it first, and is called only when its data set is asked for by name. A folder that is there is always taken as
it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from innerview.errors import DataError, InnerviewError
from innerview.files.regular import exists, is_folder
from innerview.plugins import find_plugin, plugin_names


def find_data(asked: Path) -> Path:
    """The folder that was asked for, by its path or by the name of a data set that another package brings.

    Raises:
        DataError: the package's own code failed, or gave no folder.
    """
    if exists(asked) or str(asked) not in plugin_names("innerview.datasets"):
        return asked
    found = find_plugin("innerview.datasets", str(asked))
    if found is None or not callable(found.value):
        problem = found.problem if found is not None and found.problem else "it can't be called"
        raise DataError(f"the data set {asked} can't be had: {found.words if found else 'it'} fails ({problem})").of(
            "plugin", asked=asked, found=str(problem)
        )
    try:
        folder = Path(cast("Callable[[], str]", found.value)())
    except InnerviewError:
        raise
    except Exception as problem:
        said = f"{type(problem).__name__}: {' '.join(str(problem).split())}"
        raise DataError(f"the data set {asked} can't be had: {found.words} fails ({said})").of(
            "plugin", asked=asked, found=said
        ) from problem
    if not is_folder(folder):
        raise DataError(f"the data set {asked} can't be had: {found.words} gives {folder}, which is no folder").of(
            "plugin", asked=asked, found=folder
        )
    return folder
