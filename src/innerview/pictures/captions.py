"""What the image is: its name, its prediction, and its label where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from innerview.errors import UsageError
from innerview.pictures import tokens, words
from innerview.pictures.canvas import Line
from innerview.results import Prediction
from innerview.targets import label


@dataclass(frozen=True)
class Subject:
    """What is known of an image beside the result that is drawn.

    Attributes:
        name: of the image, for people ("moose.jpg").
        prediction: of the model.
        label: number of the class that it is known to belong to.
    """

    name: str = ""
    prediction: Prediction | None = None
    label: int | None = None

    def lines(self, size: int = tokens.TEXT_SIZE) -> tuple[Line, ...]:
        """Name, prediction and label, one line each, as far as they are known."""
        named = (Line(self.name, size=size, bold=True),) if self.name else ()
        if self.prediction is None:
            return named
        said = self.prediction
        return named + said_lines(said, self.label, None, size)

    def named_truth(self, class_names: tuple[str, ...]) -> str:
        """Name and label in one line: "moose.jpg · label 4 deer"."""
        truth = f"label {label(self.label, class_names)}" if self.label is not None else ""
        return " · ".join(part for part in (self.name, truth) if part)

    @property
    def sentence(self) -> str:
        """The same in one line: "moose.jpg · predicts 4 deer (72.5 %) · label 4 deer"."""
        parts = [self.name] if self.name else []
        if self.prediction is not None:
            chance = words.probability(self.prediction.confidence)
            verb = "predicts" if self.prediction.decided else "score of"
            alike = "" if self.prediction.alone or self.prediction.none else ", and others alike"
            parts.append(f"{verb} {self.prediction.label}{alike}" + ("" if chance == words.UNKNOWN else f" ({chance})"))
            if self.label is not None:
                parts.append(f"label {label(self.label, self.prediction.class_names)}")
        return " · ".join(parts)


def said_lines(
    prediction: Prediction,
    truth: int | None,
    target: int | None,
    size: int = tokens.TEXT_SIZE,
    *,
    narrow: bool = False,
) -> tuple[Line, ...]:
    """Set the prediction beside the label (or, where that is unknown, the class explained).

    Each line has the class, its probability at the right end and as a bar; the prediction is bold when it is correct.

    Args:
        prediction: of the model.
        truth: number of the true class, if known.
        target: number of the class explained, if there is one.
        size: of the type, in pixels.
        narrow: put the probability on a line of its own.
    """
    said, class_names = prediction.index, prediction.class_names
    verdict = "predicts" if prediction.decided else "score of"
    word, other = ("label", truth) if truth is not None else ("class", target)
    lines: list[Line] = []
    for verb, index in ((verdict, said), (word, other)):
        if index is None:
            continue
        value = prediction.probability_of(index)
        chance = words.probability(value)
        alike = ", and others alike" if verb == "predicts" and not (prediction.alone or prediction.none) else ""
        text = f"{verb} {label(index, class_names)}{alike}"
        line = Line(text, size=size, bold=verb == "predicts" and said == truth and not alike)
        if chance == words.UNKNOWN:
            lines.append(line)
        elif narrow:
            lines += [line, Line("", chance, size, share=value)]
        else:
            lines.append(replace(line, right=chance, share=value))
    return tuple(lines)


def one_each(subjects: Sequence[Subject], count: int) -> list[Subject]:
    """Give `count` subjects: those given, or nameless ones if none were.

    Raises:
        UsageError: some were given, but not `count`.
    """
    if subjects and len(subjects) != count:
        raise UsageError(f"{len(subjects)} subjects were given for {count} results; give one each, or none").of(
            "subjects", asked=count, found=len(subjects)
        )
    return list(subjects) or [Subject()] * count


def top_lines(prediction: Prediction, count: int = 5, size: int = tokens.TEXT_SIZE) -> list[Line]:
    """List the classes with the highest outputs, with probabilities as numbers and bars where there are any."""
    lines: list[Line] = []
    for index in prediction.ranking[:count]:
        value = float(prediction.probabilities[index])
        chance = words.probability(value)
        line = Line(label(index, prediction.class_names), chance, size, share=value)
        lines.append(line if chance != words.UNKNOWN else replace(line, right="", share=None))
    return lines
