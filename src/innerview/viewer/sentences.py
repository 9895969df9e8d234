"""Results in words: what is seen of one image, with its own numbers.

A sentence states what was found in this case; what the view means in general stands in `explanations`. Numbers are
written as in the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from innerview.model import WEIGHTED, Layer, Model
from innerview.pictures.words import (
    MINUS,
    UNKNOWN,
    error,
    layer_title,
    number,
    place,
    probability,
    several,
    shape,
    share,
)
from innerview.results import (
    Activations,
    Explained,
    ImagePart,
    IntegratedGradients,
    InteriorGradients,
    MaskingCurve,
    PathPredictions,
    PathProfile,
    Prediction,
    RegionTruth,
    ShapleyValues,
    Status,
    Verdict,
    WeightHistograms,
    as_attribution,
)
from innerview.targets import label
from innerview.types import Array, LogitRow

COLOURS = ("red", "green", "blue")

MOST_TIMES = 1e6
"""A change by more is told as one."""

HARDLY = 1.005
"""A factor that is written as 1."""

LEAST_CORRELATION = 0.005
"""Below it nothing is followed."""

TWO = 2
"""Classes that are named, of several that nothing sets apart."""


def says(prediction: Prediction, truth: int | None) -> str:
    """Say what the model predicts, the runner-up, and the label if it is known."""
    if not prediction.decided:
        score, known = number(float(prediction.logits[0]), signed=True), label(0, prediction.class_names)
        return f"The model gives {known} a score of {score}; the threshold for a yes was not declared."
    first, alike = prediction.index, tied(prediction.logits)
    if prediction.none:
        return _says_none(prediction, truth)
    if len(alike) > 1:
        told = f"The model's highest output is the same for {_several(alike, prediction.class_names)}"
        chance = probability(prediction.confidence)
        told += f" ({chance} each): no single class is predicted." if chance != UNKNOWN else "."
        return told if truth is None else f"{told} The label is {label(truth, prediction.class_names)}."
    text = f"The model predicts {_call(prediction, first)}"
    if len(prediction.ranking) > 1:
        text += f"; next comes {_call(prediction, prediction.ranking[1])}"
    if truth is None:
        return text + "."
    verdict = "so it is correct" if truth == first else "so it is wrong"
    return f"{text}. The label is {label(truth, prediction.class_names)}, {verdict}."


def _says_none(prediction: Prediction, truth: int | None) -> str:
    """Say that no class is more likely than not, how likely the likeliest is, and the label if it is known."""
    alike = tied(prediction.logits)
    highest = probability(prediction.probability_of(alike[0]))
    text = (
        "The model predicts none of its classes: each is judged for itself, and the likeliest is "
        f"{_several(alike, prediction.class_names)} ({highest}{' each' if len(alike) > 1 else ''})."
    )
    if truth is None:
        return text
    verdict = "so it is correct" if truth == prediction.index else "so it is wrong"
    return f"{text} The label is {label(truth, prediction.class_names)}, {verdict}."


def attribution(result: IntegratedGradients) -> str:
    """Say what the pixels for and against add up to, where the largest is, and the convergence delta."""
    values = result.heatmap
    raised, lowered = (float(part.sum(dtype=np.float64)) for part in (values[values > 0], -values[values < 0]))
    start, end = (number(value, signed=True) for value in (result.baseline_score, result.score))
    blue = f"Pixels in blue raised the {result.provenance.target} by {number(raised)}" if raised else ""
    red = f"ixels in red lowered {'it' if blue else 'the ' + result.provenance.target} by {number(lowered)}"
    sums = " and ".join([*([blue] if blue else []), *([("p" if blue else "P") + red] if lowered else [])])
    told = (
        f"{sums or f'No pixel raised or lowered the {result.provenance.target}'}, on the path from "
        f"{result.provenance.baseline or 'the baseline'} ({start}) to the image ({end})."
    )
    if raised or lowered:
        told += f" {_strongest(values, result.unit)}."
    return " ".join([told, exactness(result), *result.notes])


def exactness(result: IntegratedGradients) -> str:
    """Say how exact the map is, what it cost, and its convergence delta."""
    cost = f"after {several(result.n_evaluations, 'evaluation')}"
    gap = result.relative_convergence_delta
    by = (
        f"{share(gap)} of the map"
        if np.isfinite(gap)
        else f"{number(result.convergence_delta, signed=True)} {result.unit}"
    )
    missed = f"the convergence delta is {by}"
    if result.status is Status.NO_GRADIENT:
        reason = f", since the gradients do not account for the score: {missed}" if result.convergence_delta else ""
        return f"Its error is not known {cost}{reason}."
    if result.tolerance is None or result.error is None:
        return f"With {result.rule} {cost}, {missed}; its error was not estimated."
    asked = f"{share(result.tolerance)} was asked for"
    if not np.isfinite(result.error):
        return f"Its error can't be told yet {cost} ({asked}): raise max_evaluations. So far {missed}."
    short = {
        Status.CONVERGED: "",
        Status.ROUNDED: " and not reached, nor can it be in the precision in which the model computes",
    }.get(result.status, " and not reached; raise max_evaluations or the tolerance")
    return f"Its error is estimated at {error(result.error)} of the map {cost} ({asked}{short}); {missed}."


def regions(truth: RegionTruth) -> str:
    """Say what suffices alone, without what the answer changes, and which region adds most and least; a line each."""
    values, names = truth.values, truth.names
    told: list[str] = []
    if truth.alone is not None:
        only = truth.alone
        one = len(only.regions) == 1
        told.append(
            f"Alone, the {listed([names[at] for at in only.regions])} {'is' if one else 'are'} still predicted as "
            f"{part(only)}; so {'is' if only.same == 1 else 'are'} {only.same} of all {only.sets} "
            f"{'regions' if one else f'sets of {len(only.regions)} regions'}."
        )
    if truth.without is not None:
        less = truth.without
        one = len(less.regions) == 1
        told.append(
            f"Without the {listed([names[at] for at in less.regions])} the image is predicted as {part(less)}; "
            f"{less.same} of all {less.sets} {'regions' if one else f'sets of {len(less.regions)} regions'} change the "
            "answer."
        )
    known = [fill for fill, sets in zip(_fill_names(values), values.sufficient, strict=True) if sets and not sets[0]]
    if known:
        told.append(f"With nothing of the image left, {values.answer} is still predicted: of {listed(known)}.")
    middle = values.values.mean(axis=0)
    order = np.argsort(-middle).tolist()
    most, least = (number(float(middle[order[at]]), signed=True) for at in (0, -1))
    told.append(
        f"The {names[order[0]]} adds most ({most} {values.unit}), the {names[order[-1]]} least ({least}): means over "
        f"every combination of {len(names)} regions and {len(values.fills)} fills."
    )
    unsure = [names[at] for at in values.unsure_regions]
    if unsure:
        told.append(f"What the {listed(unsure)} would add depends on what is put there instead.")
    return "\n".join(told)


def _fill_names(values: ShapleyValues) -> list[str]:
    """Without what is needed to make them again."""
    return [fill.partition(" (")[0] for fill in values.fills]


def chance_of(prediction: Prediction, index: int) -> str:
    """The probability of a class behind its name, " (96.7 %)"; nothing where there is none."""
    chance = probability(prediction.probability_of(index))
    return "" if chance == UNKNOWN else f" ({chance})"


def part(found: ImagePart) -> str:
    """What a part is predicted as: "3 cat (83.1 %)"."""
    chance = probability(found.confidence)
    return found.prediction + ("" if chance == UNKNOWN else f" ({chance})")


def listed(names: Sequence[str]) -> str:
    """Names with commas between, and "and" before the last."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


