"""Ask about a region: what taking it away does, what it does alone, and whether any such region would do as much.

    removing   r_f = S(image) − S(image with the region filled)
    alone      a_f = S(the region, all else filled) − S(fill alone)           under each fill f
    p = (1 + number of placebos with |mean over f| at least as large) / (1 + number of placebos)

A placebo is a region of the same size and shape at another position: all other positions that fit, or as many of them
drawn without repetition. So p is uniform when somebody points anywhere, and small only where few positions do as much
(Phipson and Smyth 2010, arXiv 1603.05766, on why 1 is added). Each region is two tries; all tries of a call, and those
made before, are corrected for (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, cast

import numpy as np
from jaxtyping import Float, Int

from innerview.errors import UsageError
from innerview.fills import DEFAULT_FILLS, Fill
from innerview.methods.filled import FilledPasses, make_fills, rounding_of
from innerview.methods.paired import holm
from innerview.methods.partitions import name_regions
from innerview.methods.passes import Progress, check_image
from innerview.methods.placebos import (
    Box,
    Mask,
    Placed,
    is_box,
    place_elsewhere,
    rank_p,
    read_regions,
    region_name,
)
from innerview.methods.regions import Divided, divide
from innerview.model import Model
from innerview.results import Provenance
from innerview.results.region_effects import LEVEL, RegionEffects
from innerview.spec import decides
from innerview.targets import Target, named_target, usual_of_regions
from innerview.types import Array, Image

Earlier: TypeAlias = RegionEffects | Sequence[RegionEffects | float] | Array
"""Tries made before on the same image, by their answers or their p-values."""

DEFAULT_PLACEBOS: Final = 199
"""Other positions that are tried at most: p goes down to 0.005."""

DEFAULT_SUPERPIXELS: Final = 4
"""Two tries each: of more regions, none could stand out from so few placebos."""


def ask(
    model: Model,
    image: Image,
    region: str | Box | Array | Sequence[Box | Array],
    target: int | None = None,
    *,
    objective: str = "",
    fills: Sequence[str | Image | Fill] = DEFAULT_FILLS,
    n_placebos: int = DEFAULT_PLACEBOS,
    names: Sequence[str] = (),
    earlier: Earlier = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> RegionEffects:
    """Tell what one region or several do to the score, removed and alone, with p-values against placebos.

    Args:
        model: any model; no gradients are needed.
        image: one image (pixels in [0, 1], height × width × channel).
        region: a box (left, top, width, height in pixels of the image), or a mask of height × width; or several; or
            "superpixels" ("superpixels:8" for so many; extra `superpixels`): each of them.
        target: class that is explained, by number; the predicted one if None.
        objective: "log-odds", "logit", "contrast" or "probability"; if empty the log-odds, and what is usual for
            outputs that have none.
        fills: what stands in the place of what is taken away: names (see `fills.FILLS`) or images.
        n_placebos: other positions to hold each region against, at most; 0 for none.
        names: of the regions, for the sentences; boxes as they are given, and masks by number, if empty.
        earlier: tries made before on this image, which are corrected for as well: the answer before this one, which
            counts those before it, or several answers, or p-values. Who asks the same again has tried once.
        seed: of the draw of positions.
        progress: called with passes done and in all.

    Raises:
        UsageError: a region that is empty, outside of the image or all of it; no fill; an objective without meaning;
            earlier answers about another image or model.
        ImageError: the image, an image that fills, or a mask does not fit.
        ModelError: an output is NaN or infinite; says for which region.
    """
    return region_effects(
        model,
        image,
        region,
        named_target(objective or usual_of_regions(model.output), target),
        fills=fills,
        n_placebos=n_placebos,
        names=names,
        earlier=earlier,
        seed=seed,
        progress=progress,
    )


def region_effects(
    model: Model,
    image: Image,
    region: str | Box | Array | Sequence[Box | Array],
    target: Target,
    *,
    fills: Sequence[str | Image | Fill] = DEFAULT_FILLS,
    n_placebos: int = DEFAULT_PLACEBOS,
    names: Sequence[str] = (),
    earlier: Earlier = (),
    seed: int = 0,
    levels: Sequence[int] = (),
    level: Callable[[RegionEffects], None] | None = None,
    progress: Progress | None = None,
) -> RegionEffects:
    """Do what `ask` does, with the same arguments, for any target, and tell what there is so far.

    After as many placebos as each of `levels` (rising) says, `level` is given the result with these: a random part of
    those that follow. Raises as `ask` does.
    """
    check_image(model, image, "image")
    masks, usual, divided = _read(image, region)
    called = list(names or usual)
    if len(called) != len(masks) or n_placebos < 0 or not fills:
        raise UsageError(
            f"{len(masks)} regions with {len(called)} names, {n_placebos} placebos and {len(fills)} fills were asked "
            "for; give a name for each region or none, no negative number, and at least one fill"
        ).of("arguments", asked=(len(masks), len(called), n_placebos, len(fills)))
    made = make_fills(model, image, fills)
    places = [
        place_elsewhere(mask, n_placebos, np.random.default_rng([seed, number])) for number, mask in enumerate(masks)
    ]
    total = 1 + len(made) * sum(2 * len(placed.masks) + 1 for placed in places)
    asking = _Asking(FilledPasses(model, image, total, progress), target)
    found = [[asking.start(fill, placed, name) for fill in made] for placed, name in zip(places, called, strict=True)]

    def after(most: int) -> RegionEffects:
        for row, placed in zip(found, places, strict=True):
            for under in row:
                asking.go_on(under, placed, 1 + most)
        effects = _result(asking, found, masks, [placed.first(most) for placed in places], earlier, seed)
        if divided is None:
            return effects
        source = replace(effects.provenance, regions=divided.words)
        return replace(effects, provenance=source, notes=(*divided.notes, *effects.notes))

    for most in levels:
        if level is not None and most < n_placebos:
            level(after(most))
    return after(n_placebos)


def _read(
    image: Image, region: str | Box | Array | Sequence[Box | Array]
) -> tuple[list[Mask], list[str], Divided | None]:
    """Masks of what is asked about, what each is called, and how they were made if they were made here."""
    height, width = image.shape[:2]
    if isinstance(region, str):
        divided = divide(image, region, DEFAULT_SUPERPIXELS)
        masks = [divided.labels == number for number in range(divided.number)]
        return read_regions(masks, height, width), list(name_regions(divided.labels)), divided
    single = isinstance(region, np.ndarray) or is_box(region)
    asked = [cast("Box | Array", region)] if single else list(cast("Sequence[Box | Array]", region))
    return (
        read_regions(asked, height, width),
        [region_name(one, number) for number, one in enumerate(asked, start=1)],
        None,
    )


def correct_for(effects: RegionEffects, earlier: Earlier) -> RegionEffects:
    """Correct effects for tries that were made before as well: THE rule by which tries are counted.

    Args:
        effects: an answer.
        earlier: as `ask` takes it.

    Raises:
        UsageError: a p-value is not between 0 and 1; an answer is about another image or model.
    """
    own = effects.asked
    counted = {key: tries for key, tries in _made(effects, earlier).items() if key not in own}
    before = np.array([p for tries in counted.values() for p in tries], np.float64)
    if not ((before >= 0) & (before <= 1)).all():
        raise UsageError(f"the earlier p-values {before.tolist()} were given; each is between 0 and 1").of(
            "earlier", asked=tuple(before.tolist())
        )
    p = np.stack([effects.removed_p, effects.alone_p])
    adjusted = holm(np.concatenate([p.ravel(), before]))[: p.size].reshape(p.shape)
    tries = int(np.isfinite(p).sum()) + len(before)
    outdated = _too_few(effects.n_placebos, effects.tries)
    return replace(
        effects,
        removed_adjusted=adjusted[0],
        alone_adjusted=adjusted[1],
        tries=tries,
        earlier=counted,
        notes=(*(note for note in effects.notes if note not in outdated), *_too_few(effects.n_placebos, tries)),
    )


def _made(effects: RegionEffects, earlier: Earlier) -> Mapping[str, tuple[float, ...]]:
    """Tries that were made before, by what was asked; of p-values alone nobody knows, so each is a try of its own.

    Those are called by the question beside which they were given: two answers may each have been given some.
    """
    made, beside = dict[str, tuple[float, ...]](), next(iter(effects.asked), "")
    for number, one in enumerate([earlier] if isinstance(earlier, RegionEffects) else earlier):
        if not isinstance(one, RegionEffects):
            made[f"given {number} beside {beside}"] = (float(one),)
            continue
        if not effects.is_about_same(one.numpy):
            about, now = one.provenance.fingerprint, effects.provenance.fingerprint
            raise UsageError(
                f"an earlier answer is about another image or model ({about}; this one is about {now}); tries count "
                "for the image that they were made on: leave it out"
            ).of("earlier", asked=about, found=now)
        made |= one.numpy.made
    return made


@dataclass(frozen=True, eq=False)
class _Seen:
    """What a model says of some images: score, probability of the class, and answer."""

    scores: Float[np.ndarray, " image"]
    probabilities: Float[np.ndarray, " image"]
    answers: Int[np.ndarray, " image"]

    def __getitem__(self, part: slice) -> _Seen:
        return _Seen(self.scores[part], self.probabilities[part], self.answers[part])

    def then(self, more: _Seen) -> _Seen:
        """With more images behind them."""
        return _Seen(
            np.concatenate([self.scores, more.scores]),
            np.concatenate([self.probabilities, more.probabilities]),
            np.concatenate([self.answers, more.answers]),
        )


@dataclass(eq=False)
class _Under:
    """What was seen so far under one fill: without each place of a region, with it alone, with the fill alone."""

    fill: Fill
    name: str
    removed: _Seen
    alone: _Seen
    empty: _Seen


class _Asking:
    """One image under question."""

    def __init__(self, passes: FilledPasses, target: Target) -> None:
        self.passes, self.model = passes, passes.model
        outputs = passes.whole()
        self.target = target.resolve(outputs[0], self.model.output)
        self.whole = self._seen(outputs)

    def start(self, fill: Fill, placed: Placed, name: str) -> _Under:
        """Show the model the image without a region, the region alone, and the fill alone."""
        own = placed.masks[:1]
        shown = self._show(fill, np.concatenate([~own, own, np.zeros_like(own)]), placed, slice(1), name)
        return _Under(fill, name, *(shown[slice(at, at + 1)] for at in range(3)))

    def go_on(self, under: _Under, placed: Placed, stop: int) -> None:
        """Show the same of the region's other places, up to `stop`."""
        now = slice(len(under.removed.scores), min(stop, len(placed.masks)))
        masks = placed.masks[now]
        if not len(masks):
            return
        shown = self._show(under.fill, np.concatenate([~masks, masks]), placed, now, under.name)
        under.removed = under.removed.then(shown[slice(len(masks))])
        under.alone = under.alone.then(shown[slice(len(masks), None)])

    def _show(self, fill: Fill, kept: Array, placed: Placed, now: slice, name: str) -> _Seen:
        shown = self.passes.filled(fill, kept.__getitem__, len(kept), lambda at: _name(at, placed, now, name))
        return self._seen(np.concatenate([outputs for _, outputs in shown]))

    def _seen(self, outputs: Array) -> _Seen:
        output, index = self.model.output, self.target.index
        chances = output.probabilities(outputs)
        answers = output.decide(outputs).astype(np.int64) if decides(output) else np.full(len(outputs), -1)
        of_class = np.full(len(outputs), np.nan) if index is None else chances[:, index].astype(np.float64)
        return _Seen(self.target.score(outputs).astype(np.float64), of_class, answers)


