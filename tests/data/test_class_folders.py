"""Class folders give every image once, in the order of names, at one size; what can't be used is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from innerview.data.class_folders import from_folders
from innerview.errors import DataError
from raising import raises


def image(path: Path, colour: tuple[int, int, int], width: int = 8, height: int = 8) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two classes of seven plain images; the red value is the number of the image, the green the class."""
    for number, name in enumerate(["cat", "dog"]):
        for index in range(7):
            image(tmp_path / name / f"{index}.png", (index, number, 0))
    return tmp_path


def test_every_sixth_image_of_a_class_is_set_apart(animals: Path) -> None:
    data = from_folders(animals, size=8)
    assert data.classes == ("cat", "dog")
    assert data.train.images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 6] * 2
    assert data.test.images[:, 0, 0, 0].tolist() == [5, 5]
    np.testing.assert_array_equal(data.train.images[:, 0, 0, 1], data.train.labels)
    np.testing.assert_array_equal(data.test.labels, [0, 1])


def test_train_and_test_folders_are_taken_as_they_are(tmp_path: Path) -> None:
    for part, red in (("train", 1), ("test", 2)):
        for name in ("cat", "dog"):
            image(tmp_path / part / name / "a.png", (red, 0, 0))
    data = from_folders(tmp_path, size=8)
    assert np.unique(data.train.images[..., 0]).tolist() == [1]
    assert np.unique(data.test.images[..., 0]).tolist() == [2]


def test_an_image_gives_its_centre_square(tmp_path: Path) -> None:
    wide = np.zeros((4, 12, 3), dtype=np.uint8)
    wide[:, 4:8] = 200
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(wide).save(tmp_path / name / "wide.png")
        Image.fromarray(wide.transpose(1, 0, 2)).save(tmp_path / name / "tall.png")
    data = from_folders(tmp_path, size=4)
    assert (data.train.images == 200).all()
    assert (data.test.images == 200).all()
    assert data.source == "class folders, crop center, 4 × 4 pixels"


def test_an_image_can_be_taken_whole(tmp_path: Path) -> None:
    wide = np.zeros((4, 8, 3), dtype=np.uint8)
    wide[:, 4:] = 200
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.fromarray(wide).save(tmp_path / name / f"{number}.png")
    image = from_folders(tmp_path, size=4, crop="whole").train.images[0]
    assert image[0, :, 0].tolist() == [0, 0, 200, 200]


def test_shrinking_keeps_the_mean(tmp_path: Path) -> None:
    random = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            Image.fromarray(random).save(tmp_path / name / f"{number}.png")
    small = from_folders(tmp_path, size=8).train.images[0]
    np.testing.assert_allclose(small.mean(axis=(0, 1)), random.mean(axis=(0, 1)), atol=0.5)


def test_unreadable_images_are_listed_and_can_be_skipped(animals: Path) -> None:
    (animals / "cat" / "broken.jpg").write_bytes(b"no image")
    (animals / "dog" / "0.png").write_bytes((animals / "dog" / "0.png").read_bytes()[:40])
    with pytest.raises(DataError) as caught:
        from_folders(animals, size=8)
    message = str(caught.value)
    assert "2 images" in message
    assert "cat:7 (broken.jpg)" in message
    assert "dog:0 (0.png)" in message
    assert "--skip-bad" in message
    data = from_folders(animals, size=8, skip_bad=True)
    assert len(data.train.images) + len(data.test.images) == 13
    assert len(data.skipped) == 2
    assert data.identity()["skipped"] == 2


def test_other_files_are_left_alone(animals: Path) -> None:
    (animals / "cat" / "notes.txt").write_text("not an image")
    (animals / ".hidden").mkdir()
    assert from_folders(animals, size=8).classes == ("cat", "dog")


def test_one_class_is_refused(tmp_path: Path) -> None:
    image(tmp_path / "cat" / "0.png", (0, 0, 0))
    image(tmp_path / "cat" / "1.png", (0, 0, 0))
    with raises(DataError, "classes", found=("cat",)):
        from_folders(tmp_path, size=8)


def test_no_class_is_refused(tmp_path: Path) -> None:
    with raises(DataError, "class folders", found="is empty"):
        from_folders(tmp_path, size=8)


def test_an_empty_class_is_named(animals: Path) -> None:
    (animals / "eel").mkdir()
    with raises(DataError, "class", found=0, file="eel"):
        from_folders(animals, size=8)


def test_a_class_of_one_image_is_named(animals: Path) -> None:
    image(animals / "eel" / "0.png", (0, 0, 0))
    with raises(DataError, "class", found=1, file="eel"):
        from_folders(animals, size=8)


def test_a_test_class_that_is_not_trained_is_named(tmp_path: Path) -> None:
    for place in ("train/cat", "train/dog", "test/cat", "test/dog", "test/eel"):
        image(tmp_path / place / "0.png", (0, 0, 0))
    with raises(DataError, "classes", found=("eel",), file="test"):
        from_folders(tmp_path, size=8)


def test_a_class_whose_images_are_all_unreadable_is_refused_even_when_skipping(animals: Path) -> None:
    for number in range(2):
        (animals / "eel").mkdir(exist_ok=True)
        (animals / "eel" / f"{number}.png").write_bytes(b"no image")
    with raises(DataError, "classes", asked="training", found=("eel",)):
        from_folders(animals, size=8, skip_bad=True)
