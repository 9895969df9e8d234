"""The tables of docs/evidence/truth.md, from the rows that were measured."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import cost
import idsds
import numpy as np
import road
from constructed import CHANCE, names

from innerview.methods.controls import CONTROLS
from innerview.methods.paired import median_interval
from innerview.results import Provenance
from innerview.results.comparison import Comparison
from innerview.viewer.comparison_sentences import lost_to
from innerview.workbench.compare.judging import OTHERS, Subject
from innerview.workbench.compare.rows import Row, joined
from innerview.workbench.compare.summing import compared

RESULTS = Path(__file__).resolve().parent / "results"
DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "evidence" / "truth.md"
INDEX = DOCS / "evidence" / "index.md"
DECISION = DOCS / "decisions" / "default-explanation.md"
COSTS = DOCS / "evidence" / "attribution.md"

CASES = {
    "allcnn": ("allcnn (built in, ELU, 32 × 32)", 10),
    "twin": ("its ReLU twin, 32 × 32", 10),
    "lite": ("EfficientNet-Lite0, ReLU6, 224 × 224", 1000),
}
"""By the names of their files: a title, and how many classes."""


def read(case: str) -> list[Row]:
    """All whole rows of a case, the first says what was measured; none if there is no file."""
    file = RESULTS / f"{case}.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    rows = [json.loads(line) for line in lines if line.endswith("\n")]
    return [*rows[:1], *joined(rows[1:])]


def comparison(case: str) -> Comparison | None:
    """The comparison of a case; None where it has no rows."""
    rows = read(case)
    if len(rows) < 2:
        return None
    about = rows[0]
    source = Provenance(about["model"], "float32", 1, "log-odds of the predicted class", seed=about["seed"])
    entrants = tuple((name, text, tuple(baselines)) for name, text, *baselines in about["entrants"])
    rows_, columns = about["regions"]
    return compared(Subject(entrants, tuple(about["fills"]), rows_ * columns, CASES[case][1], source), rows[1:])


def render() -> None:
    """Write every table between its markers."""
    found = {case: one for case in CASES if (one := comparison(case)) is not None}
    fill_in(DECISION, {"defaults": "\n\n".join(defaults(found))})
    fill_in(COSTS, {"baselines": table(cost.HEAD, cost.lines(read("cost-allcnn")[1:]))})
    parts = {
        "advice": "\n".join(f"- {CASES[case][0]}: {one.advice}" for case, one in found.items()),
        "truth": "\n\n".join(overview(found)),
        "fills": "\n\n".join(by_fill(case, one) for case, one in found.items()),
        "checks": "\n\n".join(checks(case, one) for case, one in found.items()),
        "regions": "\n".join(minimal_sets(found)),
        "pairs": "\n\n".join(tested(case, one) for case, one in found.items()),
        "constructed": constructed(),
        "road": table(*road.lines(read("road")[1:])),
        "patches": f"{table(*idsds.lines(read('idsds')[1:]))}\n\n{idsds.sentence(read('idsds')[0])}",
        "surroundings": surroundings(found),
    }
    fill_in(PAGE, parts)
    text = INDEX.read_text(encoding="utf-8")
    claim = "| which maps agree with exact region truth |"
    assert claim in text
    INDEX.write_text(re.sub(rf"{re.escape(claim)}.*", lambda _: index_row(claim, found), text), encoding="utf-8")
    # the points stand first on the page, without markers
    text = PAGE.read_text(encoding="utf-8")
    head, rest = re.match(r"(# .*\n\n)(?:- .*\n)*((?:.|\n)*)", text).groups()
    PAGE.write_text(head + "".join(f"{point}\n" for point in points(found)) + rest, encoding="utf-8")


def fill_in(page: Path, parts: Mapping[str, str]) -> None:
    """Write tables between the markers of a page."""
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        before, found, rest = text.partition(f"<!-- {name} -->\n")
        assert found, f"{page} has no place for {name}"
        text = f"{before}{found}{part}\n<!-- /{name} -->{rest.partition(f'<!-- /{name} -->')[2]}"
    page.write_text(text, encoding="utf-8")


def defaults(found: Mapping[str, Comparison]) -> Iterator[str]:
    """What the choice of the default rests on: each baseline of integrated gradients, and the candidates."""
    candidates = [
        "integrated-gradients from black", "integrated-gradients from mean", "integrated-gradients from blurred",
        "integrated-gradients from black, mean, blurred", "class-evidence", "grad-cam",
        "region removed and alone, every fill", OTHERS,
    ]  # fmt: skip
    for case, one in found.items():
        controls = [name for name in one.ranking() if one.kinds[one.column(name)] == "control"]
        head = [CASES[case][0], "Spearman", f"less “{controls[0]}”", "p", "less integrated gradients from black", "p"]
        lines = [
            [
                name,
                f"{cell(one, 'truth', name)}, n = {one.count('truth', name)}",
                *versus(one, name, controls[0]),
                *(versus(one, name, candidates[0]) if name != candidates[0] else ["", ""]),
            ]
            for name in candidates
            if name in one.entrants and one.count("truth", name)
        ]
        yield table(head, lines)


def points(found: Mapping[str, Comparison]) -> Iterator[str]:
    """The three points with which the page begins: our own first, where they lose."""
    case, one = next(iter(found.items()))
    black = "integrated-gradients from black"
    controls = [name for name in one.ranking() if one.kinds[one.column(name)] == "control"]
    unbeaten = [name for name in controls if not one.beats(black, name)]
    said = "are not shown to beat any control" if len(unbeaten) == len(controls) else "do not beat every control"
    said = said if unbeaten else "beat every control"
    yield (
        f"- **Integrated gradients from black, our tutorial's map, {said}** on `{case}`: {cell(one, 'truth', black)} "
        f"(Spearman with exact region truth, median, 95 % interval, n = {one.count('truth', black)}); the control "
        f"“{controls[0]}” has {cell(one, 'truth', controls[0])}."
    )
    losers = lost_to(one)
    good = [name for name in one.ranking(kind="method") if name not in losers]
    better = [name for name in one.ranking(kind="method") if one.beats(name, black)]
    count = sum(kind == "method" for kind in one.kinds)
    number, verb = len(good) or "None", "is" if len(good) < 2 else "are"
    highest, others = cell(one, "truth", one.best), several(better) or "none"
    yield (
        f"- **{number} of {count} methods and baselines {verb} shown to beat every control** by a corrected "
        f"test{told_of(good)}. The highest median has {one.best}, {highest}; shown to be better than integrated "
        f"gradients from black: {others}."
    )
    cheap = next(name for name in one.ranking(kind="regions") if name.startswith("region removed and alone"))
    fill = cheap.removeprefix("region removed and alone, ")
    yield (
        f"- **Taking parts away is cheap**: each region removed once and shown alone once ({fill}) has "
        f"{cell(one, 'truth', cheap)} of all 512 coalitions; exact truth under the other fills alone has "
        f"{cell(one, 'truth', OTHERS)}, so a fill is a part of the question."
    )


def index_row(claim: str, found: Mapping[str, Comparison]) -> str:
    """The line of the page that lists all evidence: what is best, what our tutorial's map is worth, and the control."""
    one = next(iter(found.values()))
    control = next(name for name in one.ranking() if one.kinds[one.column(name)] == "control")
    named = (one.best, "class-evidence", "integrated-gradients from blurred", "integrated-gradients from black")
    told = ", ".join(f"{name} {cell(one, 'truth', name)}" for name in dict.fromkeys(named))
    how = f"(Spearman, mean over three fills, n = {one.count('truth', one.best)})"
    return (
        f"{claim} {told}; the control “{control}” {cell(one, 'truth', control)} {how} "
        "| [Which map tells the truth](truth.md) |"
    )


