"""Every template, filled in with names that do their worst: they stay text, and the page can always be written.

Each template that is a page or a part of a notebook has its case here; a template without one fails.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

import pytest
from jinja2 import UndefinedError, nodes
from jinja2.visitor import NodeVisitor

from innerview.viewer.atlas_page import Entry, Part, Tile, atlas_page
from innerview.viewer.explanations import Explanation
from innerview.viewer.page import Answer, Figure, Narrow, Section, image_page, overview_page
from innerview.viewer.rendering import FOLDER, _environment, address, clean, render, verbatim
from innerview.viewer.run_page import run_page
from innerview.viewer.run_sentences import Warned

SOURCE = FOLDER.parents[1]

WORST: Mapping[str, str] = MappingProxyType(
    {
        "a script": '</title></style></script><script>alert("1")</script>',
        "the end of an attribute": "\" onload='alert(1)' x=\"",
        "an entity": "&amp;&#x27;&lt;",
        "a template": "{{ 11111 * 11 }}{% raw %}{# #}{{ self }}",
        "code": "`<b>` ` `x`",
        "a name that is no UTF-8": "cat\udcff.jpg",
        "half a pair": "cat\ud83d",
        "controls": "cat\x00\x07\x1b[31m\x7f\x9b",
        "turned round": "cat\u202egpj.exe",
        "ends of lines": "one\ntwo\u2028three\r",
        "no character": "cat\ufffe\uffff",
    }
)


def image(name: str) -> str:
    figures = (Figure(name, name, 1, 2, name, narrow=Narrow(name, 3, 4, 2)), Figure(name, name, 1, 2, moving=True))
    words = " ".join(name.split())  # on this page each line is a paragraph
    sections = [Section("masking", Explanation(name, name, name, name), words, figures)]
    return image_page(name, [name], [Answer(name, 0.5, name)], sections, [(name, name)], back=name, view=name)


def overview(name: str) -> str:
    return overview_page(name, [name], [Figure(name, name, 1, 2, name)], [(name, name, name)])


def run(name: str) -> str:
    words = " ".join(name.split())  # on this page each line is a paragraph
    sections = [Section("curves", Explanation(name, name, name, name), words, (Figure(name, name, 1, 2, name),))]
    return run_page(name, [name], [Warned(name, "curves")], sections, [(name, name)], [name])


def viewer(name: str) -> str:
    no = verbatim("")
    return render(
        "viewer.html", title=name, policy=name, style=no, page=no, script=no, elements=[(name, no)], live=no, view=no
    )


def stills(name: str) -> str:
    keys = ("name", "answer", "target", "scale", "image", "map", "verdict")
    return render("stills.html", shown=[dict.fromkeys(keys, name)], width=256)


def frame(name: str) -> str:
    return render("frame.html", page=name, key="0123", stills=verbatim(""), live=True)


def atlas(name: str) -> str:
    tiles = (Tile(1, 0, 0, 2, 3, cut=True, words=name), Tile(1, 0, 0, 2, 3, cut=False, words=name))
    parts = [Part(name, name, (Entry(0, (name,), ((name, 0.5),), tiles, tiles),))]
    return atlas_page(name, [name], parts, {1: name}, (4, 5), [(name, name)])


CASES: Mapping[str, Callable[[str], str]] = {
    "atlas.html": atlas,
    "image.html": image,
    "overview.html": overview,
    "run.html": run,
    "viewer.html": viewer,
    "app.html": lambda name: render("app.html", script=verbatim("")),
    "stills.html": stills,
    "frame.html": frame,
    "prediction.html": lambda name: render("prediction.html", rows=[(name, name, name)]),
}
PARTS = {"base.html", "parts.html"}
VOID = {"meta", "img", "input", "link", "source"}


class Shape(HTMLParser):
    """Every tag with the names of its attributes, in order: what a name must not be able to change."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_template_has_a_case() -> None:
    assert {path.name for path in FOLDER.glob("*.html")} == PARTS | set(CASES)


@pytest.mark.parametrize("template", CASES)
@pytest.mark.parametrize("name", WORST.values(), ids=WORST)
def test_a_name_stays_text(template: str, name: str) -> None:
    page, plain = CASES[template](name), CASES[template]("cat")
    page.encode()
    assert clean(page) == page
    found, expected = Shape(page), Shape(plain)
    assert found.open == []
    code = ("code", ())
    assert [tag for tag in found.tags if tag != code] == [tag for tag in expected.tags if tag != code]
    assert "122221" not in page


@pytest.mark.parametrize("template", CASES)
def test_what_is_not_given_is_an_error(template: str) -> None:
    with pytest.raises(UndefinedError):
        render(template)


class Safe(NodeVisitor):
    """Every place of a template that takes the escaping off."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Filter(self, node: nodes.Filter) -> None:  # noqa: N802 Jinja2's names
        if node.name in {"safe", "forceescape"}:
            self.found.append(node.name)
        self.generic_visit(node)

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier) -> None:  # noqa: N802
        self.found.append("autoescape")
        self.generic_visit(node)


def unsafe(text: str) -> list[str]:
    visitor = Safe()
    visitor.visit(_environment().parse(text))
    return visitor.found


def test_no_template_takes_the_escaping_off() -> None:
    assert unsafe("{{ name | safe }}") == ["safe"]
    assert unsafe("{% autoescape false %}{{ name }}{% endautoescape %}") == ["autoescape"]
    for path in FOLDER.glob("*.html"):
        assert unsafe(path.read_text(encoding="utf-8")) == [], path.name


def test_no_template_asks_for_anything_from_elsewhere() -> None:
    for path in FOLDER.iterdir():
        assert not re.search(r"https?:|//\w|url\(|@import", path.read_text(encoding="utf-8")), path.name


def test_a_link_leads_to_the_file_of_that_name() -> None:
    for name in ("a b.png", "cat#1.jpg", "50%.png", "why?.png", "katze-ü.png", "deep/inside.png"):
        assert unquote_to_bytes(address(name)).decode() == name
        assert not re.search(r"[ #?]", address(name))
    assert unquote_to_bytes(address("cat\udcff.jpg")) == b"cat\xff.jpg"


TAG = re.compile(
    r"<(?:!doctype html|/?(?:a|article|aside|b|body|button|canvas|code|details|div|dl|figcaption|figure|footer|form"
    r"|h[1-6]|head|header|html|i|iframe|img|input|li|link|main|meta|nav|noscript|ol|p|picture|pre|script|section|source|span"
    r"|strong|style|summary|svg|table|tbody|td|th|thead|title|tr|ul|video))[\s>]",
    re.IGNORECASE,
)


def html_in(text: str) -> list[str]:
    """Pieces of HTML in a module's strings; docstrings may speak of it."""
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        found.group()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
        for found in TAG.finditer(node.value)
    ]


@pytest.mark.parametrize("text", ['x = "<div>"', "x = f'<p class=\"{y}\">'", 'x = "<!doctype html>"', "x = '</td>'"])
def test_html_in_a_module_is_seen(text: str) -> None:
    assert html_in(text)
    assert html_in(f'"""Speaks of <div> only."""\n{text}') == html_in(text)


def test_no_module_puts_html_together() -> None:
    offences = {
        path.relative_to(SOURCE).as_posix(): found
        for path in Path(SOURCE).rglob("*.py")
        if (found := html_in(path.read_text(encoding="utf-8")))
    }
    assert offences == {}
