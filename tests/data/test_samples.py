from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from PIL import Image

from data.files_made import encoded
from innerview.data.cifar10 import CLASSES
from innerview.data.samples import example_image, example_names, find_image
from innerview.errors import ImageError
from raising import raises

FOLDER = Path(str(files("innerview.data") / "samples"))


@pytest.mark.parametrize("name", example_names())
def test_every_sample_is_an_ordinary_photo(name: str) -> None:
    image = example_image(name)
    assert image.name == name
    assert image.notes == ()
    assert 300 <= max(image.size) <= 512
    assert image.pixels.std() > 0.1


def test_the_best_ones_come_first_with_their_truth() -> None:
    assert example_names()[:2] == ("cat", "moose")
    assert (example_image("cat").label, example_image("moose").label, example_image("rocket").label) == (
        "cat",
        "deer",
        None,
    )
    assert {example_image(name).label for name in example_names()} - {None} <= set(CLASSES)


def test_every_file_is_listed_with_its_licence_and_every_sample_has_one() -> None:
    listed = (FOLDER / "LICENCES.md").read_text(encoding="utf-8")
    photos = {path.name for path in FOLDER.iterdir() if path.suffix != ".md"}
    assert photos == {f"{name}.jpg" for name in example_names()}
    rows = [line for line in listed.splitlines() if line.startswith("| `")]
    assert {row.split("`")[1] for row in rows} == photos
    assert all("CC0" in row or "public domain" in row for row in rows)


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000


def test_an_unknown_sample_lists_them_all() -> None:
    with raises(ImageError, "sample", asked="horse"):
        example_image("horse")


class TestFinding:
    @pytest.fixture(autouse=True)
    def _here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)

    def test_a_sample_by_its_name(self) -> None:
        assert find_image("moose").label == "deer"

    def test_a_file_goes_before_a_sample(self) -> None:
        Path("cat").write_bytes(encoded(Image.new("RGB", (3, 2))))
        assert find_image("cat").size == (3, 2)

    def test_a_folder_does_not(self) -> None:
        Path("cat").mkdir()
        assert find_image("cat").label == "cat"

    def test_neither(self) -> None:
        with raises(ImageError, "file", file="horse.jpg"):
            find_image("horse.jpg")

    def test_a_broken_file_is_not_mixed_up_with_samples(self) -> None:
        Path("horse.jpg").write_bytes(b"neigh")
        with raises(ImageError, "kind", found="text, 5 bytes") as caught:
            find_image("horse.jpg")
        assert "sample" not in str(caught.value)
