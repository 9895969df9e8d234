"""The notebooks run from top to bottom and show what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from patience import PATIENCE

EXAMPLES = Path(__file__).parent.parent / "examples"

FIGURES = {"inside": 9, "inside_keras": 5}
"""How many images each notebook shows at least."""

NEEDED = {"inside_keras": [pytest.mark.tensorflow]}


def test_every_notebook_is_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.ipynb")} == set(FIGURES)


@pytest.mark.parametrize("name", [pytest.param(name, marks=NEEDED.get(name, ())) for name in FIGURES])
def test_a_notebook_runs_from_top_to_bottom(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat  # its schema's library takes seconds to import, which no process pays that runs other tests
    from nbclient import NotebookClient

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells), "commit notebooks without outputs"
    NotebookClient(
        notebook, timeout=5 * PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert len(shown) >= FIGURES[name]
