"""A model that was declared with the wrong range or mean is noticed, and one that is fed as in training is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import innerview
from innerview import allcnn
from innerview.adapters.numpy.model import NumpyModel
from innerview.cli import main
from innerview.model import InputSpec
from innerview.session.doubts import doubts
from innerview.workbench.info import info
from models import MODELS


def fed(**declared: Any) -> NumpyModel:
    """One of the contract's models, which has biases, as most do; its values lie around 0, within ±1 or so."""
    model = MODELS["mixed"]
    spec = InputSpec(*model.input.shape, **declared)
    return NumpyModel(spec, model.output, model.operations, model.weights())


RIGHT = {"value_range": (0.0, 255.0), "mean": (127.0,) * 3, "std": (128.0,) * 3}
WRONG = {**RIGHT, "value_range": (0.0, 1.0)}


@pytest.mark.parametrize("name", allcnn.NAMES)
def test_the_built_in_models_raise_no_doubt(name: str) -> None:
    assert doubts(innerview.load_pretrained(name)) == ()


def test_a_model_that_is_fed_as_in_training_raises_none() -> None:
    assert doubts(fed(**RIGHT)) == ()


def test_a_range_that_was_forgotten_is_noticed_and_the_right_one_named() -> None:
    (doubt,) = doubts(fed(**WRONG))
    assert "gives nearly the same for 5 very different photos" in doubt
    assert "with range=0..255 it would be" in doubt
    assert ("Warning", doubt) in info(fed(**WRONG)).facts
    assert "Warning" not in {name for name, _ in info(fed(**RIGHT)).facts}


def test_a_wrong_deviation_is_noticed_without_a_guess() -> None:
    (doubt,) = doubts(fed(**{**RIGHT, "std": (1e7,) * 3}))
    assert doubt.endswith("innerview info shows what it is fed with")


def test_commands_warn_and_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = (
        "import numpy as np\ndef build():\n    return lambda x: 1e-3 * x.mean((1, 2)) + np.array([1.0, 2.0, 3.0])\n"
    )
    (tmp_path / "net.py").write_text(source)
    line = ["--model", "net.py:build", "--classes", "3", "--input-spec", "8x8 range=0..1 layout=HWC"]
    assert main(["weights", *line]) in {0, 1}
    assert "innerview: warning: this model gives nearly the same" in capsys.readouterr().err
    assert main(["info", *line]) == 0
    captured = capsys.readouterr()
    assert "Warning" in captured.out
    assert captured.err == ""
