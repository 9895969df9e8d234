r"""Names that others gave to files, folders and classes, made fit to be shown, written and compared.

`readable` gives text that any file, page or terminal can hold, on one line: bytes of a file name that are no UTF-8
(Python keeps them as lone surrogates) are written as \xe9, control characters and those that turn the direction of
writing as \n or \u202e, and letters that macOS takes apart (e + accent) are put together (NFC). Names that differ
stay apart, since nothing is dropped. `comparable` is what two names that people take for one have in common: the
same without case, and without spaces around it.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_FIRST_BYTE, _LAST_BYTE = 0xDC80, 0xDCFF
"""Where Python puts the bytes 80 to FF of a file name that can't be decoded (PEP 383)."""

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode's categories of what can't be seen: control, format, surrogate and private characters, line ends."""

_JOINERS: Final = frozenset("\u200c\u200d")
"""Format characters that some scripts and most composed emoji need; they turn nothing and end nothing."""


def readable(name: str) -> str:
    """Give a name in characters that can be shown and encoded, on one line."""
    if name.isascii() and name.isprintable():  # nearly all are, and a thousand folders meet a thousand classes
        return name
    return visible(unicodedata.normalize("NFC", name))


def visible(text: str) -> str:
    r"""Give text with what can't be seen or encoded written as \xe9 or \u202e, all else as it is: a path stays one."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def comparable(name: str) -> str:
    """Give what is the same in two names that differ in case, composition or the spaces around them only."""
    folded = readable(name).strip().casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def _shown(letter: str) -> str:
    if letter in _JOINERS or unicodedata.category(letter) not in _HIDDEN:
        return letter
    code = ord(letter)
    if _FIRST_BYTE <= code <= _LAST_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")
