"""A run says how it ended, if it was told; going on with it forgets that."""

from __future__ import annotations

from pathlib import Path

import pytest

from innerview.errors import DataError
from innerview.runs import status
from innerview.runs.status import RunStatus
from raising import raises
from session.made_runs import made_run


def test_how_it_ended_is_kept_until_it_goes_on(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    assert status.latest(run) is None
    status.keep(run, RunStatus("diverged", 7, "the output of conv3"))
    assert status.latest(run) == RunStatus("diverged", 7, "the output of conv3")
    run.rewind(3)
    assert status.latest(run) is None


@pytest.mark.parametrize("content", ["", "[1]", '{"how": "done"}', '{"how": "done", "step": -1}', "[" * 9000])
def test_what_can_not_be_read_is_named(tmp_path: Path, content: str) -> None:
    run = made_run(tmp_path / "run")
    (run.path / "status.json").write_text(content)
    with pytest.raises(DataError, match=r"status\.json can't be read"):
        status.latest(run)


def test_what_a_later_version_says_besides_is_told(tmp_path: Path) -> None:
    run, told = made_run(tmp_path / "run"), []
    (run.path / "status.json").write_text('{"how": "done", "step": 1, "why": 2}')
    assert status.latest(run, told) == RunStatus("done", 1)
    assert len(told) == 1
    assert "why" in told[0]


def test_an_ending_that_only_a_later_version_knows_is_said(tmp_path: Path) -> None:
    run = made_run(tmp_path / "run")
    (run.path / "status.json").write_text('{"how": "paused", "step": 3}')
    with raises(DataError, "status", found="paused", file="status.json"):
        status.latest(run)