SIGNS: Mapping[str, str] = {"agrees": "✓", "partly": "~", "unproved": "?", "contradicts": "✗", "not judged": "–"}

VERDICTS: Mapping[str, str] = {
    "agrees": "agrees with taking regions away",
    "partly": "agrees with taking regions away under some fills only",
    "unproved": "is not shown to tell better than chance which regions matter",
    "contradicts": "contradicts what taking regions away does",
    "not judged": "could not be judged: all regions do the same",
}


def verdict(found: Verdict) -> str:
    """Say how far a map agrees with the truth about regions, with the numbers: "agrees with … (0.67 to 0.82 …)"."""
    known = [float(value) for value in found.correlations if value == value]
    if not known:
        return VERDICTS[found.kind]
    low, high = (f"{value:.2f}".replace("-", MINUS) for value in (min(known), max(known)))
    figures = low if len(known) == 1 else f"{low} to {high} over {len(known)} fills"
    return f"{VERDICTS[found.kind]} (rank correlation {figures}, {found.n_regions} regions)"


CHECKS: Mapping[str, str] = {
    "clear": "these parts do make it say so: clearly better than chance",
    "weak": "whether these parts make it say so is not clear: better than chance, but not by enough",
    "chance": "these parts are not why: no better than chance",
    "not judged": "can't be judged: whatever is shown, the model says the same",
}


