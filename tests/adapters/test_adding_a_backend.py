"""A backend is two files, as CONTRIBUTING.md says: one is added to a copy, and the contract holds for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from dry_run import checkout, replace, touched

FRAMEWORK = '''
class Pot:
    """A model of a framework that nobody has heard of: steps, and their weights."""

    def __init__(self, steps, weights):
        self.steps, self.weights = steps, weights
'''

ADAPTER = '''
"""Models of teapot."""

from __future__ import annotations

from typing import Any

import numpy as np

from innerview.adapters.numpy.model import NumpyModel
from innerview.model import InputSpec, OutputSpec


def open_pot(
    model: Any, input: InputSpec, output: OutputSpec, dtype: type[np.floating] = np.float32
) -> NumpyModel:
    """A pot's steps are those that NumPy runs."""
    return NumpyModel(input, output, model.steps, model.weights, dtype)
'''

BUILDER = """
def teapot_model(model: ModelSpec, weights: Mapping[str, Array], dtype: type[np.floating]) -> Any:
    import teapot

    from innerview.adapters import wrap

    return wrap(teapot.Pot(model.operations, weights), input=model.input, output=model.output, dtype=dtype)


BUILDERS: """


def test_two_files_are_all_that_a_backend_takes_and_the_contract_holds_for_it(tmp_path: Path) -> None:
    place = checkout(tmp_path / "copy", "src/innerview/adapters", "tests/models.py", "pyproject.toml")
    (tmp_path / "teapot.py").write_text(FRAMEWORK, encoding="utf-8")
    adapters = place / "src" / "innerview" / "adapters"
    (adapters / "teapot.py").write_text(ADAPTER, encoding="utf-8")
    table = "ADAPTERS: Final = {\n"
    replace(adapters / "__init__.py", table, f'{table}    "teapot": ("innerview.adapters.teapot", "open_pot"),\n')
    assert touched(place, "src") == [f"src/innerview/adapters/{name}.py" for name in ("__init__", "teapot")]

    models = place / "tests" / "models.py"
    replace(models, "\nBUILDERS: ", BUILDER)
    last = '    "function": function_model,\n'
    replace(models, last, f'{last}    "teapot": teapot_model,\n')
    few = "FEW: Mapping[str, tuple[str, ...]] = {"
    replace(models, few, f'{few}"teapot": ("hidden", "mixed"), ')
    replace(models, 'else ("numpy", "torch", "jax", "function")', 'else ("teapot",)')
    replace(place / "pyproject.toml", "markers = [", 'markers = ["teapot: needs nothing", ')
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n0", "-v", str(place / "tests" / "contract")],
        cwd=place,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(place / "src"), str(tmp_path)])},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-2000:]
    passed = re.search(r"(\d+) passed", found.stdout)
    assert passed
    assert int(passed.group(1)) > 60, "every row of the contract, for both models"
