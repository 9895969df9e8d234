"""From rows to docs/evidence/attribution.md and docs/decisions/target.md: tables between marks, and one chart.

A page has `<!-- name -->` and `<!-- /name -->` around each table; what is between them is written anew, the rest of the
page is prose by hand. Every table says how many images a figure is from, and how far they spread.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from pieces import CAPTUM_STEPS, FINER, METHODS, RECIPE_STEPS, TOLERANCE, tuned_of
from store import Row, read

from innerview.methods.mistakes import interval
from innerview.pictures import to_pillow, tokens, words
from innerview.pictures.charts.paper import TEXT, dress, new_figure

DOCS = Path(__file__).parents[2] / "docs"
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "allcnn": "`allcnn`, ELU, 32 × 32",
        "tutorial2018": "`tutorial2018`, ELU, 32 × 32",
        "twin": "ReLU twin of `allcnn`",
        "lite": "EfficientNet-Lite0, 224 × 224",
    }
)
WHO: Mapping[str, str] = MappingProxyType(
    {
        "innerview": "innerview, default batches (8)",
        "innerview-16": "innerview, batches of 16",
        "captum": "Captum, all steps at once",
    }
)
CLASSICAL: Mapping[str, str] = MappingProxyType(
    {"riemann-left": "left Riemann", "trapezoid": "trapezoid", "gauss-legendre": "Gauss-Legendre"}
)
Rows = Callable[[str, str], list[Row]]


def percent(value: float, digits: int = 2) -> str:
    """A share in per cent, with so many significant digits."""
    return f"{words.limit(float(f'{100 * value:.{digits}g}'))} %"


def held(hits: Sequence[bool]) -> str:
    """How many of how many, and Wilson's interval for the share."""
    low, high = interval(float(np.mean(hits)), len(hits))
    return f"{sum(hits)} of {len(hits)} ({100 * low:.1f} to {100 * high:.1f} %)"


def spread(values: Sequence[float], how: Callable[[float], str]) -> str:
    """Median, and quartiles in brackets."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{how(middle)} ({how(low)} to {how(high)})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table; none if it has no rows."""
    whole = [head, ["---"] * len(head), *rows] if rows else []
    return [f"| {' | '.join(row)} |" for row in whole]


def cost(rows: Rows) -> list[str]:
    """Evaluations to a checked map of 1 %."""
    lines: list[list[str]] = []
    for case, title in NAMES.items():
        if found := rows(case, "cost"):
            spent = np.array([row["evaluations"] for row in found])
            met = [row["status"] == "MET" for row in found]
            counts = ", ".join(f"{value}: {np.mean(spent == value):.0%}" for value in np.unique(spent))
            quantiles = f"{np.median(spent):.0f} / {np.quantile(spent, 0.95):.0f} / {spent.mean():.0f}"
            gaps = [row["gap"] for row in found]
            lines.append([title, str(len(found)), quantiles, counts, held(met), spread(gaps, percent)])
    head = ["model", "images", "evaluations: median / 95 % / mean", "fraction of images", "reached 1 %", "gap"]
    return table(head, lines)


def coverage(rows: Rows) -> list[str]:
    """Whether stated errors hold."""
    lines: list[list[str]] = []
    for case, title in NAMES.items():
        found = [row for row in rows(case, "coverage") if row["status"] == "MET"]
        if not found:
            continue
        tolerance = 0.05 if case in {"twin", "lite"} else TOLERANCE
        both = [row["true"] <= row["stated"] and row["true_channels"] <= row["stated_channels"] for row in found]
        ratios = np.array([row["stated"] / row["true"] for row in found])
        pixels = np.array([row["pixels"] for row in found])
        finest = max(row["reference_stated"] for row in found)
        lines.append(
            [
                title,
                percent(tolerance),
                str(len(found)),
                spread([row["true"] for row in found], percent) + f", largest {percent(max(r['true'] for r in found))}",
                held([row["true"] <= tolerance for row in found]),
                held([row["true"] <= row["stated"] for row in found]),
                held(both),
                f"{np.median(ratios):.1f} / {ratios.min():.2f}",
                f"{pixels.mean():.1%} / {pixels.min():.1%}",
                f"{np.median([row['reference_evaluations'] for row in found]):.0f}, {percent(finest)}",
            ]
        )
    head = [
        "network",
        "tolerance",
        "images",
        "true error",
        "within the tolerance",
        "within the stated error",
        "and on channels too",
        "stated / true: median / smallest",
        "pixels within theirs: mean / worst image",
        f"reference: evaluations, error at most (asked: 1/{FINER})",
    ]
    return table(head, lines)


