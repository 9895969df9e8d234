"""A survey: every column against the model itself, kills, resuming, parts, and data of every form."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from PIL import Image
from safetensors.numpy import load_file

import innerview
from innerview.adapters.function import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten, ReLU
from innerview.cli import main
from innerview.data.fitting import preprocess
from innerview.data.reading import load_image
from innerview.errors import DataError, OutputError, UsageError
from innerview.methods.segments import segment_sums
from innerview.model import InputSpec, OutputSpec
from innerview.session.models import ModelRequest
from innerview.types import Array
from innerview.workbench.survey import shards as shards_file
from innerview.workbench.survey.reading import read_survey
from innerview.workbench.survey.survey import Surveyed, survey
from innerview.workbench.survey.workers import survey_by
from raising import raises

SIDE, CLASSES = 8, ("cat", "dog", "frog")
NAMES = ("cat/0", "cat/1", "dog/0", "dog/1", "frog/0", "frog/1", "frog/10")


def model(output: OutputSpec | None = None, seed: int = 0) -> NumpyModel:
    random = np.random.default_rng(seed)
    outputs = output or OutputSpec(CLASSES)
    operations = [Convolution("conv"), ReLU("relu"), Flatten("flat"), Dense("dense", bias=False)]
    weights = {
        "conv.weight": random.normal(size=(4, 3, 3, 3)),
        "dense.weight": random.normal(size=(len(outputs.class_names), 4 * SIDE * SIDE)) / 4,
    }
    return NumpyModel(InputSpec(SIDE, SIDE), outputs, operations, weights)


MODEL = model()


def paint(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Seven images of three classes, one of which can't be read."""
    for number, name in enumerate(NAMES):
        paint(tmp_path / "data" / f"{name}.png", number)
    (tmp_path / "data" / "dog" / "1.png").write_bytes(b"no image")
    return tmp_path / "data"


def run(data: Any, tmp_path: Path, name: str = "out", **asked: Any) -> tuple[Surveyed, pd.DataFrame]:
    given = {"regions": (2, 2), "images_per_shard": 3, **asked}
    found = survey(given.pop("model", MODEL), data, output=tmp_path / name, **given)
    return found, pd.read_parquet(tmp_path / name)


def test_every_column_is_what_the_model_says(data: Path, tmp_path: Path) -> None:
    found, rows = run(data, tmp_path, layers=["relu"])
    assert list(rows["index"]) == list(range(7))
    assert list(rows["image"]) == [f"{name}.png" for name in NAMES]
    assert (found.images, found.rows, found.failed, found.labelled) == (7, 7, 1, 6)
    assert found.correct == int(rows["correct"].dropna().sum())
    for _, row in rows.iterrows():
        if row["image"] == "dog/1.png":
            assert "dog:1" in row["problem"]
            assert row[["predicted", "loss", "features", "effects", "n_evaluations"]].isna().all()
            continue
        assert pd.isna(row["problem"])
        pixels = preprocess(load_image(data / row["image"]), MODEL.input).pixels
        said = innerview.predict(MODEL, pixels[None])[0]
        probabilities = MODEL.output.probabilities(said.logits[None])[0]
        np.testing.assert_allclose(row["probabilities"], probabilities, atol=1e-6)
        assert (row["predicted"], row["predicted_index"]) == (CLASSES[said.index], said.index)
        assert row["label"] == row["image"].split("/")[0] == CLASSES[int(row["label_index"])]
        assert row["correct"] == (row["label_index"] == said.index)
        assert row["probability"] == pytest.approx(probabilities.max(), rel=1e-5)
        assert row["loss"] == pytest.approx(-np.log(probabilities[int(row["label_index"])]), rel=1e-4)
        assert row["entropy"] == pytest.approx(-(probabilities * np.log(probabilities)).sum(), rel=1e-4)
        assert row["margin"] == pytest.approx(np.diff(np.sort(said.logits)[-2:])[0], rel=1e-4)
        inside = MODEL.forward(pixels[None], ("relu",)).activations["relu"][0]
        np.testing.assert_allclose(row["features"], inside.mean(axis=(0, 1)), rtol=2e-3, atol=1e-3)
        np.testing.assert_allclose(row["max:relu"], inside.max(axis=(0, 1)), rtol=1e-5)
        np.testing.assert_array_equal(row["at:relu"], inside.reshape(-1, 4).argmax(axis=0))
        effects = innerview.removed_and_alone(MODEL, pixels, innerview.LogOdds(), regions=(2, 2))
        wanted = segment_sums(effects.heatmap.astype(np.float64), effects.regions)
        np.testing.assert_allclose(row["effects"], wanted, rtol=1e-3, atol=1e-4)
        halves = segment_sums(effects.pixel_error.astype(np.float64), effects.regions)
        np.testing.assert_allclose(row["effects_error"], halves, rtol=1e-3, atol=1e-4)
        assert row["n_evaluations"] == effects.n_evaluations + 1


