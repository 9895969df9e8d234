"""safetensors files of any writer: every type of number is read exactly, or refused by its name.

NumPy has no bfloat16 and no floats of 8 bits; their values are all float32 values as well, so they are widened, bit by
bit. (The library's own reader for NumPy ends in a KeyError there.) A header's offsets are checked against the file's
size before anything is allocated, and arrays can be read one at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, cast

import numpy as np

from innerview.errors import DataError
from innerview.files.documents import parse_json, read_json
from innerview.files.regular import brief, opened, size_of
from innerview.types import Array

HEADER: Final = 100_000_000
"""Bytes of a header, at most: the format's own limit."""

PLAIN: Final[Mapping[str, str]] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "C128": "<c16", "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1",
}  # fmt: skip
"""Types that NumPy has, by safetensors' names."""

AXES: Final = 64
"""Of an array, at most: NumPy's limit."""

INDEX: Final = ".safetensors.index.json"


def _eighths(exponent: int, mantissa: int, bias: int, *, infinite: bool, zero_is_nan: bool = False) -> Array:
    """The values of all 256 floats of 8 bits: a sign, `exponent` bits, `mantissa` bits.

    Args:
        exponent: bits.
        mantissa: bits.
        bias: of the exponent.
        infinite: the largest exponent means infinity and NaN, as in IEEE 754; else only all ones mean NaN.
        zero_is_nan: what would be minus zero means NaN, and nothing else does.
    """
    codes = np.arange(256)
    power, part = codes >> mantissa & (1 << exponent) - 1, codes & (1 << mantissa) - 1
    sign = np.where(codes < 128, 1.0, -1.0)
    whole = np.ldexp((1 << mantissa) + part, power - bias - mantissa)
    values = sign * np.where(power > 0, whole, np.ldexp(part * 1.0, 1 - bias - mantissa))
    last = power == (1 << exponent) - 1
    if zero_is_nan:
        values[128] = np.nan
    elif infinite:
        values[last] = np.where(part[last] == 0, sign[last] * np.inf, np.nan)
    else:
        values[last & (part == (1 << mantissa) - 1)] = np.nan
    return (values if zero_is_nan else np.copysign(values, sign)).astype(np.float32)


def _powers() -> Array:
    """Exponents alone, of the scales in microscaling formats: powers of two, and NaN."""
    values = np.ldexp(1.0, np.arange(256) - 127)
    values[255] = np.nan
    return values.astype(np.float32)


SMALL: Final[Mapping[str, Array]] = {
    "F8_E4M3": _eighths(4, 3, 7, infinite=False),
    "F8_E5M2": _eighths(5, 2, 15, infinite=True),
    "F8_E4M3FNUZ": _eighths(4, 3, 8, infinite=False, zero_is_nan=True),
    "F8_E5M2FNUZ": _eighths(5, 2, 16, infinite=False, zero_is_nan=True),
    "F8_E8M0": _powers(),
}
"""The value of each byte, of the types that have one byte and are no type of NumPy's."""

WIDTHS: Final = {
    **{name: np.dtype(kind).itemsize for name, kind in PLAIN.items()},
    **dict.fromkeys(SMALL, 1),
    "BF16": 2,
}


@dataclass(frozen=True)
class Entry:
    """Where one array lies: its type by safetensors' name, its shape, and its bytes from the file's beginning."""

    kind: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """What a file says of itself.

    Attributes:
        entries: of the arrays, by name, in the file's order.
        metadata: what else the writer noted.
    """

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]


def read_tensors(path: Path, what: str = "the weights") -> tuple[dict[str, Array], dict[str, str]]:
    """Read all arrays and the metadata of a safetensors file.

    bfloat16 and floats of 8 bits come as float32, with the same values; everything else as NumPy's own type.

    Raises:
        DataError: it is no such file, is damaged, or holds a type that is not known.
    """
    found = read_header(path, what)
    with opened(path, what) as file:
        arrays = dict[str, Array]()
        for name, entry in found.entries.items():
            arrays[name] = read_values(file, entry)
        return arrays, dict(found.metadata)


def stored_types(path: Path, what: str = "the weights") -> dict[str, str]:
    """safetensors' name of the type that each array is stored in.

    Raises:
        DataError: as `read_tensors`.
    """
    return {name: entry.kind for name, entry in read_header(path, what).entries.items()}


