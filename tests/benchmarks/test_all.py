"""One command for every published figure: no benchmark is forgotten, and a busy machine is noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
sys.path.insert(0, str(BENCHMARKS / "all"))
import quiet  # noqa: E402 a script's folder is no package
from table import NOT_HERE, TABLE, Benchmark  # noqa: E402


def commands() -> set[str]:
    """Every file with a command of its own; a folder's is the folder."""
    found = {file for file in BENCHMARKS.rglob("*.py") if '__name__ == "__main__"' in file.read_text(encoding="utf-8")}
    found = {file.parent if file.name == "__main__.py" else file for file in found} - {BENCHMARKS / "all"}
    return {file.relative_to(ROOT).as_posix() for file in found}


def test_every_benchmark_has_a_row_or_a_reason() -> None:
    rows = {one.command.split()[0] for one in TABLE}
    left_out = {file for file in commands() if Path(file).name in NOT_HERE}
    assert rows <= commands()
    assert commands() - rows - left_out == set()
    assert len({one.name for one in TABLE}) == len(TABLE)


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.name)
def test_a_row_names_a_page_and_a_command_that_takes_its_options(one: Benchmark) -> None:
    assert (ROOT / one.page).is_file()
    text = (ROOT / one.command.split()[0]).with_suffix(".py") if one.command.split()[0].endswith(".py") else None
    source = (text or ROOT / one.command.split()[0] / "__main__.py").read_text(encoding="utf-8")
    for option in (word for word in one.command.split() if word.startswith("--")):
        assert f'"{option}"' in source


def test_a_busy_machine_is_waited_for_and_told_of() -> None:
    shares, told, now = iter([[0.5, 1.0], [0.9, 0.99], [0.98, 0.99]]), [], [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    assert quiet.wait_until_free(60, look=lambda: next(shares), sleep=sleep, clock=lambda: now[0], told=told.append)
    assert len(told) == 2
    assert "50%" in told[0]
    assert not quiet.wait_until_free(60, look=lambda: [0.5], sleep=sleep, clock=lambda: now[0], told=told.append)


def test_a_share_is_a_share() -> None:
    assert 0 < quiet.share(0.05) <= 1.05


def test_the_command_lists_runs_and_keeps(tmp_path: Path) -> None:
    def ask(*options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(BENCHMARKS / "all"), str(tmp_path), *options], capture_output=True, text=True
        )

    assert "winograd" in ask("--list").stdout
    assert ask("--only", "nothing").returncode != 0
    assert "need --data" in ask("--only", "road").stderr