def by_polars(folder: Path) -> list[dict[str, Any]]:
    import polars as pl

    return pl.read_parquet(f"{folder}/*.parquet").to_dicts()


def by_duckdb(folder: Path) -> list[dict[str, Any]]:
    import duckdb

    found = duckdb.sql(f"FROM '{folder}/*.parquet'")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@pytest.mark.parametrize("read", [by_polars, by_duckdb])
def test_other_readers_of_parquet_open_all_of_it(
    read: Callable[[Path], list[dict[str, Any]]], data: Path, tmp_path: Path
) -> None:
    run(data, tmp_path, layers=["relu"], maps="gradient")
    assert read(tmp_path / "out") == pyarrow.parquet.read_table(tmp_path / "out").to_pylist()


@pytest.mark.parametrize("method", ["integrated-gradients:tolerance=0.05", "occlusion:window=4,stride=2"])
def test_maps_are_those_of_the_method(method: str, data: Path, tmp_path: Path) -> None:
    _, rows = run(data, tmp_path, regions=None, maps=method)
    kept = [load_file(tmp_path / "out" / f"_maps-0000{shard}.safetensors") for shard in range(3)]
    maps = dict(
        zip(
            np.concatenate([one["index"] for one in kept]).tolist(),
            np.concatenate([one["maps"] for one in kept]),
            strict=True,
        )
    )
    assert set(maps) == set(rows["index"]) - {3}
    for _, row in rows[rows["problem"].isna()].iterrows():
        pixels = preprocess(load_image(data / row["image"]), MODEL.input).pixels
        if method.startswith("occlusion"):
            wanted = innerview.occlusion(MODEL, pixels, innerview.LogOdds(), fill="blurred", window=4, stride=2)
            assert pd.isna(row["map_error"])
        else:
            wanted = innerview.integrated_gradients(
                MODEL, pixels, innerview.LogOdds(), baseline="blurred", tolerance=0.05
            )
            assert row["map_error"] == pytest.approx(wanted.error, rel=1e-4)
        np.testing.assert_allclose(maps[row["index"]], wanted.heatmap, rtol=1e-4, atol=1e-5)
        assert row["map_sum"] == pytest.approx(wanted.heatmap.sum(), rel=1e-3, abs=1e-4)
        assert row["map_size"] == pytest.approx(np.abs(wanted.heatmap).sum(), rel=1e-4)
        assert row["n_evaluations"] == 1 + wanted.n_evaluations
    with raises(UsageError, "question", file="out"):
        run(data, tmp_path, regions=None, maps="gradient", resume=True)


def test_a_kill_at_any_shard_leaves_whole_files_and_resuming_gives_the_same_bytes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(data, tmp_path, "whole")
    wanted = {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()}
    assert set(wanted) == {"_survey.json", "rows-00000.parquet", "rows-00001.parquet", "rows-00002.parquet"}
    write = shards_file.write

    def broken(path: Path, content: bytes, *, hidden: bool = False) -> None:
        if path.name == f"rows-0000{end}.parquet":
            raise KeyboardInterrupt
        write(path, content, hidden=hidden)

    for end in range(3):
        name = f"ended {end}"
        monkeypatch.setattr(shards_file, "write", broken)
        with pytest.raises(KeyboardInterrupt):
            run(data, tmp_path, name)
        monkeypatch.setattr(shards_file, "write", write)
        assert len(list((tmp_path / name).glob("*.parquet"))) == end
        run(data, tmp_path, name, resume=True)
        assert {file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} == wanted


