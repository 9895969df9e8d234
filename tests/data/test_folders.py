from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from data.files_made import encoded
from innerview.data.folders import ClassFolders, open_folders
from innerview.errors import AmbiguousClass, DataError, ImageError, UnknownClass
from raising import raises

LEVELS = {"cat": 50, "dog": 100, "horse": 200}


def fill(folder: Path, counts: dict[str, int]) -> None:
    """Write images 1.png, 2.png, … of one brightness per class; their red is their number."""
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(1, count + 1):
            image = Image.new("RGB", (6, 5), (number, *[LEVELS.get(name, 0)] * 2))
            (folder / name / f"{number}.png").write_bytes(encoded(image))


@pytest.fixture
def data(tmp_path: Path) -> ClassFolders:
    fill(tmp_path, {"dog": 12, "cat": 3, "horse": 2})
    return open_folders(tmp_path)


def test_classes_and_images_stand_in_natural_order(data: ClassFolders) -> None:
    assert data.class_names == ("cat", "dog", "horse")
    assert [entry.path.name for entry in data.of_class("dog")] == [f"{number}.png" for number in range(1, 13)]
    assert [entry.index for entry in data.entries] == list(range(17))
    assert [entry.name for entry in data.of_class("horse")] == ["horse:0", "horse:1"]


def test_an_image_knows_its_truth(data: ClassFolders) -> None:
    image = data.pick("dog:11").read()
    assert (image.label, image.name) == ("dog", "dog:11 (12.png)")
    assert round(float(image.pixels[0, 0, 0] * 255)) == 12


@pytest.mark.parametrize(
    ("asked", "name"),
    [(0, "cat:0"), ("3", "dog:0"), (16, "horse:1"), ("dog:2", "dog:2"), ("HORSE", "horse:0"), (" cat:1 ", "cat:1")],
)
def test_images_can_be_picked(data: ClassFolders, asked: str | int, name: str) -> None:
    assert data.pick(asked).name == name


@pytest.mark.parametrize("asked", [17, "17"])
def test_a_number_beyond_the_last_is_refused(data: ClassFolders, asked: str | int) -> None:
    with raises(DataError, "image", limit=16):
        data.pick(asked)


@pytest.mark.parametrize("asked", ["cat:3", "cat:-1", "cat:x", "cat:"])
def test_a_number_beyond_the_last_of_a_class_is_refused(data: ClassFolders, asked: str) -> None:
    with raises(DataError, "image", asked=asked, limit=2):
        data.pick(asked)


@pytest.mark.parametrize("asked", ["zebra", "zebra:1", "-1", ""])
def test_an_unknown_class_lists_them(data: ClassFolders, asked: str) -> None:
    with raises(UnknownClass, "class", known=("cat", "dog", "horse")):
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
        with raises(DataError, "classes", found=("dog", "horse")):
            data.matching(("cat", "ship"))


class TestLayouts:
    def test_a_part_is_taken_where_there_are_parts(self, tmp_path: Path) -> None:
        fill(tmp_path / "test", {"cat": 1, "dog": 1})
        fill(tmp_path / "train", {"cat": 2, "dog": 3})
        assert len(open_folders(tmp_path).entries) == 2
        assert len(open_folders(tmp_path, "train").entries) == 5

    def test_a_missing_part_is_named(self, tmp_path: Path) -> None:
        fill(tmp_path / "train", {"cat": 2})
        with raises(DataError, "part", asked="test"):
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
        assert data.notes == ("cat: folder.png, list.txt, Thumbs.db passed over, no image by its ending",)

    def test_endings_count_in_either_case(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 1})
        (tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "1.PNG")
        assert len(open_folders(tmp_path).entries) == 1

    def test_an_empty_class_is_left_out_and_said(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 2, "dog": 0})
        data = open_folders(tmp_path)
        assert data.class_names == ("cat",)
        assert data.notes == ("dog holds no image and was left out",)


class TestNoDataSet:
    def test_a_missing_folder(self, tmp_path: Path) -> None:
        with raises(DataError, "data", file="nowhere"):
            open_folders(tmp_path / "nowhere")

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.npz").touch()
        with raises(DataError, "data", found="a file", file="a.npz"):
            open_folders(tmp_path / "a.npz")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        with raises(DataError, "class folders", found="is empty"):
            open_folders(tmp_path)

    def test_images_without_classes(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 3})
        with raises(DataError, "class folders", found="3 images", file="cat"):
            open_folders(tmp_path / "cat")

    def test_only_empty_classes(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 0, "dog": 0})
        with raises(DataError, "class folders", found="holds cat, dog"):
            open_folders(tmp_path)

    def test_a_folder_that_may_not_be_listed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: Path) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "iterdir", refuse)
        with raises(DataError, "permission"):
            open_folders(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"meow", "kind"), (None, "file")],
)
def test_an_image_that_can_not_be_read_says_which(data: ClassFolders, content: bytes | None, said: str) -> None:
    entry = data.pick("cat:1")
    entry.path.unlink()
    if content is not None:
        entry.path.write_bytes(content)
    with raises(ImageError, said):
        entry.read()