def rules(rows: Rows) -> list[str]:
    """What fixed rules of others are off by."""
    lines: list[list[str]] = []
    for case, title in NAMES.items():
        found, long = rows(case, "rules"), rows(case, "steps")
        if not found:
            continue

        def off(values: Sequence[float]) -> str:
            return f"{percent(float(np.median(values)))}, largest {percent(max(values))}"

        best = tuned_of(found)
        untuned = "none up to 192" if any(found[0][method] for method in METHODS) else "not tried"
        lines.append(
            [
                title,
                str(len(found)),
                off([row["captum"] for row in found]),
                off([row["pair"] for row in found]),
                f"{best[1]} ({best[0]})" if best else untuned,
                f"{off([row['error'] for row in long])} (n = {len(long)})" if long else "–",
            ]
        )
    head = [
        "network",
        "images",
        f"Captum's default, {CAPTUM_STEPS} steps",
        "PAIR `saliency`'s default, 25 steps",
        "Captum tuned by hand: steps for 95 % of the images within 1 %",
        f"the recipe's {RECIPE_STEPS} right Riemann steps",
    ]
    return table(head, lines)


def speed(rows: Rows) -> list[str]:
    """Time of one image's map, and evaluations per second."""
    lines: list[list[str]] = []
    for case, title in NAMES.items():
        found, through = rows(case, "speed"), rows(case, "throughput")
        if not found:
            continue
        ratios = [row["captum processor"] / row["innerview processor"] for row in found]
        tuned = [row["captum tuned processor"] / row["innerview processor"] for row in found if "captum tuned" in row]

        def times(value: float) -> str:
            return f"{value:.2f}"

        def seconds(value: float) -> str:
            return f"{value:.2f} s"

        def best(who: str, through: Sequence[Row] = through) -> str:
            """The fastest size of batches, by medians."""
            sizes = {
                row["batch"]: [one[f"{who} processor"] for one in through if one["batch"] == row["batch"]]
                for row in through
            }
            size = max(sizes, key=lambda size: statistics.median(sizes[size]))
            found = sizes[size]
            extent = f"{min(found):.0f} to {max(found):.0f}, n = {len(found)}"
            return f"{statistics.median(found):.0f} ({extent}; batches of {size})"

        lines.append(
            [
                title,
                str(len(found)),
                spread([row["innerview processor"] for row in found], seconds),
                spread([row["captum processor"] for row in found], seconds),
                spread(ratios, times),
                spread(tuned, times) if tuned else "–",
                best("innerview") if through else "–",
                best("captum") if through else "–",
                best("captum tuned") if through else "–",
            ]
        )
    head = [
        "network",
        "images",
        "innerview to a checked 1 %",
        "Captum's default, unchecked",
        "Captum's time / ours",
        "Captum tuned: its time / ours",
        "evaluations per second, innerview",
        "the same, Captum as it comes",
        "the same, Captum with frozen weights, channels last",
    ]
    return table(head, lines)


def memory(rows: Rows) -> list[str]:
    """Peak memory by budget."""
    lines: list[list[str]] = []
    for case, title in NAMES.items():
        for who, in_words in WHO.items():
            found = [row for row in rows(case, "memory") if row["who"] == who]
            if found:
                peaks = [f"{row['budget']} ({row['evaluations']} spent): {row['peak'] / 1024:.0f} MB" for row in found]
                grown = found[-1]["peak"] / found[0]["peak"] - 1
                lines.append([title, in_words, " · ".join(peaks), f"{100 * grown:+.1f} %"])
    return table(["network", "who", "budget or steps: peak of the process", "more"], lines)


def targets(rows: Rows) -> list[str]:
    """The three targets side by side."""
    found = rows("allcnn", "targets")
    lines: list[list[str]] = []
    for kind in ("logit", "contrast", "probability"):
        ones = [row[kind] for row in found]
        if not ones:
            continue
        spent = np.array([one["evaluations"] for one in ones])
        lines.append(
            [
                kind,
                str(len(ones)),
                f"{np.median(spent):.0f} / {np.quantile(spent, 0.95):.0f} / {spent.mean():.0f}",
                held([one["change"] > 0 for one in ones]),
                spread([abs(one["change"]) / one["sum"] for one in ones], percent),
                spread([one["positive"] for one in ones], percent),
                spread([one["correlation"] for one in ones], lambda value: f"{value:.2f}"),
                spread([one["same_sign"] for one in ones], percent),
                spread([one["share"] for one in ones], lambda value: f"{value:.2f}"),
            ]
        )
    head = [
        "target",
        "images",
        "evaluations to 1 %: median / 95 % / mean",
        "score rises from black",
        "change of the score / Σ∣map∣",
        "share of ∣map∣ that is for",
        "rank correlation with the logit's map",
        "pixels of the same sign",
        "L1 distance of the maps, each of sum 1",
    ]
    return table(head, lines)


