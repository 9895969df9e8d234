"""The documentation's site is built in strict mode, works offline, and says things briefly."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site; a link, anchor or name that leads nowhere ends the build."""
    folder = tmp_path_factory.mktemp("site")
    answer = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?(?:https?:)?//[^\s>]+|<link[^>]*href=\"?(?:https?:)?//[^\s>]+"
    )
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert {one for page in pages for one in loads.findall(page.read_text(encoding="utf-8"))} == set()


def test_every_public_name_stands_in_the_reference(site: Path) -> None:
    import innerview

    shown = "".join(page.read_text(encoding="utf-8") for page in (site / "reference" / "api").glob("*.html"))
    named = set(re.findall(r'<h2 id="innerview\.[\w.]*?(\w+)"', shown))
    assert {name for name in innerview.__all__ if not name.startswith("_")} - named == set()


def paragraphs(text: str) -> list[str]:
    """Paragraphs and points of lists; no headings, code, tables, pictures."""
    text = re.sub(r"^( *)```.*?^\1```", "", text, flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )", text)
    return [part.strip() for part in parts if not part.strip().startswith(("#", "|", "!", "<", ":::", "==="))]


READ = [
    DOCS / "index.md",
    *(page for room in ("tutorials", "how-to", "explanation") for page in (DOCS / room).glob("*.md")),
]
MADE = {"cli.md", "api.md", "output-files.md"}
"""Pages that scripts/docs.py writes."""
WRITTEN = [
    page
    for page in sorted(DOCS.rglob("*.md"))
    if page.name not in MADE and page.parent.name not in {"api", "model-cards"}
]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_a_paragraph_has_five_lines_at_most(page: Path) -> None:
    assert [one for one in paragraphs(page.read_text(encoding="utf-8")) if len(one) > 5 * 130] == []


@pytest.mark.parametrize("page", READ, ids=lambda page: page.stem)
def test_something_to_look_at_or_to_type_comes_soon(page: Path) -> None:
    """Within the first 120 words."""
    before = re.split(r"^ *(?:```|!\[|\||<div|- )", page.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
    assert len(before.split()) <= 120


@pytest.mark.parametrize("page", sorted((DOCS / "evidence").glob("*.md")), ids=lambda page: page.stem)
def test_evidence_begins_with_what_was_found(page: Path) -> None:
    """Three points, or a table, before anything else."""
    _, _, text = page.read_text(encoding="utf-8").partition("\n\n")
    points = re.match(r"(?:- .*\n){3}\n", text)
    assert points or page.stem == "index"


def test_the_gallery_shows_what_its_command_makes() -> None:
    """Each picture of scripts/images.py, with its file under it."""
    import images  # a script

    gallery = (DOCS / "gallery.md").read_text(encoding="utf-8")
    folders = {"look": images.TAKEN, "runs": images.OF_RUNS}
    for folder, taken in folders.items():
        for source, name in taken.items():
            shown = gallery.index(f"(images/{name})")
            assert (
                f"`{folder}/{source}`"
                in gallery[shown : gallery.find("![", shown) if "![" in gallery[shown:] else None]
            )
