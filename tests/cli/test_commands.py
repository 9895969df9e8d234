"""Each command does its main job, as a user would call it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from innerview.cli import main
from innerview.model import InputSpec
from innerview.results import PathPredictions, Provenance
from innerview.workbench.path import table as path_table


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_look_writes_a_page_whose_every_file_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "moose", "--tolerance", "0.02", "--alphas", "0.1,1"]) == 0
    folder = tmp_path / "innerview-explanations" / "moose"
    assert f"Open {Path('innerview-explanations/moose/index.html').absolute()}" in capsys.readouterr().out
    page = (folder / "index.html").read_text()
    listed = {part.split('"')[0] for part in page.split('src="')[1:]}
    assert listed
    assert {one.name for one in folder.iterdir()} == listed | {
        "index.html",
        "view.html",
        "result.json",
        "arrays.safetensors",
    }
    for name in listed:
        with Image.open(folder / name) as image:
            image.load()
    result = json.loads((folder / "result.json").read_text())
    arrays = load_file(folder / "arrays.safetensors")
    assert result["image"]["label"] == 4
    assert result["integrated"]["tolerance"] == 0.02
    assert result["integrated"]["error"] <= 0.02
    assert result["interior"]["provenance"]["baseline"].startswith("the image blurred")
    map_ = arrays["integrated.attribution"].sum(axis=2)
    change = result["integrated"]["score"] - result["integrated"]["baseline_score"]
    assert abs(map_.sum() - change) <= 0.02 * np.abs(map_).sum()


def test_look_at_several_has_an_overview_on_one_scale(tmp_path: Path) -> None:
    arguments = [
        "--n-steps",
        "2",
        "--alphas",
        "1",
        "--vmax",
        "shared",
        "--baseline",
        "white",
        "--baseline",
        "noise:3",
    ]
    assert main(["explain", "cat", "moose", "-o", "out", "--no-judge", *arguments]) == 0
    out = tmp_path / "out"
    page = (out / "index.html").read_text()
    assert "cat/index.html" in page
    assert "moose/index.html" in page
    figures = {"contact-sheet.png", "interior-sheet.png", "interior-sheet.webp"}
    assert figures <= {one.name for one in out.iterdir()}
    assert all(f'src="{name}"' in page for name in figures)
    assert {"spread.png", "photo.png"} <= {one.name for one in (out / "cat").iterdir()}
    found = json.loads((out / "cat" / "result.json").read_text())["integrated"]["provenance"]
    assert found["baseline"] == "white and uniform noise, seed 3"
    assert found["seed"] == 3
    assert found["target"] == "logit of 3 cat minus the mean of the others"
    again = main(["explain", "cat", "-o", "out", "--no-judge", "--n-steps", "1", "--alphas", "1"])
    assert again == 0  # a folder of ours is written to again
    assert json.loads((out / "cat" / "result.json").read_text())["integrated"]["n_evaluations"] == 1


def test_look_picks_from_class_folders(tmp_path: Path) -> None:
    for name in ("horse", "dog"):
        (tmp_path / "data" / "test" / name).mkdir(parents=True)
        pixels = np.random.default_rng(len(name)).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "data" / "test" / name / "0000.png")
    assert (
        main(["explain", "--data", "data", "--select", "horse:0", "--no-judge", "--n-steps", "1", "--alphas", "1"]) == 0
    )
    (folder,) = [one for one in (tmp_path / "innerview-explanations").iterdir() if one.is_dir()]
    assert json.loads((folder / "result.json").read_text())["image"]["label"] == 7
    assert "photo.png" not in {one.name for one in folder.iterdir()}  # the model saw all of it, pixel by pixel


def test_weights_of_files_are_counted_on_shared_bins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    for name, width in (("before", 0.1), ("after", 0.4)):
        weights = {"conv.weight": (width * generator.normal(size=(8, 4))).astype(np.float32)}
        weights["conv.weight"][0, 0] = np.nan if name == "after" else 0
        save_file(weights, tmp_path / f"{name}.safetensors")
    assert main(["weights", "before.safetensors", "after.safetensors", "--bins", "16", "-o", "out"]) == 0
    assert "1 weight is NaN or infinite" in capsys.readouterr().out
    with (tmp_path / "out" / "weights.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 32
    assert [row["from"] for row in rows[:16]] == [row["from"] for row in rows[16:]]
    totals = [sum(int(row["weights"]) for row in rows if row["checkpoint"] == name) for name in ("before", "after")]
    assert totals == [32, 31]
    with (tmp_path / "out" / "statistics.csv").open() as file:
        assert [row["nan"] for row in csv.DictReader(file)] == ["0", "1"]


def test_weights_of_the_built_in_model(tmp_path: Path) -> None:
    assert main(["weights"]) == 0
    arrays = load_file(tmp_path / "innerview-weights" / "weights.safetensors")
    assert arrays["counts"].sum(axis=(1, 2))[-1] == 905_856


def test_path_counts_images_and_lists_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("horse", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(2):
            pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{number}.png")
    (tmp_path / "data" / "dog" / "2.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    assert main(["saturation", "--data", "data", "--alphas", "0.01,1", "-o", "out"]) == 0
    streams = capsys.readouterr()
    assert "of 4 images" in streams.out
    assert "left out: dog:2" in streams.err
    with (tmp_path / "out" / "path.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert sum(float(value) for key, value in row.items() if key.startswith("called")) == pytest.approx(1, abs=1e-5)


def test_a_class_name_with_a_comma_stays_one_cell() -> None:
    alphas = np.array([0.0, 1.0])
    shares = np.array([[1.0, 0.0], [0.25, 0.75]])
    names, taken = ("cat", "dog, wet"), InputSpec(2, 2)
    found = PathPredictions(alphas, alphas, shares, 4, names, taken, Provenance("hash", "float32", 1))
    rows = list(csv.DictReader(path_table(found).decode().splitlines()))
    assert [row["called 1 dog, wet"] for row in rows] == ["0", "0.75"]


def test_info_describes_the_model_and_the_image(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "moose"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for expected in (
        "905,856",
        "7 horse",
        "9 conv9 convolution 8 × 8 × 10 height width channel 1,280",
        "shrunk by area averaging",
    ):
        assert expected in text
