"""The viewer in a cell: alive while the kernel runs, and a page that needs none in the saved notebook.

Both stand in one output. A front end that knows widgets shows the widget, whose model carries the page; one that does
not (a saved notebook on a web site, an exported one) shows the same page in a frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, final

from innerview.errors import MissingExtra
from innerview.network import Differentiable
from innerview.viewer.hello import hello
from innerview.viewer.one_file import Packed, describe_page, write_page
from innerview.workbench.desk import Desk
from innerview.workbench.explore_keep import SHARES
from innerview.workbench.items import gather, open_snapshots
from innerview.workbench.one_page import Extent
from innerview.workbench.pages import backdrop, gather_payloads
from innerview.workbench.request import Request, check_request
from innerview.workbench.serving import furnish
from innerview.workbench.weights import count_weights

HEIGHT: Final = 760
"""Of the frame, in pixels."""

EXTENT: Final = Extent(stops=31, shares=SHARES[::2], randoms=3)


def view(
    *pictures: str,
    network: Differentiable | str = "allcnn",
    request: Request | None = None,
    runs: Sequence[str | Path] = (),
    crop: str = "centre",
    live: bool = True,
) -> View:
    """Show the viewer in a notebook.

    Args:
        pictures: files, or names of sample photos; without any, the first sample photo.
        network: a network, or the name of a built-in one.
        request: which class, target, baseline and tolerance the saved page holds; all can be changed in the cell.
        runs: folders of trainings to show beside; for a living kernel.
        crop: "centre", "whole" or "left,top,width,height".
        live: let the kernel answer what the page does not hold. False needs no package beside innerview.

    Raises:
        MissingExtra: the package for widgets is not installed; says how to install it.
        UsageError, PictureError, NetworkError: as in `look`.
    """
    if live:
        _require_widgets()
    return View(pictures, network, request or Request(), tuple(Path(run) for run in runs), crop, live=live)


@final
class View:
    """What `view` gives; a notebook shows it.

    Attributes:
        live: whether a kernel answers.
    """

    def __init__(
        self,
        pictures: Sequence[str],
        network: Differentiable | str,
        request: Request,
        runs: tuple[Path, ...],
        crop: str,
        *,
        live: bool,
    ) -> None:
        self.live = live
        self._pictures, self._network, self._request, self._runs = tuple(pictures), network, request, runs
        before, opened = open_snapshots(network)
        check_request(request, opened)
        self._items = gather(opened, pictures, crop=crop)
        histograms = count_weights({**before, "after" if before else "now": opened.weights()})
        name = network if isinstance(network, str) else type(opened).__name__
        self._scene = backdrop(opened, name, histograms)

    @cached_property
    def _content(self) -> tuple[Mapping[str, Any], list[Packed]]:
        listed, payloads, baselines = gather_payloads(self._items, self._scene, self._request, EXTENT)
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

        return make_widget(self.page, self._desk)

    @cached_property
    def _desk(self) -> Desk:
        desk, _ = furnish(self._network, self._runs, self._pictures)
        return desk

    def _repr_html_(self) -> str:
        """The page in a frame of its own, which holds it whole."""
        return (
            f'<iframe title="innerview" srcdoc="{escape(self.html)}" sandbox="allow-scripts allow-downloads" '
            f'style="width:100%;height:{HEIGHT}px;border:1px solid #d8dce3;border-radius:4px"></iframe>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction] notebooks do
        shown: dict[str, Any] = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if not self.live:
            return shown
        return {**mime_of(self.widget), **shown}

    def __repr__(self) -> str:
        names = ", ".join(item.name for item in self._items)
        return f"innerview.view of {names}"


def mime_of(widget: Any) -> dict[str, Any]:
    """What a notebook takes a widget by, without its own fallback."""
    from innerview.notebook.widget import MIME

    return {MIME: {"version_major": 2, "version_minor": 1, "model_id": widget.model_id}}


def _require_widgets() -> None:
    """Raise MissingExtra unless anywidget can be imported."""
    if find_spec("anywidget") is None:
        raise MissingExtra("the viewer in a notebook cell (with live=False, a page that asks no kernel)", "notebook")
