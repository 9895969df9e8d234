"""The atlas of channels: the crop is what decided, worked out again here pixel by pixel, and the page holds it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import innerview
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import ELU, Convolution, GlobalMean, MaxPooling
from innerview.errors import UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.workbench.survey import atlas as made
from raising import raises

SIDE, CLASSES, EACH = 12, ("cat", "dog"), 30


def model() -> NumpyModel:
    """Channel 0 of conv1 is the brightness of one pixel; the second layer sees eight pixels a side."""
    random = np.random.default_rng(0)
    first = random.normal(size=(4, 3, 3, 3))
    first[0] = 0
    first[0, :, 1, 1] = 1
    return NumpyModel(
        InputSpec(SIDE, SIDE),
        OutputSpec(CLASSES),
        (Convolution("conv1"), ELU("elu1"), MaxPooling("pool"), Convolution("conv2"), GlobalMean("mean")),
        {"conv1.weight": first, "conv2.weight": random.normal(size=(2, 4, 3, 3))},
    )


@pytest.fixture(scope="module")
def made_of(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A survey of sixty images, one bright pixel in each, and its data; a dog's is brighter."""
    folder = tmp_path_factory.mktemp("atlas")
    random = np.random.default_rng(1)
    for label in CLASSES:
        (folder / "data" / label).mkdir(parents=True)
        for number in range(EACH):
            pixels = random.integers(0, 60, (SIDE, SIDE, 3)).astype(np.uint8)
            bright = 250 if label == "dog" else 120
            pixels[*random.integers(0, SIDE, 2)] = bright
            Pillow.fromarray(pixels).save(folder / "data" / label / f"{number:02}.png")
    layers = ("conv1", "conv2")
    innerview.survey(model(), folder / "data", regions=None, layers=layers, output=folder / "rows")
    return folder / "rows", folder / "data"


@pytest.fixture(scope="module")
def atlas(made_of: tuple[Path, Path]) -> made.Atlas:
    rows, data = made_of
    return innerview.channel_atlas(rows, data, model(), top=5)


def test_a_crop_is_what_decided_and_no_pixel_more(atlas: made.Atlas) -> None:
    net = model()
    random = np.random.default_rng(2)
    for each in atlas.crops:
        one = each.channel
        for crop in (*each.top[:2], *each.quantiles):
            image = atlas.images[crop.index]
            inside = np.zeros((SIDE, SIDE, 1), bool)
            inside[crop.box.top : crop.box.bottom, crop.box.left : crop.box.right] = True
            noise = random.random(image.shape)
            outside_changed, inside_changed = np.where(inside, image, noise), np.where(inside, noise, image)
            given = np.stack([image, outside_changed, inside_changed]).astype(net.dtype)
            values = net.forward(given, (one.layer,)).activations[one.layer][..., one.channel].reshape(3, -1)
            position = int(values[0].argmax())
            assert values[0, position] == pytest.approx(crop.value, rel=1e-5)
            assert values[1, position] == pytest.approx(crop.value, rel=1e-5)
            assert values[2, position] != pytest.approx(crop.value, rel=1e-5)


def test_the_channel_of_brightness_shows_bright_pixels_of_dogs(atlas: made.Atlas) -> None:
    first = atlas.crops[0]
    assert (first.channel.layer, first.channel.channel, first.channel.answer) == ("conv1", 0, "dog")
    assert [one.answer for one in first.channel.speaks_for] == ["dog"]
    for crop in first.top:
        assert crop.image.startswith("dog/")
        assert atlas.pixels(crop).max() == pytest.approx(250 / 255)
        assert max(atlas.pixels(crop).shape[:2]) == 3
    values = [one.value for one in first.quantiles]
    assert values == sorted(values)


def test_a_crop_at_the_border_is_cut_off_and_says_so(atlas: made.Atlas, tmp_path: Path) -> None:
    crops = [one for each in atlas.crops for one in (*each.top, *each.quantiles)]
    cut = [one for one in crops if one.box.clipped]
    assert 0 < len(cut) < len(crops)
    assert all(
        (one.box.bottom - one.box.top < 3 or one.box.right - one.box.left < 3)
        for each in atlas.crops
        if each.channel.layer == "conv1"
        for one in each.top
        if one.box.clipped
    )
    page = atlas.write(tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count('class="cut"') == len(cut)
    assert page.count("cut off at the border</title>") == len(cut)


def test_the_page_holds_each_image_once_and_asks_for_nothing(atlas: made.Atlas, tmp_path: Path) -> None:
    page = atlas.write(tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp") == len(atlas.images)
    assert not re.search(r"https?:|(?:src|href)=\"(?!data:|#)", page)
    assert "default-src 'none'" in html.unescape(page)
    assert "A position depends on 3 × 3 pixels, worked out from the layers before it." in page
    assert "A position depends on 8 × 8 pixels, worked out from the layers before it." in page
    assert 'data-classes="dog&#9;' in page


def test_of_many_channels_the_most_selective_are_shown(
    made_of: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "MOST", 2)
    rows, data = made_of
    found = innerview.channel_atlas(rows, data, model(), top=1)
    shown = [one.channel for one in found.crops if one.channel.layer == "conv1"]
    own = sorted((one for one in found.channels.channels if one.layer == "conv1"), key=lambda one: -one.selectivity)
    assert {one.channel for one in shown} == {one.channel for one in own[:2]}
    assert "Of 4 channels of conv1 the 2 most selective are shown." in found.notes


def test_another_model_or_data_set_is_refused(made_of: tuple[Path, Path]) -> None:
    rows, data = made_of
    with raises(UsageError, "model"):
        innerview.channel_atlas(rows, data)
    with raises(UsageError, "data set"):
        innerview.channel_atlas(rows, [np.zeros((SIDE, SIDE, 3), np.uint8)], model())
