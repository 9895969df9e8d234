from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from data.files_made import encoded
from innerview.data.folders import ClassFolders, open_folders
from innerview.errors import DataError, PictureError, UnknownClass

LEVELS = {"cat": 50, "dog": 100, "horse": 200}


def fill(folder: Path, counts: dict[str, int]) -> None:
    """Write pictures 1.png, 2.png, … of one brightness per class; their red is their number."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(1, count + 1):
            picture = Image.new("RGB", (6, 5), (number, LEVELS[name], LEVELS[name]))
            (folder / name / f"{number}.png").write_bytes(encoded(picture))


@pytest.fixture
def data(tmp_path: Path) -> ClassFolders:
    fill(tmp_path, {"dog": 12, "cat": 3, "horse": 2})
    return open_folders(tmp_path)


def test_classes_and_pictures_stand_in_natural_order(data: ClassFolders) -> None:
    assert data.class_names == ("cat", "dog", "horse")
    assert [entry.path.name for entry in data.of_class("dog")] == [f"{number}.png" for number in range(1, 13)]
    assert [entry.index for entry in data.entries] == list(range(17))
    assert [entry.name for entry in data.of_class("horse")] == ["horse:0", "horse:1"]


def test_a_picture_knows_its_truth(data: ClassFolders) -> None:
    picture = data.pick("dog:11").read()
    assert (picture.truth, picture.name) == ("dog", "dog:11 (12.png)")
    assert round(float(picture.pixels[0, 0, 0] * 255)) == 12


@pytest.mark.parametrize(
    ("asked", "name"),
    [(0, "cat:0"), ("3", "dog:0"), (16, "horse:1"), ("dog:2", "dog:2"), ("HORSE", "horse:0"), (" cat:1 ", "cat:1")],
)
def test_pictures_can_be_picked(data: ClassFolders, asked: str | int, name: str) -> None:
    assert data.pick(asked).name == name


@pytest.mark.parametrize("asked", [17, "17"])
def test_a_number_beyond_the_last_is_refused(data: ClassFolders, asked: str | int) -> None:
    with pytest.raises(DataError, match=r"picture '17' was asked for; the pictures in .* are numbered 0 to 16"):
        data.pick(asked)


@pytest.mark.parametrize("asked", ["cat:3", "cat:-1", "cat:x", "cat:"])
def test_a_number_beyond_the_last_of_a_class_is_refused(data: ClassFolders, asked: str) -> None:
    with pytest.raises(DataError, match=f"picture '{asked}' was asked for; the pictures of cat are numbered 0 to 2"):
        data.pick(asked)


@pytest.mark.parametrize("asked", ["zebra", "zebra:1", "-1", ""])
def test_an_unknown_class_lists_them(data: ClassFolders, asked: str) -> None:
    with pytest.raises(UnknownClass, match="the classes are 0 cat, 1 dog, 2 horse"):
        data.pick(asked)


class TestShuffled:
    def test_a_seed_fixes_the_order(self, data: ClassFolders) -> None:
        assert data.shuffled(9, seed=1) == data.shuffled(9, seed=1)
        assert data.shuffled(9, seed=1) != data.shuffled(9, seed=2)

    def test_nothing_comes_twice_and_nothing_is_missing(self, data: ClassFolders) -> None:
        assert set(data.shuffled()) == set(data.entries)
        assert len(data.shuffled(1000)) == len(data.entries)

    def test_a_larger_sample_begins_with_the_smaller(self, data: ClassFolders) -> None:
        assert data.shuffled(12)[:5] == data.shuffled(5)

    def test_none_are_none(self, data: ClassFolders) -> None:
        assert data.shuffled(0) == ()


class TestTheNetworksClasses:
    def test_are_found_by_name(self, data: ClassFolders) -> None:
        assert data.matching(("horse", "Dog", "ship", "CAT")) == (3, 1, 0)

    def test_that_are_missing_list_both(self, data: ClassFolders) -> None:
        with pytest.raises(
            DataError, match=r"does not know dog, horse; the classes in .* are cat, dog, horse, the network's cat, ship"
        ):
            data.matching(("cat", "ship"))


class TestLayouts:
    def test_a_part_is_taken_where_there_are_parts(self, tmp_path: Path) -> None:
        fill(tmp_path / "test", {"cat": 1, "dog": 1})
        fill(tmp_path / "train", {"cat": 2, "dog": 3})
        assert len(open_folders(tmp_path).entries) == 2
        assert len(open_folders(tmp_path, "train").entries) == 5

    def test_a_missing_part_is_named(self, tmp_path: Path) -> None:
        fill(tmp_path / "train", {"cat": 2})
        with pytest.raises(DataError, match="is divided into train; there is no part 'test'"):
            open_folders(tmp_path)

    def test_one_class_is_a_data_set_too(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 2})
        assert open_folders(tmp_path).class_names == ("cat",)

    def test_hidden_and_strange_files_are_passed_over(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 2})
        for name in (".hidden.png", "list.txt", "Thumbs.db"):
            (tmp_path / "cat" / name).touch()
        (tmp_path / "cat" / "folder.png").mkdir()
        (tmp_path / ".git").mkdir()
        (tmp_path / "README.md").touch()
        data = open_folders(tmp_path)
        assert [entry.path.name for entry in data.entries] == ["1.png", "2.png"]
        assert data.notes == ("cat: folder.png, list.txt, Thumbs.db passed over, no picture by its ending",)

    def test_endings_count_in_either_case(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 1})
        (tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "1.PNG")
        assert len(open_folders(tmp_path).entries) == 1

    def test_an_empty_class_is_left_out_and_said(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 2, "dog": 0})
        data = open_folders(tmp_path)
        assert data.class_names == ("cat",)
        assert data.notes == ("dog holds no picture and was left out",)


class TestNoDataSet:
    def test_a_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="nowhere, which is not there; name a folder that holds test/<class>"):
            open_folders(tmp_path / "nowhere")

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.npz").touch()
        with pytest.raises(DataError, match=r"a\.npz, which is a file; name a folder"):
            open_folders(tmp_path / "a.npz")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"is empty, but no class folder .* expected is test/<class>"):
            open_folders(tmp_path)

    def test_pictures_without_classes(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 3})
        with pytest.raises(DataError, match="cat holds 3 pictures but no class folders; sort them into"):
            open_folders(tmp_path / "cat")

    def test_only_empty_classes(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 0, "dog": 0})
        with pytest.raises(DataError, match="holds cat, dog, but no class folder with a picture in it"):
            open_folders(tmp_path)

    def test_a_folder_that_may_not_be_listed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "iterdir", refuse)
        with pytest.raises(DataError, match="can't be listed: Permission denied; change its permissions"):
            open_folders(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"meow", r"cat:1 \(2\.png\) is text, 4 bytes"), (None, "there is no file .*; beside it there is")],
)
def test_a_picture_that_can_not_be_read_says_which(data: ClassFolders, content: bytes | None, said: str) -> None:
    entry = data.pick("cat:1")
    entry.path.unlink()
    if content is not None:
        entry.path.write_bytes(content)
    with pytest.raises(PictureError, match=said):
        entry.read()
