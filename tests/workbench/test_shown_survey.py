"""A survey in the viewer: its rows as they stand, its map, its images by window; what is missing is said."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten, ReLU
from innerview.cli import main
from innerview.data.fitting import LUMA
from innerview.data.reading import load_image
from innerview.errors import DataError, ImageError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.session.answers import OpenedModel
from innerview.session.opening import furnish
from innerview.session.progress import NullListener, silent
from innerview.session.query import read_query
from innerview.session.session import Session
from innerview.viewer.one_file import unpack
from innerview.viewer.payload import Payload, decode
from innerview.viewer.payloads.dataset import NONE
from innerview.workbench.page import survey_part
from innerview.workbench.page.report import page
from innerview.workbench.survey import embedding
from innerview.workbench.survey.rows import read_rows
from innerview.workbench.survey.shown import ShownSurvey, open_survey
from innerview.workbench.survey.survey import survey
from raising import raises

SIDE, CLASSES = 8, ("cat", "dog", "frog")
NAMES = ("cat/0", "cat/1", "dog/0", "dog/1", "frog/0", "frog/1", "frog/10")


def model(seed: int = 0, size: float = 1) -> NumpyModel:
    random = np.random.default_rng(seed)
    operations = [Convolution("conv"), ReLU("relu"), Flatten("flat"), Dense("dense", bias=False)]
    weights = {
        "conv.weight": size * random.normal(size=(4, 3, 3, 3)),
        "dense.weight": random.normal(size=(3, 4 * SIDE * SIDE)) / 4,
    }
    return NumpyModel(InputSpec(SIDE, SIDE), OutputSpec(CLASSES), operations, weights)


MODEL = model()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Seven images of three classes, one of which can't be read."""
    for number, name in enumerate(NAMES):
        path = tmp_path / "data" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    (tmp_path / "data" / "dog" / "1.png").write_bytes(b"no image")
    return tmp_path / "data"


@pytest.fixture
def rows(data: Path, tmp_path: Path) -> Path:
    survey(MODEL, data, regions=(2, 2), images_per_shard=3, output=tmp_path / "rows")
    return tmp_path / "rows"


def opened(rows: Path, data: Path | None = None, own: NumpyModel = MODEL) -> ShownSurvey:
    return open_survey(rows, {own.fingerprint: OpenedModel("small", own)}, data)


def session(rows: Path, data: Path | None = None, own: NumpyModel = MODEL) -> Session:
    return Session([OpenedModel("small", own)], survey=opened(rows, data, own))


def ask(of: Session, kind: str, **asked: Any) -> Payload:
    return decode(of.answer(read_query({"kind": kind, **asked}), NullListener()).blob)


def texts(payload: Payload, name: str, ends: str) -> list[str]:
    places = [0, *payload.arrays[ends].tolist()]
    content = payload.arrays[name].tobytes()
    return [content[one:other].decode() for one, other in itertools.pairwise(places)]


def test_every_row_is_shown_as_it_stands_in_the_survey(rows: Path, data: Path) -> None:
    shown, kept = ask(session(rows, data), "dataset"), read_rows(rows)
    table: list[dict[str, Any]] = kept.shards.read().to_pylist()
    assert shown.arrays["index"].tolist() == [one["index"] for one in table] == list(range(7))
    assert texts(shown, "names", "name_ends") == [one["image"] for one in table]
    numbers = [NONE if one["predicted_index"] is None else one["predicted_index"] for one in table]
    assert shown.arrays["predicted"].tolist() == numbers
    assert shown.arrays["label"].tolist() == [one["label_index"] for one in table]
    assert shown.arrays["correct"].tolist() == [2 if one["correct"] is None else int(one["correct"]) for one in table]
    for name in ("probability", "margin", "loss", "entropy"):
        wanted = [np.nan if one[name] is None else one[name] for one in table]
        np.testing.assert_array_equal(shown.arrays[f"number/{name}"], np.array(wanted, np.float32))
    for at, one in enumerate(table):
        if one["problem"] is not None:
            assert at == 3
            assert shown.arrays["region"][at] == NONE
            continue
        place = int(np.argmax(np.abs(one["effects"])))
        assert shown.arrays["region"][at] == place
        assert shown.arrays["number/effect"][at] == np.float32(one["effects"][place])
        assert shown.arrays["number/effect_error"][at] == np.float32(one["effects_error"][place])
    assert shown.arrays["problem_rows"].tolist() == [3]
    assert "dog:1" in texts(shown, "problems", "problem_ends")[0]
    assert shown.json("regions") == [2, 2]
    right = int((kept.correct == 1).sum())
    assert shown.json("about") == [
        f"7 images, asked of small; {right} of 6 predicted as labelled; 1 could not be asked about."
    ]
    assert [one for one in shown.json("missing") if "suspects" not in one] == []