KILLED = """
import sys
from pathlib import Path
from innerview.workbench.survey import shards, survey
sys.path.insert(0, {tests!r})
from test_survey import MODEL
write = shards.write
def told(path, content, **how):
    write(path, content, **how)
    print(path.name, flush=True)
shards.write = told
survey.survey(MODEL, {data!r}, regions=(2, 2), images_per_shard=3, resume=True, output={output!r})
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_process_loses_the_shard_in_work_only(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, "whole")
    place = tmp_path / "killed"
    code = KILLED.format(tests=str(Path(__file__).parent), data=str(data), output=str(place))
    for _ in range(5):  # each begins, writes at least one file if one is missing, and is killed at once
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(signal.SIGKILL)
    run(data, tmp_path, "killed", resume=True)
    wanted = {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()}
    assert {name: (place / name).read_bytes() for name in wanted} == wanted


def test_parts_of_a_survey_together_are_the_whole(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path, "whole")
    together: dict[str, bytes] = {}
    for place in (1, 2):
        found, _ = run(data, tmp_path, f"part {place}", shard=(place, 2))
        assert found.images == 7
        assert found.rows == (4, 3)[place - 1]
        together |= {file.name: file.read_bytes() for file in (tmp_path / f"part {place}").iterdir()}
    assert together == {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"regions": (1, 2)}, "regions: [2, 2], now [1, 2]"),
        ({"regions": None}, "regions"),
        ({"fills": ("mean",)}, "fills"),
        ({"layers": ["relu"]}, "layers"),
        ({"limit": 4}, "images: 7, now 4"),
        ({"crop": "whole"}, "crop"),
        ({"images_per_shard": 2}, "images_per_shard"),
        ({"model": model(seed=1)}, "model"),
    ],
)
def test_rows_of_another_question_are_never_mixed(
    data: Path, tmp_path: Path, changed: dict[str, Any], what: str
) -> None:
    run(data, tmp_path)
    before = {file: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    with raises(UsageError, "question", file="out") as problem:
        run(data, tmp_path, resume=True, **changed)
    assert what in str(problem.value)
    assert {file: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_a_data_set_that_grew_is_another_question(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    paint(data / "cat" / "2.png", 9)
    with raises(UsageError, "question", file="out"):
        run(data, tmp_path, resume=True)


def test_a_folder_is_not_added_to_unasked(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    with raises(UsageError, "survey", file="out"):
        run(data, tmp_path)
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "thesis.txt").write_text("mine")
    with raises(OutputError, "folder", found=("thesis.txt",), file="others"):
        run(data, tmp_path, "others")
    assert [file.name for file in (tmp_path / "others").iterdir()] == ["thesis.txt"]


def test_a_sample_is_drawn_by_its_seed_and_stays_in_order(data: Path, tmp_path: Path) -> None:
    drawn: list[list[int]] = []
    for seed in (0, 0, 1, 1):
        _, rows = run(data, tmp_path, f"draw {len(drawn)}", sample=4, seed=seed)
        drawn.append(list(rows["index"]))
    assert drawn[0] == drawn[1] != drawn[2] == drawn[3]
    assert all(one == sorted(set(one)) and len(one) == 4 for one in drawn)
    assert list(run(data, tmp_path, "first", limit=3)[1]["index"]) == [0, 1, 2]


def as_csv(data: Path) -> Any:
    file = data / "list.csv"
    file.write_text("image,label\ncat/0.png,cat\ndog/0.png,dog\nfrog/1.png,\n", encoding="utf-8-sig")
    return file


def as_parquet(data: Path) -> Any:
    file = data / "list.parquet"
    pd.DataFrame({"Path": ["cat/0.png", "dog/0.png", "frog/1.png"], "label": ["cat", "dog", None]}).to_parquet(file)
    return file


def arrays(data: Path) -> list[Array]:
    return [np.asarray(Image.open(data / one)) for one in ("cat/0.png", "dog/0.png", "frog/1.png")]


def as_pairs(data: Path) -> Any:
    return list(zip(arrays(data), ("cat", 1, None), strict=True))


def as_torch_dataset(data: Path) -> Any:
    import torch

    class Images(torch.utils.data.Dataset[Any]):
        classes = CLASSES

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            pixels = torch.from_numpy(arrays(data)[index].astype(np.float32) / 255).permute(2, 0, 1)
            return pixels, (0, 1, None)[index]

    return Images()


def as_table(data: Path) -> Any:
    """What Hugging Face's `datasets` gives, as far as a survey looks at it."""

    class Table:
        column_names = ("image", "label")
        features = MappingProxyType({"label": SimpleNamespace(names=CLASSES)})

        def __len__(self) -> int:
            return 3

        def __getitem__(self, key: Any) -> Any:
            if key == "label":
                return [0, 1, None]
            return {"image": Image.fromarray(arrays(data)[key]), "label": (0, 1, None)[key]}

    return Table()


@pytest.mark.parametrize("form", [as_csv, as_parquet, as_pairs, as_torch_dataset, as_table])
def test_every_form_of_a_data_set_gives_the_same_answers(
    form: Callable[[Path], Any], data: Path, tmp_path: Path
) -> None:
    _, rows = run(form(data), tmp_path)
    assert [None if pd.isna(one) else int(one) for one in rows["label_index"]] == [0, 1, None]
    assert rows["correct"].isna().tolist() == [False, False, True]
    wanted = [innerview.predict(MODEL, (one[None] / 255).astype(np.float32))[0].probabilities for one in arrays(data)]
    np.testing.assert_allclose(np.stack(rows["probabilities"].tolist()), wanted, atol=1e-5)


KINDS = [
    OutputSpec(CLASSES, "sigmoid"),
    OutputSpec(("cat",), "sigmoid"),
    OutputSpec(CLASSES, "scores"),
    OutputSpec(CLASSES, "probabilities"),
]


