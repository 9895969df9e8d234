"""The page of one or several trainings: warnings first, each leading to the figure that says so, then the views.

Charts keep a readable size: a narrow screen shows the ones that were drawn for it, instead of shrinking the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from innerview.viewer.page import Section
from innerview.viewer.rendering import render
from innerview.viewer.run_sentences import Warned


def run_page(
    title: str,
    lead: Sequence[str],
    warned: Sequence[Warned],
    sections: Sequence[Section],
    facts: Sequence[tuple[str, str]],
    files: Sequence[str],
) -> str:
    """Write the page.

    Args:
        title: the page's title and first heading.
        lead: paragraphs under the title, one for each run.
        warned: signs that something goes wrong; their sections are links where the page has them.
        sections: the views, in order.
        facts: pairs of name and value: where the numbers come from.
        files: tables beside the page.
    """
    return render("run.html", title=title, lead=lead, warned=warned, sections=sections, facts=facts, files=files)
