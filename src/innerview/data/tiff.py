"""TIFF in all its forms: each is read exactly, or refused for what it is.

Pillow decodes the usual ones (1 to 8 bits; JPEG and fax inside). All others (16 to 64 bits, signed, floats, opacity,
white at 0, planes one by one, further channels) are decoded as rows of bytes, whatever they mean, and their meaning is
given to them here: byte order, predictor, which channels are colours.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image as Pillow

from innerview.data import tiff_tags as tags
from innerview.data.colours import OVER_WHITE, deep_raster, over_white, samples_raster, scaled_raster, to_raster
from innerview.data.found import Allow, Found
from innerview.data.raster import Raster, array_samples, strips
from innerview.data.tiff_tags import Directory, read_directory, rewritten
from innerview.errors import ImageError
from innerview.types import Array

MOST_BYTES: Final = 100 * 10**6
"""Of samples that are held as the file has them."""

_WAY: Final = "save it as 8 or 16 bits per channel, grey or RGB (a PNG, say)"
_PHOTOMETRICS: Final = {
    0: ("grey, white at 0", 1),
    1: ("grey", 1),
    2: ("RGB", 3),
    3: ("a palette", 1),
    5: ("inks", 4),
    6: ("YCbCr", 3),
    8: ("L*a*b*", 3),
}
"""What the channels are, and how many of them are colours."""

_REFUSED: Final = {4: "a mask", 9: "L*a*b* (ICC)", 10: "L*a*b* (ITU)", 32803: "a camera's raw colours", 34892: "raw"}
_COMPRESSIONS: Final = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946, 34925, 50000})
_NAMES: Final = {6: "JPEG of the old kind", 34712: "JPEG 2000", 34887: "LERC", 50001: "WebP", 50002: "JPEG XL"}
_BITWISE: Final = frozenset({2, 3, 4})
_JPEG: Final = 7
_KINDS: Final = {1: "u", 2: "i", 3: "f"}
_DIRECT: Final = {1: {1, 2, 4, 8}, 3: {1, 2, 4, 8}}


@dataclass(frozen=True)
class Form:
    """What a TIFF says of its samples.

    Attributes:
        size: width and height.
        photometric: a key of _PHOTOMETRICS.
        bits: of a sample.
        kind: "u", "i" or "f".
        samples: channels.
        colours: of them, those that are colours.
        extra: what the others are: 1 opacity that colours are multiplied by, 2 opacity, 0 unknown.
    """

    size: tuple[int, int]
    photometric: int
    bits: int
    kind: str
    samples: int
    colours: int
    extra: tuple[int, ...]

    @property
    def words(self) -> str:
        """Their kind, for people."""
        kind = {"f": "floats", "i": "signed whole numbers", "u": "whole numbers"}[self.kind]
        if self.kind == "i" and self.bits == 32:
            kind = "whole numbers"  # what Pillow and others write for any
        return (
            f"{self.bits}-bit {kind}"
            if self.kind != "i" or self.bits == 32
            else f"signed {self.bits}-bit whole numbers"
        )


def read_tiff(data: bytes, allow: Allow) -> Found:
    """Take a TIFF apart, and decode what Pillow does not.

    Raises:
        ImageError: it is of a form that is not read; says of which.
        ValueError: it is broken.
    """
    directory = read_directory(data)
    allow(directory.numbers[tags.WIDTH][0], directory.numbers[tags.HEIGHT][0])
    form = _form(directory)
    found = Found(b"", form.size, form.bits)
    found.orientation = directory.first(tags.ORIENTATION, 1)
    found.icc, found.xmp = directory.blocks.get(tags.PROFILE, b""), directory.blocks.get(tags.XMP, b"")
    found.several = directory.several
    if form.photometric == 2 and form.samples == 4 and not directory.numbers.get(tags.EXTRA, ()):
        found.notes.append("a fourth channel, of which nobody says what it holds, taken for opacity")
    if _is_direct(form, directory):
        numbers = dict(_bounded(form, directory))
        if form.photometric == 3:
            numbers[tags.PALETTE] = _palette(directory, form, found)
        found.clean = rewritten(data, directory, numbers)
    else:
        _meaning(_decoded(data, directory, form), form, found)
    return found


def _form(directory: Directory) -> Form:
    """Check what a directory says, and refuse by its name what is not read."""
    numbers = directory.numbers
    width, height = numbers[tags.WIDTH][0], numbers[tags.HEIGHT][0]
    compression, photometric = directory.first(tags.COMPRESSION, 1), directory.first(tags.PHOTOMETRIC, 0)
    samples = directory.first(tags.SAMPLES, 1)
    if photometric not in _PHOTOMETRICS:
        name = _REFUSED.get(photometric, f"colours of kind {photometric}")
        raise ImageError(f"is a TIFF in {name}, which is not read; {_WAY}").of("photometric", found=name)
    if compression not in _COMPRESSIONS:
        name = _NAMES.get(compression, f"method {compression}")
        raise ImageError(f"is a TIFF compressed with {name}, which is not read; save it without compression").of(
            "compression", found=name
        )
    bits, kinds = set(numbers.get(tags.BITS, (1,))[:samples]), set(numbers.get(tags.FORM, (1,))[:samples])
    if len(bits) > 1 or len(kinds) > 1 or not kinds <= set(_KINDS):
        found = f"{', '.join(map(str, numbers.get(tags.BITS, (1,))[:8]))} bits, number formats {sorted(kinds)[:8]}"
        raise ImageError(f"is a TIFF with channels of {found}, which are not read; {_WAY}").of("samples", found=found)
    colours = _PHOTOMETRICS[photometric][1]
    form = Form((width, height), photometric, bits.pop(), _KINDS[kinds.pop()], samples, colours, ())
    return replace(form, extra=_extra(form, directory))


def _extra(form: Form, directory: Directory) -> tuple[int, ...]:
    """What the channels beyond the colours are, or refuse."""
    beyond = form.samples - form.colours
    said = directory.numbers.get(tags.EXTRA, ())
    name = _PHOTOMETRICS[form.photometric][0]
    if beyond < 0:
        raise ImageError(f"is a TIFF in {name} with {form.samples} channels, {form.colours} are needed; {_WAY}").of(
            "channels", found=form.samples, asked=form.colours
        )
    if beyond and not said and (form.photometric, form.samples) == (2, 4):
        return (2,)  # RGB with a fourth channel of which nothing is said: opacity, in all that write it
    if len(said) != beyond or not set(said) <= {0, 1, 2}:
        raise ImageError(
            f"is a TIFF with {form.samples} channels of {form.words}, of which {form.colours} are colours ({name}) and "
            f"the others are not said to be anything; {_WAY}"
        ).of("channels", found=form.samples, limit=form.colours)
    return said


def _is_direct(form: Form, directory: Directory) -> bool:
    """Whether Pillow decodes it exactly: 8 bits or fewer, the usual channels, and nothing that it passes over."""
    compression = directory.first(tags.COMPRESSION, 1)
    if form.kind != "u":
        return False
    if compression in _BITWISE or compression == _JPEG or form.photometric in {6, 8} or form.bits < 8:
        usual = form.samples == form.colours and form.bits in {1, 2, 4, 8}
        if not usual or (form.photometric in {6, 8} and form.bits != 8):
            raise ImageError(
                f"is a TIFF in {_PHOTOMETRICS[form.photometric][0]} with {form.samples} channels of {form.words}, "
                f"which is not read; {_WAY}"
            ).of("photometric", found=_PHOTOMETRICS[form.photometric][0])
        return True
    separate = directory.first(tags.PLANAR, 1) == 2
    return form.bits == 8 and form.samples == form.colours and not separate


def _bounded(form: Form, directory: Directory) -> Mapping[int, Sequence[int]]:
    """The directory for Pillow: what pixels depend on, and tiles of a size that fits the image."""
    width, height = form.size
    numbers = {tag: values for tag, values in directory.numbers.items() if tag != tags.ORIENTATION}
    across, down = directory.first(tags.TILE_WIDTH, 1), directory.first(tags.TILE_HEIGHT, 1)
    if across > width + 1024 or down > height + 1024 or min(across, down) < 1:
        raise ValueError("tiles larger than the image")
    if tags.ROWS in numbers:
        numbers[tags.ROWS] = (max(1, min(height, numbers[tags.ROWS][0])),)
    numbers[tags.SAMPLES] = (form.samples,)
    numbers[tags.BITS] = (form.bits,) * form.samples
    numbers.pop(tags.FORM, None)
    return numbers


def _palette(directory: Directory, form: Form, found: Found) -> Sequence[int]:
    """The palette in 16 bits; some write 8, which would be black."""
    values = directory.numbers.get(tags.PALETTE, ())
    if len(values) != 3 << form.bits:
        raise ValueError("a palette of another length")
    if 0 < max(values) < 256:
        found.notes.append("its palette has 8 bits in place of 16")
        return [257 * value for value in values]
    return values


def _decoded(data: bytes, directory: Directory, form: Form) -> Array:
    """Samples as numbers, height × width × channel."""
    width, height = form.size
    order = directory.order
    predictor = directory.first(tags.PREDICTOR, 1)
    if form.bits not in ({8, 16, 32, 64} if form.kind != "f" else {16, 32, 64}) and not (8 < form.bits < 16):
        raise ImageError(f"is a TIFF of {form.words}, which are not read; {_WAY}").of("samples", found=form.words)
    if directory.first(tags.FILL_ORDER, 1) != 1 or predictor not in {1, 2, 3}:
        raise ImageError(f"is a TIFF of {form.words} with its bits in another order, which is not read; {_WAY}").of(
            "bit order", found=form.words
        )
    total = width * height * form.samples * form.bits // 8
    if total > MOST_BYTES:
        raise ImageError(
            f"is a TIFF of {width} × {height} with {form.samples} channels of {form.words}, {total / 1e6:.0f} MB; the "
            f"most is {MOST_BYTES / 1e6:.0f} MB: make it smaller, a classifier sees a small copy anyway"
        ).of("size", found=total, limit=MOST_BYTES)
    separate = directory.first(tags.PLANAR, 1) == 2
    planes = range(form.samples) if separate and form.samples > 1 else range(1)
    each = 1 if len(planes) > 1 else form.samples
    tile = directory.first(tags.TILE_WIDTH, width)
    found = [_typed(_rows(data, directory, form, plane, each), form, order, each, predictor, tile) for plane in planes]
    return np.concatenate(found, axis=2) if len(found) > 1 else found[0]


def _rows(data: bytes, directory: Directory, form: Form, plane: int, samples: int) -> Array:
    """One plane as rows of bytes, whatever they mean."""
    width, height = form.size
    tiled = tags.TILE_OFFSETS in directory.numbers
    places, lengths = (tags.TILE_OFFSETS, tags.TILE_BYTES) if tiled else (tags.STRIP_OFFSETS, tags.STRIP_BYTES)
    bounded = _bounded(form, directory)
    across, down = (bounded[tags.TILE_WIDTH][0], bounded[tags.TILE_HEIGHT][0]) if tiled else (width, 0)
    if across * samples * form.bits % 8 and tiled:
        raise ValueError("tiles that end within a byte")
    down = down or bounded.get(tags.ROWS, (height,))[0]
    count = -(-width // across) * -(-height // down)
    offsets = directory.numbers[places][plane * count : (plane + 1) * count]
    sizes = directory.numbers.get(lengths, ())[plane * count : (plane + 1) * count]
    if len(offsets) < count:
        raise ValueError("strips are missing")
    row = -(-width * samples * form.bits // 8)
    numbers: dict[int, Sequence[int]] = {
        tags.WIDTH: (row,),
        tags.HEIGHT: (height,),
        tags.BITS: (8,),
        tags.SAMPLES: (1,),
        tags.COMPRESSION: (directory.first(tags.COMPRESSION, 1),),
        tags.PHOTOMETRIC: (1,),
        places: offsets,
        **({lengths: sizes} if sizes else {}),
        **({tags.TILE_WIDTH: (across * samples * form.bits // 8,), tags.TILE_HEIGHT: (down,)} if tiled else {}),
        **({} if tiled else {tags.ROWS: (down,)}),
    }
    with Pillow.open(io.BytesIO(rewritten(data, directory, numbers)), formats=("TIFF",)) as image:
        image.load()
        found = np.empty((height, row), np.uint8)
        for top, bottom in strips(row, height):
            found[top:bottom] = np.asarray(image.crop((0, top, row, bottom)))
    return found


def _typed(rows: Array, form: Form, order: str, samples: int, predictor: int, tile: int) -> Array:
    """Give bytes their meaning as numbers."""
    (width, height), size = form.size, form.bits // 8
    if form.bits % 8:
        return _unpacked(rows, form.bits, width, samples, predictor)
    kind = np.dtype(f"{order}{form.kind}{size}")
    if predictor == 3:
        if form.kind != "f" or width % tile:
            raise ImageError(f"is a TIFF of {form.words} with a predictor of floats, which is not read so; {_WAY}").of(
                "predictor", found=form.words
            )
        return _unmixed(rows, width, samples, size, tile).astype(kind.newbyteorder("="))
    values = rows.view(kind).reshape(height, width, samples).astype(kind.newbyteorder("="), copy=False)
    if predictor == 2:
        whole = values.view(f"u{size}")
        for left in range(0, width, tile):
            part = whole[:, left : left + tile]
            np.cumsum(part, axis=1, dtype=whole.dtype, out=part)
    return values


def _unpacked(rows: Array, bits: int, width: int, samples: int, predictor: int) -> Array:
    """9 to 15 bits a sample, the highest first, rows beginning on a byte."""
    if predictor != 1:
        raise ImageError(f"is a TIFF of {bits} bits per sample with a predictor, which is not read; {_WAY}").of(
            "predictor", found=bits
        )
    found = np.zeros((len(rows), width * samples), np.uint16)
    for top, bottom in strips(width * samples * bits, len(rows)):
        single = np.unpackbits(rows[top:bottom], axis=1)[:, : width * samples * bits]
        single = single.reshape(bottom - top, width * samples, bits)
        for bit in range(bits):
            found[top:bottom] |= single[..., bit].astype(np.uint16) << (bits - 1 - bit)
    return found.reshape(len(rows), width, samples)


def _unmixed(rows: Array, width: int, samples: int, size: int, tile: int) -> Array:
    """The predictor of floats: differences of bytes, the bytes of each rank together (TIFF Technical Note 3)."""
    parts: list[Array] = []
    for left in range(0, width, tile):
        part = rows[:, left * samples * size : (left + tile) * samples * size].reshape(len(rows), tile * size, samples)
        ranked = np.cumsum(part, axis=1, dtype=np.uint8).reshape(len(rows), size, tile * samples)
        ordered = np.ascontiguousarray(ranked.transpose(0, 2, 1))
        parts.append(ordered.view(f">f{size}").reshape(len(rows), tile, samples))
    return np.concatenate(parts, axis=1)


def _meaning(values: Array, form: Form, found: Found) -> None:
    """From samples to colours: which channels, which of them is white."""
    known = form.kind == "u" and form.bits <= 16
    if form.photometric == 0 and not known:
        raise ImageError(f"is a TIFF of {form.words} with white at 0, of which nobody knows where black is; {_WAY}").of(
            "white", found=form.words
        )
    if form.extra[:1] in {(1,), (2,)} and not known:
        raise ImageError(f"is a TIFF of {form.words} with opacity, which is not read; {_WAY}").of(
            "opacity", found=form.words
        )
    if form.photometric in {3, 5} and form.bits != 8:
        raise ImageError(
            f"is a TIFF in {_PHOTOMETRICS[form.photometric][0]} of {form.words}, which is not read; {_WAY}"
        ).of("photometric", found=_PHOTOMETRICS[form.photometric][0])
    kept = form.colours + (form.extra[:1] in {(1,), (2,)})
    if form.samples > kept:
        count = form.samples - kept
        found.notes.append(f"{count} more channel{'s' * (count > 1)}, of which nobody says what they hold, left out")
    white = (1 << form.bits) - 1
    values = values[..., :kept] if form.samples > kept else values
    if form.photometric == 0:
        values = np.concatenate([white - values[..., :1], values[..., 1:]], axis=2)
    found.raster = _raster(values, form, found, white)


def _raster(values: Array, form: Form, found: Found, white: int) -> Raster:
    read = array_samples(values)
    if form.kind != "u" or form.bits > 16:
        return scaled_raster(values, form.words, found)
    if form.extra[:1] == (1,):
        found.notes.append(OVER_WHITE)

        def multiplied(left: int, top: int, right: int, bottom: int) -> Array:
            return over_white((read(left, top, right, bottom) / white).astype(np.float32))

        return Raster(form.size, multiplied)
    if form.bits == 16:
        return deep_raster(read, form.size, found)
    if form.bits == 8:
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "CMYK" if form.photometric == 5 else "RGBA"}[values.shape[2]]
        if form.photometric == 3:
            raise ImageError(f"is a TIFF with a palette and {form.samples} channels, which is not read; {_WAY}").of(
                "palette", found=form.samples
            )
        squeezed = np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values)
        return to_raster(Pillow.frombytes(mode, form.size, squeezed.tobytes()), found)
    found.notes.append(f"{form.bits} bits per channel, divided by {white}")
    return samples_raster(read, form.size, white, found)
