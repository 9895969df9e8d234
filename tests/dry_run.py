"""A copy of the checkout to try in what CONTRIBUTING.md describes: links, but for the files that are written anew."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def checkout(place: Path, *parts: str) -> Path:
    """Make `place` look like the checkout: `parts` (folders or files) are copies, everything else is linked."""
    for part in parts:
        _open_up(place, Path(part))
    return place


def _open_up(place: Path, part: Path) -> None:
    """Turn the folders on the way to a part into real ones full of links, and the part into a copy."""
    for folder in (*reversed(part.parents),):
        here, there = place / folder, ROOT / folder
        if here.is_symlink():
            here.unlink()
        if not here.exists():
            here.mkdir()
            for one in there.iterdir():
                if one.name not in {".git", "__pycache__"}:
                    (here / one.name).symlink_to(one)
    copy, original = place / part, ROOT / part
    copy.unlink()
    if original.is_dir():
        shutil.copytree(original, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    else:
        shutil.copyfile(original, copy)


def touched(place: Path, *folders: str) -> list[str]:
    """Files below these folders that the checkout has not, or has otherwise; what is built counts for nothing."""
    found = [
        one.relative_to(place)
        for folder in folders
        for one in sorted((place / folder).rglob("*"))
        if one.is_file() and not {"__pycache__", "bundle", "node_modules"} & set(one.relative_to(place).parts)
    ]
    return [
        str(one)
        for one in found
        if not (ROOT / one).is_file() or (ROOT / one).read_bytes() != (place / one).read_bytes()
    ]


def replace(file: Path, old: str, new: str) -> None:
    """Put something in the place of a text that stands in a file once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} has {text.count(old)} times {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")
