"""One look into its folder: the images, the page around them, and every number behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Final

from innerview import pictures
from innerview.errors import OutputError
from innerview.files.atomic import write
from innerview.pictures import Animation, words
from innerview.results import Attribution, IntegratedGradients, Prediction
from innerview.results.io import save_result
from innerview.targets import label
from innerview.viewer import sentences
from innerview.viewer.explanations import EXPLANATIONS
from innerview.viewer.page import Answer, Figure, Section, image_page
from innerview.workbench.explain.drawing import WORDS, Drawn, FigureContext, FigureSpec, figures_of

LISTED: Final = 5
"""Classes that the page lists."""


def write_look(scene: FigureContext, folder: Path, drawn: dict[str, Drawn], *, back: str = "", view: str = "") -> None:
    """Write everything about one image into `folder`.

    Args:
        scene: the look and how to draw it.
        folder: exists.
        drawn: figures that are the same for every look of this run, by file; filled as they are drawn.
        back: link to the page over all images; empty for none.
        view: link to the page with the viewer; empty for none.

    Raises:
        OutputError: a file can't be written.
    """
    save_result(folder, _results(scene))  # first of all: what was worked out is there whatever can't be drawn
    shots, written = figures_of(scene), dict[str, Future[Drawn]]()
    with ThreadPoolExecutor(1) as encoder:  # a figure becomes a file while the next one is drawn
        for shot in sorted(shots, key=lambda one: not one.moving):
            drawing = Future[Drawn]()
            try:
                figure = drawn.get(shot.file) or shot.draw(scene)
            except (OutputError, MemoryError):
                raise
            except Exception as problem:  # noqa: BLE001 one that can't be drawn doesn't take the others with it
                drawing.set_exception(problem)
            else:
                drawing = encoder.submit(_write, figure, folder / shot.file)
            written[shot.file] = drawing
    figures, undrawn = _taken_down([(shot, written[shot.file]) for shot in shots], drawn)
    missing = {**scene.look.missing, **undrawn}
    sections = [
        Section(view, EXPLANATIONS[view], say(scene), tuple(figures[view]))
        for view, say in WORDS.items()
        if view in figures
    ]
    look = scene.look
    page = image_page(
        f"Inside the model: {look.item.name}",
        [
            sentences.says(look.prediction, look.item.class_number),
            f"It saw {look.item.words}.",
            *filter(None, [scene.kept]),
            *_missing(missing),
        ],
        _answers(look.prediction),
        sections,
        _facts(scene),
        back,
        view,
    )
    write(folder / "index.html", page.encode("utf-8", "backslashreplace"))


def _write(figure: Drawn, file: Path) -> Drawn:
    pictures.save(figure, file)
    return figure


def _taken_down(
    written: Iterable[tuple[FigureSpec, Future[Drawn]]], drawn: dict[str, Drawn]
) -> tuple[dict[str, list[Figure]], dict[str, str]]:
    """The figures of each view, and those that could not be drawn or written, with the reason."""
    figures: dict[str, list[Figure]] = {}
    missing: dict[str, str] = {}
    for shot, drawing in written:
        try:
            figure = drawing.result()
        except (OutputError, MemoryError):
            raise
        except Exception as problem:  # noqa: BLE001 as above
            missing[shot.file] = f"{type(problem).__name__}: {problem}"
            continue
        if shot.same:
            drawn[shot.file] = figure
        moving = isinstance(figure, Animation)
        width, height = figure.frames[0].size if isinstance(figure, Animation) else figure.size
        figures.setdefault(shot.view, []).append(Figure(shot.file, shot.words, width, height, moving=moving))
    return figures, missing


def _missing(missing: Mapping[str, str]) -> list[str]:
    return [f"Not here: {what}, since {reason.rstrip('.')}." for what, reason in missing.items()]


def _answers(prediction: Prediction) -> list[Answer]:
    chances = prediction.probabilities
    return [
        Answer(label(index, prediction.class_names), float(chances[index]), words.probability(float(chances[index])))
        for index in prediction.ranking[:LISTED]
    ]


def _facts(scene: FigureContext) -> list[tuple[str, str]]:
    """Where the numbers come from, in the page's last lines."""
    result = scene.look.map
    source = result.provenance
    exact = (
        [("Exactness", sentences.exactness(result)), ("Rule", result.rule)]
        if isinstance(result, IntegratedGradients)
        else [("Exactness", f"{result.method} aims at no error.")]
        if isinstance(result, Attribution)
        else []
    )
    return [
        ("Explained", source.target),
        ("Baseline", source.baseline),
        *exact,
        ("Model", f"{source.fingerprint}, {source.dtype}, {source.batch_size} images at a time"),
        ("Versions", ", ".join(f"{name} {number}" for name, number in source.versions.items())),
        ("Data", "result.json and arrays.safetensors, in this folder"),
    ]


def _results(scene: FigureContext) -> dict[str, object]:
    """Everything that was worked out; of the photo only what the model saw, since the user has the rest."""
    look, fitted = scene.look, scene.look.item
    return {
        "image": {
            "name": look.item.name,
            "label": look.item.class_number,
            "words": fitted.words,
            "box": fitted.box,
            "notes": fitted.original.notes,
        },
        "query": {name: str(one) if isinstance(one, Path) else one for name, one in asdict(scene.query).items()},
        "kept": scene.kept,
        "prediction": look.prediction,
        "activations": look.activations,
        **({} if look.along is None else vars(look.along)),
        **({} if look.evidence is None else {"evidence": look.evidence}),
        **({} if look.truth is None else {"truth": look.truth}),
        **({} if look.parts is None else {"parts": look.parts}),
        "verdicts": look.verdicts,
        "masking": look.kept,
        "methods": look.methods,
        "missing": look.missing,
        "weights": scene.histograms,
        "layers": look.layers,
    }
