"""The page of one or several trainings: warnings first, each leading to the figure that says so, then the views.

Charts keep a readable size: a narrow screen shows the ones that were drawn for it, instead of shrinking the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from innerview.viewer.explanations import Explanation
from innerview.viewer.page import (
    Section,
    document,
    facts_table,
    figure_of,
    links_to,
    paragraphs,
    section_around,
    worded,
)
from innerview.viewer.run_sentences import Warned

STYLE: Final = """
.signs { margin: 8px 0 16px; padding: 12px 16px; background: var(--panel); border-left: 4px solid var(--second);
  border-radius: 4px; max-width: 46rem; }
.signs.good { border-left-color: #00796B; }
.signs p { margin: 0; font-weight: 600; } .signs ul { margin: 4px 0 0; padding-left: 1.2rem; }
.signs li { padding: 3px 0; } .signs a { color: inherit; }
main section > div { margin-top: 12px; }
h3 { font-size: 1rem; margin: 20px 0 4px; }
figure + figure { margin-top: 16px; }
summary { min-height: 24px; }
.files { columns: 3 14rem; padding-left: 1.2rem; }
"""

RUN_EXPLANATIONS: Final[Mapping[str, Explanation]] = MappingProxyType(
    {
        "curves": Explanation(
            "Curves",
            "Does it learn, how fast, and does it hold for new pictures?",
            "Loss and accuracy in training are taken on pictures as they were changed for training (shifted, mirrored, "
            "made smaller), with label smoothing in the loss, so they can be worse than on test pictures. Tests in "
            "between are on full-size pictures: while the network still learns from smaller ones they say less than it "
            "will know, and the curves jump where the size changes (dotted lines).",
            "Goodfellow, Bengio, Courville 2016, Deep Learning, chapter 8",
        ),
        "weights": Explanation(
            "Weights through time",
            "When does each layer's spread of weights move?",
            "Ridges show the shape: a histogram for each snapshot, the oldest at the back. Heat maps show the tails: "
            "darkness is log(1 + n), so few weights far out are seen. All snapshots, and all runs on this page, share "
            "their bins. Very different weights can have one histogram.",
            "Glorot, Bengio 2010, AISTATS",
        ),
        "layers": Explanation(
            "Layer by layer",
            "Which layers still move, and how far are they from where they end?",
            "Movement is the distance between two snapshots, per step, as a share of the size of the weights; the "
            "distance to the end is measured the same way. A layer whose movement falls far below the others' while "
            "the loss is high no longer learns.",
            "Raghu and others 2017, arXiv 1706.05806",
        ),
        "units": Explanation(
            "Channels",
            "Which channels do nothing?",
            "A channel that is above 0 nowhere, on none of the pictures, never fires for them. One that is stuck does "
            "fire, but lies where its activation function is flat (slope below 0.01; an ELU: at its floor of -1) at "
            "95 % of places, and lets hardly any gradient through. Other pictures may wake a channel that a few "
            "pictures leave silent.",
            "Clevert, Unterthiner, Hochreiter 2015, arXiv 1511.07289",
        ),
        "film": Explanation(
            "Probe films",
            "What did the network say of one picture as it learnt, and because of which pixels?",
            "The same picture at several snapshots: the answer, the map of integrated gradients for one class, and "
            "the channels of three layers that vary most at the end. Each map has its own scale, S, written under it: "
            "compare where the colour lies, not how strong it is.",
            "Sundararajan, Taly, Yan 2017, arXiv 1703.01365",
        ),
        "mistakes": Explanation(
            "Answers on test pictures",
            "What does it mix up, and where is it sure and wrong?",
            "Rows are the truth, columns the answer. The intervals say how far the accuracy could be off because so "
            "few pictures were shown. The maps of the surest mistakes explain the wrong answer: blue pixels spoke for "
            "it.",
            "Wilson 1927, Journal of the American Statistical Association 22",
        ),
    }
)


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
    keys = {one.key for one in sections}
    listed = "".join(f'<li><a href="{escape(name)}">{escape(name)}</a></li>' for name in files)
    body = (
        f"<header><h1>{escape(title)}</h1>{paragraphs(lead)}{_signs(warned, keys)}</header>"
        f'<nav aria-label="Views">{links_to(sections)}</nav>'
        f"<main>{''.join(_section(one) for one in sections)}"
        f'<section id="tables"><h2>Tables</h2><p class="second">Every number behind the figures.</p>'
        f'<ul class="files">{listed}</ul></section></main>'
        f"<footer>{facts_table(facts)}</footer>"
    )
    return document(title, body).replace("</style>", f"{STYLE}</style>", 1)


def _signs(warned: Sequence[Warned], keys: set[str]) -> str:
    """Say what goes wrong, each with a link to where it is seen; or that nothing was found."""
    if not warned:
        return '<div class="signs good"><p>No sign that anything goes wrong.</p></div>'
    items = "".join(
        f"<li>{worded(one.text)}"
        + (f' <a href="#{one.section}">See {RUN_EXPLANATIONS[one.section].title.lower()}</a>' * (one.section in keys))
        + "</li>"
        for one in warned
    )
    heading = "1 sign to look at" if len(warned) == 1 else f"{len(warned)} signs to look at"
    return f'<div class="signs"><p>{heading}</p><ul>{items}</ul></div>'


def _section(section: Section) -> str:
    figures = "".join(figure_of(one) for one in section.figures)
    return section_around(section, paragraphs(section.words.splitlines()) + figures)
