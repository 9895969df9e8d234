"""Names that no file can have: an error that says so, whichever argument or option they stand at."""

from __future__ import annotations

from pathlib import Path

import pytest

from innerview.cli import main
from innerview.errors import UsageError
from innerview.files.regular import exists, is_file, is_folder

LONG = "a" * 300
MARKED = ("ask", "cat", "--region=1,1,4,4")


@pytest.mark.parametrize(
    "words",
    [
        ("explain", LONG),
        ("explain", f"--baseline={LONG}"),
        ("explain", f"--data={LONG}"),
        ("explain", f"--model={LONG}"),
        ("info", LONG),
        ("parts", LONG),
        ("page", LONG),
        (*MARKED, f"--fill={LONG}"),
        (*MARKED, f"--data={LONG}", "--fill=data"),
        (*MARKED, "-o", LONG),
        ("weights", LONG),
        ("export", "-o", LONG),
        ("saturation", f"--data={LONG}"),
        ("compare", "allcnn", LONG),
        ("inspect", LONG),
        ("serve", LONG),
        ("serve", f"--image={LONG}"),
    ],
)
def test_a_name_that_is_too_long_is_an_error_like_others(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(words)) in {1, UsageError.exit_code}
    said = capsys.readouterr().err
    assert LONG in said.replace("\n", "")
    assert "unexpected" not in said


def test_what_nobody_may_look_at_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    for name in ("exists", "is_file", "is_dir"):
        monkeypatch.setattr(Path, name, refused)
    assert not any(question(Path("here")) for question in (exists, is_file, is_folder))
