"""One look as figures: which belong to which view, under which names, and what is said about them.

The files' names are part of what users build on; the table below is the one place where they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from innerview import pictures
from innerview.methods.registry import CLASS_EVIDENCE, USUAL
from innerview.model import Model
from innerview.pictures import Animation, ScaleChoice, Subject
from innerview.pictures.attribution import method_title
from innerview.pictures.canvas import Line, Tile, note
from innerview.pictures.pixels import enlarge
from innerview.pictures.words import layer_title
from innerview.results import Verdict, WeightHistograms
from innerview.session.compute.explanation import FORWARD, Look
from innerview.session.query import Query
from innerview.targets import label
from innerview.viewer import sentences
from innerview.viewer.payloads.check import in_words
from innerview.workbench.folders import file_names

if TYPE_CHECKING:
    from PIL.Image import Image

Drawn: TypeAlias = "Image | Animation"


@dataclass(frozen=True, eq=False)
class FigureContext:
    """All that the figures of one look may draw from, and what a comparison had to say about it (`kept`)."""

    model: Model
    look: Look
    query: Query
    scale: ScaleChoice
    histograms: WeightHistograms
    kept: str = ""

    @property
    def subject(self) -> Subject:
        """Name, prediction and truth, for captions."""
        return Subject(self.look.item.name, self.look.prediction, self.look.item.class_number)


@dataclass(frozen=True)
class FigureSpec:
    """One figure of a look.

    Attributes:
        file: its name.
        view: the view it belongs to, a key of `viewer.explanations.EXPLANATIONS`.
        words: what it shows, for those who can't see it.
        draw: makes it.
        same: it is the same for every image that this model is shown.
        there: whether this look has what it shows.
    """

    file: str
    view: str
    words: str
    draw: Callable[[FigureContext], Drawn]
    same: bool = False
    there: Callable[[FigureContext], bool] = lambda _: True

    @property
    def moving(self) -> bool:
        """Whether it is an animation: those take longest to become files, beside which the others are drawn."""
        return self.file.endswith(".webp")


def _gradients(scene: FigureContext) -> bool:
    return scene.look.along is not None


def _verdict(scene: FigureContext, name: str) -> str:
    """The verdict on a map in words, or why there is none."""
    return _in_words(scene, scene.look.verdicts.get(name))


def _in_words(scene: FigureContext, found: Verdict | None) -> str:
    return scene.look.not_judged if found is None else f"This map {sentences.verdict(found)}"


def _judged(scene: FigureContext, name: str, words: str) -> str:
    verdict = _verdict(scene, name)
    return f"{words} {verdict}." if verdict else words


def _attribution(scene: FigureContext) -> Drawn:
    return pictures.attribution_views(
        scene.look.integrated,
        subject=scene.subject,
        style=scene.query.overlay,
        scale=scene.scale,
        verdict=_verdict(scene, USUAL),
    )


def _photo(scene: FigureContext) -> Drawn:
    fitted = scene.look.item
    left, top, width, height = fitted.box
    return pictures.attribution_on_image(
        scene.look.map,
        enlarge(fitted.original.levels(), 1),
        (left, top, left + width, top + height),
        subject=scene.subject,
        style=scene.query.overlay,
        scale=scene.scale,
        verdict=_verdict(scene, USUAL if scene.look.along else FORWARD),
    )


def _tutorial2018(style: str, scene: FigureContext) -> Drawn:
    return pictures.attribution_figure(
        scene.look.integrated, subject=scene.subject, style=style, verdict=_verdict(scene, USUAL)
    )


def _spread(scene: FigureContext) -> Drawn:
    result = scene.look.integrated
    if result.std is None:
        raise ValueError("a single baseline has no spread; `figures_of` asks for this figure only where there is one")
    return pictures.error_figure(result.std, result.unit, title="Spread over the baselines")


def _interior(scene: FigureContext) -> Drawn:
    return pictures.interior_strip(scene.look.interior, subject=scene.subject)


def _interior_overlay(scene: FigureContext) -> Drawn:
    return pictures.interior_strip(scene.look.interior, subject=scene.subject, show="attribution", style="half")


def _interior_moving(scene: FigureContext) -> Drawn:
    return pictures.interior_animation(scene.look.interior, subjects=[scene.subject])


def _path(scene: FigureContext) -> Drawn:
    return pictures.path_image(scene.look.profile)


def _gradient(scene: FigureContext) -> Drawn:
    found = scene.look.gradient
    return pictures.attribution_figure(found, subject=scene.subject, verdict=_in_words(scene, found.verdict))


def _method(name: str, scene: FigureContext) -> Drawn:
    result = scene.look.methods[name]
    return pictures.attribution_figure(
        result, subject=scene.subject, style=scene.query.overlay, verdict=_verdict(scene, name)
    )


def _keep(order: str, scene: FigureContext) -> Drawn:
    return pictures.masking_strip(scene.look.kept[order], subject=scene.subject)


def _layer(name: str, scene: FigureContext) -> Drawn:
    return pictures.activation_grid(
        scene.look.activations,
        name,
        channels=scene.query.max_channels,
        layers=scene.look.layers,
        subject=scene.subject,
    )


def _layers_moving(scene: FigureContext) -> Drawn:
    return pictures.activation_animation(
        scene.look.activations, layers=scene.look.layers, channels=scene.query.max_channels, subject=scene.subject
    )


def _architecture(scene: FigureContext) -> Drawn:
    model = scene.model
    return pictures.architecture_figure(model.layers, model.weights(), input=model.input, output=model.output)


def _weights(scene: FigureContext) -> Drawn:
    return pictures.histogram_image(scene.histograms)


def _why(scene: FigureContext) -> Drawn:
    """The evidence on the photo, what regions add, what suffices and what decides; whichever of them there are."""
    look = scene.look
    evidence, truth, answer = look.evidence, look.truth, look.map.provenance.target
    left, top, width, height = look.item.box
    photo = look.item.original.part(left, top, width, height)
    tiles: list[Tile] = []
    notes: list[str] = []
    if evidence is not None:
        values = evidence.evidence @ evidence.factors
        tiles.append(
            Tile(
                pictures.evidence_on_image(photo, values),
                (Line(f"In colour: evidence for {_answer(scene)}", bold=True),),
            )
        )
        verdict = _verdict(scene, CLASS_EVIDENCE)
        notes.append(f"Evidence for the {answer}. {evidence.notes[0]}{f' {verdict}.' if verdict else ''}")
    if truth is not None:
        found = truth.values
        middle = found.values.mean(axis=0)
        if evidence is None:
            shown = pictures.evidence_on_image(photo, found.heatmap)
            tiles.append(Tile(shown, (Line("In colour: regions that add to it", bold=True),)))
        unsure = found.unsure_regions
        adds = pictures.regions_on_image(look.item.pixels, found.labels, middle, unsure)
        tiles.append(Tile(adds, (Line(f"What each region adds ({found.unit})", bold=True),)))
        for part, words in ((truth.alone, "Only"), (truth.without, "Without")):
            if part is not None:
                count = f"{len(part.regions)} of {len(truth.names)} regions"
                above = Line(f"{words} {count}: {sentences.part(part)}", bold=True)
                outcome = "do the same" if words == "Only" else "change it too"
                below = note(f"{part.same} of all {part.sets} such sets {outcome}; the rest: {part.fill}")
                tiles.append(Tile(pictures.show_image(part.image), (above,), (below,)))
        notes.append(f"Regions: exact Shapley values of the {found.provenance.target}, means over {_fills(scene)}.")
        if isinstance(scene.query.regions, str):
            notes.append(f"They are {found.provenance.regions}.")
        if unsure:
            notes.append("?: another fill gives the region the other sign.")
    chance = sentences.chance_of(look.prediction, look.explained)
    return pictures.why_figure(f"Why {_answer(scene)}{chance}?", tiles, notes)


def _parts(scene: FigureContext) -> Drawn:
    found = scene.look.parts
    assert found is not None  # noqa: S101 `figures_of` asks for the figure only where there are some
    return pictures.parts_strip(found)


def _answer(scene: FigureContext) -> str:
    """The class explained."""
    return label(scene.look.explained, scene.model.output.class_names)


def _fills(scene: FigureContext) -> str:
    return " and ".join(scene.query.fills) if len(scene.query.fills) < 3 else ", ".join(scene.query.fills)


def _say_why(scene: FigureContext) -> str:
    look = scene.look
    told = [] if look.check is None else [in_words(look.check, _answer(scene))]
    told += [] if look.truth is None else [sentences.regions(look.truth)]
    if look.evidence is not None:
        verdict = look.verdicts.get(CLASS_EVIDENCE)
        judged = f" Its map {sentences.verdict(verdict)}." if verdict is not None else ""
        told.append(f"Class evidence. {look.evidence.notes[0]}{judged}")
    if look.parts is not None:
        told.append("\n".join([*look.parts.sentences, *look.parts.notes]))
    return "\n".join([*told, *([f"{look.not_judged}."] if look.not_judged else [])])


ALWAYS: Final = (
    FigureSpec(
        "why.png",
        "why",
        "Where the evidence for the class lies on the photo, what each region adds, and what is predicted of parts.",
        _why,
        there=lambda scene: scene.look.evidence is not None or scene.look.truth is not None,
    ),
    FigureSpec(
        "attribution.png",
        "attribution",
        "Integrated gradients over the image, blue for, red against.",
        _attribution,
        there=_gradients,
    ),
    FigureSpec("gradient.png", "attribution", "The plain gradient at the image.", _gradient, there=_gradients),
    FigureSpec(
        "tutorial2018.png",
        "attribution",
        "The 2018 tutorial's overlay: only for, times image.",
        partial(_tutorial2018, "tutorial2018"),
        there=_gradients,
    ),
    FigureSpec(
        "tutorial2018-signed.png",
        "attribution",
        "The 2018 tutorial's signed overlay: half grey image, half colour.",
        partial(_tutorial2018, "tutorial2018-signed"),
        there=_gradients,
    ),
    FigureSpec("path.png", "interior", "Score, probability and gradient size against alpha.", _path, there=_gradients),
    FigureSpec(
        "interior.png",
        "interior",
        "At each alpha the image, its gradient and what the model predicts.",
        _interior,
        there=_gradients,
    ),
    FigureSpec(
        "interior-overlay.png",
        "interior",
        "At each alpha gradient × (input − baseline), for and against.",
        _interior_overlay,
        there=_gradients,
    ),
    FigureSpec(
        "interior.webp",
        "interior",
        "The gradients at rising alpha, one after the other.",
        _interior_moving,
        there=_gradients,
    ),
    FigureSpec(
        "masking-highest.png",
        "masking",
        "Only the pixels of the highest values, and the prediction.",
        partial(_keep, "highest"),
        there=lambda scene: "highest" in scene.look.kept,
    ),
    FigureSpec(
        "masking-lowest.png",
        "masking",
        "Only the pixels of the lowest values, and the prediction.",
        partial(_keep, "lowest"),
        there=lambda scene: "lowest" in scene.look.kept,
    ),
    FigureSpec(
        "layers.webp",
        "layers",
        "Layer by layer: the image, then each layer's channels.",
        _layers_moving,
        there=lambda scene: bool(scene.look.activations.layers),
    ),
    FigureSpec(
        "weights.png",
        "weights",
        "Histograms of the weights, layer by layer.",
        _weights,
        same=True,
        there=lambda scene: bool(scene.histograms.layers),
    ),
    FigureSpec(
        "architecture.png",
        "model",
        "The layers of the model with their shapes.",
        _architecture,
        same=True,
        there=lambda scene: bool(scene.look.layers),
    ),
)
"""The figures of every look that has what they show, in the order of the page."""

WORDS: Final[Mapping[str, Callable[[FigureContext], str]]] = MappingProxyType(
    {
        "why": _say_why,
        "attribution": lambda scene: _judged(scene, USUAL, sentences.attribution(scene.look.integrated)),
        "methods": lambda scene: " ".join(
            _judged(scene, name, sentences.by_method(one)) for name, one in scene.look.methods.items()
        ),
        "interior": lambda scene: f"{sentences.interior(scene.look.interior)} {sentences.path(scene.look.profile)}",
        "masking": lambda scene: " ".join(sentences.kept(one) for one in scene.look.kept.values()),
        "layers": lambda scene: sentences.activations(scene.look.activations, scene.look.layers),
        "weights": lambda scene: sentences.weights(scene.histograms),
        "model": lambda scene: sentences.network(scene.model),
    }
)
"""What is seen in each view, in this case, or nothing where the view has no figure; in the order of the page."""


def figures_of(scene: FigureContext) -> list[FigureSpec]:
    """The figures of this look: those of every look, one per layer, and those that only some images have."""
    look = scene.look
    more: list[FigureSpec] = []
    if look.item.box[2:] != look.item.size:
        view = "attribution" if look.along else "methods"
        more.append(FigureSpec("photo.png", view, "The map in its place on the whole photo.", _photo))
    if look.along and look.integrated.std is not None:
        more.append(
            FigureSpec("spread.png", "attribution", "How far the maps of the baselines differ per pixel.", _spread)
        )
    if look.parts is not None:
        more.append(
            FigureSpec("parts.png", "why", "The parts that say something else or still the class, cut out.", _parts)
        )
    for name, file in file_names(look.activations.layers).items():
        title = layer_title(name, look.layers)
        more.append(FigureSpec(f"layer-{file}.png", "layers", f"Channels after {title}.", partial(_layer, name)))
    for name, found in look.methods.items():
        more.append(
            FigureSpec(f"method-{name}.png", "methods", f"The map by {method_title(found)}.", partial(_method, name))
        )
    why, first, *others = ALWAYS
    return [shot for shot in (why, first, *more, *others) if shot.there(scene)]