def check_verdict(kind: str) -> str:
    """Say whether what a map points at does more than another part of its size and shape."""
    return CHECKS[kind]


BRIEFLY: Mapping[str, str] = {
    "agrees": "agrees",
    "partly": "agrees under some fills",
    "unproved": "no better than chance",
    "contradicts": "contradicts",
    "not judged": "not judged",
}


def brief_verdict(found: Verdict | None) -> str:
    """The verdict in a word or two and one number, the median over the fills: "✓ agrees (0.78)"."""
    kind = "not judged" if found is None else found.kind
    known = [] if found is None else [float(value) for value in found.correlations if value == value]
    figure = f" ({np.median(known):.2f})".replace("-", MINUS) if known else ""
    return f"{SIGNS[kind]} {BRIEFLY[kind]}{figure}"


THE_TRUTH = "This is what taking regions away does: maps are held against it."
"""In the place of a verdict, of what verdicts are made with."""


def not_judged(passes: int) -> str:
    """Say that a map has no verdict, and what one takes: "Not judged: 1,534 forward passes"."""
    return f"Not judged: {passes:,} forward passes"


def verdict_line(found: Verdict | None, passes: int) -> str:
    """The line below a map: its sign and the verdict in a sentence, or that there is none, and what one takes."""
    if found is None:
        return f"{SIGNS['not judged']} {not_judged(passes)}."
    return signed(found.kind, verdict(found))


def signed(kind: str, says: str) -> str:
    """A verdict's sentence behind its sign."""
    return f"{SIGNS[kind]} This map {says}."


def by_method(result: Explained) -> str:
    """Say which method a map is by, what it is in, where it is largest, and what the method itself notes."""
    found = as_attribution(result)
    values = found.heatmap
    notes = "".join(f" {note}" for note in found.notes)
    return f"{found.method}: {found.provenance.target}. {_strongest(values, found.unit)}.{notes}"


def _strongest(values: Array, unit: str) -> str:
    """Say where a map is largest, counted from 1, and whether that is one pixel."""
    sizes = np.abs(values)
    most = float(sizes.max())
    if not most:
        return "It is zero everywhere"
    row, column = (int(at) for at in np.unravel_index(sizes.argmax(), values.shape))
    others = int((sizes == most).sum()) - 1
    shared = f", and {several(others, 'other')} {'is' if others == 1 else 'are'} as large" if others else ""
    value = number(float(values[row, column]), signed=True)
    return f"The largest pixel is in row {row + 1}, column {column + 1} ({value} {unit}){shared}"