def several(names_: Sequence[str]) -> str:
    """Four by name, the others counted."""
    return ", ".join(names_[:4]) + (f" and {len(names_) - 4} others" if len(names_) > 4 else "")


def told_of(good: Sequence[str]) -> str:
    """Which they are."""
    return f": {several(good)}" if good else ""


def cell(found: Comparison, metric: str, entrant: str, digits: int = 2) -> str:
    """Median and its interval."""
    at = found.row(metric), found.column(entrant)
    if not np.isfinite(found.medians[at]):
        return "–"
    values = [f"{table[at]:.{digits}f}".replace("-", "−") for table in (found.medians, found.lows, found.highs)]
    return f"{values[0]} ({values[1]} to {values[2]})"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def shown(one: Comparison, name: str) -> str:
    """An entrant's name; controls and what is made from the truth in italics."""
    return name if one.kinds[one.column(name)] == "method" else f"*{name}*"


def order(one: Comparison) -> list[str]:
    """Our own first, where they lose too; then what is made from the truth; then controls."""
    own = [name for name, kind in zip(one.entrants, one.kinds, strict=True) if kind == "method"]
    others = [name for kind in ("control", "regions") for name in one.ranking(kind=kind)]
    return [*own, *others]


def overview(found: Mapping[str, Comparison]) -> Iterator[str]:
    """The public table: agreement with truth, the mean over the fills, model by model."""
    every = list(dict.fromkeys(name for one in found.values() for name in order(one)))
    counts = [max(one.count("truth", name) for name in one.entrants) for one in found.values()]
    head = [
        "Spearman with exact truth, mean over the fills",
        *(f"{case} (n = {count})" for case, count in zip(found, counts, strict=True)),
        "passes",
    ]
    lines = list[list[str]]()
    for name in every:
        there = [one for one in found.values() if name in one.entrants]
        passes = next((one.evaluations[one.column(name)] for one in there), np.nan)
        cells = list[str]()
        for one, most in zip(found.values(), counts, strict=True):
            if name not in one.entrants:
                cells.append("–")
                continue
            count = one.count("truth", name)
            cells.append(cell(one, "truth", name) + (f", n = {count}" if 0 < count < most else "") + mark(one, name))
        lines.append([shown(there[0], name), *cells, "" if np.isnan(passes) else f"{passes:.0f}"])
    yield table(head, lines)


