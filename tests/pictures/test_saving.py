"""Files: whole or not at all, in each format, read back as they were drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from innerview.errors import OutputError, UsageError
from innerview.pictures.animation import Animation
from innerview.pictures.charts.path import path_figure
from innerview.pictures.saving import ENCODERS, save, to_pillow
from pictures.made import profile
from raising import raises


def drawn(seed: int = 0) -> Image.Image:
    """An image of few colours, as maps are."""
    cells = np.random.default_rng(seed).integers(0, 6, (8, 8)) * 50
    return Image.fromarray(np.stack([cells, 250 - cells, cells // 2], axis=2).astype(np.uint8)).resize((64, 64), 0)


def moving(count: int = 4) -> Animation:
    return Animation([drawn(seed) for seed in range(count)], [100 * (1 + number) for number in range(count)])


@pytest.mark.parametrize("ending", ENCODERS)
def test_a_still_comes_back_pixel_by_pixel(tmp_path: Path, ending: str) -> None:
    path = save(drawn(), tmp_path / f"map{ending}")
    with Image.open(path) as read:
        assert (np.asarray(read.convert("RGB")) == np.asarray(drawn())).all()


@pytest.mark.parametrize("ending", [".gif", ".webp", ".png"])
def test_an_animation_comes_back_with_its_frames_and_durations(tmp_path: Path, ending: str) -> None:
    path = save(moving(), tmp_path / f"map{ending}")
    durations = []
    with Image.open(path) as read:
        assert read.n_frames == 4
        for number in range(4):
            read.seek(number)
            read.load()
            durations.append(read.info["duration"])
            assert (np.asarray(read.convert("RGB")) == np.asarray(drawn(number))).all()
        assert read.info.get("loop", 0) == 0
    assert durations == [100, 200, 300, 400]


def test_an_animation_of_one_frame_is_a_still(tmp_path: Path) -> None:
    for ending in ENCODERS:
        with Image.open(save(Animation([drawn()], [80]), tmp_path / f"one{ending}")) as read:
            assert getattr(read, "n_frames", 1) == 1


@pytest.mark.parametrize("ending", [".png", ".webp", ".gif", ".svg", ".pdf"])
def test_a_chart_is_written_in_each_format(tmp_path: Path, ending: str) -> None:
    path = save(path_figure(profile()), tmp_path / f"chart{ending}")
    starts = {".png": b"\x89PNG", ".webp": b"RIFF", ".gif": b"GIF8", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(starts[ending])


def test_a_chart_has_the_size_of_its_figure() -> None:
    figure = path_figure(profile())
    width, height = figure.get_size_inches()
    assert to_pillow(figure, 50).size == (int(50 * width), int(50 * height))


def test_endings_in_capitals_are_endings(tmp_path: Path) -> None:
    assert save(drawn(), tmp_path / "MAP.PNG").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["map.bmp", "map", "map.svg", "map.jpeg"])
def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    with raises(OutputError, "ending"):
        save(drawn(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/map.png", "file/map.png"])
def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("x")
    with raises(OutputError, "folder", file="map.png"):
        save(drawn(), tmp_path / place)


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "map.png").mkdir()
    with raises(OutputError, "writing", file="map.png"):
        save(drawn(), tmp_path / "map.png")
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize("failing", ["write", "replace"])
def test_what_stood_there_stands_there_after_a_failure(
    tmp_path: Path, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(drawn(), tmp_path / "map.png")
    before = path.read_bytes()

    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    if failing == "write":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with raises(OutputError, "writing", file="map.png"):
        save(drawn(1), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["map.png"]


def test_animations_without_sense_are_refused() -> None:
    with raises(UsageError, "durations", asked=0):
        Animation([], [])
    with raises(UsageError, "durations", asked=1, found=(1, 2)):
        Animation([drawn()], [1, 2])
    with raises(UsageError, "durations", asked=1, found=(0,)):
        Animation([drawn()], [0])
    with raises(UsageError, "size", found=((32, 32), (64, 64))):
        Animation([drawn(), drawn().resize((32, 32))], [1, 1])