def _name(at: int, placed: Placed, now: slice, name: str) -> str:
    """What is shown, for an error."""
    kind, place = divmod(at, now.stop - now.start if now.start else 1)
    place += now.start or 0
    where = (
        name if place == 0 else "{1},{0} (left, top), where its like was tried,".format(*placed.positions[place - 1])
    )
    return ("the image without region {}", "region {} alone", "the fill alone")[min(kind, 2)].format(where)


def _result(
    asking: _Asking,
    found: Sequence[Sequence[_Under]],
    masks: Sequence[Mask],
    places: Sequence[Placed],
    earlier: Earlier,
    seed: int,
) -> RegionEffects:
    model, target, whole = asking.model, asking.target, asking.whole
    scores = np.concatenate(
        [whole.scores, *(part.scores for row in found for one in row for part in (one.removed, one.alone, one.empty))]
    )
    tolerance = rounding_of(model, scores)

    def change(after: Array, before: Array) -> Array:
        found = after - before
        return np.where(np.abs(found) <= tolerance, 0, found)  # rounding has no sign

    removed = [np.stack([change(whole.scores, one.removed.scores) for one in row]) for row in found]
    alone = [np.stack([change(one.alone.scores, one.empty.scores) for one in row]) for row in found]
    same = [not any(part[column].any() for part in (*removed, *alone)) for column in range(len(found[0]))]
    p = np.array([[rank_p(effects, tolerance) for effects in both] for both in zip(removed, alone, strict=True)])
    fills = [one.fill for one in found[0]]
    most = max(len(placed.positions) for placed in places)
    sampled = any(placed.sampled for placed in places)

    def of_each(value: Callable[[_Under], Array]) -> Array:
        return np.array([[value(one)[0] for one in row] for row in found])

    effects = RegionEffects(
        image=asking.passes.image,
        regions=np.stack(masks),
        names=tuple(row[0].name for row in found),
        fills=tuple(fill.words for fill in fills),
        removed=np.stack([effects[:, 0] for effects in removed]),
        alone=np.stack([effects[:, 0] for effects in alone]),
        removed_elsewhere=np.stack([_padded(effects[:, 1:], most, np.nan) for effects in removed]),
        alone_elsewhere=np.stack([_padded(effects[:, 1:], most, np.nan) for effects in alone]),
        positions=np.stack([_padded(placed.positions.T, most, -1).T for placed in places]),
        removed_probabilities=of_each(lambda one: one.removed.probabilities),
        alone_probabilities=of_each(lambda one: one.alone.probabilities),
        empty_probabilities=np.array([one.empty.probabilities[0] for one in found[0]]),
        removed_answers=of_each(lambda one: one.removed.answers),
        alone_answers=of_each(lambda one: one.alone.answers),
        removed_p=p[:, 0],
        alone_p=p[:, 1],
        removed_adjusted=p[:, 0],
        alone_adjusted=p[:, 1],
        tries=0,
        sampled=sampled,
        answer=int(whole.answers[0]),
        probability=float(whole.probabilities[0]),
        score=float(whole.scores[0]),
        class_names=model.output.class_names,
        output_kind=model.output.kind,
        unit=target.unit,
        explained=target.describe(model.output.class_names),
        target=target.index,
        n_evaluations=asking.passes.done,
        provenance=Provenance.of(model, target.describe(model.output.class_names), seed=seed),
        notes=_notes(same, [fill.name for fill in fills]),
    )
    return correct_for(effects, earlier)


