"""What a comparison has kept is what every explanation begins with, unless somebody names a method or a baseline."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import innerview
from innerview.cli import main
from innerview.model import Model
from innerview.session.kept import Kept, kept_comparison, kept_facts, places_for, with_kept
from innerview.session.opening import furnish, opened_model
from innerview.session.query import Query
from innerview.workbench.page.report import report

OPENED = opened_model("allcnn")
MODEL: Model = OPENED.model
TOLD = (
    "Of the methods compared on this model (n = 40 images) class-evidence agrees most with taking regions away, "
    "0.73 (0.70 to 0.78), so class-evidence is drawn as well. Name a method or a baseline, or say --no-kept "
    "(kept=False), for another."
)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def keep(named: str = "", **told: Any) -> Path:
    place = next(places_for(MODEL.fingerprint, named))
    place.parent.mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = {
        "method": "class-evidence",
        "baselines": [],
        "agreement": 0.7312,
        "low": 0.7,
        "high": 0.78,
        "n": 40,
    }
    place.write_text(json.dumps({"model": MODEL.fingerprint, "advice": "Believe it.", **known, **told}))
    return place


def test_where_nothing_is_kept_nothing_changes() -> None:
    assert with_kept(Query(), OPENED) == (Query(), "")
    assert kept_facts(OPENED) == {}


def test_a_method_is_drawn_as_well_and_said_with_its_numbers() -> None:
    keep()
    assert with_kept(Query(), OPENED) == (Query(methods=("class-evidence",)), TOLD)


def test_of_integrated_gradients_the_baseline_is_taken() -> None:
    keep(method="integrated-gradients:n_steps=16", baselines=["mean"])
    found, told = with_kept(Query(), OPENED)
    assert found == Query(baselines=("mean",))
    assert "so integrated gradients are from mean" in told


def test_who_names_a_method_or_a_baseline_or_wants_none_has_it() -> None:
    keep()
    for asked in (
        Query(methods=("occlusion",)),
        Query(baselines=("white",)),
        Query(baselines=("blurred",)),  # as it is without
        Query(kept=False),
    ):
        assert with_kept(asked, OPENED) == (asked, "")


def test_a_query_stays_open_through_copies_and_pickles_and_names_nothing_by_that() -> None:
    keep()
    usual = Query(target=3)
    pickled = pickle.loads(pickle.dumps(usual))  # noqa: S301
    again = [copy.deepcopy(usual), pickled, replace(usual, judge=False), Query(**asdict(usual))]
    assert [one.is_open for one in again] == [True] * 4
    assert all(with_kept(one, OPENED)[1] == TOLD for one in again)
    named = Query(baselines=usual.baselines[:])
    assert named == Query()
    assert not named.is_open
    assert not pickle.loads(pickle.dumps(named)).is_open  # noqa: S301


BROKEN: list[dict[str, Any]] = [
    {"method": "tea-leaves"},
    {"n": "many"},
    {"n": float("inf")},
    {"baselines": ["tea"]},
    {"method": "expected-gradients:n_samples=32"},  # from images of the data set, which nobody else has
    {"method": "shapley:fills=data"},  # likewise
]


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_broken_is_said_and_changes_nothing(broken: dict[str, Any]) -> None:
    keep(**broken)
    found, told = with_kept(Query(), OPENED)
    assert found == Query()
    assert told.startswith("What was compared on this model is not used: ")
    assert kept_facts(OPENED) == {"words": told}


def test_who_has_no_home_and_who_may_not_look_there_has_the_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    keep()
    monkeypatch.setattr(Path, "exists", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert with_kept(Query(), OPENED) == (Query(), "")
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("Could not determine home directory")))
    assert list(places_for(MODEL.fingerprint)) == []
    assert with_kept(Query(), OPENED) == (Query(), "")


def test_another_model_has_its_own() -> None:
    keep(model="0" * 16)
    assert with_kept(Query(), OPENED) == (Query(), "")


def test_a_file_beside_the_model_goes_before_the_users_folder_if_it_is_of_this_model(tmp_path: Path) -> None:
    file = tmp_path / "models" / "one.safetensors"
    file.parent.mkdir()
    file.write_bytes(b"")
    beside, everywhere = keep(str(file), n=7), keep()

    def found() -> Kept | None:
        return kept_comparison(MODEL, str(file))

    assert found() == Kept("class-evidence", (), 0.7312, 0.7, 0.78, 7, "Believe it.", beside)
    keep(str(file), model="0" * 16)
    known = found()
    assert known is not None
    assert known.path == everywhere


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ({}, {"method": "class-evidence"}),
        ({"method": "occlusion:window=8,stride=4", "baselines": ["mean"]}, {"method": "occlusion", "baseline": "mean"}),
        ({"method": "integrated-gradients", "baselines": ["black", "mean"]}, None),  # it asks from one baseline
        ({"method": "integrated-gradients", "baselines": ["blurred:3"]}, None),  # of those that it offers
    ],
)
def test_a_viewer_is_told_what_it_can_ask_for(kept: dict[str, Any], asked: dict[str, str] | None) -> None:
    keep(**kept)
    session, _ = furnish()
    first, second = session.hello()["models"]
    assert "kept" not in second
    facts = first.get("kept")
    if asked is None:
        assert facts is None
        return
    assert {key: facts[key] for key in facts if key != "words"} == asked
    options = " (compared with window=8,stride=4, shown with its own defaults)" if ":" in kept.get("method", "") else ""
    assert facts["words"].endswith(f"0.73 (0.70 to 0.78), so it is shown first{options}.")


def written(tmp_path: Path) -> str:
    found = innerview.explain("cat", Query(judge=False), output=tmp_path / "out", network=False)
    result = innerview.load_result(found.folders[0])
    assert result["kept"] == found.kept == TOLD
    assert list(result["methods"]) == ["class-evidence"]
    assert "class-evidence agrees most" in (found.folders[0] / "index.html").read_text()
    return (found.folders[0] / "view.html").read_text()


def reported(tmp_path: Path) -> str:
    found = report("cat", Query(judge=False), output=tmp_path / "out.html", network=False)
    assert found.kept == TOLD
    return found.page.read_text()


def in_a_cell(tmp_path: Path) -> str:
    return innerview.view("cat", live=False).html


@pytest.mark.parametrize("made", [written, reported, in_a_cell])
def test_everything_that_explains_shows_it_and_says_so(made: Callable[[Path], str], tmp_path: Path) -> None:
    keep()
    page = made(tmp_path)
    assert '"kept":{"words":"Of the methods compared' in page
    assert '"kind":"map"' in page
    assert '"method":"class-evidence","baseline":"blurred"' in page  # its map is in the page


def test_the_commands_say_it_unless_the_usual_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    keep()
    assert main(["explain", "cat", "--no-judge", "--no-network", "-o", "out"]) == 0
    assert TOLD in capsys.readouterr().out.splitlines()
    for usual in ("--no-kept", "--baseline=blurred"):
        assert main(["report", "cat", "--no-judge", "--no-network", usual, "-o", "out.html"]) == 0
        assert "class-evidence agrees" not in capsys.readouterr().out
        assert "class-evidence agrees" not in Path("out.html").read_text()
