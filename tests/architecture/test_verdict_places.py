"""Wherever a map is drawn, it says how far it agrees with taking regions away, or that it is not judged."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import innerview
from innerview.results.verdict import Agreement
from innerview.viewer.sentences import SIGNS, not_judged

SOURCE = Path(innerview.__file__).parent
VIEWER = SOURCE.parents[1] / "frontend" / "src" / "parts" / "verdict.tsx"

DRAWING = {
    "attribution_figure", "attribution_views", "attribution_on_image", "contact_sheet", "evidence_on_image",
    "regions_on_image", "interior_strip", "interior_sheet", "interior_animation", "timeline_strip",
    "timeline_animation", "overlay",
}  # fmt: skip
"""What draws a map over an image; `overlay` is what it is done with, where nothing else is asked."""

SAYS = "is given the verdict, or that there is none"
TRUTH = "draws what verdicts are made with"
GRADIENTS = "draws gradients of images between baseline and image: each another image, of which there is no truth"
OUTPUTS = "draws outputs of layers, or counts of classes: no map of what made the score"
ATTENTION = "draws where a token looks: no map of what made the score"
OF_A_RUN = "draws a map for each checkpoint, in one row; the words beside say that they are not judged"

PLACES = {
    ("workbench/explain/drawing.py", "_attribution"): SAYS,
    ("workbench/explain/drawing.py", "_photo"): SAYS,
    ("workbench/explain/drawing.py", "_tutorial2018"): SAYS,
    ("workbench/explain/drawing.py", "_gradient"): SAYS,
    ("workbench/explain/drawing.py", "_method"): SAYS,
    ("workbench/explain/drawing.py", "_why"): SAYS,
    ("workbench/explain/drawing.py", "_interior"): GRADIENTS,
    ("workbench/explain/drawing.py", "_interior_overlay"): GRADIENTS,
    ("workbench/explain/drawing.py", "_interior_moving"): GRADIENTS,
    ("workbench/explain/first.py", "first_answer"): SAYS,
    ("workbench/explain/overview.py", "write_overview"): SAYS,
    ("workbench/explain/overview.py", "_interior"): GRADIENTS,
    ("workbench/run/views.py", "_surest"): SAYS,
    ("workbench/run/views.py", "_timelines"): OF_A_RUN,
    ("notebook/display.py", "_map"): SAYS,
    ("notebook/display.py", "_interior"): GRADIENTS,
    ("notebook/display.py", "_regions"): TRUTH,
    ("notebook/saved.py", "_still"): SAYS,  # the template adds what `stills` found, tests/notebook
}
"""Every place outside of `pictures` (which draws what it is told) in which a map is drawn, with what was decided."""


DRAWN = re.compile(r"<(MapPixels|MainMap|EvidencePixels)\b")
VIEWS = {
    "attention/index.tsx": ATTENTION,
    "attribution/index.tsx": SAYS,
    "compare/index.tsx": SAYS,
    "interior/index.tsx": SAYS,  # at alpha 1, where the sum is the map
    "interior/ten.tsx": GRADIENTS,
    "masking/index.tsx": SAYS,
    "layers/enlarged.tsx": OUTPUTS,
    "layers/tiles.tsx": OUTPUTS,
    "training/timeline.tsx": OF_A_RUN,
    "why/index.tsx": SAYS,
}
"""Every file of the viewer's views in which a map is drawn, likewise."""


def test_every_view_that_draws_a_map_is_decided() -> None:
    views = VIEWER.parents[1] / "views"
    drawing = {
        path.relative_to(views).as_posix(): path.read_text(encoding="utf-8")
        for path in views.rglob("*.tsx")
        if DRAWN.search(path.read_text(encoding="utf-8"))
    }
    assert set(drawing) == set(VIEWS)
    for name, decided in VIEWS.items():
        if decided == SAYS:
            assert re.search("verdict", drawing[name], re.IGNORECASE), name
        if decided == OF_A_RUN:
            assert "not judged" in drawing[name], name


def places() -> dict[tuple[str, str], str]:
    """Functions in which something that draws maps is named, with their text."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        room = path.relative_to(SOURCE).as_posix()
        if room.startswith("pictures/"):
            continue
        text = path.read_text(encoding="utf-8")
        for one in ast.parse(text).body:
            if isinstance(one, ast.FunctionDef):
                named = {node.id for node in ast.walk(one) if isinstance(node, ast.Name)}
                named |= {node.attr for node in ast.walk(one) if isinstance(node, ast.Attribute)} - {"overlay"}
                if named & DRAWING:
                    found[room, one.name] = ast.get_source_segment(text, one) or ""
    return found


def test_every_place_is_decided() -> None:
    assert set(places()) == set(PLACES)


@pytest.mark.parametrize("place", [place for place, decided in PLACES.items() if decided == SAYS])
def test_where_a_verdict_is_due_it_is_given(place: tuple[str, str]) -> None:
    if place[0] != "notebook/saved.py":
        assert "verdict" in places()[place]


def test_the_viewer_says_it_in_the_same_words() -> None:
    text = VIEWER.read_text(encoding="utf-8")
    for kind, sign in SIGNS.items():
        assert f'{kind}: "{sign}"' in text or f'"{kind}": "{sign}"' in text
    assert set(SIGNS) == set(Agreement.__args__)
    assert "</strong> This map {found.says}." in text
    assert not_judged(1534) == "Not judged: 1,534 forward passes"
    assert 'Not judged${judging ? `: ${count(judging)} forward passes` : ""}. `' in text
