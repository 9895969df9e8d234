"""A run with one bad line or file shows the rest, and says which; what a later version wrote besides is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from innerview.runs import RunFolder
from innerview.session.training.reading import Recorded
from session.made_runs import made_run


def add_lines(run: Path, *lines: bytes) -> None:
    with (run / "metrics.jsonl").open("ab") as file:
        file.write(b"\n".join(lines) + b"\n")


def tell(run: Path, **besides: object) -> None:
    told = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(told | besides))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a line that is no JSON": (lambda run: add_lines(run, b"{no"), r"line 13 of .*metrics\.jsonl is damaged"),
    "a line of bytes": (lambda run: add_lines(run, b'{"step": 11, "a": "\xff"}'), "line 13 of"),
    "a line nested deeply": (lambda run: add_lines(run, b"[" * 100_000), "line 13 of .*nested too deeply"),
    "a line without a step": (lambda run: add_lines(run, b'{"loss": 1}'), "line 13 of .*its step is None"),
    "a step of infinity": (lambda run: add_lines(run, b'{"step": 1e999}'), "its step is inf"),
    "a loss that is a list": (lambda run: add_lines(run, b'{"step": 11, "loss": [1]}'), "line 13 of .*loss = "),
    "a checkpoint cut short": (lambda run: cut(run / "checkpoints" / "step-000003.safetensors"), "step-000003"),
    "histograms cut short": (lambda run: cut(run / "histograms" / "step-000003.npz"), r"step-000003\.npz"),
    "an ending that is none": (lambda run: (run / "status.json").write_text("[]"), r"status\.json"),
    "a word of a later version": (lambda run: tell(run, mood="good"), "mood, which this version does not know"),
    "steps that are no number": (lambda run: tell(run, configuration={"steps": "many"}), "steps = many"),
}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(("damage", "words"), DAMAGE.values(), ids=DAMAGE)
def test_the_rest_is_shown_and_the_damage_told(tmp_path: Path, damage, words: str) -> None:
    made_run(tmp_path / "run")
    damage(tmp_path / "run")
    run = Recorded("run", RunFolder.open(tmp_path / "run"))
    assert run.times.steps[-1] == 10
    assert run.histories
    assert run.curve("loss")[0].tolist() == list(range(1, 11))
    assert len(run.problems) == 1
    (told,) = run.problems
    assert re.search(words, told), told


def test_a_line_on_its_way_is_nothing_wrong(tmp_path: Path) -> None:
    made_run(tmp_path / "run")
    with (tmp_path / "run" / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 11, "lo')
    assert Recorded("run", RunFolder.open(tmp_path / "run")).problems == ()


def test_weights_that_come_later_are_shown_from_then_on(tmp_path: Path) -> None:
    made = made_run(tmp_path / "run", steps=(0, 1))
    grown = made.read(1).weights | {"new.weight": np.ones((2, 2), np.float32)}
    del grown["conv9.weight"]
    made.checkpoint(2, grown, {})
    run = Recorded("run", RunFolder.open(tmp_path / "run"))
    assert {"new.weight", "conv9.weight"} <= set(run.layers)
    place = run.times.layers.index("new.weight")
    assert np.isnan(run.times.mean[:, place]).tolist() == [True, True, False]
    assert run.histories["new.weight"].counts.sum(axis=1).tolist() == [0, 0, 4]
    told = "; ".join(run.problems)
    assert "new.weight comes later" in told
    assert "conv9.weight goes" in told


def test_pruned_weights_of_a_recording_are_told(tmp_path: Path) -> None:
    made = made_run(tmp_path / "run", steps=(0,))
    path = made.place_of(0)
    ones = np.ones((2, 2), np.float32)
    save_file({**made.read(0).weights, "a.weight_orig": ones, "a.weight_mask": ones}, path)
    (tmp_path / "run" / "histograms" / "step-000000.npz").unlink()
    run = Recorded("run", RunFolder.open(tmp_path / "run"))
    assert "a.weight_orig" in run.layers
    assert any("a.weight_orig stands as it was stored" in one for one in run.problems)
