"""Whoever shows or writes something asks the session; only loops over data sets call methods by themselves."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path

import innerview
from innerview import methods

PACKAGE = Path(innerview.__file__).parent
UPPER = ("cli", "web", "notebook", "workbench", "viewer", "pictures")
ALONE = {
    ("workbench/compare/judging.py", "shapley"),
    ("workbench/survey/columns.py", "removed_and_alone"),
    ("workbench/path.py", "path_predictions"),
    ("workbench/network.py", "class_evidence"),  # of noise, for the network that is put into a page
}
"""Where and what: data sets (docs/decisions/data-sets.md), and what is about no image."""


def test_methods_are_called_where_the_cache_is() -> None:
    public = [found for name in methods.__all__ if inspect.isfunction(found := getattr(methods, name))]
    of_models = [one for one in public if "model" in inspect.signature(one).parameters]
    assert len(of_models) > 20
    imported = {
        (file.relative_to(PACKAGE).as_posix(), name.name)
        for room in UPPER
        for file in (PACKAGE / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("innerview.methods")
        for name in node.names
        if any(vars(import_module(str(node.module))).get(name.name) is one for one in of_models)
    }
    assert imported == ALONE