def read_header(path: Path, what: str = "the weights") -> Header:
    """Read and check what a safetensors file says of itself; no array is read.

    Raises:
        DataError: as `read_tensors`.
    """
    size = size_of(path, what)
    with opened(path, what) as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, HEADER):
            raise DataError(
                f"{what} {path} can't be read (a header of {length:,} bytes was announced, the file has {size:,}); "
                "give a safetensors file, which holds nothing but arrays"
            ).of("header", path=path, found=size, asked=length)
        told = parse_json(file.read(length), path, what)
    metadata = told.pop("__metadata__", {})
    if not isinstance(metadata, Mapping):
        raise DataError(f"{what} {path} is damaged: its metadata is no table").of("metadata", path=path)
    entries = {name: _entry(name, one, 8 + length, size, f"{what} {path}") for name, one in told.items()}
    claimed = sum(one.end - one.begin for one in entries.values())
    there = size - 8 - length
    if claimed != there:  # each fits, and together they don't: they lie over each other, or something lies between
        raise DataError(
            f"{what} {path} is damaged: its arrays have {claimed:,} bytes in all, and {there:,} are there"
        ).of("size", path=path, asked=claimed, found=there)
    return Header(entries, {str(key): str(value) for key, value in cast("Mapping[str, Any]", metadata).items()})


def _entry(name: str, told: Any, begin: int, size: int, whose: str) -> Entry:
    """Check what the header says of one array."""
    try:
        kind, shape, (start, end) = told["dtype"], told["shape"], told["data_offsets"]
        whole = len(shape) <= AXES and all(type(number) is int and number >= 0 for number in (*shape, start, end))
    except (LookupError, TypeError, ValueError):
        kind, shape, start, end, whole = "", (), 0, 0, False
    if not whole:
        raise DataError(f"{whose} is damaged: its header says of {name!r} {brief(told)}").of(
            "header", asked=name, found=brief(told)
        )
    if kind not in WIDTHS:
        raise DataError(
            f"{whose} holds {name!r} as {kind}, a type that is not read; the types are {', '.join(WIDTHS)}. "
            "Save it as one of them"
        ).of("dtype", asked=name, found=kind, known=WIDTHS)
    wanted = math.prod(shape) * WIDTHS[kind]
    if wanted != end - start or begin + end > size:
        raise DataError(
            f"{whose} is damaged or cut short: {name!r} is {kind} of shape {tuple(shape)}, {wanted:,} bytes, and its "
            f"place is {start:,} to {end:,} of {size - begin:,}"
        ).of("place", asked=name, found=(start, end))
    return Entry(kind, tuple(shape), begin + start, begin + end)


def read_values(file: IO[bytes], entry: Entry) -> Array:
    """Read one array from an open file whose header was checked."""
    file.seek(entry.begin)
    return _values(file.read(entry.end - entry.begin), entry)


def _values(content: bytes, entry: Entry) -> Array:
    if entry.kind in SMALL:
        return SMALL[entry.kind][np.frombuffer(content, np.uint8)].reshape(entry.shape)
    if entry.kind == "BF16":  # the upper half of a float32
        return (np.frombuffer(content, "<u2").astype(np.uint32) << 16).view(np.float32).reshape(entry.shape)
    found = np.frombuffer(bytearray(content), PLAIN[entry.kind]).reshape(entry.shape)
    return found.astype(found.dtype.newbyteorder("="), copy=False)


def read_shards(path: Path, what: str = "the weights") -> dict[str, Array]:
    """Read weights that are spread over several files, by the index that names them (…safetensors.index.json).

    Raises:
        DataError: the index or a file can't be read, a weight is in none, or a file does not lie beside the index.
    """
    places = read_json(path, what).get("weight_map")
    if not isinstance(places, Mapping) or not places:
        raise DataError(
            f"{what} {path} can't be read (it has no weight_map, which says which file holds which weight)"
        ).of("weight_map", path=path)
    named = cast("Mapping[str, object]", places)
    arrays = dict[str, Array]()
    for file in sorted({str(one) for one in named.values()}):
        if PurePosixPath(file).name != file or "\\" in file:
            raise DataError(f"{what} {path} is not followed: it names {file!r}, which does not lie beside it").of(
                "weight_map", path=path, found=file
            )
        held, _ = read_tensors(path.parent / file, what)
        missing = _listed([name for name, place in named.items() if place == file and name not in held])
        if missing:
            raise DataError(
                f"{what} {path} says that {file} holds {missing}, and it does not; one of the two is another's"
            ).of("weight_map", path=path, found=missing, asked=file)
        arrays |= {name: values for name, values in held.items() if named.get(name) == file}
    return arrays


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
