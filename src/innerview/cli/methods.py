"""`innerview methods`: what an image can be explained by, from the registry."""

from __future__ import annotations

import click

from innerview.cli.console import Command, console, say
from innerview.names import visible


@click.command("methods", cls=Command, short_help="List the methods that explain an image, with their options.")
@click.argument("name", default="", metavar="[METHOD]")
def command(*, name: str) -> None:
    """List the methods that give a map of an image: what each answers, needs and costs.

    With METHOD, its options and its source; `innerview explain --method METHOD:option=value` runs it.
    """
    from rich.table import Table

    from innerview.methods.registry import find_method, map_methods, registry

    known = registry()
    if name:
        row = find_method(name)
        facts = [("Method", f"{row.name} ({row.title})"), ("Answers", row.answers)]
        facts += [("Needs", _needs(gradients=row.needs_gradients, more=row.needs)), ("Cost", f"in passes: {row.cost}")]
        facts += [("Source", row.source), ("From Python", f"innerview.{row.function.__name__}")]
        facts += [("Option", f"{one.name}: {one.words}; {one.takes} [{one.default_words}]") for one in row.options]
        table = Table.grid(padding=(0, 2))
        for head, value in facts:
            table.add_row(head, visible(value))
    else:
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
        table.add_column("method", no_wrap=True)
        for head in ("answers", "needs", "cost, in passes"):
            table.add_column(head)
        for row in map(known.methods.__getitem__, map_methods()):
            cells = (row.name, row.answers, _needs(gradients=row.needs_gradients, more=row.needs), row.cost)
            table.add_row(*map(visible, cells))
    console().print(table)
    for problem in known.problems:
        say(f"innerview: warning: {problem}.", err=True)


def _needs(*, gradients: bool, more: str) -> str:
    return ", ".join([*(["gradients"] if gradients else []), *([more] if more else [])]) or "nothing"
