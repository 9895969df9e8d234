"""docs/reference/methods.md: its example runs as it stands, and every method is on it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import innerview
from innerview import methods

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "methods.md").read_text(encoding="utf-8")
NO_MAPS = {"activations", "path_predictions", "predict", "weight_histograms"}


def test_the_example_runs(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    answer = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert (tmp_path / "hidden.png").stat().st_size > 1000
    assert re.match(r"Region \d has the most: [+-]\S+ logit on 256 pixels\.", answer.stdout)


def test_every_public_method_is_described() -> None:
    named = {name for pair in re.findall(r"`(\w+)[`(]|innerview\.(\w+)", PAGE) for name in pair}
    public = {name for name in innerview.__all__ if name in methods.__all__}
    assert public - named - NO_MAPS == set()
