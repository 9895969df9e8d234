from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from innerview.data.class_files import read_class_file
from innerview.errors import UsageError
from raising import raises

PETS = ("cat", "dog", "tench, Tinca tinca")
JSON = {
    "a list": list(PETS),
    "numbers and names": {"0": "cat", "2": "tench, Tinca tinca", "1": "dog"},
    "names and numbers": {"dog": 1, "cat": 0, "tench, Tinca tinca": 2},
    "ImageNet's": {"0": ["n02123045", "cat"], "1": ["n02084071", "dog"], "2": ["n01440764", "tench, Tinca tinca"]},
    "pairs": [["n02123045", "cat"], ["n02084071", "dog"], ["n01440764", "tench, Tinca tinca"]],
    "Hugging Face's": {"model_type": "vit", "id2label": {"0": "cat", "1": "dog", "2": "tench, Tinca tinca"}},
    "its other half": {"label2id": {"cat": 0, "dog": 1, "tench, Tinca tinca": 2}},
}
TEXT = {
    "a name a line": "cat\ndog\ntench, Tinca tinca\n",
    "Windows": "cat\r\ndog\r\ntench, Tinca tinca\r\n",
    "an old Mac": "cat\rdog\rtench, Tinca tinca",
    "empty lines": "\ncat\ndog\n\n  tench, Tinca tinca  \n\n\n",
    "numbers": "0 cat\n1 dog\n2 tench, Tinca tinca\n",
    "numbers in another order": "2 tench, Tinca tinca\n0 cat\n1 dog\n",
    "numbers and colons": "0: cat\n1: dog\n2: tench, Tinca tinca",
    "numbers and commas": "0,cat\n1,dog\n2,tench, Tinca tinca",
    "numbers and tabs": "000\tcat\n001\tdog\n002\ttench, Tinca tinca",
    "a dictionary of Python": "{0: 'cat',\n 1: 'dog',\n 2: 'tench, Tinca tinca'}\n",
    **{name: json.dumps(value, indent=1) for name, value in JSON.items()},
}


def read(folder: Path, content: bytes) -> tuple[str, ...]:
    path = folder / "classes"
    path.write_bytes(content)
    return read_class_file(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT)
def test_every_form_in_every_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    assert read(tmp_path, text.encode(encoding)) == PETS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("12 monkeys\n101 dalmatians\n", ("12 monkeys", "101 dalmatians")),
        ("7 dwarfs\nSnow White\n", ("7 dwarfs", "Snow White")),
        ("0\n1\n10\n2\n", ("0", "1", "10", "2")),
        ("crane\nhen\ncrane\n", ("crane", "hen", "crane")),
        ("n01440764 tench\nn01443537 goldfish", ("n01440764 tench", "n01443537 goldfish")),
        ("cafe\u0301\ntr\x1b[31mout\n", ("caf\u00e9", r"tr\x1b[31mout")),
        ("a\u2028b\nc\x85d\n", (r"a\u2028b", r"c\x85d")),
    ],
)
def test_names_stay_as_they_are(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    """A number belongs to a name unless all lines have one and they are those of the outputs."""
    assert read(tmp_path, text.encode()) == names


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", {"about": "classes", "found": "empty"}),
        (b" \n\n", {"about": "classes", "found": "empty"}),
        (b"[]", {"about": "classes", "found": "empty"}),
        (b"{}", {"about": "classes", "found": "empty"}),
        (b"1 cat\n2 dog\n", {"about": "numbers", "found": "numbers from 1 to 2", "limit": 2}),
        (b"0 cat\n0 dog\n", {"about": "numbers", "found": "the number 0 twice", "limit": 2}),
        (b"0 cat\n2 dog\n", {"about": "numbers", "found": "numbers from 0 to 2", "limit": 2}),
        (b'{"1": "cat", "2": "dog"}', {"about": "numbers", "found": "numbers from 1 to 2", "limit": 2}),
        (b'{"0": "cat", "00": "dog"}', {"about": "numbers", "found": "the number 0 twice", "limit": 2}),
        (b'{"cat": "feline", "dog": "canine"}', {"about": "keys", "found": "cat"}),
        (b'{"cat": 0, "dog": 0}', {"about": "numbers", "found": "the number 0 twice", "limit": 2}),
        (b'["cat", 3]', {"about": "names", "found": "an int (3)"}),
        (b'[["a", "b", "c"]]', {"about": "names", "found": "a list"}),
        (b'["cat", ', {"about": "json", "found": "broken"}),
        (b"[" * 100_000, {"about": "json", "found": "broken"}),
        (b'{"a":' * 100_000, {"about": "json", "found": "broken"}),
        (b"caf\xe9\n", {"about": "encoding", "found": 1}),
        (b"\xff\xfec\x00a", {"about": "encoding", "found": 1}),
        (b"\x00", {"about": "encoding", "found": 1}),
    ],
)
def test_what_can_not_be_read_says_why(tmp_path: Path, content: bytes, said: dict[str, Any]) -> None:
    with raises(UsageError, **said):
        read(tmp_path, content)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A pipe would wait for ever, a device has no end."""
    os.mkfifo(tmp_path / "pipe")
    with raises(UsageError, "classes", file="pipe"):
        read_class_file(tmp_path / "pipe")
    with raises(UsageError, "classes", found="a folder"):
        read_class_file(tmp_path)
    for missing in (tmp_path / "none", Path("nul\0"), Path("a" * 5000)):
        with raises(UsageError, "classes"):
            read_class_file(missing)


def test_size_is_bounded(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**40)
    with raises(UsageError, "size", found=1099511627776, limit=16777216, file="large"):
        read_class_file(tmp_path / "large")
