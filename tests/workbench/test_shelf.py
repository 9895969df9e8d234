"""Trainings for the viewer: found, followed while they are written, shown as they are, and never by a path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from innerview.allcnn import run_folder
from innerview.errors import DataError, UsageError
from innerview.runs import RunFolder
from innerview.viewer.payload import Payload, decode, encode
from innerview.viewer.payloads.subject import Photo
from innerview.workbench.explore import Nobody
from innerview.workbench.serving import furnish
from innerview.workbench.shelf import QUIET, Shelf
from innerview.workbench.wish import Wish
from workbench.made_runs import SIZE, made_run


def show(shelf: Shelf, kind: str, run: str, photo: Photo | None = None) -> Payload:
    return decode(encode(shelf.answer(Wish(kind, run=run), photo, Nobody())))


def photo(seed: int = 0) -> Photo:
    image = np.random.default_rng(seed).random((SIZE, SIZE, 3), dtype=np.float32)
    return Photo(
        "01234567", "probe", image, np.zeros((4, 4, 3), np.uint8), (0, 0, SIZE, SIZE), (SIZE, SIZE), "", 2, "sample"
    )


def test_runs_are_found_in_folders_of_runs_and_new_ones_appear(tmp_path: Path) -> None:
    made_run(tmp_path / "a")
    shelf = Shelf([tmp_path])
    assert [(one["name"], one["state"]) for one in shelf.facts()] == [("a", "finished")]
    assert shelf.changes() == []
    made_run(tmp_path / "b", steps=(0, 1), planned=10)
    (changed,) = shelf.changes()
    assert (changed["name"], changed["state"]) == ("b", "running")
    assert shelf.changes() == []


def test_a_run_that_is_written_is_told_and_shown_as_far_as_it_has_come(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a", steps=(0, 1), planned=10)
    shelf = Shelf([tmp_path / "a"])
    (fact,) = shelf.facts()
    before = shelf.version(fact["id"])
    with (tmp_path / "a" / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 2, "loss": 0.5}\n{"step": 3, "lo')  # a line that is on its way
    assert [one["id"] for one in shelf.changes()] == [fact["id"]]
    assert shelf.version(fact["id"]) != before
    payload = show(shelf, "run", fact["id"])
    assert payload.arrays["curve/loss/x"].tolist() == [1, 2]
    assert (payload.metadata["state"], payload.json("step"), payload.json("steps")) == ("running", 2, 10)
    late = Shelf([run.path], clock=lambda: 1e12 + QUIET)
    assert late.facts()[0]["state"] == "stopped"


def test_a_run_without_a_snapshot_says_so(tmp_path: Path) -> None:
    made = made_run(tmp_path / "a", steps=(0,))
    shelf = Shelf([tmp_path])
    for path in (made.path / "snapshots").iterdir():
        path.unlink()
    (fact,) = shelf.facts()
    assert fact["state"] == "running"
    with pytest.raises(DataError, match="no snapshot yet"):
        show(shelf, "run", fact["id"])


def test_weights_are_all_counted_at_every_snapshot(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a")
    shelf = Shelf([tmp_path])
    payload = show(shelf, "weights", shelf.facts()[0]["id"])
    layers = payload.json("layers")
    assert payload.arrays["steps"].tolist() == [0, 1, 3, 10]
    for place, name in enumerate(layers):
        for at, step in enumerate((0, 1, 3, 10)):
            values = run.read(step).weights[name]
            beyond = sum(int(payload.arrays[key][at, place]) for key in ("under", "over", "nan", "infinite"))
            assert payload.arrays[f"counts/{place}"][at].sum() + beyond == values.size
            assert abs(payload.arrays["mean"][at, place] - values.mean()) < 1 / 256
            assert abs(payload.arrays["std"][at, place] - values.std()) < 1 / 256
        edges = payload.arrays[f"edges/{place}"]
        assert edges[64] == 0
        assert np.allclose(np.diff(edges), edges[1] - edges[0])


def test_a_film_runs_the_picture_through_the_snapshots(tmp_path: Path) -> None:
    made_run(tmp_path / "a")
    shelf = Shelf([tmp_path])
    payload = show(shelf, "film", shelf.facts()[0]["id"], photo())
    assert payload.arrays["steps"].tolist() == [0, 1, 3, 10]
    assert payload.json("target") == payload.json("truth") == 2
    assert [one["name"] for one in payload.json("layers")] == ["layer 3 (elu3)", "layer 6 (elu6)", "layer 9 (elu9)"]
    assert payload.arrays["maps/scale"].shape == (1,)


def test_an_architecture_that_can_not_be_run_says_why_there_is_no_film(tmp_path: Path) -> None:
    made_run(tmp_path / "a", network="theirs")
    shelf = Shelf([tmp_path])
    with pytest.raises(UsageError, match="recorder took no maps"):
        show(shelf, "film", shelf.facts()[0]["id"], photo())


def test_only_what_is_on_the_shelf_can_be_asked_for(tmp_path: Path) -> None:
    made_run(tmp_path / "a")
    shelf = Shelf([tmp_path / "a"])
    for name in (str(tmp_path / "a"), "a", "../a", ""):
        with pytest.raises(UsageError, match="no training"):
            show(shelf, "run", name)
    with pytest.raises(DataError, match="no folder"):
        Shelf([tmp_path / "nothing"])


def test_the_built_in_networks_training_comes_with_it() -> None:
    desk, _ = furnish()
    hello = desk.hello()
    run = hello["runs"][0]
    assert run["network"] == hello["networks"][0]["id"]
    assert run["state"] == "finished"
    first = hello["samples"][0]
    film = decode(desk.answer(Wish("film", picture=first["picture"], run=run["id"]), Nobody()).blob)
    assert film.metadata["name"] == first["name"]  # the recorder followed this very picture
    assert film.arrays["steps"].size > 5
    assert RunFolder.open(run_folder("allcnn")).counted()[-1] == film.arrays["steps"][-1]