def mark(one: Comparison, name: str) -> str:
    """A star for a method that beats every control."""
    controls = [other for other, kind in zip(one.entrants, one.kinds, strict=True) if kind == "control"]
    beaten = one.kinds[one.column(name)] != "control" and all(one.beats(name, other) for other in controls)
    return " \\*" if beaten else ""


def by_fill(case: str, one: Comparison) -> str:
    """Agreement under each fill."""
    head = [f"{CASES[case][0]}", *one.fills]
    lines = [
        [shown(one, name), *(cell(one, f"truth, {fill}", name) for fill in one.fills)]
        for name in order(one)
        if one.count("truth", name)
    ]
    return table(head, lines)


def checks(case: str, one: Comparison) -> str:
    """The other metrics, and whether they can tell truth from controls."""
    metrics = [metric for metric in one.metrics if not metric.startswith("truth")]
    counts = [max(one.count(metric, name) for name in one.entrants) for metric in metrics]
    head = [CASES[case][0], *(f"{metric} (n = {count})" for metric, count in zip(metrics, counts, strict=True))]
    lines = [
        [shown(one, name), *(cell(one, metric, name) for metric in metrics)]
        for name in order(one)
        if any(one.count(metric, name) for metric in metrics)
    ]
    said = [
        "too few images" if not one.enough(metric) else "yes" if one.telling[one.row(metric)] else "no"
        for metric in metrics
    ]
    lines.append(["**tells the reference from every control**", *said])
    return table(head, lines)


