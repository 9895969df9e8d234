"""The atlas of a survey's channels: images cropped to exactly what the strongest position of a channel depends on.

A crop is the receptive field (`methods.receptive_fields`) of the position at which the channel is largest in an image,
in the image as the model sees it, cut off where it leaves the image. Shown are the images with the largest values, and
one of each quarter of the data by value, drawn by the seed that the table of channels records.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from innerview.data.fitting import parse_crop, preprocess
from innerview.data.records import Source
from innerview.files.atomic import write
from innerview.layers import find_layer
from innerview.methods.receptive_fields import Box, ReceptiveField, receptive_field
from innerview.reprs import short
from innerview.session.models import take_model
from innerview.session.progress import Report, silent
from innerview.types import Image
from innerview.typing import ModelLike
from innerview.viewer.atlas_page import Entry, Part, Tile, atlas_page, picture
from innerview.workbench.survey.channels import Channel, Channels, Shown, survey_channels
from innerview.workbench.survey.matching import open_surveyed, require_model
from innerview.workbench.survey.reading import read_survey

MOST: Final = 256
"""Channels of a layer on the page, the most selective ones; all are in the table."""

LEAD: Final = """\
{channels:,} channels, {images:,} images. Each crop is what the strongest position of the channel depends on in an \
image, and no pixel more; a dashed edge says that a part of it lies outside of the image.
Selectivity: how often an image of the class has a larger value than one of another; 0.5 is chance. The class was \
chosen on one half of the images; the number and its 95 % interval are of the other."""


@short
@dataclass(frozen=True)
class Crop:
    """What a channel saw of an image.

    Attributes:
        image: where it is; `index`: its number in the data set.
        value: the channel's largest in it.
        box: rows and columns, of the image as the model sees it, on which that value depends.
    """

    image: str
    index: int
    value: float
    box: Box


@short
@dataclass(frozen=True)
class ChannelCrops:
    """A channel with its crops: of the strongest images, and of one of each quarter, the weakest first."""

    channel: Channel
    top: tuple[Crop, ...]
    quantiles: tuple[Crop, ...]


@dataclass(frozen=True, eq=False)
class Atlas:
    """The channels of a survey's layers, with what each saw.

    Attributes:
        channels: all of them, with what is known of each.
        crops: of those on the page: of each layer the most selective, at most 256, by number.
        fields: what the positions of each layer see.
        images: pixels of every image that is shown, as the model sees it, by its number in the data set.
        notes: what should be known, in sentences.
        survey: folder that it is of; `model`: fingerprint.
    """

    channels: Channels
    crops: tuple[ChannelCrops, ...]
    fields: dict[str, ReceptiveField]
    images: dict[int, Image]
    notes: tuple[str, ...]
    survey: Path
    model: str

    def pixels(self, crop: Crop) -> Image:
        """The pixels of a crop, in [0, 1], height × width × channel."""
        return self.images[crop.index][crop.box.top : crop.box.bottom, crop.box.left : crop.box.right]

    def write(self, file: str | Path) -> Path:
        """Write one HTML page, which asks for nothing from elsewhere.

        Raises:
            OutputError: the file can't be written.
        """
        parts = [
            Part(layer, _seen(field), tuple(_entries(self, layer)))
            for layer, field in self.fields.items()
            if any(one.channel.layer == layer for one in self.crops)
        ]
        told = LEAD.format(channels=len(self.channels.channels), images=self.channels.images)
        lead = [*told.splitlines(), *self.notes]
        facts = [
            ("Survey", str(self.survey)),
            ("Model", self.model),
            ("Drawn", f"one image of each quarter of the data by the channel's value, seed {self.channels.seed}"),
        ]
        images = {number: picture(pixels) for number, pixels in self.images.items()}
        size = next(iter(self.images.values())).shape[:2]
        page = atlas_page("What each channel responds to", lead, parts, images, (size[0], size[1]), facts)
        write(Path(file), page.encode("utf-8", "backslashreplace"))
        return Path(file)


def channel_atlas(
    rows: str | Path,
    data: Source,
    model: ModelLike = "allcnn",
    *,
    top: int = 9,
    seed: int = 0,
    progress: Report | None = None,
) -> Atlas:
    """Show what each channel of a survey's layers responds to, cropped to what it sees.

    Args:
        rows: folder that `innerview.survey` wrote with `layers`.
        data: the data set that was surveyed.
        model: that was surveyed.
        top: images shown of each channel.
        seed: of the halves, and of the images drawn from the quarters.
        progress: told how many images are read; raising in it stops the work.

    Raises:
        UsageError: the survey kept no layer's channels; the model or the data set is another one.
        DataError, ImageError: the survey, the data set or an image can't be read.
        ModelError: the model broke its promises.
    """
    found, opened = read_survey(rows), take_model(model)
    require_model(found.folder, found.about, (opened.fingerprint,))
    records = open_surveyed(found.folder, found.about, data)
    channels = survey_channels(rows, top=top, seed=seed)
    fields = {
        name: receptive_field(opened, find_layer(opened.layers, name))
        for name in dict.fromkeys(one.layer for one in channels.channels)
    }
    chosen, left_out = list[Channel](), list[str]()
    for layer in fields:
        own = [one for one in channels.channels if one.layer == layer]
        first = sorted(own, key=lambda one: -(0.0 if math.isnan(one.selectivity) else one.selectivity))[:MOST]
        chosen += sorted(first, key=lambda one: one.channel)
        if len(own) > MOST:
            left_out.append(f"Of {len(own):,} channels of {layer} the {MOST} most selective are shown.")
    crops = tuple(
        ChannelCrops(one, tuple(_crops(one.top, fields[one.layer])), tuple(_crops(one.quantiles, fields[one.layer])))
        for one in chosen
    )
    needed = sorted({one.index for each in crops for one in (*each.top, *each.quantiles)})
    images = dict[int, Image]()
    report, crop = progress or silent, parse_crop(str(found.about.get("crop", "center")))
    for done, number in enumerate(needed):
        report(done, len(needed), records.items[number].name)
        images[number] = preprocess(records.items[number].read(), opened.input, crop).pixels
    report(len(needed), len(needed), "")
    return Atlas(channels, crops, fields, images, (*channels.notes, *left_out), found.folder, opened.fingerprint)


def _crops(shown: Sequence[Shown], field: ReceptiveField) -> Iterator[Crop]:
    for one in shown:
        yield Crop(one.image, one.index, one.value, field.box(one.position))


def _seen(field: ReceptiveField) -> str:
    """What the positions of a layer see, in words."""
    rows, columns = field.seen
    whole = (rows, columns) == (field.rows.length, field.columns.length)
    if field.how == "whole image":
        return "A position may depend on the whole image."
    told = "the whole image" if whole else f"{rows} × {columns} pixels"
    how = "worked out from the layers before it" if field.how == "worked out" else "measured by the gradient"
    return f"A position depends on {told}, {how}."


def _entries(atlas: Atlas, layer: str) -> Iterator[Entry]:
    for each in atlas.crops:
        one = each.channel
        if one.layer != layer:
            continue
        told = [f"fires in {one.fires:.0%} of the images" if one.fires > 0 else "never fires"]
        if one.answer:
            told.append(
                f"most selective for {one.answer}: {one.selectivity:.2f} [{one.low:.2f}, {one.high:.2f}]"
                if one.low > 0.5
                else f"selective for no class beyond chance ({one.answer} {one.selectivity:.2f})"
            )
        others = [f"{also.answer} {also.selectivity:.2f}" for also in one.speaks_for if also.answer != one.answer]
        if others and one.low > 0.5:
            told.append(f"also for {', '.join(others)}")
        classes = {also.answer: also.selectivity for also in one.speaks_for}
        if one.low > 0.5:
            classes.setdefault(one.answer, one.selectivity)
        yield Entry(
            channel=one.channel,
            words=tuple(told),
            classes=tuple(classes.items()),
            top=tuple(_tile(crop) for crop in each.top),
            quantiles=tuple(_tile(crop) for crop in each.quantiles),
        )


def _tile(crop: Crop) -> Tile:
    box = crop.box
    at = f"rows {box.top} to {box.bottom - 1}, columns {box.left} to {box.right - 1}"
    cut = ", cut off at the border" if box.clipped else ""
    words = f"{crop.image}: {crop.value:.3g}; {at}{cut}"
    return Tile(crop.index, box.left, box.top, box.right - box.left, box.bottom - box.top, box.clipped, words)