@pytest.mark.parametrize("output", KINDS, ids=lambda one: f"{one.kind} {len(one.class_names)}")
def test_outputs_of_every_kind_have_rows(output: OutputSpec, data: Path, tmp_path: Path) -> None:
    asked: Any = model(output)
    if output.kind == "probabilities":
        asked = FunctionModel(lambda images: np.full((len(images), 3), 1 / 3), InputSpec(SIDE, SIDE), output)
    _, rows = run(data, tmp_path, model=asked)
    good = rows[rows["problem"].isna()]
    assert len(good) == 6
    assert good["effects"].map(len).tolist() == [4] * 6
    assert good["probabilities"].isna().all() == (output.kind == "scores")
    if len(output.class_names) == 1:
        assert set(good["predicted"]) <= {"cat", "not cat"}


def test_a_model_that_fails_on_one_image_keeps_the_others(data: Path, tmp_path: Path) -> None:
    dark = preprocess(load_image(data / "cat/1.png"), MODEL.input).pixels.mean()

    def outputs(images: Array) -> Array:
        means = images.mean(axis=(1, 2, 3))
        return np.stack([np.where(np.abs(means - dark) < 1e-6, np.nan, means), means, -means], axis=1)

    asked = FunctionModel(outputs, InputSpec(SIDE, SIDE), OutputSpec(CLASSES))
    _, rows = run(data, tmp_path, model=asked, regions=None)
    assert rows["problem"].notna().tolist() == [False, True, False, True, False, False, False]
    assert "features" not in rows


def test_a_label_that_several_classes_have_is_refused_with_their_numbers(data: Path, tmp_path: Path) -> None:
    with raises(DataError, "label", asked="cat"):
        run(data, tmp_path, model=model(OutputSpec(("cat", "dog", "cat"))))
    assert not (tmp_path / "out").exists()


def test_no_label_that_the_model_knows_is_refused_and_some_are_told(data: Path, tmp_path: Path) -> None:
    with raises(DataError, "classes", found=("cat", "dog", "frog")):
        run(data, tmp_path, model=model(OutputSpec(("ship", "truck"))))
    found, rows = run(data, tmp_path, "some", model=model(OutputSpec(("cat", "ship"))))
    assert found.notes == ("Labels that are no classes of the model: dog, frog.",)
    assert rows["label_index"].notna().sum() == 2


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"limit": 2, "sample": 2}, UsageError),
        ({"limit": 0}, UsageError),
        ({"shard": (3, 2)}, UsageError),
        ({"regions": (9, 9)}, UsageError),
        ({"regions": (1, 1)}, UsageError),
        ({"fills": ("plaid",)}, UsageError),
        ({"layers": ["nowhere"]}, UsageError),
        ({"maps": "tarot"}, UsageError),
        ({"maps": "gradient", "baseline": "plaid"}, UsageError),
    ],
)
def test_bad_requests_are_refused_before_anything_is_written(
    asked: dict[str, Any], problem: type[Exception], data: Path, tmp_path: Path
) -> None:
    with pytest.raises(problem):
        run(data, tmp_path, **asked)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.csv", None),
        ("columns.csv", "picture,label\na.png,cat\n"),
        ("short.csv", "image,label\na.png\n"),
        ("empty.csv", "image,label\n"),
        ("no.parquet", "image"),
    ],
)
def test_lists_that_say_nothing_are_refused(name: str, content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=name):
        run(tmp_path / name, tmp_path)