def tested(case: str, one: Comparison) -> str:
    """Who beats whom: neighbours in the ranking, and each method against the strongest control."""
    ranking = list(one.ranking(kind="method"))
    controls = [name for name in one.ranking() if one.kinds[one.column(name)] == "control"]
    head = [CASES[case][0], f"less the control “{controls[0]}”", "p", "less the next method", "p"]
    lines = list[list[str]]()
    for name, following in pairwise([*ranking, ""]):
        line = [name]
        for other in (controls[0], following):
            line += versus(one, name, other) if other else ["", ""]
        lines.append(line)
    return table(head, lines)


def versus(one: Comparison, first: str, second: str) -> list[str]:
    """Mean paired difference with its interval, and the corrected p-value."""
    at = one.row("truth"), one.column(first), one.column(second)
    if not np.isfinite(one.p[at]):
        return ["–", "–"]
    values = [
        f"{table[at]:+.2f}".replace("-", "−") for table in (one.differences, one.difference_lows, one.difference_highs)
    ]
    p = float(one.p[at])
    return [
        f"{values[0]} ({values[1]} to {values[2]})",
        "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}",
    ]


def minimal_sets(found: Mapping[str, Comparison]) -> Iterator[str]:
    """How few regions suffice, and how few decide."""
    fills = next(iter(found.values())).fills
    head = ["smallest set of the 9 regions", *fills]
    lines = list[list[str]]()
    for case in found:
        images = [row for row in read(case)[1:] if "truth" in row]
        for what, told in {"sufficient": "alone keeps the answer", "decisive": "removed changes it"}.items():
            cells = list[str]()
            for fill in fills:
                sizes = [min(row["truth"]["fills"][fill][what], default=np.nan) for row in images]
                low, half, high = np.nanpercentile(sizes, [25, 50, 75])
                cells.append(f"{half:g} ({low:g} to {high:g})")
            lines.append([f"{case}: {told}", *cells])
    yield table(head, lines)


def constructed() -> str:
    """Known answers."""
    rows = read("constructed")[1:]
    cases = list(CHANCE)
    by_case = {case: [row["found"] for row in rows if row["case"] == case] for case in cases}
    heads = {
        "planted": f"planted patch is first (n = {len(by_case['planted'])})",
        "additive": f"Spearman with the known sums (n = {len(by_case['additive'])})",
        "impossible": f"share inside the only quarter that is seen (n = {len(by_case['impossible'])})",
    }
    lines = list[list[str]]()
    for name in names(rows):
        cells = [known(case, [one.get(name, np.nan) for one in by_case[case]]) for case in cases]
        lines.append([f"*{name}*" if name in CONTROLS else name, *cells])
    chance = ["*chance*", *(f"{CHANCE[case]:.2f}" for case in cases)]
    return table(["", *heads.values()], [*lines, chance])


def known(case: str, values: list[float]) -> str:
    """A share of hits, or a median with its interval."""
    found = np.array([np.nan if one is None else one for one in values], np.float64)
    there = found[np.isfinite(found)]
    if not len(there):
        return "–"
    if case == "planted":
        return f"{100 * there.mean():.0f} %"
    middle, low, high = (f"{one:.2f}".replace("-", "−") for one in median_interval(there, np.random.default_rng(0)))
    return middle if middle == low == high else f"{middle} ({low} to {high})"


def surroundings(found: Mapping[str, Comparison]) -> str:
    """What touches the figures, and which rows are older."""
    told = ["Nothing on this page is timed, so neither the machine nor other work on it touches a figure."]
    for case in found:
        former = sum("former" in row for row in read(case)[1:])
        if former:
            told.append(
                f"Of `{case}`, {former} images were measured by this page's former benchmark, with the same truth and "
                "fewer methods (integrated gradients to 1 % instead of 16 nodes): hence the smaller n of the others."
            )
    return " ".join(told)
