"""A run says how it ended, if it was told; going on with it forgets that."""

from __future__ import annotations

from pathlib import Path

import pytest

from innerview.errors import DataError
from innerview.runs import ending
from innerview.runs.ending import Ending
from session.made_runs import made_run


def test_how_it_ended_is_kept_until_it_goes_on(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    assert ending.latest(run) is None
    ending.keep(run, Ending("broken", 7, "the output of conv3"))
    assert ending.latest(run) == Ending("broken", 7, "the output of conv3")
    run.rewind(3)
    assert ending.latest(run) is None


@pytest.mark.parametrize("content", ["", "[1]", '{"how": "done"}', '{"how": "done", "step": -1}', "[" * 9000])
def test_what_can_not_be_read_is_named(tmp_path: Path, content: str) -> None:
    run = made_run(tmp_path / "run")
    (run.path / "ended.json").write_text(content)
    with pytest.raises(DataError, match=r"ended\.json can't be read"):
        ending.latest(run)


def test_what_a_later_version_says_besides_is_told(tmp_path: Path) -> None:
    run, told = made_run(tmp_path / "run"), []
    (run.path / "ended.json").write_text('{"how": "done", "step": 1, "why": 2}')
    assert ending.latest(run, told) == Ending("done", 1)
    assert len(told) == 1
    assert "why" in told[0]


def test_an_ending_that_only_a_later_version_knows_is_said(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    (run.path / "ended.json").write_text('{"how": "paused", "step": 3}')
    with pytest.raises(DataError, match="'paused', which is not one of done, broken, interrupted"):
        ending.latest(run)
