"""Take a built-in model away: its source and weights for another framework, as a folder that appears whole."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from innerview.adapters.numpy.model import NumpyModel
from innerview.allcnn import NAMES, load_pretrained
from innerview.errors import OutputError, UsageError
from innerview.export import FORMATS, export_files
from innerview.export.web import MAX_SIZE
from innerview.files.atomic import write
from innerview.files.regular import exists, is_folder
from innerview.model import Model
from innerview.results import versions
from innerview.workbench.folders import MARK, whole
from innerview.workbench.network import page_network

WEB: Final = "web"
"""The format of a page's own engine."""


@dataclass(frozen=True)
class Exported:
    """What an export left behind.

    Attributes:
        folder: that holds everything.
        files: in it, in order.
        words: what it is, in one sentence.
    """

    folder: Path
    files: tuple[Path, ...]
    words: str


def export(
    model: Model | str = "allcnn",
    format: str = "pytorch",  # noqa: A002 --format
    output: str | Path = "",
    *,
    force: bool = False,
    max_size: float = MAX_SIZE,
    name: str = "",
) -> Exported:
    """Write a model as source and weights that need no innerview.

    Args:
        model: the name of a built-in one, or any model that NumPy runs; for "web" any that the page's engine runs.
        format: one of `innerview.export.FORMATS`; or "web", the network as data for a page.
        output: a new or empty folder; without one, named after model and format.
        force: write over an earlier export.
        max_size: MB that the weights take in 16 bits at most, in the format "web".
        name: of a model of one's own, as it was asked for; "model" without one.

    Raises:
        UsageError: there is no such model or format, or the format can't express the model.
        OutputError: the folder holds something else, or can't be written; nothing of it is changed then.
    """
    if isinstance(model, str) and model not in NAMES:
        raise UsageError(
            f"{model!r} can't be exported; the built-in models are {', '.join(NAMES)} (a model of your own you "
            "have already, in its framework)"
        ).of("model", asked=model, known=NAMES)
    name = model if isinstance(model, str) else plain_name(name)
    opened = load_pretrained(model) if isinstance(model, str) else model
    if format == WEB:
        made = _web(opened, name, max_size)
    elif isinstance(opened, NumpyModel):
        made = export_files(opened, name, format, _card(name))
    else:
        raise UsageError(
            f"{name} can't be exported as {format} source, which is there for built-in models; --format web writes "
            "any model that the engine in a page runs"
        ).of("format", asked=format, known=(WEB,))
    folder = Path(output or f"{name}-{format}")
    _check(folder, force=force)
    try:
        folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"{folder} can't be made ({problem.strerror}); choose another with --output").of(
            "folder", path=folder
        ) from None
    with whole(folder.absolute().parent, folder.absolute().name) as place:
        for file, content in made.items():
            write(place / file, content)
        write(place / MARK, json.dumps({"made by": f"innerview {versions()['innerview']}", "export": name}).encode())
    count = sum(value.size for value in opened.weights().values())
    return Exported(
        folder,
        tuple(folder / file for file in made),
        f"{name} for {'a page' if format == WEB else FORMATS[format].name}, {count:,} weights, {_same(made)}",
    )


def _same(made: Mapping[str, bytes]) -> str:
    """How what was written agrees with innerview, in words."""
    network = json.loads(made["network.json"]) if "network.json" in made else {"error": 0}
    if network["error"] == 0:
        return "the same numbers as in innerview to 1e-5"
    return f"rounded to 16 bits, by {network['error']:.1g} of the largest of an array at most"


def plain_name(asked: str) -> str:
    """How a model is called in files: "net" for the file net.keras, "timm-resnet18" for timm:resnet18."""
    alone = Path(asked).stem if ":" not in asked else asked
    return re.sub(r"[^\w.-]+", "-", alone).strip("-.") or "model"


def _web(model: Model, name: str, max_size: float) -> dict[str, bytes]:
    """The network as data; words and constants of methods, which the engine needs to answer, are in it too."""
    return {"network.json": json.dumps(page_network(model, name, max_size), separators=(",", ":")).encode()}


def _check(folder: Path, *, force: bool) -> None:
    """Raise OutputError unless the folder may be made, or is an earlier export that may be replaced."""
    if not exists(folder) or (is_folder(folder) and not any(folder.iterdir())):
        return
    ours = (folder / MARK).is_file() and any(
        (folder / name).is_file() for name in ("model.py", "network.py", "network.json")
    )
    if not ours:
        raise OutputError(
            f"{folder} is there already and no export; nothing was written: choose another with --output"
        ).of("folder", path=folder, found="no export")
    if not force:
        raise OutputError(f"{folder} holds an earlier export; --force replaces it, --output names another folder").of(
            "folder", path=folder, found="an export"
        )


def _card(name: str) -> str:
    """The model card of a built-in model; empty for any other."""
    card = files("innerview.allcnn").joinpath(f"{name}.md")
    return card.read_text(encoding="utf-8") if card.is_file() else ""