def interior(result: InteriorGradients) -> str:
    """Say what the model predicts along the path, and how the gradient grows or fades."""
    order = np.argsort(result.alphas, kind="stable")
    said = _called([result.prediction(place) for place in range(len(result.logits))])
    calls = [(f"alpha {place(float(result.alphas[at]))}", said[int(at)]) for at in order]
    first, last = float(result.norms[order[0]]), float(result.norms[order[-1]])
    start, end = (place(float(alpha)) for alpha in (result.alphas.min(), result.alphas.max()))
    told = f"As the image fades in, the model predicts {_runs(calls)}."
    if start == end:
        return f"{told} There the gradient's size is {number(first)}."
    return f"{told} From alpha {start} to {end} the gradient {_change(first, last)}."


def _change(first: float, last: float) -> str:
    """Say how a size changes; a factor only where there is one that says something."""
    if not (np.isfinite(first) and np.isfinite(last)):
        return "is larger than can be measured"
    if first == last:
        return "stays as large as it is" if first else "is zero"
    if not first or not last:
        return "grows from nothing" if last else "fades to nothing"
    change, (small, large) = "fades" if last < first else "grows", sorted((first, last))
    factor = large / small
    if factor > MOST_TIMES:
        return f"{change} more than a millionfold"
    return f"{change} by a factor of {number(factor)}" if factor >= HARDLY else f"hardly changes (it {change})"


def path(profile: PathProfile) -> str:
    """Say how far the score goes along the path and where it is half way."""
    low, high = float(profile.scores.min()), float(profile.scores.max())
    start, end = float(profile.scores[0]), float(profile.scores[-1])
    if len(set(profile.alphas.tolist())) == 1:
        return f"At alpha {place(profile.alphas[0])} the score is {number(start, signed=True)}."
    if low == high:
        return (
            f"The score stays at {number(start, signed=True)} from alpha {place(profile.alphas[0])} to "
            f"{place(profile.alphas[-1])}."
        )
    half = profile.alphas[(np.abs(profile.scores - start) >= abs(end - start) / 2) & (start != end)]
    text = (
        f"The score goes from {number(start, signed=True)} at alpha {place(profile.alphas[0])} to "
        f"{number(end, signed=True)} at alpha {place(profile.alphas[-1])}, within {number(low, signed=True)} and "
        f"{number(high, signed=True)}"
    )
    return f"{text}; half of the change is there at alpha {place(half[0])}." if half.size else f"{text}."


def kept(result: MaskingCurve) -> str:
    """Say what the model predicts at the fractions shown, from few pixels to many."""
    order = {"highest": "highest values of the map", "lowest": "lowest values", "strongest": "largest |values|"}
    said = _called([result.prediction(place) for place in range(len(result.logits))])
    calls = [(share(float(result.fractions[at])), said[int(at)]) for at in np.argsort(result.fractions, kind="stable")]
    return f"From only the pixels with the {order[result.order]}, the model predicts {_runs(calls)}."


def activations(result: Activations, layers: Sequence[Layer]) -> str:
    """Say, for each layer, which of its channels (counted from 0) follows which colour of the image most closely."""
    parts: list[str] = []
    for name, colours in result.colours.items():
        best = [
            f"{colour} best in channel {int(np.nanargmax(column))} (correlation {np.nanmax(column):.2f})"
            for colour, column in zip(COLOURS, colours.T, strict=True)
            if np.isfinite(column).any() and np.nanmax(column) >= LEAST_CORRELATION
        ]
        if best:
            parts.append(f"after {layer_title(name, layers)}, {', '.join(best)}")
    return (
        f"Colours that channels follow: {'; '.join(parts)}." if parts else "No channel follows a colour of the image."
    )


