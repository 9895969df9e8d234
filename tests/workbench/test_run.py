"""Runs are read as they are: curves, statistics, the checkpoints as models, and test images kept from training."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from innerview.allcnn import CLASS_NAMES
from innerview.errors import DataError, ModelError, UsageError
from innerview.methods import predict
from innerview.methods.health import TrainingSignals, examine_health
from innerview.methods.units import LayerUnits
from innerview.runs import RunFolder, answers
from innerview.runs.answers import Answers
from innerview.runs.observations import Channels, Probes, Shots, keep_channels, keep_layers, keep_probes
from innerview.session.cache import Cache
from innerview.session.evenly import evenly
from innerview.session.query import Query
from innerview.session.training.curves import curves
from innerview.session.training.models import UnitTimes, model_at
from innerview.session.training.reading import LayerTimes, Recorded, open_runs
from innerview.session.training.recordings import recorded_timelines, recorded_units
from innerview.session.training.testing import kept_answers, labelled_images, on_test_images
from innerview.session.training.work import work
from innerview.workbench.run.views import every_view, unit_counts
from raising import raises
from session.made_runs import made_folders, made_run

QUICK = Query(num_checkpoints=2, n_steps=1)


def opened(folder: Path, **more: object) -> Recorded:
    made_run(folder, **more)  # pyright: ignore[reportArgumentType]
    return open_runs([folder])[0]


def test_statistics_are_those_of_the_weights(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    times = run.times
    first, last = run.first.weights["conv3.weight"], run.last.weights["conv3.weight"]
    place = times.layers.index("conv3.weight")
    assert times.steps.tolist() == [0, 1, 3, 10]
    assert times.std[0, place] == pytest.approx(first.std())
    assert times.maximum[-1, place] == pytest.approx(last.max())
    assert times.norm[-1, place] == pytest.approx(np.linalg.norm(last))
    # the weights grow by a fifth of the first ones per step
    assert times.moved[1:, place] == pytest.approx([0.2 / 1.2, 0.2 / 1.6, 0.2 / 3.0], rel=1e-5)
    assert times.distance[:, place] == pytest.approx([2 / 3, 1.8 / 3, 1.4 / 3, 0], abs=1e-6)
    assert np.isnan(times.moved[0]).all()
    assert not times.broken.any()


def test_weights_that_are_not_finite_are_counted_and_left_out(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run")
    weights = folder.read(10).weights
    weights["conv2.weight"][0, 0, 0, 0] = np.nan
    folder.checkpoint(20, weights, {})
    times = open_runs([tmp_path / "run"])[0].times
    assert times.broken[-1].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert np.isfinite(times.std).all()


@pytest.mark.filterwarnings("error")
def test_statistics_of_weights_that_have_exploded_are_counted_without_overflow(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run", (0, 1))
    weights = {name: np.full_like(value, 1e30) for name, value in folder.read(1).weights.items()}
    folder.checkpoint(2, weights, {})
    times = Recorded("run", folder).times
    name = times.layers[0]
    assert times.norm[-1, 0] == pytest.approx(1e30 * weights[name].size ** 0.5)
    assert np.isfinite(times.moved[1:]).all()
    assert np.isfinite(times.distance).all()


def test_statistics_are_read_anew_only_when_a_checkpoint_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_run(tmp_path / "run", (0, 1, 3))
    read: list[int] = []
    reading = RunFolder.read
    monkeypatch.setattr(RunFolder, "read", lambda self, step: read.append(step) or reading(self, step))
    memory: Cache[LayerTimes] = Cache(2**20)

    def now() -> LayerTimes:
        read.clear()
        run = Recorded("run", RunFolder.open(tmp_path / "run"), memory)
        assert run.layers == run.times.layers
        return run.times

    first = now()
    assert set(read) == {0, 1, 3}
    RunFolder.open(tmp_path / "run").log({"step": 4, "loss": 1.0})
    assert now() is first
    assert read == []
    run = RunFolder.open(tmp_path / "run")
    run.checkpoint(4, reading(run, 1).weights, {})
    assert now().steps.tolist() == [0, 1, 3, 4]
    assert set(read) == {0, 1, 3, 4}
    os.utime(run.place_of(4), ns=(1, 1))  # written anew by a resumed training
    now()
    assert set(read) == {0, 1, 3, 4}


def test_each_layer_has_its_own_axis_before_and_after(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    shown = next(view for view in every_view([work(run, QUICK, lambda _: None)], QUICK) if view.key == "weights")
    figure = next(sheet for sheet in shown.figures if sheet.file == "before-after.png").draw()
    assert isinstance(figure, Figure)
    assert [axes.get_title(loc="left").partition("\n")[0] for axes in figure.axes] == list(run.layers)


def test_two_checkpoints_are_compared_in_words_and_not_drawn_as_a_course(tmp_path: Path) -> None:
    run = opened(tmp_path / "run", steps=(0, 10))
    shown = next(view for view in every_view([work(run, QUICK, lambda _: None)], QUICK) if view.key == "layers")
    assert not shown.figures
    assert [table.file for table in shown.tables] == ["layers.csv"]
    assert "There are two checkpoints, of steps 0 and 10" in shown.words[0]


def test_curves_stand_on_steps_or_on_the_time_that_training_took(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    loss = curves([run], Query()).panels[0].tracks
    assert [track.part for track in loss] == ["training", "test"]
    assert loss[0].curve.times.tolist() == list(range(1, 11))
    assert loss[1].curve.times.tolist() == [4, 8]
    timed = curves([run], Query(axis="time", smooth=4))
    assert timed.panels[0].tracks[1].curve.times.tolist() == [4, 8]  # a minute each
    assert timed.panels[0].tracks[0].window == 4
    assert timed.panels[2].tracks[0].window == 1
    assert "mean of the last 4 logged steps" in timed.about
    assert [(mark.time, mark.text) for mark in timed.marks] == [(0, "4 px"), (5, "8 px")]
    assert curves([run, run], Query()).marks == ()


def test_metrics_are_found_by_the_names_that_others_give_them(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "keras", declared={"optimisation": {}})
    lines = [json.loads(line) for line in (tmp_path / "keras" / "metrics.jsonl").read_text().splitlines()]
    names = {"test_loss": "val_loss", "test_accuracy": "val_accuracy", "learning_rate": "lr", "accuracy": "acc"}
    renamed = [{names.get(name, name): value for name, value in line.items()} for line in lines]
    (tmp_path / "keras" / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in renamed))
    run = Recorded("keras", folder)
    drawn = curves([run], Query())
    parts = {(panel.title, track.part) for panel in drawn.panels for track in panel.tracks}
    assert {("Loss (nats)", "test"), ("Accuracy", "training"), ("Accuracy", "test")} <= parts
    assert ("Learning rate", "training") in parts
    assert run.curve("test_accuracy")[1].tolist() == pytest.approx([0.16, 0.32])


def test_names_tell_runs_apart(tmp_path: Path) -> None:
    for place in ("a/run", "b/run", "c"):
        made_run(tmp_path / place)
    runs = open_runs([tmp_path / place for place in ("a/run", "b/run", "c")])
    assert [run.name for run in runs] == ["a-run", "b-run", "c"]


@pytest.mark.parametrize(("steps", "most", "taken"), [((0, 1, 3), 5, (0, 1, 3)), (tuple(range(11)), 3, (0, 5, 10)),
                                                      ((4,), 2, (4,))])  # fmt: skip
def test_checkpoints_are_taken_evenly_with_both_ends(steps, most, taken) -> None:
    assert evenly(steps, most) == taken


def test_a_checkpoint_runs_as_it_was_trained(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    model = model_at(run, 3)
    assert model.input.shape == (8, 8, 3)
    assert model.output.temperature == 0.2
    np.testing.assert_array_equal(model.weights()["conv5.weight"], run.folder.read(3).weights["conv5.weight"])
    with raises(ModelError, "model", asked="other", found="resnet"):
        model_at(opened(tmp_path / "other", model="resnet"), 3)


def test_what_a_recorder_saw_of_channels_is_read(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run", model="resnet")
    zero = np.zeros(3)
    share = np.array([0.0, 0.5, 0.01])
    for step in (0, 10):
        seen = Channels(zero, zero, zero, zero, share, np.array([0.99, np.nan, 0.99]), zero, zero)
        scores = replace(seen, positive=np.zeros_like(seen.positive), saturated=np.full_like(seen.saturated, np.nan))
        keep_channels(folder, step, {"relu1": seen, "scores": scores})  # scores below 0 are nothing wrong
    found = recorded_units(open_runs([tmp_path / "run"])[0], Query())
    assert found is not None
    assert (found.steps, found.layers) == ((0, 10), ("relu1",))
    assert found.rows[1][0].dead.tolist() == [0]
    assert found.rows[1][0].saturated_channels.tolist() == [2]
    assert recorded_units(opened(tmp_path / "none"), Query()) is None


def test_the_view_of_channels_counts_as_the_warnings_do() -> None:
    positive, saturated = np.array([0.0, 0.0, 0.2, 0.03]), np.array([1.0, 0.2, 0.1, 0.97])
    row = (LayerUnits("a", positive, saturated),)
    counted, stuck, _ = unit_counts(UnitTimes((0,), ("a",), (row,), "five photos", 5))
    found = {one.kind: one.values[0] for one in examine_health(TrainingSignals(units=row, n_images=5))}
    assert found == {"dead": counted[-1, 0], "saturated": stuck[-1, 0]} == {"dead": 2, "saturated": 1}


def test_the_maps_that_a_recorder_took_become_films(tmp_path: Path) -> None:
    output = {"class_names": ["ant", "bee"]}
    folder = made_run(tmp_path / "run", model="resnet", declared={"input": {"height": 4}, "output": output})
    images = np.random.default_rng(0).uniform(size=(3, 4, 4, 3)).astype(np.float32)
    folder.observe("pictures", 0, {"pictures": images, "labels": np.array([1, 0, 1])})
    chances = np.array([[0.3, 0.7], [0.8, 0.2], [0.4, 0.6]])
    for step, maps in ((0, np.zeros((2, 4, 4), np.float32)), (1, np.zeros((0, 0, 0), np.float32)),
                       (10, np.ones((2, 4, 4), np.float32))):  # fmt: skip
        classes = np.array([1, 0])[: len(maps)]
        keep_probes(folder, step, Probes(np.log(chances), chances, maps, classes, np.zeros(len(maps))))
    run = open_runs([tmp_path / "run"])[0]
    first, second = recorded_timelines(run, Query())
    assert [frame.step for frame in first.frames] == [0, 10]
    assert (first.label, first.target, second.label, second.target) == (1, 1, 0, 0)
    assert second.frames[1].prediction.label == "0 ant"
    assert (second.frames[1].map == 1).all()
    np.testing.assert_array_equal(first.image, images[0])
    work_done = work(run, Query(), lambda _: None)
    assert [timeline.name for timeline in work_done.timelines] == ["probe 0", "probe 1"]
    assert "trained 'resnet'" in work_done.missing
    assert recorded_timelines(opened(tmp_path / "undeclared", model="resnet"), Query()) == []


def test_layers_that_were_kept_are_in_the_films_of_their_steps(tmp_path: Path) -> None:
    declared = {"input": {"height": 4}, "output": {"class_names": ["ant", "bee"]}}
    folder = made_run(tmp_path / "run", model="resnet", declared=declared)
    folder.observe("pictures", 0, {"pictures": np.zeros((2, 4, 4, 3), np.float32)})
    chances = np.full((2, 2), 0.5)
    for step in (0, 3, 10):
        seen = Probes(chances, chances, np.ones((2, 4, 4), np.float32), np.array([1, 0]), np.zeros(2))
        keep_probes(folder, step, seen)
        if step != 3:
            values = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3)
            rows = np.array([[1, 4, 7], [0, 2, 9]])
            scores = Shots(values[..., :2], np.array([[0, 1], [0, 1]]), 2)
            keep_layers(folder, step, {"relu3": Shots(values, rows, 12), "scores": scores})
    run = open_runs([tmp_path / "run"])[0]
    first, second = recorded_timelines(run, Query())
    assert [list(frame.layers) for frame in second.frames] == [["relu3", "scores"], [], ["relu3", "scores"]]
    assert second.frames[2].layers["relu3"][0, 0].tolist() == [12, 13, 14]
    assert (first.number("relu3", 2), second.number("relu3", 2), second.number("scores", 1)) == (7, 9, 1)
    assert first.kept["relu3"].of == 12


def test_answers_that_the_run_keeps_need_no_data(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run", classes=CLASS_NAMES)
    assert kept_answers(open_runs([tmp_path / "run"])[0]) is None
    said, truth = np.array([3, 5, 5, 9, 0]), np.array([3, 3, 5, 5, 0])
    answers.keep(folder, Answers(said, np.array([0.9, 0.6, 0.8, 0.7, 0.5], np.float32), truth, 10))
    done = work(open_runs([tmp_path / "run"])[0], Query(num_checkpoints=2, n_steps=1), lambda _: None)
    found = done.tested
    assert found is not None
    assert found.found.confusion[3].tolist() == [0, 0, 0, 1, 0, 1, 0, 0, 0, 0]
    assert found.found.accuracy == 0.6
    assert [found.names[place] for place in found.found.surest] == ["dog, no. 3", "cat, no. 1"]
    assert found.images == ()
    # what the run keeps gives way to images that are named
    data = made_folders(tmp_path / "data")
    named = work(open_runs([tmp_path / "run"])[0], Query(data=data, num_checkpoints=2, n_steps=1), lambda _: None)
    assert named.tested is not None
    assert len(named.tested.images) == named.tested.found.n_images == 6


def test_kept_answers_of_classes_that_the_manifest_does_not_name_are_refused(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "run", classes=("cat", "dog"))
    answers.keep(folder, Answers(np.array([2]), np.array([1], np.float32), np.array([0]), 10))
    with raises(DataError, "classes", found=(0, 2), limit=1, file="run"):
        kept_answers(open_runs([tmp_path / "run"])[0])


def test_training_images_are_never_tested_on(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    model = model_at(run, 10)
    folders = made_folders(tmp_path / "whole", count=12, part="")
    names = {one.name for one in labelled_images(folders, model, Query(), [])}
    assert names == {"cat:5", "cat:11", "dog:5", "dog:11"}


def test_arrays_are_tested_on_their_test_part_by_the_names_of_classes(tmp_path: Path) -> None:
    run = opened(tmp_path / "run")
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(6) % 2
    arrays = {"train_images": images, "train_labels": labels, "test_images": images[:4], "test_labels": labels[:4]}
    np.savez(tmp_path / "data.npz", classes=np.array(["dog", "cat"]), **arrays)
    found = on_test_images(run, Query(num_images=3), tmp_path / "data.npz", lambda _: None)
    assert found.found.n_images == 3
    assert {one.label for one in found.images} <= {3, 5}
    one = found.images[0]
    number = int(one.name.rpartition(" ")[2])
    np.testing.assert_array_equal(one.image, images[number].astype(np.float32) / np.float32(255))
    np.savez(tmp_path / "strange.npz", classes=np.array(["dog", "zebra"]), **arrays)
    with raises(DataError, "classes", found=("zebra",)):
        on_test_images(run, Query(), tmp_path / "strange.npz", lambda _: None)


def test_a_finished_run_is_tested_by_its_last_weights_and_bad_images_are_listed(tmp_path: Path) -> None:
    run = opened(tmp_path / "run", average=True)
    data = made_folders(tmp_path / "data")
    (data / "test" / "cat" / "1.png").write_bytes(b"meow")
    found = on_test_images(run, Query(n_steps=1), data, lambda _: None)
    last = run.last.weights
    assert any((run.folder.read(run.steps[-1], "ema").weights[name] != last[name]).any() for name in last)
    images = np.stack([one.image for one in found.images])
    for ours, theirs in zip(found.predictions, predict(model_at(run, run.steps[-1]), images), strict=True):
        np.testing.assert_array_equal(ours.logits, theirs.logits)
    assert found.found.n_images == 5
    assert len(found.worst) == len(found.found.surest)
    assert found.problems[0].startswith("cat:1")


@pytest.mark.parametrize("wrong", [{"num_images": 0}, {"num_checkpoints": 1}, {"smooth": -1}, {"n_steps": 0}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="it is at least"):
        Query(**wrong)  # pyright: ignore[reportArgumentType]
