"""A checkpoint of a run as a model, by "RUN@STEP": the same weights, the same answers; what is none is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import innerview
from innerview.allcnn import run_folder
from innerview.cli import main
from innerview.errors import DataError, ModelError, UsageError
from innerview.runs import RunFolder
from innerview.session.checkpoints import divide_name
from innerview.session.models import ModelRequest, open_model, take_model
from innerview.workbench.survey.labels import audit_labels
from innerview.workbench.survey.reading import read_survey
from raising import raises
from session.made_runs import made_run


def test_a_built_in_model_is_had_at_its_checkpoints() -> None:
    final = innerview.load_pretrained("allcnn")
    assert take_model("allcnn@final").fingerprint == final.fingerprint
    assert take_model("allcnn@3666").fingerprint == final.fingerprint
    initial = innerview.load_pretrained("allcnn", "initial")
    assert take_model("allcnn@initial").fingerprint == take_model("allcnn@0").fingerprint == initial.fingerprint


def test_a_run_folder_is_had_at_its_checkpoints(tmp_path: Path) -> None:
    made_run(tmp_path / "run")
    steps = [int(file.stem.removeprefix("step-")) for file in sorted((tmp_path / "run" / "checkpoints").iterdir())]
    models = [take_model(f"{tmp_path / 'run'}@{step}") for step in steps]
    assert len({one.fingerprint for one in models}) == len(steps) > 1
    assert take_model(f"{tmp_path / 'run'}@final").fingerprint == models[-1].fingerprint
    images = np.zeros((1, *models[0].input.shape), np.float32)
    assert np.isfinite(models[0].forward(images).outputs).all()


@pytest.mark.parametrize("step", ["7", "last", ""])
def test_a_step_that_was_not_kept_is_refused_with_those_that_were(step: str, tmp_path: Path) -> None:
    made_run(tmp_path / "run")
    with raises(UsageError, "checkpoint", asked=step):
        take_model(f"{tmp_path / 'run'}@{step}")
    with pytest.raises(UsageError):
        take_model(f"allcnn@{step}")


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no run folder"):
        take_model(f"{tmp_path}@3")
    made_run(tmp_path / "run")
    manifest = tmp_path / "run" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"name": "allcnn"', '"name": "ResNet"'))
    with raises(ModelError, "model", found="ResNet"):
        take_model(f"{tmp_path / 'run'}@final")
    with pytest.raises(UsageError):
        open_model(ModelRequest("allcnn@final", device="cuda"))


def test_other_names_with_an_at_are_no_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "a@b").mkdir()
    assert divide_name(str(tmp_path / "a@b")) is None
    assert divide_name("hf:some/model@revision") is None
    assert divide_name("nowhere@3") is None
    assert divide_name(f"{run_folder('allcnn')}@3") == (str(run_folder("allcnn")), "3")


def painted(root: Path) -> Path:
    """Thirty images of three classes."""
    for number in range(30):
        folder = root / ("cat", "dog", "frog")[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return root


def test_two_checkpoints_are_surveyed_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(painted(tmp_path / "data"))
    for step in ("initial", "final"):
        rows = str(tmp_path / step)
        given = ["survey", f"allcnn@{step}", data, "--regions", "none", "--limit", "3", "-o", rows]
        assert main(given) == 0
    assert main(["diff", str(tmp_path / "initial"), str(tmp_path / "final")]) == 0
    assert "of 3 images have another answer" in capsys.readouterr().out


def test_labels_are_audited_by_every_checkpoint_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, run, rows = painted(tmp_path / "data"), made_run(tmp_path / "run"), tmp_path / "rows"
    innerview.survey(take_model(f"{tmp_path / 'run'}@final"), data, regions=None, sample=12, output=rows)
    line = ["labels", str(rows), "--run", str(tmp_path / "run"), "--data", str(data)]
    assert main([*line, "--neighbours", "3"]) == 0
    assert "of the checkpoints predict the label" in capsys.readouterr().out
    trained = [step for step in RunFolder.open(tmp_path / "run").steps() if step > 0]
    made = sorted(file.name for file in (tmp_path / "rows-checkpoints").iterdir())
    assert made == [f"step-{step:06}" for step in trained]
    surveys = [tmp_path / "rows-checkpoints" / one for one in made]
    found = audit_labels(rows, neighbours=3, checkpoints=surveys)
    last = read_survey(surveys[-1])
    np.testing.assert_allclose(last.columns["probabilities"], read_survey(rows).columns["probabilities"], atol=1e-6)
    assert all(0 <= one.believed <= 1 and np.isfinite(one.margin) for one in found.suspects)
    assert main([*line, "--neighbours", "3", "-o", str(tmp_path / "again")]) == 0
    assert main(["labels", str(rows), "--run", str(run)]) == 2
    assert main([*line, "--checkpoint", str(surveys[0])]) == 2