class TestOthersLayouts:
    def test_val_is_taken_where_there_is_no_test(self, tmp_path: Path) -> None:
        fill(tmp_path / "train", {"n01440764": 2, "n02006656": 2})
        fill(tmp_path / "val", {"n01440764": 1, "n02006656": 1})
        data = open_folders(tmp_path)
        assert (data.root, len(data.entries)) == (tmp_path / "val", 2)
        assert data.notes == ("read from val: there is no part 'test' with class folders",)
        assert open_folders(tmp_path, "train").notes == ()

    def test_a_test_part_without_labels_gives_way_to_val(self, tmp_path: Path) -> None:
        fill(tmp_path / "train", {"cat": 2})
        fill(tmp_path / "Val", {"cat": 1})
        fill(tmp_path, {"test": 3})
        assert open_folders(tmp_path).root == tmp_path / "Val"

    def test_a_test_part_without_labels_alone_is_named(self, tmp_path: Path) -> None:
        fill(tmp_path / "train", {"cat": 2})
        fill(tmp_path, {"test": 3})
        with raises(DataError, "class folders", found="3 images", file="test"):
            open_folders(tmp_path)

    def test_train_is_a_class_beside_others(self, tmp_path: Path) -> None:
        fill(tmp_path, {"bus": 1, "car": 1, "train": 1})
        assert open_folders(tmp_path).class_names == ("bus", "car", "train")

    @pytest.mark.parametrize("inner", ["data", "Final_Training/Images", "a/b/c"])
    def test_a_folder_of_its_own_is_gone_into(self, tmp_path: Path, inner: str) -> None:
        fill(tmp_path / inner, {"00000": 1, "00001": 2})
        (tmp_path / "__MACOSX" / "00000").mkdir(parents=True)
        (tmp_path / "Readme.txt").touch()
        data = open_folders(tmp_path)
        assert (data.root, data.class_names) == (tmp_path / inner, ("00000", "00001"))
        assert data.notes[0] == f"read from {inner}, which holds the class folders"
        assert data.matching(("20 km/h", "30 km/h")) == (0, 1)

    def test_parts_in_a_folder_of_its_own(self, tmp_path: Path) -> None:
        fill(tmp_path / "pets" / "train", {"cat": 2})
        fill(tmp_path / "pets" / "test", {"cat": 1})
        assert open_folders(tmp_path).root == tmp_path / "pets" / "test"
        assert len(open_folders(tmp_path, "train").entries) == 2

    def test_of_several_none_is_guessed(self, tmp_path: Path) -> None:
        fill(tmp_path / "animals", {"cat": 1})
        fill(tmp_path / "things", {"cup": 1})
        with raises(DataError, "class folders"):
            open_folders(tmp_path)

    def test_links_in_a_circle_end(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 1})
        (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "cat" / "up").symlink_to(tmp_path, target_is_directory=True)
        (tmp_path / "self").symlink_to(tmp_path / "self")
        (tmp_path / "cat" / "gone.png").symlink_to(tmp_path / "nowhere.png")
        assert [entry.path.name for entry in open_folders(tmp_path).entries] == ["1.png"]

    def test_links_in_a_circle_without_images_end(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "b" / "up").symlink_to(tmp_path, target_is_directory=True)
        with raises(DataError, "class folders", found="holds a"):
            open_folders(tmp_path)

    def test_pipes_are_passed_over(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cat": 1})
        os.mkfifo(tmp_path / "cat" / "2.png")
        assert len(open_folders(tmp_path).entries) == 1


class TestNames:
    def test_letters_may_be_composed_in_either_way(self, tmp_path: Path) -> None:
        """macOS takes é apart, and archives keep it so."""
        fill(tmp_path, {"cafe\u0301": 1})
        data = open_folders(tmp_path)
        assert data.class_names == ("caf\u00e9",)
        assert data.matching(("dog", "caf\u00e9")) == data.matching(("dog", "cafe\u0301")) == (1,)
        assert data.pick("cafe\u0301:0").read().label == "caf\u00e9"

    def test_both_ways_at_once_are_refused(self, tmp_path: Path) -> None:
        fill(tmp_path, {"cafe\u0301": 1, "caf\u00e9": 1})
        with raises(DataError, "folders", found=("café",)):
            open_folders(tmp_path)

    def test_bytes_that_are_no_text_and_line_ends_are_shown(self, tmp_path: Path) -> None:
        fill(tmp_path, {os.fsdecode(b"caf\xe9"): 1, "a\nb": 1})
        data = open_folders(tmp_path)
        assert data.class_names == (r"a\nb", r"caf\xe9")
        assert data.pick(r"caf\xe9:0").read().name == r"caf\xe9:0 (1.png)"

    def test_names_that_differ_in_case_are_two_classes(self, tmp_path: Path) -> None:
        fill(tmp_path, {"Cat": 1, "cat": 2})
        data = open_folders(tmp_path)
        assert (len(data.of_class("Cat")), len(data.of_class("cat"))) == (1, 2)
        with raises(AmbiguousClass, "class", asked="CAT"):
            data.of_class("CAT")

    def test_a_class_name_that_the_model_has_twice_is_refused_with_its_numbers(self, tmp_path: Path) -> None:
        fill(tmp_path, {"crane": 1})
        with raises(DataError, "class", asked="crane", file="crane"):
            open_folders(tmp_path).matching(("hen", "crane", "crane"))
        (tmp_path / "crane").rename(tmp_path / "2 crane")
        assert open_folders(tmp_path).matching(("hen", "crane", "crane")) == (2,)

    def test_imagenets_numbers_are_told_how(self, tmp_path: Path) -> None:
        fill(tmp_path, {"n01440764": 1})
        with raises(DataError, "classes", found=("n01440764",)):
            open_folders(tmp_path).matching(("tench",))
        assert open_folders(tmp_path).matching(("n01443537 goldfish", "n01440764 tench, Tinca tinca")) == (1,)
