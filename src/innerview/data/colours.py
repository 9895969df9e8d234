"""From any of Pillow's modes to red, green and blue in [0, 1]: one row of a table for each.

Nothing is stretched to its own minimum and maximum: the same number always becomes the same brightness, so images
can be compared. Where a file does not say what its numbers mean (whole numbers or floats of 32 bits), the full scale is
the smallest usual one that holds them all, and the note says which. See-through parts lie on white, as on a page. What
is worked out here is a recipe for a part (`Raster`), so that no whole image is ever held as floats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from innerview.data.found import Found
from innerview.data.profiles import Profile, use_profile
from innerview.data.raster import Raster, Reading, array_samples, pillow_samples, strips, with_channels
from innerview.data.tones import Tones
from innerview.errors import ImageError
from innerview.types import Array, Image

FULL_SCALES = (1, 255, 65535, 2**31 - 1, 2**32 - 1)
OVER_WHITE = "see-through parts are laid over white"
UNAPPLIED = "its colour profile is not sRGB and was not applied"


def to_raster(image: Pillow.Image, found: Found) -> Raster:
    """Give the image's colours; what had to be done goes to the notes of `found`.

    Args:
        image: decoded; its own `info` is not looked at.
        found: what the file says beside its samples.

    Raises:
        ImageError: the numbers are outside what could be brightness.
    """
    return _MODES.get(image.mode, _through_rgb)(image, found)


def samples_raster(read: Reading, size: tuple[int, int], scale: float, found: Found) -> Raster:
    """Samples of 1 to 4 channels (grey or colour, with or without opacity behind) of any depth, as colours.

    Args:
        read: the samples of a part.
        size: width and height.
        scale: the sample that is white, or fully opaque.
        found: its key makes a colour see-through, its tones are applied, its notes are added to.
    """
    opacity, read = _opacity(read, size, scale, found)
    tones, key = found.tones, found.key

    def colours(left: int, top: int, right: int, bottom: int) -> Image:
        samples = read(left, top, right, bottom)
        return _composed(_unit(samples, scale), opacity, tones, _alpha(samples, scale, key))

    if tones is not None:
        found.notes.append(f"colours turned from {tones.words} to sRGB")
    return Raster(size, colours)


def _opacity(read: Reading, size: tuple[int, int], scale: float, found: Found) -> tuple[bool, Reading]:
    """Whether anything is see-through; an alpha channel that hides nothing is left away."""
    channels = read(0, 0, 1, 1).shape[2]
    if channels not in {2, 4} and not found.key:
        return False, read
    for top, bottom in strips(*size):
        if _hides(read(0, top, size[0], bottom), scale, found.key):
            found.notes.append(OVER_WHITE)
            return True, read
    found.key = ()

    def opaque(left: int, top: int, right: int, bottom: int) -> Array:
        samples = read(left, top, right, bottom)
        return samples[..., :-1] if channels in {2, 4} else samples

    return False, opaque


def _alpha(samples: Array, scale: float, key: Sequence[int]) -> Array | None:
    """Opacity from the last of 2 or 4 channels, or 0 at one colour and 1 elsewhere."""
    if key:
        return (~_is_colour(samples, key)).astype(np.float32)[..., None]
    return _unit(samples[..., -1:], scale) if samples.shape[2] in {2, 4} else None


def _hides(samples: Array, scale: float, key: Sequence[int]) -> bool:
    """Whether anything of these samples is see-through."""
    return bool(_is_colour(samples, key).any()) if key else bool(samples[..., -1].min() < scale)


def _is_colour(samples: Array, key: Sequence[int]) -> Array:
    """Which samples, height × width, are of one colour; a channel at a time, as below."""
    found: Array = samples[..., 0] == key[0]
    for channel, level in enumerate(key[1:], start=1):
        found &= samples[..., channel] == level
    return found


def _composed(samples: Array, opacity: bool, tones: Tones | None, alpha: Array | None) -> Image:  # noqa: FBT001 — three states of one image
    """Grey to colour, tones to sRGB, and over white."""
    colour = samples[..., : (samples.shape[2] - 1) // 2 * 2 + 1]
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour
    colour = colour if tones is None else tones.to_srgb(colour)
    return _laid_over_white(colour, alpha[..., 0]) if opacity and alpha is not None else colour


def _laid_over_white(colour: Array, alpha: Array) -> Image:
    """colour · alpha + (1 − alpha), a channel at a time: loops over three numbers take several times as long."""
    found, white = np.empty(colour.shape, np.result_type(colour, alpha)), 1 - alpha
    for channel in range(colour.shape[2]):
        part = found[..., channel]
        np.multiply(colour[..., channel], alpha, out=part)
        part += white
    return found


def _unit(samples: Array, scale: float) -> Array:
    if samples.dtype == np.uint8:
        values = samples.astype(np.float32)
        values /= np.float32(scale)
        return values
    return (samples / scale).astype(np.float32)


def _through_rgb(image: Pillow.Image, found: Found) -> Raster:
    """Eight bits or fewer per channel, in colours that Pillow turns to RGB by a fixed formula."""
    if image.mode == "RGB":
        return _eight_bits(image, found)
    return _eight_bits(image.convert("RGB"), found)


def _eight_bits(image: Pillow.Image, found: Found) -> Raster:
    """L, LA, RGB, RGBA: through the profile, if there is one that changes anything."""
    coloured = image.mode[:3] == "RGB"
    profile = use_profile(found.icc, "RGB" if coloured else "L")
    if profile.note:
        found.notes.append(profile.note)
    plain = pillow_samples(image)
    if profile.apply is None:
        return samples_raster(plain, image.size, 255, found)
    found.tones = None
    key, found.key = found.key, ()

    def managed(left: int, top: int, right: int, bottom: int) -> Array:
        samples = plain(left, top, right, bottom)
        colour = np.ascontiguousarray(samples[..., :3] if coloured else samples[..., 0])
        turned = _applied(profile, colour)
        if key:
            opaque = (samples != np.asarray(key)).any(axis=2, keepdims=True)
            return np.concatenate([turned, (255 * opaque).astype(np.uint8)], axis=2)
        return np.concatenate([turned, samples[..., -1:]], axis=2) if samples.shape[2] in {2, 4} else turned

    return samples_raster(managed, image.size, 255, found)


def _applied(profile: Profile, samples: Array) -> Array:
    if profile.apply is None:
        return samples
    return np.asarray(profile.apply(Pillow.fromarray(samples)))


def _one_bit(image: Pillow.Image, found: Found) -> Raster:
    """One bit as 0 and 255; a key of 0 or 1 with it."""
    if found.key:
        found.key = (255 * found.key[0],)
    return _eight_bits(image.convert("L"), found)


def _grey(image: Pillow.Image, found: Found) -> Raster:
    """Grey of 2, 4 or 8 bits, which Pillow has stretched to 8; a key of fewer bits is stretched with it."""
    if found.key and 0 < found.depth < 8:
        found.key = (found.key[0] * 255 // ((1 << found.depth) - 1),)
    return _eight_bits(image, found)


def _palette(image: Pillow.Image, found: Found) -> Raster:
    """Each colour of the palette is turned once; what is see-through is its last channel."""
    table = np.zeros((256, 3), np.uint8)
    given = np.asarray(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)[:256]
    table[: len(given)] = given
    profile = use_profile(found.icc, "RGB")
    if profile.note:
        found.notes.append(profile.note)
    table = _applied(profile, table[None])[0]
    found.tones = None if profile.apply else found.tones
    alphas = np.full((256, 1), 255, np.uint8)
    alphas[: len(found.alphas), 0] = np.frombuffer(found.alphas, np.uint8)
    table = np.concatenate([table, alphas], axis=1) if (alphas < 255).any() else table
    plain = pillow_samples(image)

    def looked_up(left: int, top: int, right: int, bottom: int) -> Array:
        return table[plain(left, top, right, bottom)[..., 0]]

    return samples_raster(looked_up, image.size, 255, found)


def _inks(image: Pillow.Image, found: Found) -> Raster:
    """CMYK by its profile, or by the formula that Pillow has."""
    profile = use_profile(found.icc, "CMYK")
    plain = "printing inks (CMYK) turned to RGB by the plain formula"
    found.notes += [profile.note] if profile.apply else [*[profile.note] * bool(profile.note), plain]
    turn = profile.apply or _plainly

    def colours(left: int, top: int, right: int, bottom: int) -> Array:
        return np.asarray(turn(image.crop((left, top, right, bottom))))

    return samples_raster(colours, image.size, 255, found)


def _plainly(part: Pillow.Image) -> Pillow.Image:
    return part.convert("RGB")


def _lab(image: Pillow.Image, found: Found) -> Raster:
    """CIE L*a*b*, which only a colour engine can turn into sRGB."""
    engine: Any = ImageCms  # its stubs leave the profiles unknown
    transform = engine.buildTransform(engine.createProfile("LAB"), engine.createProfile("sRGB"), "LAB", "RGB")
    found.notes.append("L*a*b* colours turned to sRGB")

    def colours(left: int, top: int, right: int, bottom: int) -> Array:
        return np.asarray(transform.apply(image.crop((left, top, right, bottom))))

    return samples_raster(colours, image.size, 255, found)


def _sixteen_bits(image: Pillow.Image, found: Found) -> Raster:
    return deep_raster(pillow_samples(image), image.size, found)


def deep_raster(read: Reading, size: tuple[int, int], found: Found) -> Raster:
    """16 bits per channel: exactly, or through a profile, which littleCMS applies to the upper 8 of colours."""
    channels = read(0, 0, 1, 1).shape[2]
    words = "16-bit grey" if channels < 3 else "16 bits per channel"
    profile = use_profile(found.icc, "L" if channels < 3 else "RGB")
    if profile.apply is None:
        found.notes += [f"{words}, divided by 65535", *[profile.note] * bool(profile.note)]
        return samples_raster(read, size, 65535, found)
    found.tones = None
    if channels < 3:
        curve = _applied(profile, np.arange(256, dtype=np.uint8)[None])[0].astype(np.float64) / 255
        found.notes += [f"{words}, divided by 65535", profile.note]

        def turn(samples: Array) -> Array:
            steps = samples[..., 0] / 257
            found: list[Array] = [np.interp(steps, np.arange(256), curve[:, one]) for one in range(3)]
            return np.stack(found, axis=-1)

    else:
        found.notes += [f"{words}, of which the upper 8 are used for its profile", profile.note]

        def turn(samples: Array) -> Array:
            return _applied(profile, (samples[..., :3] >> 8).astype(np.uint8)) / 255

    key, found.key = found.key, ()

    def managed(left: int, top: int, right: int, bottom: int) -> Array:
        samples = read(left, top, right, bottom)
        alpha = _alpha(samples, 65535, key)
        colour = turn(samples).astype(np.float32)
        return colour if alpha is None else np.concatenate([colour, alpha], axis=2)

    return samples_raster(managed, size, 1, found)


def _whole_numbers(image: Pillow.Image, found: Found) -> Raster:
    """32-bit whole numbers; older versions of Pillow give 16-bit grey PNGs so."""
    if image.format == "PNG":
        return _sixteen_bits(image, found)
    return _scaled(pillow_samples(image), image.size, "32-bit whole numbers", found)


def _floats(image: Pillow.Image, found: Found) -> Raster:
    return _scaled(pillow_samples(image), image.size, "32-bit floats", found)


def scaled_raster(values: Array, words: str, found: Found) -> Raster:
    """Numbers of a file that does not say which of them is white; height × width (× channel)."""
    values = with_channels(values)
    return _scaled(array_samples(values), (values.shape[1], values.shape[0]), words, found)


def _scaled(read: Reading, size: tuple[int, int], words: str, found: Found) -> Raster:
    """Find the smallest usual full scale that holds all values, or refuse them."""
    low, high, whole = np.inf, -np.inf, True
    for top, bottom in strips(*size):
        part = read(0, top, size[0], bottom)
        low, high = min(low, float(part.min())), max(high, float(part.max()))
        whole = whole and bool(part.dtype.kind in "iu")
        if not np.isfinite(part).all():
            low = np.nan
            break
    scales = FULL_SCALES[1:] if whole else FULL_SCALES
    if not (low >= 0 and high <= scales[-1]):  # written so that NaN is refused too
        raise ImageError(
            f"holds numbers from {low:g} to {high:g}, which are no brightness; "
            "save it with numbers between 0 and 1, or as 8 or 16 bits per channel"
        ).of("values", found=(low, high))
    scale = next(scale for scale in scales if high <= scale)
    found.notes.append(f"{words}, " + ("as they are" if scale == 1 else f"divided by {scale}"))
    if found.icc:
        found.notes.append(UNAPPLIED)
    return samples_raster(read, size, scale, found)


def _premultiplied(image: Pillow.Image, found: Found) -> Raster:
    """Colours that hold their opacity already: over white is colour + (1 - opacity)."""
    read = pillow_samples(image)

    def colours(left: int, top: int, right: int, bottom: int) -> Image:
        return over_white(_unit(read(left, top, right, bottom), 255))

    found.notes.append(OVER_WHITE)
    return Raster(image.size, colours)


def over_white(samples: Array) -> Image:
    """Lay colours that are multiplied by their opacity already over white."""
    colour, alpha = samples[..., :-1], samples[..., -1:]
    colour = np.repeat(colour, 3, axis=2) if colour.shape[2] == 1 else colour
    return np.clip(colour + (1 - alpha), 0, 1)


# Every mode that is not here is turned to RGB by Pillow's own formula.
_MODES: dict[str, Callable[[Pillow.Image, Found], Raster]] = {
    "1": _one_bit,
    "L": _grey,
    "LA": _eight_bits,
    "RGB": _eight_bits,
    "RGBA": _eight_bits,
    "La": _premultiplied,
    "RGBa": _premultiplied,
    "P": _palette,
    "PA": lambda image, found: _eight_bits(image.convert("RGBA"), found),
    "CMYK": _inks,
    "LAB": _lab,
    "I;16": _sixteen_bits,
    "I;16L": _sixteen_bits,
    "I;16B": _sixteen_bits,
    "I;16N": _sixteen_bits,
    "I": _whole_numbers,
    "F": _floats,
}
