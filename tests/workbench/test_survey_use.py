"""What a survey is for: labels that are wrong are found, and what changed between two models is told, and no more."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from innerview.cli import main
from innerview.errors import DataError, UsageError
from innerview.types import Array
from innerview.workbench.survey.diff import SurveyDiff, _mcnemar, diff_surveys, holds
from innerview.workbench.survey.dynamics import dynamics_of
from innerview.workbench.survey.labels import LabelAudit, audit_labels
from innerview.workbench.survey.reading import read_survey
from innerview.workbench.survey.shards import open_shards
from raising import raises

CLASSES = ["cat", "dog", "frog"]
COLUMNS = {
    "index": "int64",
    "image": "string",
    "label": "string",
    "label_index": "int32",
    "predicted": "string",
    "predicted_index": "int32",
    "correct": "bool",
    "probabilities": "float32[]",
    "features": "float16[]",
    "effects": "float32[]",
    "effects_error": "float32[]",
    "problem": "string",
}


def written(folder: Path, *, without: tuple[str, ...] = (), about: Any = None, **values: Any) -> Path:
    """A survey with these columns; what is not said is as in the first one."""
    count = len(values["label_index"])
    columns = {name: kind for name, kind in COLUMNS.items() if name not in without}
    told = {
        "images": count,
        "images_per_shard": 4,
        "classes": CLASSES,
        "data": "one",
        "regions": [1, 2],
        **(about or {}),
    }
    shards = open_shards(folder, told, columns, resume=False)
    values = {"index": range(count), "image": [f"{one}.png" for one in range(count)], **values}
    rows = [
        {name: None if name not in values or values[name][at] is None else values[name][at] for name in columns}
        for at in range(count)
    ]
    for shard in range(shards.number):
        shards.write(shard, [rows[at] for at in shards.images(shard)])
    return folder


def clusters(count: int, flipped: int, seed: int = 0) -> dict[str, Any]:
    """Images in three clusters, whose model is right nine times of ten; the first labels are flipped."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, count)
    labels = truth.copy()
    labels[:flipped] = (labels[:flipped] + random.integers(1, 3, flipped)) % 3
    predicted = np.where(random.random(count) < 0.9, truth, random.integers(0, 3, count))
    sure = random.uniform(0.5, 0.98, count)
    chances = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
    chances[np.arange(count), predicted] = sure
    return {
        "label_index": labels.tolist(),
        "predicted_index": predicted.tolist(),
        "probabilities": chances.tolist(),
        "features": (np.eye(3)[truth] * 3 + random.normal(size=(count, 3))).tolist(),
    }


def test_flipped_labels_come_first(tmp_path: Path) -> None:
    found = audit_labels(written(tmp_path / "rows", **clusters(600, 30)))
    assert len(found.suspects) == 600
    assert len({one.index for one in found.suspects[:120]} & set(range(30))) >= 27
    scores = [one.p_label for one in found.suspects]
    assert scores == sorted(scores)


def test_a_suspect_says_what_speaks_against_it(tmp_path: Path) -> None:
    values = clusters(100, 1)
    found = {one.index: one for one in audit_labels(written(tmp_path / "rows", **values)).suspects}
    first = found[0]
    features = np.array(values["features"], np.float16).astype(np.float32)
    centred = features - features.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    nearest = np.argsort(-(centred @ centred[0]), kind="stable")[1:21]
    labels = np.array(values["label_index"])
    assert first.agreement == pytest.approx((labels[nearest] == labels[0]).mean())
    assert first.p_label == pytest.approx(values["probabilities"][0][labels[0]], rel=1e-5)
    assert first.neighbours_say == CLASSES[np.bincount(labels[nearest], minlength=3).argmax()]


def test_without_features_nothing_is_said_of_neighbours(tmp_path: Path) -> None:
    found = audit_labels(written(tmp_path / "rows", without=("features",), **clusters(60, 3)))
    assert np.isnan(found.suspects[0].agreement)
    assert found.suspects[0].neighbours_say == ""
    assert any("no features" in note for note in found.notes)


def test_images_that_are_nearly_the_same_are_paired_those_with_two_labels_first(tmp_path: Path) -> None:
    values = clusters(50, 0)
    for one, other, same in ((3, 40, True), (7, 30, False)):
        values["features"][other] = values["features"][one]
        values["label_index"][other] = values["label_index"][one] if same else (values["label_index"][one] + 1) % 3
    found = audit_labels(written(tmp_path / "rows", **values))
    pairs = [(one, other, same) for one, other, _, same in found.duplicates]
    assert pairs[0] == ("7.png", "30.png", False)
    assert ("3.png", "40.png", True) in pairs


