"""The reference of the Python names: which stands on which page, and the pages that mkdocstrings fills at the build.

The overview has a first sentence for each name, which is read anywhere; a page has `::: its.home`, in whose place the
site has signature, shapes, units and errors from the docstring. A public name that no page lists yet is put on `MORE`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Final, NamedTuple

import innerview
from innerview import errors, methods, pictures, results
from innerview.methods.rows import ROWS


class Page(NamedTuple):
    """A page of the reference."""

    title: str
    words: str
    names: tuple[str, ...] | ModuleType
    "Of `innerview`, in the order of the page; or a module, whose public names are taken in their order."


PAGES: Final[Mapping[str, Page]] = {
    "models": Page(
        "Models",
        "A model becomes something that innerview can explain; images go in as pixels from 0 to 1.",
        ("wrap", "load_pretrained", "InputSpec", "OutputSpec", "predict"),
    ),
    "images": Page(
        "Images and baselines",
        "Reading an image, bringing it to the size that a model takes, and the image that stands for “nothing there”.",
        (
            *("load_image", "example_image", "example_names"),
            *("preprocess", "make_baseline", "grid_segments"),
        ),
    ),
    "objectives": Page(
        "What is explained",
        "The one number per image whose gradient is taken. Without a class, the predicted one.",
        ("Logit", "Contrast", "Margin", "LogOdds", "Probability", "Similarity"),
    ),
    "methods": Page(
        "Methods",
        "Each takes a model, an image and what is explained, and gives a frozen result. "
        "[Which one, and its options](../methods.md).",
        (*(row.function.__name__ for row in ROWS if row.function is not methods.predict), "captum_attribution"),
    ),
    "sessions": Page(
        "Whole explanations, viewer, recorder, files",
        "What the commands do, from Python.",
        ("explain", "Query", "view", "Recorder", "save_result", "load_result"),
    ),
    "results": Page("Results", "What the methods give: frozen, signed, in stated units.", results),
    "figures": Page("Figures", "Results as images and charts. [How they are drawn](../figures.md).", pictures),
    "errors": Page("Errors", "What is raised on purpose. [What each says](../error-messages.md).", errors),
}

MORE: Final = "sessions"
"""Where a public name stands that no page lists yet."""

FOLDER: Final = "docs/reference/api"


def public(module: ModuleType) -> list[str]:
    """Names of classes and functions that a module gives."""
    named = getattr(module, "__all__", None)
    if named is None:
        named = [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
    found = [name for name in named if not name.startswith("_") and callable(getattr(module, name))]
    return [
        name for name in found if inspect.isclass(getattr(module, name)) or inspect.isfunction(getattr(module, name))
    ]


def on_page(page: str) -> list[str]:
    """Names that stand on a page, as they are called from `innerview` or from the page's module."""
    names = PAGES[page].names
    if isinstance(names, ModuleType):
        return public(names)
    there = [name for name in names if name in innerview.__all__]
    if page != MORE:
        return there
    listed = {name for one in PAGES.values() if not isinstance(one.names, ModuleType) for name in one.names}
    elsewhere = {name for one in PAGES.values() if isinstance(one.names, ModuleType) for name in public(one.names)}
    return there + [one for one in innerview.__all__ if one not in listed | elsewhere and not one.startswith("_")]


def owner(page: str) -> ModuleType:
    """The module by whose name the things of a page are called."""
    names = PAGES[page].names
    return names if isinstance(names, ModuleType) else innerview


def first_sentence(thing: object) -> str:
    """What a thing is, in a line."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def overview() -> str:
    """Every public name with its first sentence, and where the rest is said."""
    lines = [
        "# Python",
        "",
        "<!-- Written by `python scripts/docs.py`. -->",
        "",
        "Every name opens its signature, shapes and errors.",
    ]
    for page, (title, words, names) in PAGES.items():
        lines += ["", f"## [{title}](api/{page}.md)", "", words.replace("../", ""), ""]
        if isinstance(names, ModuleType):
            lines += [", ".join(f"`{name}`" for name in on_page(page)) + "."]
            continue
        lines += ["| name | |", "|---|---|", *_rows(on_page(page), page)]
    return "\n".join(lines) + "\n"


def _rows(names: Iterable[str], page: str) -> list[str]:
    return [
        f"| [`{name}`](api/{page}.md#{home(innerview, name)}) | {first_sentence(getattr(innerview, name))} |"
        for name in names
    ]


def home(module: ModuleType, name: str) -> str:
    """Where a thing's code is."""
    thing = getattr(module, name)
    return f"{thing.__module__}.{thing.__qualname__}"


def members(thing: object) -> list[str]:
    """What can be called or read of a class beside its attributes, which its docstring lists."""
    if not inspect.isclass(thing):
        return []
    own = vars(thing).items()
    return [name for name, one in own if not name.startswith("_") and (inspect.isfunction(one) or _is_property(one))]


def _is_property(one: object) -> bool:
    return isinstance(one, property | functools.cached_property) and bool(inspect.getdoc(one))


def page_of(page: str) -> str:
    """One page, with a place for each thing that the build fills."""
    title, words, _ = PAGES[page]
    module = owner(page)
    prefix = "innerview" if module is innerview else module.__name__
    lines = [f"# {title}", "", words]
    if module is errors:  # their tree is drawn in the module's own docstring
        tree = [line for line in (inspect.getdoc(errors) or "").splitlines() if line.startswith("    ")]
        lines += ["", "```text", *(line[4:] for line in tree), "```"]
    for name in on_page(page):
        lines += ["", f"::: {home(module, name)}", "    options:", f"      heading: {prefix}.{name}"]
        lines += [f"      toc_label: {name}"]
        if shown := members(getattr(module, name)):
            lines += [f"      members: [{', '.join(shown)}]"]
    return "\n".join(lines) + "\n"