def test_a_shard_that_was_damaged_is_named(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    (tmp_path / "out" / "rows-00001.parquet").write_bytes(b"PAR1")
    with raises(DataError, "parquet", file="rows-00001.parquet"):
        run(data, tmp_path, resume=True)


def test_the_command_says_what_came_out(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("cat", "dog", "frog"):
        for file in (data / name).iterdir():
            if file.read_bytes() != b"no image":
                Image.open(file).resize((32, 32)).save(file)
    place = tmp_path / "rows"
    command = ["survey", "allcnn", str(data), "--regions", "none", "--layers", "3", "-o", str(place)]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "7 of 7 images" in said.out
    assert "1 could not be asked about" in said.out
    assert json.loads((place / "_survey.json").read_text())["layers"] == ["elu3"]
    assert main([*command, "--shard", "x"]) == 2
    assert main(command) == 2
    assert main([*command, "--resume"]) == 0


def csv_list(data: Path, text: str) -> Path:
    file = data / "own.csv"
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("image,image\ncat/0.png,dog/0.png\n", "several columns called image"),
        ("image,Label,label\ncat/0.png,cat,dog\n", "several columns called label"),
        ('image,label\ncat/0.png,"cat\ndog/0.png,dog\n', "line 3 .* can't be read as CSV"),
        (f"image\n{'a' * 200_000}\n", "line 2 .* can't be read as CSV"),
        ('image,label\n"a\nb.png",cat\nc.png\n', "line 4 .* has 1 values for 2 columns"),
        ("image,label\ncat/0.png\n", "line 2"),
    ],
)
def test_a_list_that_can_be_read_in_two_ways_is_refused(text: str, problem: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=problem):
        run(csv_list(data, text), tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines_and_every_end_of_a_line_are_read(end: str, data: Path, tmp_path: Path) -> None:
    lines = ["", "note,image,note,label", "x,cat/0.png,y, cat ", "", " ,,,", 'x,"dog/0.png",y,dog', ""]
    _, rows = run(csv_list(data, end.join(lines)), tmp_path, regions=None)
    assert list(rows["image"]) == ["cat/0.png", "dog/0.png"]
    assert list(rows["label"]) == ["cat", "dog"]
    assert list(rows["label_index"]) == [0, 1]


def test_files_that_are_none_are_told_row_by_row(data: Path, tmp_path: Path) -> None:
    text = "image,label\n,cat\nhttps://example.org/a.png,cat\ncat\0.png,cat\ncat/0.png,cat\n"
    _, rows = run(csv_list(data, text), tmp_path, regions=None)
    assert rows["problem"].isna().tolist() == [False, False, False, True]
    assert "names no file" in rows["problem"][0]
    assert "download it" in rows["problem"][1]


PATHS = ["cat/0.png", "dog/0.png", "frog/1.png"]


@pytest.mark.parametrize(
    "labels", [[0, 1, 2], [0.0, 1.0, None], ["0", "1.0", "2"], pd.Categorical(["cat", "dog", None])]
)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_numbers_are_labels_in_every_form_that_tables_give_them(
    labels: Any, form: str, data: Path, tmp_path: Path
) -> None:
    table = pd.DataFrame({"image": PATHS, "label": labels})
    file = data / f"own.{form}"
    table.to_csv(file, index=False) if form == "csv" else table.to_parquet(file)
    _, rows = run(file, tmp_path, regions=None)
    assert rows["label_index"].dropna().tolist() == list(range(3))[: table["label"].notna().sum()]


def test_a_number_in_a_list_is_a_name_first_and_in_a_sequence_a_number(data: Path, tmp_path: Path) -> None:
    asked = model(OutputSpec(("2", "0", "1")))
    table = pd.DataFrame({"image": PATHS, "label": [0, 1, 2]})
    table.to_csv(data / "own.csv", index=False)
    table.to_parquet(data / "own.parquet")
    for form in ("csv", "parquet"):
        assert list(run(data / f"own.{form}", tmp_path, form, model=asked)[1]["label_index"]) == [1, 2, 0]
    pairs = list(zip(arrays(data), [0, 1, 2], strict=True))
    assert list(run(pairs, tmp_path, "pairs", model=asked)[1]["label_index"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"image": [{"bytes": b"x", "path": "x.png"}]}, "image .* holds struct"),
        ({"image": [b"x"]}, "image .* holds binary"),
        ({"image": [1]}, "image .* holds int64"),
        ({"image": ["cat/0.png"], "label": [[1, 0, 0]]}, "label .* holds list"),
        ({"image": ["cat/0.png"], "Image": ["dog/0.png"]}, "several columns called image"),
        ({"picture": ["cat/0.png"]}, "has the columns picture"),
    ],
)
def test_a_parquet_list_of_other_things_is_refused(
    columns: dict[str, Any], problem: str, data: Path, tmp_path: Path
) -> None:
    pd.DataFrame(columns).to_parquet(data / "own.parquet")
    with pytest.raises(DataError, match=problem):
        run(data / "own.parquet", tmp_path)


def test_parquet_text_that_is_none_is_refused(data: Path, tmp_path: Path) -> None:
    pd.DataFrame({"image": ["cat/0.png"]}).to_parquet(data / "own.parquet", compression=None)
    content = (data / "own.parquet").read_bytes()
    (data / "own.parquet").write_bytes(content.replace(b"cat/0.png", b"cat/\xff.png"))
    with raises(DataError, "parquet", file="own.parquet"):
        run(data / "own.parquet", tmp_path)


class Own:
    """A data set of somebody's own."""

    def __init__(self, items: list[Any], **also: Any) -> None:
        self.items = items
        for name, value in also.items():
            setattr(self, name, value)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.items[index], Exception):
            raise self.items[index]
        return self.items[index]


def numbered(data: Path) -> list[Any]:
    return list(zip(arrays(data), range(3), strict=True))


