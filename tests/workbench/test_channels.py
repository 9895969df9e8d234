"""Channels of a survey: known answers of selectivity, the right images at the right places, and the command."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from innerview.cli import main
from innerview.errors import UnknownClass, UsageError
from innerview.workbench.survey.channels import areas, selective, survey_channels
from innerview.workbench.survey.shards import open_shards
from raising import raises

CLASSES = ["cat", "dog", "frog"]
EACH = 20


def written(folder: Path, *, layers: bool = True, labels: bool = True) -> Path:
    """Sixty images; channel 0 fires for dogs alone, channel 1 is noise, channel 2 never fires."""
    random = np.random.default_rng(0)
    number = np.arange(3 * EACH)
    values = np.stack(
        [np.where(number % 3 == 1, 1 + number, -1.0), random.standard_normal(3 * EACH), -np.ones(3 * EACH)]
    )
    columns = {
        "index": "int64", "image": "string", "label_index": "int32", "predicted_index": "int32", "problem": "string",
        **({"max:conv": "float32[]", "at:conv": "int32[]"} if layers else {}),
    }  # fmt: skip
    shards = open_shards(
        folder, {"images": 3 * EACH, "images_per_shard": 7, "classes": CLASSES, "data": "one"}, columns, resume=False
    )
    rows = [
        {
            "index": at,
            "image": f"{at}.png",
            "label_index": at % 3 if labels else None,
            "predicted_index": at % 3,
            "max:conv": values[:, at].tolist(),
            "at:conv": [at, 0, 1],
        }
        for at in number.tolist()
    ]
    for shard in range(shards.number):
        shards.write(shard, [rows[at] for at in shards.images(shard)])
    return folder


def test_a_channel_of_one_class_is_told_with_its_images(tmp_path: Path) -> None:
    found = survey_channels(written(tmp_path / "rows"), top=3)
    first, second, third = found.channels
    assert (first.answer, first.selectivity, first.fires) == ("dog", 1.0, pytest.approx(1 / 3))
    assert [one.image for one in first.top] == ["58.png", "55.png", "52.png"]
    assert [(one.index, one.position, one.value) for one in first.top] == [(58, 58, 59), (55, 55, 56), (52, 52, 53)]
    assert len(first.quantiles) == 4
    assert first.quantiles[-1].index % 3 == 1
    assert [one.answer for one in first.speaks_for] == ["dog"]
    assert second.speaks_for == third.speaks_for == ()
    assert second.low < 0.5 + 0.25
    assert (third.fires, third.selectivity) == (0.0, 0.5)
    assert found.of_class("dog", CLASSES)[0] == first
    assert third not in found.of_class(third.answer, CLASSES)
    with pytest.raises(UnknownClass):
        found.of_class("cow", CLASSES)


def test_selectivity_is_the_area_under_the_curve() -> None:
    random = np.random.default_rng(1)
    values, labels = random.integers(0, 6, 200).astype(float), random.integers(-1, 3, 200)
    own, others = values[labels == 2], values[(labels >= 0) & (labels != 2)]
    expected = stats.mannwhitneyu(own, others).statistic / (len(own) * len(others))
    assert selective(values, labels, 2)[0] == pytest.approx(expected)
    assert areas(values, labels)[2] == pytest.approx(expected)
    assert selective(-values, labels, 2)[0] == pytest.approx(1 - expected)


def test_its_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(2)
    truth, held = stats.norm.cdf(1 / math.sqrt(2)), 0
    labels = np.repeat([0, 1], [30, 90])
    for _ in range(200):
        _, low, high = selective(random.standard_normal(120) + (labels == 0), labels, 0)
        held += low <= truth <= high
    assert 0.88 <= held / 200 <= 0.99


def test_without_labels_or_channels_it_is_said(tmp_path: Path) -> None:
    found = survey_channels(written(tmp_path / "plain", labels=False))
    assert found.channels[0].answer == ""
    assert math.isnan(found.channels[0].selectivity)
    assert found.notes == ("No label is known, so nothing is said of classes.",)
    with raises(UsageError, "layers"):
        survey_channels(written(tmp_path / "none", layers=False))


def test_the_command_prints_and_writes_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = written(tmp_path / "rows")
    assert main(["channels", str(rows), "--target", "dog"]) == 0
    assert "conv channel 0: dog, selectivity 1.00 [1.00, 1.00]; 33% of the images fire it" in capsys.readouterr().out
    table = list(csv.DictReader((tmp_path / "rows-channels.csv").open(encoding="utf-8")))
    assert [one["channel"] for one in table] == ["0", "1", "2"]
    assert table[0]["top"].split("|")[0] == "58.png"
    assert main(["channels", str(rows), "--target", "cow"]) == 2
