"""The command line: parse, call the workbench, print. Nothing is computed here.

Exit codes: 0 done, 1 the run failed, 2 wrong usage. People see one message that says what was asked, what was found
and what to do; `--debug`, anywhere on the line, shows the traceback instead.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from innerview.cli.console import Context, say, writable
from innerview.cli.renamed import refuse_old_command, refuse_old_option
from innerview.errors import InnerviewError
from innerview.version import __version__

COMMANDS: Final = (
    "explain", "ask", "parts", "serve", "report", "page", "compare", "survey", "labels", "suspects", "channels",
    "diff", "weights", "saturation", "train", "inspect", "info", "methods", "export",
)  # fmt: skip
"""Each is a module of this folder with a `command`; none imports anything heavy before it runs."""


class Commands(click.Group):
    """The commands, each imported when it is named."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """Their names, in the order in which they are best learnt."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one, or None if there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"innerview.cli.{cmd_name}").command
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the one that an old name stands for."""
        refuse_old_command(args[0], COMMANDS, ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"max_content_width": 110})
@click.version_option(__version__)
@click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of an error; works anywhere on the line."
)
def innerview() -> None:
    """See inside an image classifier: its weights, its layers and the pixels that decide.

    Start with `innerview explain`: it explains the built-in model on an example image, with nothing else to install.
    """


def main(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; errors are printed to the error stream."""
    with writable():
        return _main(arguments)


def _main(arguments: Sequence[str]) -> int:
    debug = "--debug" in arguments
    try:
        # A command has no answer but the code that it ended with, where it did so itself.
        ended: int | None = innerview.main(
            args=[one for one in arguments if one != "--debug"], prog_name="innerview", standalone_mode=False
        )
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as problem:
        problem = refuse_old_option(problem)
        written = io.StringIO()
        problem.show(written)
        say(*written.getvalue().removesuffix("\n").split("\n"), err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        _complain("stopped. Every file that was finished is whole; nothing half-written is left")
        return 1
    except BrokenPipeError:  # whoever read our output has gone; there is nobody to tell
        return 1
    except InnerviewError as problem:
        if debug:
            raise
        _complain(str(problem))
        return problem.exit_code
    except Exception as problem:
        if debug:
            raise
        said = " ".join(str(problem).split())
        _complain(f"unexpected {type(problem).__name__}: {said}. This is a mistake in innerview; --debug shows where")
        return 1
    return ended or 0


def start() -> None:
    """Entry point of the `innerview` command."""
    sys.exit(main(sys.argv[1:]))


def _complain(message: str) -> None:
    say(*f"innerview: {message.removesuffix('.')}.".split("\n"), err=True)