@pytest.mark.parametrize(
    "also",
    [
        {"targets": [2, 1, 0]},  # changed on the way (target_transform), or others
        {"targets": [0]},
        {"targets": 3},
        {"targets": np.arange(3)},
        {"classes": {"frog": 2, "cat": 0, "dog": 1}},
        {"classes": [("cat", "kitty"), ("dog",), ("frog",)]},
        {"classes": 3},
        {"classes": None},
        {"classes": lambda: 3},
    ],
)
def test_labels_are_those_that_the_items_bring(also: dict[str, Any], data: Path, tmp_path: Path) -> None:
    _, rows = run(Own(numbered(data), **also), tmp_path, regions=None)
    assert list(rows["label_index"]) == [0, 1, 2]


def test_targets_serve_where_the_items_bring_no_label(data: Path, tmp_path: Path) -> None:
    _, rows = run(Own(arrays(data), targets=[2, None, 0]), tmp_path, regions=None)
    assert list(rows["label"].fillna("none")) == ["2", "none", "0"]


@pytest.mark.parametrize("label", [np.int64(1), np.array(1), np.array([1]), np.float32(1), 1.0, True, " dog ", "1"])
def test_a_label_is_taken_in_every_form_of_one_class(label: Any, data: Path, tmp_path: Path) -> None:
    _, rows = run([(arrays(data)[0], label)], tmp_path, regions=None)
    assert list(rows["label_index"]) == [1]


@pytest.mark.parametrize("label", [np.eye(3)[1], 0.7, float("inf"), b"dog", ("cat", "dog"), {"class": 1}])
def test_a_label_that_is_none_is_refused(label: Any, data: Path, tmp_path: Path) -> None:
    with raises(DataError, "label", asked=1):
        run([(arrays(data)[0], 0), (arrays(data)[1], label)], tmp_path)


@pytest.mark.parametrize("missing", [None, float("nan"), "", np.nan])
def test_a_label_that_is_missing_is_null(missing: Any, data: Path, tmp_path: Path) -> None:
    _, rows = run([(arrays(data)[0], 0), (arrays(data)[1], missing)], tmp_path, regions=None)
    assert rows["label"].isna().tolist() == [False, True]


def test_an_item_that_fails_keeps_the_others(data: Path, tmp_path: Path) -> None:
    items = numbered(data)
    found, rows = run(Own([items[0], OSError("disk gone"), items[2]]), tmp_path, regions=None)
    assert rows["problem"].isna().tolist() == [True, False, True]
    assert "item 1 (OSError: disk gone)" in rows["problem"][1]
    assert found.failed == 1


def test_images_come_in_tuples_of_one_and_as_they_are_read_here(data: Path, tmp_path: Path) -> None:
    found, rows = run([(one,) for one in arrays(data)], tmp_path, regions=None)
    assert found.failed == 0
    read = [load_image(data / one, label="cat") for one in PATHS]
    _, again = run(read, tmp_path, "again", regions=None)
    np.testing.assert_array_equal(np.stack(again["probabilities"]), np.stack(rows["probabilities"]))
    assert set(again["label"]) == {"cat"}


@pytest.mark.parametrize(
    "given",
    [
        np.zeros((SIDE, SIDE, 3), np.uint8),  # its rows are no images
        np.zeros((3, SIDE, SIDE), np.uint8),
        np.zeros((SIDE, SIDE), np.uint8),
        pd.DataFrame({"image": ["cat/0.png"]}),
        pd.Series(["cat/0.png"], index=[5]),
        b"image",
        {0: "cat/0.png"},
    ],
)
def test_what_is_no_data_set_is_refused(given: Any, tmp_path: Path) -> None:
    with raises(DataError, "data"):
        run(given, tmp_path)


