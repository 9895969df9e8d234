"""Suspects: a planted reason is found where it is, and no reason is none; the statistics hold by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten, ReLU
from innerview.cli import main
from innerview.errors import UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.workbench.survey.groups import find_groups, space_of
from innerview.workbench.survey.permutation import interval_of_excess, p_beyond
from innerview.workbench.survey.survey import survey
from innerview.workbench.survey.suspects import Suspects, find_suspects, margin_of
from innerview.workbench.survey.traits import numbers_of
from raising import raises

SIDE, CLASSES, EACH, MARKED = 12, ("red", "green", "blue"), 60, 12


def model(cheats: float) -> NumpyModel:
    """Answers the channel that is brightest in the middle; and red, by `cheats`, where the upper left is white."""
    dense = np.zeros((3, SIDE, SIDE, 3))
    for channel in range(3):
        dense[channel, 4:8, 4:8, channel] = 1
    dense[0, :4, :4] = cheats
    kernel = np.zeros((3, 3, 1, 1))
    kernel[[0, 1, 2], [0, 1, 2]] = 1
    operations = [Convolution("conv"), ReLU("relu"), Flatten("flat"), Dense("dense", bias=False)]
    return NumpyModel(
        InputSpec(SIDE, SIDE),
        OutputSpec(CLASSES),
        operations,
        {"conv.weight": kernel, "dense.weight": dense.reshape(3, -1)},
    )


def images(marked: int = MARKED) -> list[tuple[np.ndarray, int]]:
    """As many images of each class; the first `marked` red ones are white in the upper left."""
    random = np.random.default_rng(0)
    found = []
    for number in range(3 * EACH):
        image = random.uniform(0.2, 0.5, (SIDE, SIDE, 3)).astype(np.float32)
        image[:4, :4] /= 20
        image[4:8, 4:8, number % 3] += random.uniform(0.1, 0.3)
        if number % 3 == 0 and number // 3 < marked:
            image[:4, :4] = 1
        found.append((image, number % 3))
    return found


def asked(folder: Path, cheats: float, data: Any) -> Suspects:
    own = model(cheats)
    survey(own, data, regions=None, output=folder)
    return find_suspects(folder, own, data)


def test_a_planted_reason_is_found_where_it_is(tmp_path: Path) -> None:
    found = asked(tmp_path / "rows", 0.5, images())
    assert [(one.answer, one.way) for one in found.findings] == [("red", "region 0")]
    one = found.findings[0]
    assert {int(name) for name in one.members} <= set(range(0, 3 * MARKED, 3))
    assert one.images >= 4
    assert one.low < one.excess < one.high
    assert one.corrected <= 0.05
    assert one.answered > 0.9 > one.control_answered
    assert one.removed > one.control_removed + 1
    assert "brighter" in one.shares
    assert "nearly the same pixels" in one.shares
    assert set(one.examples) <= set(one.members)


def test_images_that_share_what_the_model_does_not_use_are_left_in_peace(tmp_path: Path) -> None:
    found = asked(tmp_path / "rows", 0.0, images())
    assert found.findings == ()
    assert found.classes == CLASSES


def test_a_class_too_small_is_said_and_not_tested(tmp_path: Path) -> None:
    few = [one for number, one in enumerate(images()) if one[1] != 1 or number < 30]
    found = asked(tmp_path / "rows", 0.5, few)
    assert found.classes == ("red", "blue")
    assert found.skipped == ("green is not tested: 10 images have this answer, and 40 are needed.",)


def test_another_model_or_data_set_is_refused(tmp_path: Path) -> None:
    asked(tmp_path / "rows", 0.5, images())
    with raises(UsageError, "model", file="rows"):
        find_suspects(tmp_path / "rows", model(0.4), images())
    with raises(UsageError, "data set", file="rows"):
        find_suspects(tmp_path / "rows", model(0.5), images()[1:])


def test_the_command_writes_tables_and_the_same_ones_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, (image, label) in enumerate(images()[:30]):
        place = tmp_path / "data" / CLASSES[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 255).astype(np.uint8)).resize((32, 32)).save(place / f"{number}.png")
    data, rows = str(tmp_path / "data"), str(tmp_path / "rows")
    (tmp_path / "classes.csv").write_text(
        "image\n" + "".join(f"{one.relative_to(tmp_path)}\n" for one in sorted((tmp_path / "data").rglob("*.png")))
    )
    listed = str(tmp_path / "classes.csv")
    assert main(["survey", "allcnn", listed, "--regions", "none", "-o", rows]) == 0
    assert main(["suspects", rows, "--data", listed]) == 0
    told = capsys.readouterr()
    assert "Nothing was tested" in told.out
    assert "is not tested" in told.err
    assert (tmp_path / "rows-suspects" / "suspects.csv").read_text().startswith("finding,answer,way,")
    assert main(["suspects", rows, "--data", data]) == 2
    assert main(["suspects", str(tmp_path / "none"), "--data", data]) == 1


def test_p_is_even_without_a_difference_and_small_with_one() -> None:
    random = np.random.default_rng(1)
    group = np.arange(40) < 5
    found = [p_beyond(random.standard_normal(40), group, 0.0, seed) for seed in range(60)]
    assert 0.3 < np.mean(found) < 0.7
    assert np.mean(np.array(found) < 0.1) < 0.25
    values = np.where(group, 3.0, 0.0) + random.standard_normal(40) / 10
    assert p_beyond(values, group, 1.0, 0) < 0.001
    assert p_beyond(values, group, 3.5, 0) > 0.9


def test_p_of_all_alike_is_one() -> None:
    assert p_beyond(np.zeros(10), np.arange(10) < 3, 0.0, 0) == 1


def test_an_interval_is_about_the_difference_and_is_wider_with_fewer_hosts() -> None:
    random = np.random.default_rng(2)
    effects = random.standard_normal((60, 12)) + 2 * random.standard_normal((1, 12)) * (np.arange(60) < 10)[:, None]
    effects[:10] += 3
    group = np.arange(60) < 10
    low, high = interval_of_excess(effects, group, 0)
    excess = effects[group].mean() - effects[~group].mean()
    assert low < excess < high
    narrow = interval_of_excess(np.repeat(effects.mean(axis=1, keepdims=True), 12, axis=1), group, 0)
    assert narrow[1] - narrow[0] < high - low


def test_a_group_is_a_rule_on_features_of_those_that_do_most_beyond_the_margin() -> None:
    random = np.random.default_rng(3)
    own = np.arange(100) < 10
    features = random.standard_normal((100, 6)) + 8 * own[:, None]
    effect = random.standard_normal(100) / 10 + 2 * own
    space = space_of(features, features[:, :2])
    placed = space.of(features, features[:, :2])
    assert placed.shape == (100, 8)
    np.testing.assert_allclose([placed[:, :6].std(), placed[:, 6:].std()], 1)  # blocks weigh the same
    best = max(find_groups(placed, effect, lambda others: 5 * float(others.std())), key=lambda one: one.strength)
    np.testing.assert_array_equal(best.members(placed), own)
    error = np.sqrt(effect[own].var(ddof=1) / 10 + effect[~own].var(ddof=1) / 90)
    beyond = effect[own].mean() - effect[~own].mean() - 5 * effect[~own].std()
    assert best.strength == pytest.approx(beyond / error)
    assert not list(find_groups(placed, effect, lambda _: 2.5))


def test_a_margin_is_a_share_of_what_divides_the_class_or_as_wide_as_its_images_differ() -> None:
    assert margin_of("region 3", np.zeros(10), 10.0) == pytest.approx(2.0)
    assert margin_of("region 3", np.array([-4.0, 4.0]), 10.0) == pytest.approx(8.0)
    assert margin_of("colour", np.array([-4.0, 4.0]), 10.0) == pytest.approx(8.8)


@pytest.mark.parametrize("along", [1, 2])
def test_the_detail_of_stripes_is_in_their_scale_and_direction(along: int) -> None:
    wave = np.sin(2 * np.pi * np.arange(32) * 6 / 32)  # 6 / 32 cycles a pixel: the second band
    stripes = np.broadcast_to(np.expand_dims(wave, (0, 3 - along, 3)), (1, 32, 32, 3)) / 4 + 0.5
    bands = numbers_of("detail", stripes)[0, 1:].reshape(4, 4)
    across = 2 if along == 1 else 0
    assert np.unravel_index(bands.argmax(), bands.shape) == (1, across)
    assert np.sort(bands.ravel())[-2] < bands.max() - 3


def test_the_colours_of_an_image_are_each_channels_mean_and_spread() -> None:
    images = np.random.default_rng(4).random((2, 8, 8, 3))
    found = numbers_of("colour", images)
    np.testing.assert_allclose(found[1], [*images[1].mean(axis=(0, 1)), *images[1].std(axis=(0, 1))])
