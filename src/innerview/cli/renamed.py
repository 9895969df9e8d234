"""Commands and options that were renamed: the old word is answered with the new one, and does nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import click

COMMANDS: Final[Mapping[str, str]] = {"look": "explain", "path": "saturation", "run": "inspect"}
"""Old name of a command -> new name."""

OPTIONS: Final[Mapping[str, str]] = {
    "--batch": "--batch-size",
    "--budget": "--max-evaluations",
    "--channels": "--max-channels",
    "--class": "--target",
    "--count": "--num-images",
    "--evaluations": "--n-steps",
    "--frames": "--num-checkpoints",
    "--gives": "--output-spec",
    "--input": "--input-spec",
    "--network": "--model",
    "--pick": "--select",
    "--picture": "--image",
    "--recipe": "--config",
    "--same-bins": "--shared-bins",
    "--scale": "--vmax",
    "--shares": "--fractions",
    "--size": "--image-size",
    "--style": "--overlay",
    "--trust": "--trust-code",
}
"""Old option -> new option. `--target` is not in it: it exists, and `--target logit` is answered with --objective."""


def refuse_old_command(name: str, known: Sequence[str], context: click.Context) -> None:
    """Raise click's UsageError that names the command meant, if `name` is an old one or nearly one of those known."""
    if name in COMMANDS:
        new = COMMANDS[name]
        context.fail(f"The command {name!r} was renamed; use {new!r}: innerview {new}")
    near = [] if name in known or name.startswith("-") else get_close_matches(name, (*known, *COMMANDS), 1)
    if near:
        meant = COMMANDS.get(near[0], near[0])
        context.fail(f"No such command {name!r}. Did you mean {meant!r}? innerview {meant}")


def refuse_old_option(problem: click.ClickException) -> click.ClickException:
    """Give the error that names the new option, if an old one was not known; else the error as it is."""
    if not isinstance(problem, click.NoSuchOption) or problem.ctx is None:
        return problem
    new = OPTIONS.get(problem.option_name, "")
    known = {name for parameter in problem.ctx.command.params for name in parameter.opts}
    if new not in known:
        return problem
    return click.UsageError(f"The option {problem.option_name} was renamed; use {new}.", problem.ctx)
