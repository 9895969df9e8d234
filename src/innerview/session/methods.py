"""Maps by the methods of the registry: which were asked for, and one of them worked out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from innerview.data.baselines import Baseline
from innerview.fills import other_image
from innerview.methods import Progress
from innerview.methods.registry import read_method
from innerview.model import Model
from innerview.results import Explained
from innerview.targets import Target
from innerview.types import Image


def choose_methods(asked: Sequence[str], model: Model) -> dict[str, str]:
    """Check methods as they are written on a command line, "occlusion:window=8"; by a name for each, all different.

    Raises:
        UsageError: an unknown method or option, a value that is none, or what has no meaning for this model.
    """
    found: dict[str, str] = {}
    seen = Counter[str]()
    for text in dict.fromkeys(asked):
        name = read_method(text).settled(model).method.name
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}-{seen[name]}"] = text
    return found


def run_method(
    method: str,
    model: Model,
    image: Image,
    target: Target,
    baselines: Sequence[Baseline],
    progress: Progress | None,
    drawn: Callable[[], Sequence[tuple[str, Image]]] = lambda: (),
) -> Explained:
    """Work out one map by a method as it is written on a command line.

    Its provenance names the baselines where they are part of the question, and no others. Of `drawn`, images of a data
    set, comes the fill "data".

    Raises:
        UsageError, ImageError, ModelError: as the method's own function.
    """
    chosen = read_method(method).settled(model).filled(lambda: other_image(drawn(), image))
    found = chosen.run(model, image, target, baselines=[one.image for one in baselines], progress=progress)
    if not chosen.method.uses_baselines:
        return found
    used = baselines if "baselines" in chosen.method.supplies.values() else baselines[:1]
    words, seeds = " and ".join(one.words for one in used), [one.seed for one in used if one.seed is not None]
    source = found.provenance
    seed = source.seed if source.seed is not None else next(iter(seeds), None)
    return replace(found, provenance=replace(source, baseline=words, seed=seed))
