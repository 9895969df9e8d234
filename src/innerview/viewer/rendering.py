"""Templates become pages: whatever a user or a file named stays text, and a name that is missing is an error.

The templates and their stylesheets stand in the folder templates. Jinja2 escapes all that it fills in, except what its
caller marked with `verbatim`; characters that no page can hold, or that change the order of what is read, become the
replacement character, so that every page can be written as UTF-8. Jinja2 is imported with the first page.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote

from markupsafe import Markup

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER: Final = Path(__file__).with_name("templates")

NARROW_SCREEN: Final = 699
"""Pixels of the widest page that shows the narrow figures."""

UNFIT: Final = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f"  # controls, but for tabs and ends of lines
    "\\u202a-\\u202e\\u2066-\\u2069"  # they turn the order of what follows
    "\\ud800-\\udfff\\ufffe\\uffff]"  # halves of pairs, as in names of files that are no UTF-8; no characters
)

CODE: Final = re.compile("`([^`]+)`")


def render(template: str, **values: object) -> str:
    """Fill in a template.

    Args:
        template: its name, as in "run.html".
        values: what it asks for; each is escaped unless it is marked.

    Raises:
        jinja2.UndefinedError: the template asks for a value that was not given.
    """
    return _environment().get_template(template).render(values)


def clean(text: str) -> str:
    """Put the replacement character where a page can't hold, or should not hold, what stands there."""
    return UNFIT.sub("\ufffd", text)


def verbatim(text: str) -> Markup:
    """Mark what is filled in to the letter: programs, styles and data of ours, in which nothing ends its element."""
    return Markup(text)  # noqa: S704 the one place where this is said


def address(name: str) -> str:
    """Write a file's name, relative to the page, as a link that finds the file."""
    try:
        return quote(name, errors="surrogateescape")  # a name that is no UTF-8 leads to the file of just these bytes
    except UnicodeEncodeError:
        return quote(clean(name))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = cast("dict[str, Any]", made.filters)  # declared as what Jinja2 itself puts there
    names = cast("dict[str, Any]", made.globals)
    filters.update(split_code=CODE.split, url=address)
    names.update(stylesheet=_stylesheet, narrow_screen=NARROW_SCREEN)
    return made


def _finalize(value: object) -> object:
    """Clean a text before it is escaped."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _stylesheet(name: str) -> Markup:
    """One of the stylesheets, which stand in the pages as they are."""
    return verbatim((FOLDER / name).read_text(encoding="utf-8"))