def _padded(values: Array, most: int, filler: float) -> Array:
    """Columns up to `most`, those that are missing filled."""
    result = np.full((len(values), most), filler, values.dtype)
    result[:, : values.shape[1]] = values
    return result


def _notes(same: Sequence[bool], fills: Sequence[str]) -> tuple[str, ...]:
    told = list[str]()
    unjudged = [name for name, found in zip(fills, same, strict=True) if found]
    if unjudged:
        under = "" if all(same) else f" under {' and '.join(unjudged)}"
        told.append(
            f"Cannot be judged{under}: the score is the same whatever is taken away; the model does not look at the "
            "image, or the fill is the image itself."
        )
    if len(fills) == 1:
        told.append(f"One fill was asked ({fills[0]}): whether the effect holds under another is not known.")
    return tuple(told)


def _too_few(counts: Int[np.ndarray, " region"], tries: int) -> tuple[str, ...]:
    """Told where no region could stand out, whatever it does."""
    fewest = min((count for count in counts.tolist() if count), default=0)
    if not tries or tries / (1 + fewest) <= LEVEL:
        return ()
    told = (
        f"With {fewest} other positions and {tries} tries the smallest p-value cannot fall below "
        f"{min(tries / (1 + fewest), 1):.2g}; ask about a smaller region, about fewer, or for more placebos."
    )
    return (told,)
