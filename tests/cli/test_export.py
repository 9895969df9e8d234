"""`innerview export`: a folder that works by itself, whole or not at all, and nothing of anyone's overwritten."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import innerview
from innerview import allcnn
from innerview.cli import main
from innerview.methods import predict
from innerview.workbench.export import plain_name

PHOTO = Path(innerview.__file__).parent / "data" / "samples" / "moose.jpg"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", allcnn.NAMES)
def test_every_built_in_model_says_the_same_of_a_photo_by_itself(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["export", name, "--format", "numpy"]) == 0
    folder = here / f"{name}-numpy"
    assert {path.name for path in folder.iterdir()} == {
        "model.py", "README.md", "model-card.md", "weights.safetensors", "innerview.json"
    }  # fmt: skip
    assert str(Path(f"{name}-numpy/model.py")) in capsys.readouterr().out
    program = f"""
import runpy, sys
sys.modules["innerview"] = None
sys.argv = ["model.py", {str(PHOTO)!r}]
runpy.run_path("model.py", run_name="__main__")
"""
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    model = innerview.load_pretrained(name)
    image = innerview.preprocess(innerview.example_image("moose"), model.input).pixels
    said = predict(model, image[None])[0]
    number, share = said.index, 100 * said.probabilities[said.index]
    first, _, chance = answer.stdout.splitlines()[0].partition(": ")
    assert first == f"{number} {said.class_names[number]}"
    assert float(chance.removesuffix(" %")) == pytest.approx(share, abs=0.06)


@pytest.mark.torch
def test_the_program_of_the_readme_runs(here: Path) -> None:
    assert main(["export", "-o", "taken/away"]) == 0
    blocks = (here / "taken" / "away" / "README.md").read_text(encoding="utf-8").split("```python\n")[1:]
    program = "\n".join(block.partition("```")[0] for block in blocks)
    program += "\nprint(type(model).__name__, model.output.temperature)"
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=here / "taken" / "away", capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["TorchModel", str(innerview.load_pretrained("allcnn").output.temperature)]


def test_an_earlier_export_is_replaced_only_on_demand(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "-o", "out"]) == 0
    before = (here / "out" / "model.py").read_bytes()
    (here / "out" / "left-over.txt").touch()
    assert main(["export", "-o", "out", "--format", "numpy"]) == 1
    assert "out holds an earlier export; --force replaces it" in capsys.readouterr().err
    assert (here / "out" / "model.py").read_bytes() == before
    assert main(["export", "-o", "out", "--format", "numpy", "--force"]) == 0
    assert (here / "out" / "model.py").read_bytes() != before
    assert not (here / "out" / "left-over.txt").exists()


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_export_is_never_touched(here: Path, capsys: pytest.CaptureFixture[str], force: list[str]) -> None:
    (here / "photos").mkdir()
    (here / "photos" / "model.py").write_text("mine")
    (here / "file").write_text("mine")
    for name in ("photos", "file"):
        assert main(["export", "-o", name, *force]) == 1
        assert f"{name} is there already and no export; nothing was written" in capsys.readouterr().err
    assert {path.name for path in here.iterdir()} == {"photos", "file"}
    assert (here / "file").read_text() == (here / "photos" / "model.py").read_text() == "mine"


def test_a_failure_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from innerview.errors import OutputError
    from innerview.workbench import export as module

    def full(path: Path, content: bytes) -> None:
        if path.name == "weights.safetensors":
            raise OutputError("no space left")
        path.write_bytes(content)

    monkeypatch.setattr(module, "write", full)
    assert main(["export", "-o", "out"]) == 1
    assert list(here.iterdir()) == []


def test_an_unknown_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "resnet"]) == 2
    assert "'resnet' can't be exported; the built-in models are allcnn" in capsys.readouterr().err


def test_the_weights_are_those_of_the_model(here: Path) -> None:
    from safetensors.numpy import load_file

    assert main(["export"]) == 0
    found, wanted = (
        load_file(here / "allcnn-pytorch" / "weights.safetensors"),
        innerview.load_pretrained("allcnn").weights(),
    )
    assert found.keys() == wanted.keys()
    assert all(np.array_equal(found[name], wanted[name]) for name in wanted)


NET = """
import torch
from torch import nn

def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
"""
OWN = ("net.py:build", "--classes", "2", "--input-spec", "8x8x3 range=0..1 layout=CHW", "--trust-code")


@pytest.mark.torch
def test_a_model_of_ones_own_goes_into_a_page_and_is_no_source(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "net.py").write_text(NET, encoding="utf-8")
    assert main(["export", *OWN, "--format", "web"]) == 0
    network = json.loads((here / "net.py-build-web" / "network.json").read_text(encoding="utf-8"))
    assert network["network"]["operations"][0]["kind"] == "convolution"
    assert 0 < network["error"] < 1e-3
    assert "16 bits" in capsys.readouterr().out
    assert main(["export", *OWN, "--format", "numpy", "-o", "other"]) == 2
    assert "--format web writes any model that the engine in a page runs" in " ".join(capsys.readouterr().err.split())
    assert not (here / "other").exists()
    assert main(["export", *OWN, "--format", "web", "--max-size", "0.0001", "-o", "other"]) == 2
    assert "allow more (max_size=0.1, or --max-size)" in " ".join(capsys.readouterr().err.split())
    assert not (here / "other").exists()


@pytest.mark.parametrize(
    ("asked", "name"),
    [("models/net.keras", "net"), ("timm:resnet18", "timm-resnet18"), ("", "model"), ("hf:org/name", "hf-org-name")],
)
def test_the_folder_is_called_after_the_model(asked: str, name: str) -> None:
    assert plain_name(asked) == name
