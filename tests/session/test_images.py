"""What users name is found, with its truth, or refused with what there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from innerview import allcnn
from innerview.errors import DataError, ImageError, UsageError
from innerview.session.compute.prediction import PREDICTION
from innerview.session.images import gather, open_built_in
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.session.session import OpenedModel, Session
from raising import raises


@pytest.fixture(scope="module")
def model() -> object:
    return allcnn.load_pretrained()


def folders(root: Path, names: tuple[str, ...] = ("cat", "horse")) -> Path:
    for name in names:
        (root / "test" / name).mkdir(parents=True)
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / "test" / name / f"{number:04}.png")
    return root


def test_nothing_named_is_the_first_sample(model: object) -> None:
    (item,) = gather(model)
    assert (item.name, item.class_number) == ("cat", 3)
    assert item.pixels.shape == (32, 32, 3)


def test_a_sample_whose_class_the_model_lacks_has_no_truth(model: object) -> None:
    coffee, moose = gather(model, ["coffee", "moose"])
    assert coffee.class_number is None
    assert moose.class_number == 4  # CIFAR-10 has moose among the deer


def test_picks_come_with_their_truth(model: object, tmp_path: Path) -> None:
    data = folders(tmp_path)
    found = gather(model, query=Query(data=data, select=("horse:2", "0", "horse")))
    assert [item.class_number for item in found] == [7, 3, 7]
    again = gather(model, query=Query(data=data))
    assert [item.name for item in again] == [item.name for item in gather(model, query=Query(data=data))]
    assert len(again) == 4


def test_files_and_picks_together(model: object, tmp_path: Path) -> None:
    data = folders(tmp_path)
    path = str(data / "test" / "cat" / "0001.png")
    first, second = gather(model, [path], Query(data=data, select="horse"))
    assert (first.name, first.class_number, second.class_number) == ("0001.png", None, 7)


def test_bad_requests(model: object, tmp_path: Path) -> None:
    with raises(UsageError, "select", asked="3"):
        gather(model, query=Query(select="3"))
    with raises(ImageError, "file", file="nowhere.png"):
        gather(model, ["nowhere.png"])
    with raises(DataError, "classes", found=("cow",), file="test"):
        gather(model, query=Query(data=folders(tmp_path, ("cow",))))
    with raises(UsageError, "model", asked="resnet"):
        open_built_in("resnet")


def test_images_that_are_the_same_in_255ths_only_are_two() -> None:
    pixels = np.round(200 * np.random.default_rng(0).random((32, 32, 3))).astype(np.float32) / np.float32(255)
    model = allcnn.load_pretrained()
    session = Session([OpenedModel("allcnn", model)])
    first, second = (
        session.result(PREDICTION, session.about(item, Query()), NullListener()).logits
        for item in gather(model, [pixels, pixels + np.float32(0.0015)])
    )
    assert np.abs(first - second).max() > 1e-5
