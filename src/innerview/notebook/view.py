"""The viewer in a cell: alive while the kernel runs, and a page that needs none in the saved notebook.

In Jupyter a cell gets two outputs, the page in a frame and the widget; the living widget hides the frame. One output
with both would leave a saved notebook without either, since JupyterLab always prefers the widget, and keeps none.
marimo asks for one thing and gets the widget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import Any, final

from innerview.allcnn import NAMES
from innerview.errors import MissingExtra
from innerview.notebook.saved import frame, stills
from innerview.session.compute.explanation import examine
from innerview.session.images import gather
from innerview.session.kept import with_kept
from innerview.session.opening import furnish, opened_model
from innerview.session.query import Query, check_query
from innerview.session.session import Session
from innerview.typing import ModelLike
from innerview.viewer.hello import hello
from innerview.viewer.one_file import Packed, describe_page, write_page
from innerview.workbench.explain.explain import BRIEF
from innerview.workbench.page.one_page import Sizes
from innerview.workbench.page.pages import gather_payloads, page_context


def view(
    *images: str,
    model: ModelLike = "allcnn",
    query: Query | None = None,
    runs: Sequence[str | Path] = (),
    live: bool = True,
) -> View:
    """Show the viewer in a notebook.

    Args:
        images: files, or names of sample photos; without any, the first sample photo.
        model: a model (`innerview.typing.ModelLike`), or the name of one.
        query: what the saved page holds, and the crop; all but that can be changed in the cell.
        runs: folders of trainings to show beside; for a living kernel.
        live: let the kernel answer what the page does not hold. False needs no package beside innerview.

    Raises:
        MissingExtra: the package for widgets is not installed; says how to install it.
        UsageError, ImageError, ModelError: as in `look`.
    """
    if live:
        _require_widgets()
    return View(images, model, query or Query(), tuple(Path(run) for run in runs), live=live)


@final
class View:
    """What `view` gives; a notebook shows it.

    Attributes:
        live: whether a kernel answers.
    """

    def __init__(
        self,
        images: Sequence[str],
        model: ModelLike,
        query: Query,
        runs: tuple[Path, ...],
        *,
        live: bool,
    ) -> None:
        self.live = live
        self._images, self._runs = tuple(images), runs
        self._opened = opened_model(model)
        self._query, kept = with_kept(replace(query, **BRIEF, judge=bool(query.judge)), self._opened)
        self._model = model if isinstance(model, str) and model in NAMES else self._opened
        check_query(self._query, self._opened.model)
        self._items = gather(self._opened.model, images, query)
        self._scene = page_context(self._opened, self._query.methods, kept)
        self._key = token_hex(8)

    @cached_property
    def _content(self) -> tuple[Mapping[str, Any], list[Packed]]:
        session = Session([self._opened])
        looks = [examine(session, item, self._query) for item in self._items]
        listed, payloads, baselines = gather_payloads(looks, self._scene, Sizes())
        first = hello([self._scene.facts], listed, runs=self._scene.runs, baselines=baselines)
        return first, payloads

    @property
    def page(self) -> dict[str, Any]:
        """The page as the widget's model holds it."""
        return describe_page(*self._content)

    @cached_property
    def html(self) -> str:
        """The page as one HTML file, which needs no kernel."""
        first, payloads = self._content
        return write_page("innerview", first, payloads)

    def save(self, path: str | Path) -> Path:
        """Write the page as one HTML file."""
        place = Path(path)
        place.write_text(self.html, encoding="utf-8")
        return place

    @cached_property
    def widget(self) -> Any:
        """The widget; it answers as long as this object lives."""
        from innerview.notebook.widget import make_widget

        return make_widget(self.page, self._desk, self._key)

    @cached_property
    def _desk(self) -> Session:
        session, _ = furnish(self._model, self._runs, self._images)
        return session

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which holds it whole."""
        _, payloads = self._content
        found = stills(payloads, self._scene.model.output.class_names)
        return frame(self.html, self._key, found, live=self.live)

    def _ipython_display_(self) -> None:  # pyright: ignore[reportUnusedFunction] Jupyter does
        from IPython.display import display  # pyright: ignore[reportUnknownVariableType] half typed

        display({"text/plain": repr(self), "text/html": self._repr_html_()}, raw=True)
        if self.live:
            display({"text/plain": "", **mime_of(self.widget)}, raw=True)

    def _display_(self) -> Any:  # pyright: ignore[reportUnusedFunction] marimo does
        return self.widget if self.live else Framed(self._repr_html_())

    def __repr__(self) -> str:
        names = ", ".join(item.name for item in self._items)
        return f"innerview.view of {names}"


@dataclass(frozen=True)
class Framed:
    """A page in a frame, for whoever asks for HTML."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def mime_of(widget: Any) -> dict[str, Any]:
    """What a notebook takes a widget by, without its own fallback."""
    from innerview.notebook.widget import MIME

    return {MIME: {"version_major": 2, "version_minor": 1, "model_id": widget.model_id}}


def _require_widgets() -> None:
    """Raise MissingExtra unless anywidget can be imported."""
    if find_spec("anywidget") is None:
        raise MissingExtra("the viewer in a notebook cell (with live=False, a page that asks no kernel)", "notebook")