def test_the_map_is_that_of_the_principal_axes(rows: Path) -> None:
    found = ask(session(rows), "embedding")
    kept = read_rows(rows).shards.read(("features",))["features"].to_pylist()
    there = [at for at, one in enumerate(kept) if one is not None]
    features = np.array([kept[at] for at in there], np.float64)
    _, sizes, axes = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    wanted = (features - features.mean(axis=0)) @ axes[:2].T
    points = np.stack([found.arrays["x"], found.arrays["y"]], axis=1)
    for axis in range(2):  # an axis may point either way
        sign = np.sign(points[there, axis] @ wanted[:, axis])
        np.testing.assert_allclose(points[there, axis], sign * wanted[:, axis], rtol=1e-3, atol=1e-4)
    assert np.isnan(points[3]).all()
    shares = sizes**2 / (sizes**2).sum()
    assert found.json("titles")[0] == f"first principal axis ({shares[0]:.0%} of the variance)"


def test_a_map_of_more_images_than_are_held_or_drawn_is_the_same(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask(session(rows), "embedding").arrays["x"]
    monkeypatch.setattr(embedding, "HELD", 2)
    np.testing.assert_array_equal(ask(session(rows), "embedding").arrays["x"], whole)
    monkeypatch.setattr(embedding, "SAMPLE", 4)
    found = ask(session(rows), "embedding")
    assert "found on 4 images" in found.metadata["words"]
    assert np.isnan(found.arrays["x"]).sum() == 1


def test_infinite_features_have_a_place(data: Path, tmp_path: Path) -> None:
    large = model(size=1e6)
    survey(large, data, regions=None, output=tmp_path / "large")
    kept = read_rows(tmp_path / "large")
    assert any(np.isinf(values).any() for _, values in kept.features())
    found = ask(session(tmp_path / "large", None, large), "embedding")
    assert np.isfinite(found.arrays["x"]).tolist() == [at != 3 for at in range(7)]


def test_images_come_by_the_window_that_is_asked_for(rows: Path, data: Path) -> None:
    of = session(rows, data)
    (data / "frog" / "1.png").unlink()
    found = ask(of, "tiles", rows=[6, 0, 3, 5])
    assert found.arrays["index"].tolist() == [6, 0, 3, 5]
    lengths = np.diff([0, *found.arrays["ends"].tolist()])
    assert (lengths > 0).tolist() == [True, True, False, False]
    problems = dict(found.json("problems"))
    assert "no file" in problems[5]
    assert "dog:1" in problems[3]
    first = found.arrays["files"][: lengths[0]].tobytes()
    seen = np.asarray(load_image(first).pixels)
    known = np.asarray(load_image(data / "frog" / "10.png").pixels)
    assert seen.shape == known.shape
    luma = np.corrcoef((seen @ LUMA).ravel(), (known @ LUMA).ravel())[0, 1]  # JPEG keeps less of noise's colours
    assert luma > 0.9


def test_an_image_opens_in_every_other_view_by_its_number(rows: Path, data: Path) -> None:
    of = session(rows, data)
    subject = ask(of, "subject", image="data-4")
    np.testing.assert_allclose(
        subject.arrays["image"] / 255, load_image(data / "frog" / "0.png").pixels, atol=0.5 / 255 + 1e-6
    )
    assert subject.metadata["label"] == "2"
    assert ask(of, "effects", image="data-4", region=[0, 0, 4, 4]).kind == "effects"
    with raises(UsageError, "image", asked=7, limit=6):
        ask(of, "subject", image="data-7")
    with pytest.raises(ImageError, match="dog:1"):
        ask(of, "subject", image="data-3")
    with raises(UsageError, "image"):
        ask(Session([OpenedModel("small", MODEL)]), "subject", image="data-4")


def test_an_image_is_cropped_as_it_was_surveyed(data: Path, tmp_path: Path) -> None:
    Image.fromarray(np.random.default_rng(9).integers(0, 256, (8, 32, 3), dtype=np.uint8)).save(data / "cat" / "0.png")
    survey(MODEL, data, regions=None, crop="whole", output=tmp_path / "whole")
    subject = ask(session(tmp_path / "whole", data), "subject", image="data-0")
    assert subject.json("crop") == [0, 0, 8, 32]


def test_without_the_data_set_there_are_rows_and_no_images(rows: Path) -> None:
    of = session(rows)
    shown = ask(of, "dataset")
    assert (shown.metadata["images"], of.hello()["survey"]["images"]) == ("", False)
    assert any("--data" in one for one in shown.json("missing"))
    with raises(UsageError, "data", asked=0):
        ask(of, "tiles", rows=[0])


def test_a_survey_that_holds_less_says_what_is_missing(data: Path, tmp_path: Path) -> None:
    survey(MODEL, data, regions=None, output=tmp_path / "less")
    manifest = tmp_path / "less" / "_survey.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    del told["columns"]["features"]
    manifest.write_text(json.dumps(told), encoding="utf-8")
    of = session(tmp_path / "less", data)
    shown = ask(of, "dataset")
    assert shown.json("maps") == []
    assert "region" not in shown.arrays
    assert "number/effect" not in shown.arrays
    told = " ".join(shown.json("missing"))
    assert "no map" in told
    assert "Effects" in told
    with raises(UsageError, "features", found=None):
        ask(of, "embedding")


def test_an_unlabelled_data_set_is_shown(data: Path, tmp_path: Path) -> None:
    images = [np.random.default_rng(seed).random((SIDE, SIDE, 3)) for seed in range(3)]
    survey(MODEL, images, regions=None, output=tmp_path / "bare")
    shown = ask(session(tmp_path / "bare"), "dataset")
    assert shown.arrays["label"].tolist() == [NONE] * 3
    assert shown.arrays["correct"].tolist() == [2] * 3
    assert any("No label" in one for one in shown.json("missing"))


def test_another_model_or_data_set_is_refused_before_anything_is_shown(rows: Path, data: Path) -> None:
    other = model(1)
    with raises(UsageError, "model", found=MODEL.fingerprint):
        opened(rows, data, other)
    (data / "frog" / "2.png").write_bytes((data / "frog" / "0.png").read_bytes())
    with raises(UsageError, "data set"):
        opened(rows, data)


def test_another_data_set_is_told_from_the_one_that_was_surveyed(rows: Path, data: Path) -> None:
    (data / "frog" / "10.png").unlink()
    with raises(UsageError, "data set") as caught:
        opened(rows, data)
    assert "7 images; given: " in str(caught.value)
    assert "6 images" in str(caught.value)


def test_rows_that_are_cut_off_are_refused(rows: Path) -> None:
    file = next(rows.glob("rows-*.parquet"))
    file.write_bytes(file.read_bytes()[:-20])
    with raises(DataError, "parquet", path=file):
        opened(rows)


@pytest.mark.parametrize("text", ["", "{", '{"columns": 3}', '{"images": 7}'])
def test_a_broken_manifest_is_refused(rows: Path, text: str) -> None:
    (rows / "_survey.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="rows"):
        opened(rows)


def test_a_survey_that_goes_on_shows_what_is_there(rows: Path) -> None:
    files = sorted(rows.glob("rows-*.parquet"))
    files[1].unlink()
    shown = ask(session(rows), "dataset")
    assert shown.arrays["index"].tolist() == [0, 1, 2, 6]
    assert shown.json("about")[0].startswith("4 of 7 images so far")
    assert len(ask(session(rows), "embedding").arrays["x"]) == 4
    for file in rows.glob("rows-*.parquet"):
        file.unlink()
    with raises(DataError, "rows", found=0):
        opened(rows)


SUSPECTS = "finding,answer,way,shares,images,corrected\n1,dog,region 0,brighter,2,0.001\n2,cat,border,darker,1,0.04\n"


def write_suspects(rows: Path, members: str, suspects: str = SUSPECTS) -> None:
    folder = rows.with_name(f"{rows.name}-suspects")
    folder.mkdir()
    (folder / "suspects.csv").write_text(suspects, encoding="utf-8")
    (folder / "members.csv").write_text(members, encoding="utf-8")


def test_groups_of_suspects_are_shown_with_their_images(rows: Path) -> None:
    write_suspects(
        rows, "finding,answer,image,example\n1,dog,frog/0.png,True\n1,dog,cat/1.png,False\n2,cat,gone,True\n"
    )
    shown = ask(session(rows), "dataset")
    assert shown.json("groups") == ["dog, the upper left: brighter (p = 0.001)", "cat, the border: darker (p = 0.04)"]
    assert shown.arrays["member_rows"].tolist() == [4, 1]
    assert shown.arrays["member_groups"].tolist() == [0, 0]
    assert shown.arrays["member_examples"].tolist() == [1, 0]
    assert "1 images of rows-suspects are not in this survey." in shown.json("about")


@pytest.mark.parametrize(
    "suspects",
    ["finding\n1\n", SUSPECTS.replace("region 0", "region 99"), "\x00", SUSPECTS.replace("0.001", "low")],
)
def test_suspects_that_cannot_be_read_are_left_out_and_said(rows: Path, suspects: str) -> None:
    write_suspects(rows, "finding,answer,image,example\n1,dog,frog/0.png,True\n", suspects)
    shown = ask(session(rows), "dataset")
    assert shown.json("groups") == []
    assert any(one.startswith("Suspects are left out") for one in shown.json("about"))


def test_umap_is_one_where_it_is_installed_and_said_where_it_is_not(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = session(rows)
    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    assert ask(of, "dataset").json("maps") == ["pca"]
    with raises(UsageError, "umap"):
        ask(of, "embedding", embedding="umap")
    with raises(UsageError, "embedding", asked="tsne"):
        ask(of, "embedding", embedding="tsne")

    class Umap:
        def __init__(self, **asked: Any) -> None:
            assert asked == {"n_components": 2, "random_state": 0, "n_jobs": 1}

        def fit_transform(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            assert np.isfinite(values).all()
            return values[:, :2]

    monkeypatch.setattr(embedding, "find_spec", lambda _: object())
    monkeypatch.setattr(embedding, "import_module", lambda _: type("umap", (), {"UMAP": Umap}))
    again = session(rows)
    assert ask(again, "dataset").json("maps") == ["pca", "umap"]
    assert np.isnan(ask(again, "embedding", embedding="umap").arrays["x"]).sum() == 1
    monkeypatch.setattr(embedding, "MOST_UMAP", 3)
    with raises(UsageError, "umap", asked=7, limit=3):
        ask(session(rows), "embedding", embedding="umap")


@pytest.mark.parametrize(
    "wrong", [{"rows": "all"}, {"rows": [1.5]}, {"rows": [-1]}, {"rows": [True]}, {"rows": [0] * 257}]
)
def test_a_message_asks_for_whole_numbers_of_images(wrong: dict[str, Any]) -> None:
    with raises(UsageError, "rows"):
        read_query({"kind": "tiles", **wrong})


def test_a_session_without_a_survey_says_how_to_get_one() -> None:
    of = Session([OpenedModel("small", MODEL)])
    assert "survey" not in of.hello()
    with raises(UsageError, "survey", found=None):
        ask(of, "dataset")


def test_serve_offers_no_image_of_a_surveyed_data_set_unless_it_is_picked(rows: Path, data: Path) -> None:
    opener = partial(open_survey, rows, data=data)
    of, _ = furnish(OpenedModel("small", MODEL), data=data, survey=opener)
    offered, _ = furnish(OpenedModel("small", MODEL), data=data, picks=["cat:0"], survey=opener)
    assert len(offered.hello()["samples"]) == len(of.hello()["samples"]) + 1
    assert of.hello()["survey"] == {"name": "rows", "rows": 7, "model": MODEL.fingerprint, "images": True}


def test_serve_refuses_what_it_cannot_show(rows: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--no-open", "--port", "0", "--survey", str(rows), "--data", str(data)]) == 2
    assert "is a survey of another model" in capsys.readouterr().err
    assert main(["serve", "--no-open", "--port", "0", "--survey", str(data)]) != 0
    assert "holds no survey" in capsys.readouterr().err


def test_one_file_holds_so_many_images_and_no_more(
    rows: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OpenedModel("small", MODEL)
    part = survey_part.survey_part(rows, data, own, network=True, progress=silent)
    assert part.facts["held"] == [0, 1, 2, 4, 5, 6]  # one can't be read
    assert [one.kind for one in part.payloads] == ["dataset", "embedding", "tiles"]
    assert part.images["data-4"][1:] == ("frog/0.png", 2)
    assert unpack(part.payloads[2]).arrays["index"].tolist() == list(range(7))
    monkeypatch.setattr(survey_part, "MOST_NUMBERS", 100)
    assert survey_part.survey_part(rows, data, own, network=True, progress=silent).facts["held"] == []
    monkeypatch.setattr(survey_part, "MOST", 6)
    with raises(UsageError, "rows", asked=7, limit=6):
        survey_part.survey_part(rows, data, own, network=True, progress=silent)
    with raises(UsageError, "survey", found=None):
        page(data=data, output=tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_label_that_is_no_class_of_the_model_is_shown_by_its_name(data: Path, tmp_path: Path) -> None:
    (data / "frog").rename(data / "<toad>")
    survey(MODEL, data, regions=None, images_per_shard=3, output=tmp_path / "rows")
    shown = ask(session(tmp_path / "rows"), "dataset")
    assert shown.json("strange") == ["<toad>"]
    names = texts(shown, "names", "name_ends")
    assert [bool(one) for one in shown.arrays["strange"]] == [one.startswith("<toad>") for one in names]
    assert [one == NONE for one in shown.arrays["label"]] == [one.startswith("<toad>") for one in names]


def test_a_stream_that_has_not_ended_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    def images() -> Iterator[tuple[np.ndarray, str]]:
        for number in range(5):
            yield np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8), "cat"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey(MODEL, images(), regions=None, images_per_shard=2, output=tmp_path / "rows")
    shown = ask(session(tmp_path / "rows"), "dataset")
    assert shown.json("about")[0].startswith("4 images so far, asked of small; ")
    assert len(shown.arrays["index"]) == 4
