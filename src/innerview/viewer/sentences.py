"""Results in words: what one sees in a picture, said with its own numbers.

A sentence states what was found in this case; what the view means in general stands in `explanations`. Numbers are
written as in the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from innerview.network import WEIGHTED, Layer, Network
from innerview.pictures.words import error, layer_title, number, place, probability, share
from innerview.results import (
    Activations,
    Explained,
    IntegratedGradients,
    InteriorGradients,
    Keep,
    PathProfile,
    PathStatistics,
    Prediction,
    Status,
    WeightHistograms,
    as_attribution,
)
from innerview.spec import decide
from innerview.targets import label

COLOURS = ("red", "green", "blue")


def says(prediction: Prediction, truth: int | None) -> str:
    """Say what the network calls the picture, the runner-up, and the truth if it is known."""
    if not prediction.decided:
        score, known = number(float(prediction.logits[0]), signed=True), label(0, prediction.class_names)
        return f"The network gives {known} a score of {score}; from which score on that means yes was not declared."
    first = prediction.index
    text = f"The network says {_call(prediction, first)}"
    if len(prediction.ranking) > 1:
        text += f"; next comes {_call(prediction, prediction.ranking[1])}"
    if truth is None:
        return text + "."
    verdict = "and it is right" if truth == first else "so it is wrong"
    return f"{text}. The truth is {label(truth, prediction.class_names)}, {verdict}."


def attribution(result: IntegratedGradients) -> str:
    """Say what the pixels for and against add up to, where the strongest is, and how far the sum is off."""
    values = result.map
    row, column = (int(at) for at in np.unravel_index(np.abs(values).argmax(), values.shape))
    raised, lowered = float(values[values > 0].sum()), float(-values[values < 0].sum())
    start, end = (number(value, signed=True) for value in (result.baseline_score, result.score))
    told = (
        f"Pixels in blue raised the {result.provenance.target} by {number(raised)} and pixels in red lowered it by "
        f"{number(lowered)}, on the way from {result.provenance.baseline or 'the baseline'} ({start}) to the picture "
        f"({end}). The strongest pixel is in row {row + 1}, column {column + 1} "
        f"({number(float(values[row, column]), signed=True)} {result.unit})."
    )
    return " ".join([told, exactness(result), *result.notes])


def exactness(result: IntegratedGradients) -> str:
    """Say how exact the map is, what it cost, and by how much its sum misses the change of the score."""
    cost = f"after {result.evaluations} evaluations"
    gap = result.relative_gap
    by = f"{share(gap)} of the map" if np.isfinite(gap) else f"{number(result.gap, signed=True)} {result.unit}"
    missed = f"the shares miss the change of the score by {by}"
    if result.status is Status.NO_GRADIENT:
        return f"Its error is not known {cost}, since the gradients do not account for the score: {missed}."
    if result.tolerance is None or result.estimated_error is None:
        return f"With {result.rule} {cost}, {missed}; its error was not estimated."
    asked = f"{share(result.tolerance)} was asked for"
    if not np.isfinite(result.estimated_error):
        return f"Its error can't be told yet {cost} ({asked}): give a larger budget. So far {missed}."
    short = "" if result.status is Status.MET else " and not reached; raise the budget or the tolerance"
    return f"Its error is estimated at {error(result.estimated_error)} of the map {cost} ({asked}{short}); {missed}."


def by_method(result: Explained) -> str:
    """Say which method a map is by, what it is in, where it is strongest, and what the method itself notes."""
    found = as_attribution(result)
    values = found.map
    row, column = (int(at) for at in np.unravel_index(np.abs(values).argmax(), values.shape))
    strongest = f"{number(float(values[row, column]), signed=True)} {found.unit} at row {row}, column {column}"
    notes = "".join(f" {note}" for note in found.notes)
    return f"{found.method}: {found.provenance.target}; the strongest pixel has {strongest}.{notes}"


def interior(result: InteriorGradients) -> str:
    """Say what the network calls the picture on the way, and how the gradient grows or fades."""
    order = np.argsort(result.alphas, kind="stable")
    said = decide(result.logits, result.probabilities)
    calls = [(f"alpha {place(float(result.alphas[at]))}", label(int(said[at]), result.class_names)) for at in order]
    first, last = float(result.norms[order[0]]), float(result.norms[order[-1]])
    change = "fades" if last < first else "grows"
    factor = max(first, last) / max(min(first, last), 1e-300)
    return (
        f"As the picture fades in, the network says {_runs(calls)}. From alpha {place(float(result.alphas.min()))} to "
        f"{place(float(result.alphas.max()))} the gradient {change} by a factor of {number(factor)}."
    )


def path(profile: PathProfile) -> str:
    """Say how far the score goes along the path and where it is half way."""
    low, high = float(profile.scores.min()), float(profile.scores.max())
    start, end = float(profile.scores[0]), float(profile.scores[-1])
    half = profile.alphas[np.abs(profile.scores - start) >= abs(end - start) / 2]
    text = (
        f"The score goes from {number(start, signed=True)} at alpha {place(profile.alphas[0])} to "
        f"{number(end, signed=True)} at alpha {place(profile.alphas[-1])}, within {number(low, signed=True)} and "
        f"{number(high, signed=True)}"
    )
    return f"{text}; half of the change is there at alpha {place(half[0])}." if half.size else f"{text}."


def kept(result: Keep) -> str:
    """Say what the network calls the picture at the shares shown, from few pixels to many."""
    order = {"highest": "highest values of the map", "lowest": "lowest values", "strongest": "strongest values"}
    said = decide(result.logits, result.probabilities)
    calls = [
        (share(float(result.shares[at])), label(int(said[at]), result.class_names))
        for at in np.argsort(result.shares, kind="stable")
    ]
    return f"Shown only the pixels with the {order[result.order]}, the network says {_runs(calls)}."


def activations(result: Activations, layers: Sequence[Layer]) -> str:
    """Say, for each layer, which of its channels (counted from 0) follows which colour of the picture most closely."""
    parts: list[str] = []
    for name, colours in result.colours.items():
        best = [
            f"{colour} best in channel {int(np.nanargmax(column))} (correlation {column[np.nanargmax(column)]:.2f})"
            for colour, column in zip(COLOURS, colours.T, strict=True)
            if np.isfinite(column).any()
        ]
        if best:
            parts.append(f"after {layer_title(name, layers)}, {', '.join(best)}")
    return f"Captured are: {'; '.join(parts)}." if parts else "No channel can be compared with a colour here."


def weights(result: WeightHistograms) -> str:
    """Say how wide each layer's weights lie, what training changed, and what is not finite."""
    last = len(result.snapshots) - 1
    wide = int(np.nanargmax(result.std[last])) if np.isfinite(result.std[last]).any() else 0
    text = (
        f"{result.layers[wide]} has the widest weights (standard deviation {number(result.std[last, wide])}, from "
        f"{number(result.minimum[last, wide])} to {number(result.maximum[last, wide])})"
    )
    if last > 0:
        growth = result.std[last] / np.where(result.std[0] > 0, result.std[0], np.nan)
        if np.isfinite(growth).any():
            grown = int(np.nanargmax(growth))
            text += (
                f"; from {result.snapshots[0]} to {result.snapshots[last]}, {result.layers[grown]} spread most "
                f"({number(result.std[0, grown])} to {number(result.std[last, grown])})"
            )
    broken = int((result.nan + result.infinite).sum())
    told = [text, f"{broken:,} weights are not finite" if broken else "", *result.notes]
    return " ".join(f"{one[:1].upper() if place > 1 else one[:1]}{one[1:]}." for place, one in enumerate(told) if one)