def test_unknown_labels_and_problems_are_left_out(tmp_path: Path) -> None:
    values = clusters(60, 0)
    values["label_index"][5] = None
    values["problem"] = [None if at != 9 else "it can't be read" for at in range(60)]
    for name in ("predicted_index", "probabilities", "features"):
        values[name][9] = None
    folder = written(tmp_path / "rows", **values)
    assert read_survey(folder).problems == 1
    assert {one.index for one in audit_labels(folder).suspects} == set(range(60)) - {5, 9}


def answers(count: int = 200, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        "label_index": random.integers(0, 3, count).tolist(),
        "predicted_index": random.integers(0, 3, count).tolist(),
        "effects": random.normal(size=(count, 2)).tolist(),
        "effects_error": np.full((count, 2), 0.1).tolist(),
    }


def both(tmp_path: Path, change: Callable[[dict[str, Array]], None], **asked: Any) -> SurveyDiff:
    values = answers()
    before = written(tmp_path / "before", **values)
    arrays = {name: np.array(one) for name, one in values.items()}
    change(arrays)
    after = written(tmp_path / "after", **{name: one.tolist() for name, one in arrays.items()}, **asked)
    return diff_surveys(before, after)


def test_nothing_changed(tmp_path: Path) -> None:
    found = both(tmp_path, lambda _: None)
    assert (found.flips, found.worse, found.better, found.p, found.reasons) == (0, 0, 0, 1.0, 0)
    assert found.changes == ()
    assert found.n_compared == found.n_images == 200


def test_flips_are_counted_and_tested(tmp_path: Path) -> None:
    labels, predicted = (np.array(answers()[name]) for name in ("label_index", "predicted_index"))
    right, wrong = np.flatnonzero(labels == predicted)[:12], np.flatnonzero(labels != predicted)[:3]

    def change(values: dict[str, Array]) -> None:
        values["predicted_index"][right] = (labels[right] + 1) % 3
        values["predicted_index"][wrong] = labels[wrong]

    found = both(tmp_path, change)
    assert (found.flips, found.worse, found.better) == (15, 12, 3)
    assert found.p == pytest.approx(stats.binomtest(3, 15).pvalue)
    assert found.accuracy_before - found.accuracy_after == pytest.approx(9 / 200)
    assert {one.image for one in found.changes} == {f"{at}.png" for at in (*right, *wrong)}
    assert found.n_compared == 185


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (1, 0), (5, 5), (3, 11), (700, 810), (0, 2000)])
def test_the_p_value_is_the_exact_one(worse: int, better: int) -> None:
    wanted = 1.0 if worse == better == 0 else stats.binomtest(worse, worse + better).pvalue
    assert _mcnemar(worse, better) == pytest.approx(wanted, rel=1e-9)


def test_a_reason_changed_where_both_errors_do_not_explain_it(tmp_path: Path) -> None:
    def change(values: dict[str, Array]) -> None:
        values["effects"][3, 1] += 0.19  # within 0.1 + 0.1
        values["effects"][4, 1] -= 0.25
        values["effects"][5, 0] += 0.9

    found = both(tmp_path, change)
    assert [(one.image, one.region) for one in found.changes] == [("5.png", 0), ("4.png", 1)]
    assert found.changes[0].change == pytest.approx(0.9, rel=1e-4)
    assert found.changes[0].beyond == pytest.approx(0.7, rel=1e-3)
    assert (found.reasons, found.regions) == (2, (1, 1))


def test_effects_of_other_regions_are_not_compared_and_it_is_said(tmp_path: Path) -> None:
    found = both(tmp_path, lambda _: None, about={"regions": [2, 1]})
    assert found.n_compared == 0
    assert "another regions" in found.notes[0]


def test_surveys_of_other_images_are_refused(tmp_path: Path) -> None:
    with raises(UsageError, "data set"):
        both(tmp_path, lambda _: None, about={"data": "two"})
    with raises(DataError, "survey"):
        diff_surveys(tmp_path / "before", tmp_path)
    with raises(UsageError, "neighbours", asked=30, limit=29):
        audit_labels(written(tmp_path / "few", **clusters(30, 0)), neighbours=30)
    with raises(UsageError, "probabilities"):
        audit_labels(tmp_path / "before")


def seeds(tmp_path: Path) -> tuple[Path, Path, list[Path]]:
    """A model, a changed one, and two trainings of other seeds: 30 answers of 200 change, by the seeds 10 and 20."""
    values = answers()

    def other(name: str, flipped: slice, reasons: slice) -> Path:
        arrays = {key: np.array(one) for key, one in values.items()}
        arrays["predicted_index"][flipped] = (arrays["predicted_index"][flipped] + 1) % 3
        arrays["effects"][reasons, 0] += 5
        return written(tmp_path / name, **{key: one.tolist() for key, one in arrays.items()})

    nothing = slice(0, 0)
    return (
        other("before", nothing, nothing),
        other("after", slice(0, 30), slice(100, 140)),
        [other("seed 1", slice(25, 35), slice(130, 150)), other("seed 2", slice(0, 20), nothing)],
    )


