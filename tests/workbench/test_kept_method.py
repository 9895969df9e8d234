"""What a comparison has kept is what an explanation draws, unless somebody names a method or a baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from innerview import allcnn
from innerview.cli import main
from innerview.session.query import Query
from innerview.workbench.compare.keeping import place_for
from innerview.workbench.explain.kept import with_kept

MODEL = allcnn.load_pretrained()


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def keep(**told: Any) -> Path:
    place = place_for(MODEL)
    place.parent.mkdir(parents=True, exist_ok=True)
    known = {"model": MODEL.fingerprint, "method": "class-evidence", "baselines": [], "agreement": 0.7312, "low": 0.7,
             "high": 0.78, "n": 40, "advice": "Believe it."}  # fmt: skip
    place.write_text(json.dumps({**known, **told}))
    return place


def test_where_nothing_is_kept_nothing_changes() -> None:
    assert with_kept(Query(), MODEL) == (Query(), "")


def test_a_method_is_drawn_as_well_and_said_with_its_numbers() -> None:
    keep()
    found, told = with_kept(Query(), MODEL)
    assert found == Query(methods=("class-evidence",))
    assert told == (
        "Of the methods compared on this model (n = 40 images) class-evidence agrees most with taking regions away, "
        "0.73 (0.70 to 0.78), so class-evidence is drawn as well; --method and --baseline say otherwise."
    )


def test_of_integrated_gradients_the_baseline_is_taken() -> None:
    keep(method="integrated-gradients:n_steps=16", baselines=["blurred"])
    found, told = with_kept(Query(), MODEL)
    assert found == Query(baselines=("blurred",))
    assert "so integrated gradients are from blurred" in told


def test_who_names_a_method_or_a_baseline_has_it() -> None:
    keep()
    for asked in (Query(methods=("occlusion",)), Query(baselines=("white",))):
        assert with_kept(asked, MODEL) == (asked, "")


@pytest.mark.parametrize("broken", [{"method": "tea-leaves"}, {"n": "many"}])
def test_what_is_broken_is_said_and_changes_nothing(broken: dict[str, Any]) -> None:
    keep(**broken)
    found, told = with_kept(Query(), MODEL)
    assert found == Query()
    assert told.startswith("What was compared on this model is not used: ")


def test_another_model_has_its_own() -> None:
    keep(model="0" * 16)
    assert with_kept(Query(), MODEL) == (Query(), "")


def test_the_command_says_and_draws_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    keep()
    assert main(["explain", "cat", "--no-judge", "-o", "out"]) == 0
    assert "class-evidence agrees most with taking regions away, 0.73" in capsys.readouterr().out
    assert list(tmp_path.glob("out/**/*class-evidence*.png"))