def weights(result: WeightHistograms) -> str:
    """Say how wide each layer's weights lie, what training changed, and what is NaN or infinite."""
    last, broken = len(result.checkpoints) - 1, int((result.nan + result.infinite).sum())
    more = [
        f"{several(broken, 'weight')} {'is' if broken == 1 else 'are'} NaN or infinite" if broken else "",
        *result.notes,
    ]
    lost = "".join(f" {one[:1].upper()}{one[1:]}." for one in more if one)
    if not np.isfinite(result.std[last]).any():
        return f"The standard deviation of no layer's weights is known.{lost}"
    wide = int(np.nanargmax(result.std[last]))
    lowest, highest, wideness = (float(one[last, wide]) for one in (result.minimum, result.maximum, result.std))
    told = "" if lowest < highest and not wideness else f"standard deviation {number(wideness)}, "  # its square is 0
    text = f"{result.layers[wide]} has the widest weights ({told}from {number(lowest)} to {number(highest)})"
    growth = result.std[last] / np.where(result.std[0] > 0, result.std[0], np.nan)
    if last > 0 and np.isfinite(growth).any():
        grown = int(np.nanargmax(growth))
        verb = "spread most" if growth[grown] > 1 else "narrowed least" if growth[grown] < 1 else "kept its width"
        text += (
            f"; from {result.checkpoints[0]} to {result.checkpoints[last]}, {result.layers[grown]} {verb} "
            f"({number(result.std[0, grown])} to {number(result.std[last, grown])})"
        )
    return f"{text}.{lost}"


def statistics(result: PathPredictions) -> str:
    """Say what is predicted for most images at the first alpha, and how the accuracy goes."""
    order = np.argsort(result.alphas, kind="stable")
    first, last = order[0], order[-1]
    ranked = np.argsort(-result.fractions[first], kind="stable")[:2]
    called = " and ".join(
        f"{share(float(result.fractions[first, index]))} of {several(result.n_images, 'image')} as "
        f"{label(int(index), result.class_names)}"
        for index in ranked
        if result.fractions[first, index] > 0
    )
    start, end = (place(float(result.alphas[at])) for at in (first, last))
    told = f"At alpha {start} the model predicts {called or 'nothing for any image'}"
    before, after = (float(result.accuracy[at]) for at in (first, last))
    if np.isnan(before) or np.isnan(after):
        return f"{told}."
    if start == end:
        return f"{told}; its accuracy there is {share(after)}."
    return f"{told}; its accuracy goes from {share(before)} there to {share(after)} at alpha {end}."


def network(described: Model) -> str:
    """Say how many layers and weights there are, what goes in and what comes out."""
    weighted = [layer for layer in described.layers if layer.kind in WEIGHTED]
    total = sum(value.size for value in described.weights().values())
    names = described.output.class_names
    layers = len(weighted) or len(described.layers)
    built = f"{several(layers, 'layer')} with {several(total, 'weight')}"
    return (
        f"{built if layers else 'A function whose layers are not known'} {'turn' if layers > 1 else 'turns'} "
        f"an image of {shape(described.input.shape)} into "
        + ("one number." if len(names) == 1 else f"{several(len(names), 'number')}, one per class.")
    )


def tied(logits: LogitRow) -> list[int]:
    """Numbers of the classes that share the highest output: one, unless nothing sets them apart."""
    return [int(index) for index in np.flatnonzero(logits == logits.max())]


def _several(classes: Sequence[int], names: Sequence[str]) -> str:
    """Name classes that nothing sets apart: two of them, and how many more."""
    if len(classes) == len(names) > TWO:
        return f"all {len(names):,} classes"
    shown = [label(index, names) for index in classes[:TWO]]
    more = len(classes) - TWO
    return " and ".join(shown) if more <= 0 else f"{', '.join(shown)} and {several(more, 'other')}"


def _called(predictions: Sequence[Prediction]) -> list[str]:
    """What is predicted for each image."""
    return [
        one.label if one.none or one.alone else f"{_several(tied(one.logits), one.class_names)} alike"
        for one in predictions
    ]


def _call(prediction: Prediction, index: int) -> str:
    chance = prediction.probability_of(index)
    name = label(index, prediction.class_names)
    return f"{name} ({probability(chance)})" if np.isfinite(chance) else name


def _runs(calls: Sequence[tuple[str, str]]) -> str:
    """Write what is predicted at each position as "3 cat from alpha 0.01 on, 4 deer from alpha 0.5 on"."""
    kept = [call for before, call in zip([("", ""), *calls], calls, strict=False) if before[1] != call[1]]
    return ", ".join(f"{said} from {where} on" for where, said in kept)