def test_a_change_is_judged_against_what_seeds_change(tmp_path: Path) -> None:
    before, after, floor = seeds(tmp_path)
    found = diff_surveys(before, after, floor=floor)
    assert found.flips == 30
    most, least = found.floor
    assert (most.survey, most.flips, most.flips_after, most.n_images) == (str(floor[1]), 20, 30, 200)
    assert (least.flips, least.reasons, least.reasons_after) == (10, 20, 40)
    # in 25 images only the change flips the answer, in 5 only the seed
    assert least.p_flips == pytest.approx(stats.binomtest(5, 30).pvalue)
    assert most.p_flips == pytest.approx(stats.binomtest(0, 10).pvalue)
    assert least.p_reasons == pytest.approx(stats.binomtest(10, 40).pvalue)
    assert least.n_compared == 200 - 35
    assert found.numbers["flip_rate_over_floor"] == pytest.approx(0.05)
    assert found.numbers["reason_rate_over_floor"] == pytest.approx(20 / 165)
    assert holds("flip_rate_over_floor>0.04", found)
    assert "By the seed alone" in found.lines[3]
    same = diff_surveys(before, floor[0], floor=[floor[0]])
    assert same.floor[0].p_flips == same.floor[0].p_reasons == 1
    assert same.numbers["flip_rate_over_floor"] == 0
    with raises(UsageError, "condition"):
        holds("flip_rate_over_floor>0", diff_surveys(before, after))


def test_a_floor_of_the_model_itself_is_refused(tmp_path: Path) -> None:
    before, other = (written(tmp_path / name, about={"model": name}, **answers()) for name in ("before", "other"))
    assert diff_surveys(before, other, floor=[other]).floor
    with raises(UsageError, "floor", found="the same model"):
        diff_surveys(before, other, floor=[before])


def test_a_floor_of_other_images_or_labels_is_refused(tmp_path: Path) -> None:
    before, after, _ = seeds(tmp_path)
    values = answers()
    values["label_index"] = [(one + 1) % 3 for one in values["label_index"]]
    with raises(UsageError, "data set", found="labels"):
        diff_surveys(before, after, floor=[written(tmp_path / "labels", **values)])
    with raises(UsageError, "data set"):
        diff_surveys(before, after, floor=[written(tmp_path / "data", about={"data": "others"}, **answers())])


def test_the_command_takes_a_floor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after, floor = seeds(tmp_path)
    line = ["diff", str(before), str(after), "--floor", str(floor[0]), "--floor", str(floor[1])]
    assert main([*line, "--fail-if", "flip_rate_over_floor>0.06"]) == 0
    assert capsys.readouterr().out.count("By the seed alone") == 2
    assert main([*line, "--fail-if", "flip_rate_over_floor>0.04"]) == 1


def test_conditions_decide_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(values: dict[str, Array]) -> None:
        values["predicted_index"][0] = (values["predicted_index"][0] + 1) % 3

    found = both(tmp_path, change)
    assert holds("flips >= 1", found)
    assert not holds("flip_rate>0.01", found)
    for condition in ("flips = 1", "colour > 3", "flips > many", "flips"):
        with raises(UsageError, "condition"):
            holds(condition, found)
    line = ["diff", str(tmp_path / "before"), str(tmp_path / "after"), "-o", str(tmp_path / "changes.csv")]
    assert main([*line, "--fail-if", "flips>1"]) == 0
    assert "1 of 200 images" in capsys.readouterr().out
    assert main([*line, "--fail-if", "flips>1", "--fail-if", "flips>0"]) == 1
    assert "flips>0" in capsys.readouterr().err
    assert main([*line, "--fail-if", "flips"]) == 2
    assert len((tmp_path / "changes.csv").read_text().splitlines()) == 2


def test_the_audit_leaves_tables_beside_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "rows", **clusters(60, 3))
    assert main(["labels", str(folder), "-n", "10"]) == 0
    assert (tmp_path / "rows-labels" / "labels.csv").read_text().count("\n") == 11
    assert "predicted" in capsys.readouterr().out
    assert isinstance(audit_labels(folder), LabelAudit)
    assert main(["labels", str(tmp_path)]) == 1


