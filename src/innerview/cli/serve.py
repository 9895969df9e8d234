"""`innerview serve`: the viewer in a browser, on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from innerview.cli import options
from innerview.cli.console import Command, say


@click.command("serve", cls=Command, short_help="Open the viewer in a browser: your images and live trainings.")
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path), metavar="[RUN]...")
@options.model(named=True)
@click.option("--image", "images", multiple=True, metavar="IMAGE", help="Offer this file beside the examples.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Class folders, or CIFAR-10: images to offer, and to test the models of trainings on.",
)
@click.option(
    "--survey",
    type=click.Path(path_type=Path),
    metavar="ROWS",
    help="Show the whole data set: a folder that innerview survey wrote of this model and --data.",
)
@click.option("--select", multiple=True, metavar="SELECTION", help="From --data: a number, a class, or class:number.")
@click.option("--port", type=click.IntRange(0, 65535), default=8470, show_default=True, help="0 for any that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; another needs a token.")
@click.option("--open/--no-open", "opened", default=True, show_default=True, help="Open a browser.")
def command(
    *,
    runs: tuple[Path, ...],
    model: Any,
    named: str,
    images: tuple[str, ...],
    data: Path | None,
    survey: Path | None,
    select: tuple[str, ...],
    port: int,
    host: str,
    opened: bool,
) -> None:
    """Serve the viewer until Ctrl-C. RUN is the folder of a training, or of several; a running one is followed.

    Only this computer can reach it. From another one, tunnel: ssh -L 8470:localhost:8470 HOST. With --host anybody
    with the printed address and its token can see the viewer and upload images.
    """
    from innerview.methods.registry import registry
    from innerview.session.opening import furnish
    from innerview.session.registry import opening
    from innerview.web.app import make_app
    from innerview.web.guard import Access
    from innerview.web.server import address, listen, open_browser, serve

    for problem in registry().problems:
        say(f"innerview: warning: {problem}.", err=True)
    access = Access.on(host)
    with listen(host, port) as listening:
        session, changes = furnish(
            model,
            runs,
            images,
            data=data,
            picks=select,
            remote=bool(access.token),
            named=named,
            survey=_opener(survey, data),
        )
        app = make_app(session, access, changes)
        url = address(listening, access) + (opening(runs) or ("#/dataset" if survey else ""))

        def ready() -> None:
            say(f"Open {url}", "Ctrl-C ends it.")
            if opened:
                open_browser(url)

        serve(app, listening, ready)


def _opener(survey: Path | None, data: Path | None) -> Any:
    """Opens the survey once the models are there; None where none is shown."""
    if survey is None:
        return None
    from functools import partial

    from innerview.workbench.survey.shown import open_survey

    return partial(open_survey, survey, data=data)