def statistics(result: PathStatistics) -> str:
    """Say what most pictures are called at the first alpha, and how the accuracy goes."""
    order = np.argsort(result.alphas, kind="stable")
    first, last = order[0], order[-1]
    ranked = np.argsort(-result.shares[first], kind="stable")[:2]
    called = " and ".join(
        f"{share(float(result.shares[first, index]))} of {result.pictures:,} pictures "
        f"{label(int(index), result.class_names)}"
        for index in ranked
        if result.shares[first, index] > 0
    )
    return (
        f"At alpha {place(float(result.alphas[first]))} the network calls {called}; its accuracy goes from "
        f"{share(float(result.accuracy[first]))} there to {share(float(result.accuracy[last]))} at alpha "
        f"{place(float(result.alphas[last]))}."
    )


def network(described: Network) -> str:
    """Say how many layers and weights there are, what goes in and what comes out."""
    weighted = [layer for layer in described.layers if layer.kind in WEIGHTED]
    total = sum(value.size for value in described.weights().values())
    size = " × ".join(map(str, described.input.shape))
    return (
        f"{len(weighted)} layers with {total:,} weights turn a picture of {size} into "
        f"{len(described.output.class_names)} numbers, one per class."
    )


def _call(prediction: Prediction, index: int) -> str:
    chance = prediction.probability_of(index)
    name = label(index, prediction.class_names)
    return f"{name} ({probability(chance)})" if np.isfinite(chance) else name


def _runs(calls: Sequence[tuple[str, str]]) -> str:
    """Write what was said at each place as "3 cat from alpha 0.01 on, 4 deer from alpha 0.5 on"."""
    kept = [call for before, call in zip([("", ""), *calls], calls, strict=False) if before[1] != call[1]]
    return ", ".join(f"{said} from {where} on" for where, said in kept)