def convergence(rows: Rows) -> list[str]:
    """Estimated and true error by evaluations, medians; and the chart."""
    found = rows("allcnn", "convergence")
    if not found:
        return []
    counts = sorted({int(count) for row in found for count in row["levels"]})
    curves: dict[str, dict[int, list[float]]] = {"innerview, stated": {}, "innerview, true": {}}
    for row in found:
        for count, level in row["levels"].items():
            if level["stated"] is not None:
                curves["innerview, stated"].setdefault(int(count), []).append(level["stated"])
            curves["innerview, true"].setdefault(int(count), []).append(level["true"])
        for rule, errors in row["rules"].items():
            for count, error in errors.items():
                curves.setdefault(f"{CLASSICAL[rule]}, true", {}).setdefault(int(count), []).append(error)
    draw(curves, len(found))

    def cell(errors: Sequence[float]) -> str:
        return f"{percent(float(np.median(errors)))} ({percent(min(errors))} to {percent(max(errors))})"

    lines = [
        [name, *(cell(curve[count]) if count in curve else "–" for count in counts)] for name, curve in curves.items()
    ]
    head = [f"map error, median (range), {len(found)} images", *(f"{count} evaluations" for count in counts)]
    return table(head, lines)


def draw(curves: Mapping[str, Mapping[int, Sequence[float]]], pictures: int) -> None:
    """Draw the medians into docs/images/convergence.png."""
    from matplotlib.ticker import FixedLocator, NullLocator

    looks = (
        (tokens.INK, (0, (5, 1.5)), "o"),
        (tokens.INK, "solid", "o"),
        (tokens.BEFORE, (0, (1.5, 1.2)), "D"),
        (tokens.BEFORE, (0, (5, 1.5)), "^"),
        (tokens.TEST, "solid", "s"),
    )
    figure = new_figure(
        7.2,
        4.2,
        "What evaluations buy",
        f"Built-in model, black baseline, winning logit; medians, n = {pictures}",
    )
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    for (name, curve), (colour, dash, marker) in zip(curves.items(), looks, strict=True):
        counts = sorted(curve)
        values = [float(np.median(curve[count])) for count in counts]
        axes.plot(counts, values, color=colour, linestyle=dash, marker=marker, markersize=4, label=name)
    axes.axhline(TOLERANCE, color=tokens.TRAIN, linewidth=1.2)
    dress(axes, "", "evaluations", "error of the map, fraction of Σ|map|")
    places = sorted({count for curve in curves.values() for count in curve})
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: words.count(round(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, _: f"{words.limit(100 * value)} %")
    axes.legend(
        fontsize=TEXT, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), labelcolor=tokens.INK, handlelength=3
    )
    to_pillow(figure).save(DOCS / "images" / "convergence.png")


def surroundings(folder: Path) -> list[str]:
    """Machine, versions and models, one line each."""
    lines: list[str] = []
    for case, title in NAMES.items():
        path = folder / case / "network.json"
        if path.exists():
            known = json.loads(path.read_text())
            identity = known.pop("identity")
            lines.append(
                f"- {title}: identity `{identity}`; " + ", ".join(f"{key} {value}" for key, value in known.items())
            )
    return lines


PAGES: Mapping[str, Mapping[str, Callable[[Rows], list[str]]]] = MappingProxyType(
    {
        "evidence/attribution.md": {
            "cost": cost,
            "coverage": coverage,
            "rules": rules,
            "speed": speed,
            "memory": memory,
            "convergence": convergence,
        },
        "decisions/target.md": {"targets": targets},
    }
)


def render(folder: Path) -> None:
    """Write every table of every page anew from the rows in `folder`; one of which there are none stays as it is."""

    def rows(case: str, piece: str) -> list[Row]:
        return read(folder / case / f"{piece}.jsonl")

    for page, tables in PAGES.items():
        path = DOCS / page
        text = path.read_text()
        for name, make in {**tables, "surroundings": lambda _: surroundings(folder)}.items():
            between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
            if lines := make(rows):
                made = "\n".join(lines)
                text = between.sub(lambda match, made=made: f"{match[1]}{made}\n{match[2]}", text)
        path.write_text(text)