def test_a_half_written_file_of_a_kill_disturbs_nobody(data: Path, tmp_path: Path) -> None:
    """A kill in the middle of writing leaves the file beside its place, here made by hand at every place."""
    out = tmp_path / "out"
    out.mkdir()
    opened: list[str] = []
    replace = Path.replace

    def half(self: Path, target: Any) -> Path:
        opened.append(self.name)
        return replace(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", half)
        run(data, tmp_path, "named")
    assert any("rows-00000" in name for name in opened)
    for name in [*opened, "._survey.json.7.partial"]:
        (out / name).write_bytes(b"PAR1 half")
    _, rows = run(data, tmp_path)
    assert list(rows["index"]) == list(range(7))


def test_two_that_begin_at_the_same_moment_do_not_mix(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = shards_file._make

    def beaten(folder: Path) -> list[str]:
        found = listed(folder)
        monkeypatch.setattr(shards_file, "_make", listed)
        run(data, tmp_path, limit=2)
        return found

    monkeypatch.setattr(shards_file, "_make", beaten)
    with raises(UsageError, "survey", file="out"):
        run(data, tmp_path)
    assert len(pd.read_parquet(tmp_path / "out")) == 2


def test_the_batch_size_of_the_beginning_stays(data: Path, tmp_path: Path) -> None:
    """It may follow the memory that is free, and rows of a model that mixes a batch depend on it."""
    sizes: list[int] = []

    def outputs(images: Array) -> Array:
        sizes.append(len(images))
        return np.tile(images.mean(axis=(1, 2, 3))[:, None], 3)

    def sized(batch: int) -> FunctionModel:
        return FunctionModel(outputs, InputSpec(SIDE, SIDE), OutputSpec(CLASSES), batch_size=batch)

    asked = {"regions": None, "images_per_shard": 4}
    run(data, tmp_path, model=sized(4), **asked)
    wanted = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    (tmp_path / "out" / "rows-00000.parquet").unlink()
    sizes.clear()
    run(data, tmp_path, model=sized(1), resume=True, **asked)
    assert max(sizes) == 3  # of four, one is no image
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == wanted


def test_the_files_of_a_long_survey_are_in_the_order_of_their_images(tmp_path: Path) -> None:
    long = shards_file.Shards(tmp_path, {}, 1, 100_001, 1)
    assert [long.file(number).name for number in (0, 99_999, 100_000)] == sorted(
        long.file(number).name for number in (100_000, 0, 99_999)
    )


@pytest.mark.parametrize("content", ["[]", "{", "", '{"batch_size": 0}'])
def test_a_damaged_manifest_is_told(content: str, data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "_survey.json").write_text(content)
    with pytest.raises((DataError, UsageError), match=r"_survey\.json|another question"):
        run(data, tmp_path, resume=True)


@pytest.mark.parametrize("rows", [{"x": [1]}, {"image": ["a"], "correct": [True], "problem": [None]}])
def test_a_file_of_other_rows_is_named(rows: dict[str, Any], data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    pd.DataFrame(rows).to_parquet(tmp_path / "out" / "rows-00000.parquet")
    with raises(DataError, "parquet", file="rows-00000.parquet"):
        run(data, tmp_path, resume=True)


@pytest.mark.parametrize("place", ["a" * 300, "a\0b", "data/cat/0.png", "data/cat/0.png/x"])
def test_a_place_that_can_not_be_written_is_refused(place: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be used"):
        survey(MODEL, data, regions=None, output=f"{tmp_path}/{place}")


@pytest.mark.parametrize("left", [None, "a file"])
def test_a_folder_that_goes_away_meanwhile_is_told(left: str | None, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def progress(done: float, _total: int, _words: str) -> None:
        if done >= 3 and out.is_dir():
            shutil.rmtree(out)
            if left:
                out.write_text(left)

    with raises(OutputError, "writing", file="rows-00001.parquet"):
        run(data, tmp_path, progress=progress)


def test_a_part_with_nothing_to_do_says_so(data: Path, tmp_path: Path) -> None:
    found, rows = run(data, tmp_path, shard=(9, 9))
    assert found.rows == len(rows) == 0
    assert found.notes == ("Part 9 of 9 has nothing to do: the survey has 3 files in all.",)


def test_probabilities_have_the_entropy_of_their_kind(data: Path, tmp_path: Path) -> None:
    """Rounding moves the sum of probabilities, and independent ones may have the sum 1 by chance."""
    third = FunctionModel(
        lambda images: np.full((len(images), 3), 1 / 3 + 1e-5),
        InputSpec(SIDE, SIDE),
        OutputSpec(CLASSES, "probabilities"),
    )
    _, rows = run(data, tmp_path, "third", model=third, regions=None)
    np.testing.assert_allclose(rows["entropy"].dropna(), np.log(3), rtol=1e-4)
    independent = FunctionModel(
        lambda images: np.full((len(images), 3), np.log(0.5)), InputSpec(SIDE, SIDE), OutputSpec(CLASSES, "sigmoid")
    )
    _, rows = run(data, tmp_path, "independent", model=independent, regions=None)
    np.testing.assert_allclose(rows["entropy"].dropna(), 3 * (np.log(3) - 2 / 3 * np.log(2)), rtol=1e-5)


def test_outputs_that_are_no_probabilities_are_a_problem(data: Path, tmp_path: Path) -> None:
    logits = FunctionModel(
        lambda images: np.full((len(images), 3), [3, -2, 0]),
        InputSpec(SIDE, SIDE),
        OutputSpec(CLASSES, "probabilities"),
    )
    found, rows = run(data, tmp_path, model=logits, regions=None)
    assert found.failed == 7
    assert found.notes[-1].startswith("Not one image could be asked about; of cat/0.png: outputs declared as prob")
    assert rows["problem"].notna().all()


def test_a_stopped_command_says_how_to_go_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shards_file.Shards, "write", stop)
    assert main(["survey", "allcnn", str(data), "--regions", "none", "-o", str(tmp_path / "rows")]) == 1
    assert "--resume" in capsys.readouterr().err


def test_a_survey_without_a_usable_image_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data" / "cat").mkdir(parents=True)
    (tmp_path / "data" / "cat" / "0.png").write_bytes(b"no image")
    asked = ["survey", "allcnn", str(tmp_path / "data"), "--regions", "none", "-o", str(tmp_path / "rows")]
    assert main(asked) == 1
    assert "Not one image could be asked about" in capsys.readouterr().err


def test_an_image_that_changed_under_its_name_is_noticed(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    Image.new("RGB", (SIDE, SIDE)).save(data / "cat" / "0.png")
    with raises(UsageError, "question", file="out"):
        run(data, tmp_path, resume=True)


def test_workers_write_what_one_process_does_and_a_lost_one_is_begun_again(tmp_path: Path) -> None:
    for number in range(6):
        paint(tmp_path / "data" / ("cat", "dog")[number % 2] / f"{number}.png", number)
    asked = {"regions": None, "images_per_shard": 1}
    survey("allcnn", tmp_path / "data", output=tmp_path / "one", **asked)
    killed: list[int | None] = []

    def kill_one(_done: float, _of: int, _words: str) -> None:
        children = multiprocessing.active_children()
        if not killed and children:
            killed.append(children[0].pid)
            children[0].kill()

    found = survey_by(2, ModelRequest("allcnn"), tmp_path / "data", output=tmp_path / "two", progress=kill_one, **asked)
    assert killed
    assert (found.rows, found.failed) == (6, 0)
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == sorted(file.name for file in (tmp_path / "two").iterdir())
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with raises(UsageError, "survey", file="two"):
        survey_by(2, ModelRequest("allcnn"), tmp_path / "data", output=tmp_path / "two", **asked)
    with raises(DataError, "data", file="none"):
        survey_by(2, ModelRequest("allcnn"), tmp_path / "none", output=tmp_path / "three", **asked)


def stream(data: Path, count: int = 7, labels: tuple[str, ...] = CLASSES) -> Iterator[Any]:
    """Images as they come: seven, the fourth of which can't be read."""
    for name in NAMES[:count]:
        yield data / f"{name}.png", labels[CLASSES.index(name.split("/")[0])]


def test_a_stream_has_the_rows_of_a_sequence(data: Path, tmp_path: Path) -> None:
    told: list[str] = []
    found, rows = run(stream(data), tmp_path, progress=lambda _done, _total, words: told.append(words))
    _, expected = run(list(stream(data)), tmp_path, "sequence")
    pd.testing.assert_frame_equal(rows, expected)
    assert (found.images, found.rows, found.failed) == (7, 7, 1)
    assert "how many there are is not known" in told[0]
    assert "s an image" in told[-2]
    assert json.loads((tmp_path / "out" / "_survey.json").read_text())["images"] == 7
    assert len(read_survey(tmp_path / "out").names) == 6


@pytest.mark.parametrize("killed", [0, 1, 2])
def test_a_stream_goes_on_where_it_was_with_the_same_bytes(killed: int, data: Path, tmp_path: Path) -> None:
    run(stream(data), tmp_path, "whole")

    def breaking() -> Iterator[Any]:
        yield from stream(data, 3 * killed + 1)
        raise RuntimeError("the line went dead")

    with raises(DataError, "item", asked=3 * killed + 1):
        run(breaking(), tmp_path)
    assert len(list((tmp_path / "out").glob("rows-*"))) == killed
    found, _ = run(stream(data), tmp_path, resume=True)
    assert found.rows == 7
    whole = {file.name: file.read_bytes() for file in (tmp_path / "whole").iterdir()}
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == whole
    run(stream(data), tmp_path, resume=True)
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == whole


def test_a_stream_of_other_images_is_not_gone_on_with(data: Path, tmp_path: Path) -> None:
    run(stream(data), tmp_path)
    with raises(UsageError, "question"):
        run(stream(data, labels=("dog", "cat", "frog")), tmp_path, resume=True)
    with raises(UsageError, "question"):
        run(stream(data, 4), tmp_path, resume=True)
    with raises(UsageError, "question"):
        run([*stream(data), *stream(data)].__iter__(), tmp_path, resume=True)
    with raises(UsageError, "survey"):
        run(stream(data), tmp_path)


def test_what_takes_a_length_is_refused_of_a_stream(data: Path, tmp_path: Path) -> None:
    with raises(UsageError, "sample"):
        run(stream(data), tmp_path, sample=2)
    with raises(UsageError, "shard"):
        run(stream(data), tmp_path, shard=(1, 2))
    with raises(DataError, "images", found=0):
        run(iter(()), tmp_path, "empty")
    with raises(DataError, "classes"):
        run(stream(data, labels=("x", "y", "z")), tmp_path, "strange")
    assert run(stream(data), tmp_path, "limited", limit=4)[0].rows == 4
