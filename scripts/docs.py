"""Write the parts of the documentation that come from the code, or check that they are in step (`--check`).

docs/cli.md      every command's help
docs/api.md      every public name with its signature and first sentence
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import click

import innerview
from innerview import cli

ROOT = Path(__file__).parent.parent


def command_line() -> str:
    """Every command's help, as a terminal of 110 columns shows it."""
    parts = ["# The command line\n", "Written by `python scripts/docs.py` from the commands themselves.\n"]
    context = click.Context(cli.innerview, info_name="innerview", max_content_width=110, terminal_width=110)
    parts += [_help("innerview", cli.innerview.get_help(context))]
    for name in cli.COMMANDS:
        command = cli.innerview.get_command(context, name)
        inner = click.Context(command, info_name=name, parent=context, max_content_width=110, terminal_width=110)
        parts += [f"## innerview {name}\n", _help(f"innerview {name}", command.get_help(inner))]
    parts += ["Exit codes: 0 done; 1 the run failed (an unreadable picture, a full disk, Ctrl-C); 2 wrong usage.\n"]
    return "\n".join(parts)


def _help(name: str, text: str) -> str:
    return f"```text\n$ {name} --help\n{text.rstrip()}\n```\n"


def names() -> str:
    """Every public name of the package."""
    lines = ["# Public names\n", "Written by `python scripts/docs.py`; `help(innerview.look)` tells more of each.\n"]
    for name in innerview.__all__:
        thing = getattr(innerview, name)
        if name.startswith("__"):
            continue
        first = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
        signature = f"({', '.join(_parameters(thing))})" if callable(thing) else ""
        lines.append(f"- `innerview.{name}{signature}`: {first}")
    return "\n".join(lines) + "\n"


def _parameters(thing: object) -> list[str]:
    """Names of the parameters, with a star where only keywords follow, and … for what has a default."""
    if isinstance(thing, type) and issubclass(thing, Exception):
        return ["message"]
    found: list[str] = []
    starred = False
    for one in inspect.signature(thing).parameters.values():
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            found.append("*")
        stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(one.kind, "")
        starred = starred or stars == "*"
        found.append(f"{stars}{one.name}" + ("=…" if one.default is not inspect.Parameter.empty else ""))
    return found


PAGES = {"docs/cli.md": command_line, "docs/api.md": names}


def main() -> int:
    """Write the pages, or with --check say which are out of step."""
    stale = []
    for name, make in PAGES.items():
        path, text = ROOT / name, make()
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            stale.append(name)
    if stale:
        print(f"out of step with the code: {', '.join(stale)}; run: python scripts/docs.py")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
