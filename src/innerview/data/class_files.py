"""Names of classes from a file, as people have them: in any of the usual forms, or refused with the line.

Read are: a name a line; numbered lines ("0 cat", "0: cat", "0,cat", in any order); JSON with a list of names, with a
list of pairs (ImageNet's number and name), with numbers as keys ({"0": "cat"}, {"0": ["n01440764", "tench"]}), with
names as keys ({"cat": 0}) or with either under "id2label" or "label2id", as Hugging Face writes it; the same as a
dictionary of Python. UTF-8 or UTF-16, with or without a mark in front, and any line ends. Numbers that are there must
be those of the outputs, 0 to n - 1: a list that begins at 1 may mean either, so that it is refused.
"""

from __future__ import annotations

import ast
import json
import re
import stat
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

from innerview.errors import UsageError
from innerview.names import readable

MOST_BYTES: Final = 16 * 2**20
"""More than a million names."""

_NUMBERED: Final = re.compile(r"(\d{1,9})(?:\s*[:,;]\s*|\s+)(\S.*)", re.ASCII)
_WORDNET: Final = re.compile(r"n\d{8}", re.ASCII)
_HOW: Final = "give a text file with a name a line, in the order of the outputs"


def read_class_file(path: Path) -> tuple[str, ...]:
    """Read the names of classes in the order of their numbers.

    Raises:
        UsageError: it can't be read as one of the forms above; says what was found and where.
    """
    text = _text(path)
    try:
        names = _structured(text) if text.lstrip()[:1] in {"[", "{"} else _lines(text)
    except UsageError as problem:
        raise problem.retold(f"{readable(str(path))} {problem}", path=path) from None
    if not names:
        raise UsageError(f"{readable(str(path))} holds no class name; {_HOW}").of("classes", path=path, found="empty")
    return tuple(readable(name) for name in names)


def _text(path: Path) -> str:
    """Read a regular file of a bounded size, in its own encoding."""
    shown = readable(str(path))
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file (a device, pipe or socket)"
            raise UsageError(f"the class names were to be read from {shown}, which is {kind}; {_HOW}").of(
                "classes", path=path, found=kind
            )
        if found.st_size > MOST_BYTES:
            raise UsageError(f"the class names {shown} have {found.st_size:,} bytes; the most is {MOST_BYTES:,}").of(
                "size", path=path, found=found.st_size, limit=MOST_BYTES
            )
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
    except (OSError, ValueError) as problem:
        raise UsageError(f"the class names {shown} can't be read ({problem}); {_HOW}").of(
            "classes", path=path, found=type(problem).__name__
        ) from problem
    encoding = _encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise UsageError(
            f"the class names {shown} are not {encoding.removesuffix('-sig')}: byte {data[problem.start]:02x} in line "
            f"{line}; save the file as UTF-8"
        ).of("encoding", path=path, found=line) from None


def _encoding(data: bytes) -> str:
    """By the mark in front, or by the zeros that UTF-16 puts beside plain letters."""
    if data[:2] in {BOM_UTF16_LE, BOM_UTF16_BE}:
        return "utf-16"
    head = data[:2]
    return "utf-16-le" if head[1:] == b"\0" and head[:1] != b"\0" else "utf-16-be" if head[:1] == b"\0" else "utf-8-sig"


def _lines(text: str) -> list[str]:
    """A name a line, or a number and a name."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
    lines = [line for line in lines if line]
    found = [_NUMBERED.fullmatch(line) for line in lines]
    if len(lines) < 2 or not all(found):
        return lines
    numbered = [(int(one[1]), one[2]) for one in found if one is not None]
    numbers = sorted(number for number, _ in numbered)
    if numbers == list(range(len(lines))):
        return [name for _, name in sorted(numbered)]
    if numbers[0] in {0, 1}:
        raise _misnumbered(numbers)
    return lines  # "12 monkeys", "101 dalmatians": names that begin with a number


def _structured(text: str) -> list[str]:
    """Names from JSON, or from a dictionary as Python writes it."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            raise UsageError(f"begins like JSON and is none that can be read; {_HOW}, or a JSON list of names").of(
                "json", found="broken"
            ) from None
    if isinstance(found, Mapping):
        return _table(cast("Mapping[object, object]", found))
    if isinstance(found, list | tuple):
        return [_name(one) for one in cast("Sequence[object]", found)]
    raise UsageError(f"holds {_kind(found)}; {_HOW}, or a JSON list of names").of("json", found=_kind(found))


def _table(table: Mapping[object, object]) -> list[str]:
    """Names by number, or numbers by name."""
    for key in ("id2label", "label2id"):
        if isinstance(inner := table.get(key), Mapping):
            return _table(cast("Mapping[object, object]", inner))
    backwards = bool(table) and all(isinstance(value, int) for value in table.values())
    pairs = [(value, key) for key, value in table.items()] if backwards else list(table.items())
    numbered = sorted((_number(number), _name(name)) for number, name in pairs)
    numbers = [number for number, _ in numbered]
    if numbers != list(range(len(pairs))):
        raise _misnumbered(numbers)
    return [name for _, name in numbered]


def _number(value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise UsageError(
            f'has the key {text[:40]!r}; its keys are to be the numbers of the classes ({{"0": "cat", …}}), or its '
            'values ({"cat": 0, …})'
        ).of("keys", found=text)
    return int(text)


def _name(value: object) -> str:
    """One name, or the name in a pair of ImageNet's number and name."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple):
        parts = cast("Sequence[object]", value)
        words = [part for part in parts if isinstance(part, str) and not _WORDNET.fullmatch(part)]
        if len(parts) == 2 and len(words) == 1:
            return words[0].strip()
    raise UsageError(f"holds {_kind(value)} where a name should be; {_HOW}, or a JSON list of names").of(
        "names", found=_kind(value)
    )


def _kind(value: Any) -> str:
    kind = type(value).__name__
    text = f" ({str(value)[:40]})" if isinstance(value, int | float | bool | None) else ""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}{text}"


def _misnumbered(numbers: Sequence[int]) -> UsageError:
    count = len(numbers)
    twice = next((one for one, following in pairwise(numbers) if one == following), None)
    found = f"the number {twice} twice" if twice is not None else f"numbers from {numbers[0]} to {numbers[-1]}"
    return UsageError(
        f"gives {count} classes {found}; number them from 0 to {count - 1}, as the outputs are, or leave the "
        "numbers away"
    ).of("numbers", found=found, limit=count)