def test_images_that_were_learnt_from_are_paired_those_with_another_label_first(tmp_path: Path) -> None:
    values = clusters(30, 0)
    train = {**values, "features": [*values["features"][:5], *clusters(25, 0, seed=7)["features"]]}
    train["label_index"] = [*values["label_index"][:2], (values["label_index"][2] + 1) % 3, *values["label_index"][3:]]
    found = audit_labels(written(tmp_path / "test", **values), train=written(tmp_path / "train", **train))
    same = {(one, other) for one, other, _, _ in found.across}
    assert {(f"{at}.png", f"{at}.png") for at in range(5)} <= same
    assert found.across[0][:2] == ("2.png", "2.png")
    assert not found.across[0][3]
    assert all(pair[3] for pair in found.across if pair[:2] in {(f"{at}.png", f"{at}.png") for at in (0, 1, 3, 4)})
    assert (tmp_path / "across.csv") in found.write(tmp_path, 5)
    with raises(UsageError, "train", found="classes"):
        audit_labels(tmp_path / "test", train=written(tmp_path / "other", about={"classes": ["x", "y", "z"]}, **train))
    with raises(UsageError, "features"):
        audit_labels(tmp_path / "test", train=written(tmp_path / "bare", without=("features",), **train))


def test_what_misled_is_told_where_the_label_is_not_predicted(tmp_path: Path) -> None:
    values = clusters(30, 0)
    values["effects"] = [[1.0, 3.0]] * 30
    values["effects_error"] = [[0.5, 0.25]] * 30
    values["predicted_index"] = [(values["label_index"][0] + 1) % 3, *values["label_index"][1:]]
    found = {one.image: one for one in audit_labels(written(tmp_path / "rows", **values)).suspects}
    audit = audit_labels(tmp_path / "rows")
    assert [audit.place_of(found[one]) for one in ("0.png", "1.png")] == ["the region in row 1, column 2", ""]
    table = list(csv.DictReader(audit.write(tmp_path, 30)[0].read_text().splitlines()))
    cells = {one["image"]: [one[name] for name in ("region", "effect", "margin", "forgotten")] for one in table}
    assert (cells["0.png"], cells["1.png"]) == (["1", "3.0", "", ""], [""] * 4)
    assert (found["0.png"].region, found["0.png"].effect, found["0.png"].error) == (1, 3.0, 0.25)
    assert found["1.png"].region == -1
    assert math.isnan(found["1.png"].effect)


def test_dynamics_are_those_of_the_papers() -> None:
    right, wrong = [0.7, 0.2, 0.1], [0.2, 0.7, 0.1]
    chances = np.array([[right, wrong], [wrong, wrong], [right, wrong], [wrong, right]])
    found = dynamics_of(chances, np.array([0, 0]))
    step = np.log(0.7 / 0.2)
    np.testing.assert_allclose(found.margin, [0, -step / 2], atol=1e-12)
    assert found.forgotten.tolist() == [2, 0]
    assert found.believed.tolist() == [0.5, 0.25]
    missing = dynamics_of(np.where(np.arange(2)[None, :, None] == 0, np.nan, chances), np.array([0, 0]))
    assert (missing.forgotten.tolist(), np.isnan(missing.margin).tolist()) == ([-1, 0], [True, False])


def test_checkpoints_are_told_beside_each_label_and_rank_where_asked(tmp_path: Path) -> None:
    values = clusters(30, 3)
    rows = written(tmp_path / "rows", **values)
    early = {**values, "probabilities": [[1 / 3, 1 / 3 - 0.1, 1 / 3 + 0.1]] * 30}
    steps = [written(tmp_path / "early", **early), rows]
    plain, found = audit_labels(rows), audit_labels(rows, checkpoints=steps)
    assert [one.image for one in plain.suspects] == [one.image for one in found.suspects]
    one = found.suspects[0]
    place, label = int(one.image.removesuffix(".png")), values["label_index"][int(one.image.removesuffix(".png"))]
    logs = np.log([early["probabilities"][place], values["probabilities"][place]])
    margins = [row[label] - max(np.delete(row, label)) for row in logs]
    assert one.margin == pytest.approx(np.mean(margins), rel=1e-4)
    assert one.believed == np.mean(np.array(margins) > 0)
    assert plain.suspects[0].forgotten == -1
    ranked = audit_labels(rows, checkpoints=steps, rank="margin").suspects
    assert [each.margin for each in ranked] == sorted(each.margin for each in found.suspects)
    with raises(UsageError, "rank"):
        audit_labels(rows, rank="margin")
    with raises(UsageError, "checkpoints", limit=2):
        audit_labels(rows, checkpoints=steps[:1])
    with raises(UsageError, "data"):
        audit_labels(rows, checkpoints=[rows, written(tmp_path / "else", about={"data": "two"}, **values)])
    with raises(UsageError, "probabilities"):
        audit_labels(rows, checkpoints=[rows, written(tmp_path / "no", without=("probabilities",), **values)])
