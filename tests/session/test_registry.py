"""Trainings for the viewer: found, followed while they are written, shown as they are, and never by a path."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from innerview.allcnn import run_folder
from innerview.data.folders import open_folders
from innerview.data.image import Image as Loaded
from innerview.errors import DataError, UsageError
from innerview.methods import predict
from innerview.runs import RunFolder, answers, status
from innerview.runs.observations import Probes, keep_probes
from innerview.runs.status import RunStatus
from innerview.session.compute.weights import count_weights
from innerview.session.opening import furnish
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.session.registry import ENDED, QUIET, RunRegistry, opening
from innerview.session.training import answers as run_answers
from innerview.session.training import payloads
from innerview.session.training.models import model_at
from innerview.session.training.reading import open_runs
from innerview.viewer.payload import Payload, decode, encode
from innerview.viewer.payloads.stamp import hash_image
from innerview.viewer.payloads.subject import Photo
from raising import raises
from session.made_runs import SIZE, made_folders, made_run, metadata


def show(registry: RunRegistry, kind: str, run: str, photo: Photo | None = None) -> Payload:
    return decode(encode(registry.answer(Query(kind=kind, run=run), photo, NullListener())))


def photo(seed: int = 0, size: int = SIZE) -> Photo:
    image = np.random.default_rng(seed).random((size, size, 3), dtype=np.float32)
    thumb, box = np.zeros((4, 4, 3), np.uint8), (0, 0, size, size)
    return Photo("01234567", "probe", image, thumb, b"", box, (size, size), "", 2, "sample")


def test_runs_are_found_in_folders_of_runs_and_new_ones_appear(tmp_path: Path) -> None:
    made_run(tmp_path / "a")
    registry = RunRegistry([tmp_path])
    assert [(one["name"], one["state"]) for one in registry.facts()] == [("a", "finished")]
    assert registry.changes() == []
    made_run(tmp_path / "b", steps=(0, 1), planned=10)
    (changed,) = registry.changes()
    assert (changed["name"], changed["state"]) == ("b", "running")
    assert registry.changes() == []


def test_the_address_shows_the_training_that_was_named(tmp_path: Path) -> None:
    made_run(tmp_path / "runs" / "mine")
    identity = next(iter(RunRegistry([tmp_path / "runs" / "mine"]).places()))
    assert opening([tmp_path / "runs" / "mine", tmp_path]) == f"#/training?r={identity}"
    assert opening([tmp_path / "runs"]) == "#/training"
    assert opening([]) == ""


def test_a_run_that_is_written_is_told_and_shown_as_far_as_it_has_come(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a", steps=(0, 1), planned=10)
    registry = RunRegistry([tmp_path / "a"])
    (fact,) = registry.facts()
    queries = [Query(kind=kind, run=fact["id"]) for kind in ("run", "timeline", "tested")]
    before = [registry.version(query) for query in queries]
    with (tmp_path / "a" / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"step": 2, "loss": 0.5}\n{"step": 3, "lo')  # a line that is on its way
    assert [one["id"] for one in registry.changes()] == [fact["id"]]
    after = [registry.version(query) for query in queries]
    assert after[0] != before[0]
    assert after[1:] == before[1:]  # what depends on checkpoints is not worked out anew for a line of the metrics
    payload = show(registry, "run", fact["id"])
    assert payload.arrays["curve/loss/x"].tolist() == [1, 2]
    assert (payload.metadata["state"], payload.json("step"), payload.json("steps")) == ("running", 2, 10)
    late = RunRegistry([run.path], clock=lambda: 1e12 + QUIET)
    assert late.facts()[0]["state"] == "stopped"


@pytest.mark.parametrize(("how", "state"), ENDED.items())
def test_how_a_run_ended_is_said(tmp_path: Path, how: Any, state: str) -> None:
    run = made_run(tmp_path / "a", steps=(0, 1), planned=10)
    registry = RunRegistry([tmp_path / "a"])
    query = Query(kind="run", run=registry.facts()[0]["id"])
    before = registry.version(query)
    status.keep(run, RunStatus(how, 1, "the output of conv3"))
    assert registry.version(query) != before
    payload = show(registry, "run", registry.facts()[0]["id"])
    assert (payload.metadata["state"], registry.facts()[0]["state"]) == (state, state)
    said = [one["words"] for one in payload.json("health")]
    reason = "NaN or infinite in step 2. It began in the output of conv3"
    assert any(reason in words for words in said) == (how == "diverged")


def test_a_run_of_another_version_is_refused_where_it_was_named(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a")
    place = run.path / "manifest.json"
    place.write_text(place.read_text().replace('"version": 2', '"version": 7'))
    with raises(DataError, "version", found=7, limit=2, file="a"):
        furnish(runs=[run.path])


def test_a_run_without_a_checkpoint_says_so(tmp_path: Path) -> None:
    made = made_run(tmp_path / "a", steps=(0,))
    registry = RunRegistry([tmp_path])
    for path in (made.path / "checkpoints").iterdir():
        path.unlink()
    (fact,) = registry.facts()
    assert fact["state"] == "running"
    with raises(DataError, "checkpoints", found=0, file="a"):
        show(registry, "run", fact["id"])


def test_weights_are_all_counted_at_every_checkpoint(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a")
    registry = RunRegistry([tmp_path])
    payload = show(registry, "weights", registry.facts()[0]["id"])
    layers = payload.json("layers")
    assert payload.arrays["steps"].tolist() == [0, 1, 3, 10]
    for place, name in enumerate(layers):
        for at, step in enumerate((0, 1, 3, 10)):
            values = run.read(step).weights[name]
            beyond = sum(int(payload.arrays[key][at, place]) for key in ("under", "over", "nan", "infinite"))
            assert payload.arrays[f"counts/{place}"][at].sum() + beyond == values.size
            assert abs(payload.arrays["mean"][at, place] - values.mean()) < 1 / 256
            assert abs(payload.arrays["std"][at, place] - values.std()) < 1 / 256
        edges = payload.arrays[f"edges/{place}"]
        assert edges[64] == 0
        assert np.allclose(np.diff(edges), edges[1] - edges[0])


def test_a_few_outliers_leave_the_axis_to_all_others(tmp_path: Path) -> None:
    run = made_run(tmp_path / "a", steps=(0,), planned=10)
    weights = {name: np.clip(values, -0.5, 0.5) for name, values in run.read(0).weights.items()}
    name = max(weights, key=lambda one: weights[one].size)
    flat = np.resize(weights[name], 4000)
    weights[name] = flat.reshape(40, 100).copy()
    flat[:3] = (7.0, 7.5, -6.0)
    run.checkpoint(0, weights, metadata())
    run.checkpoint(2, {**weights, name: flat.reshape(40, 100)}, metadata())
    # Of a run, and of a model before and after.
    registry = RunRegistry([tmp_path])
    of_run = show(registry, "weights", registry.facts()[0]["id"])
    of_model = count_weights({"before": weights, "after": {**weights, name: flat.reshape(40, 100)}})
    place = of_run.json("layers").index(name)
    other = of_model.layers.index(name)
    for edges, counts, under, over in (
        (
            of_run.arrays[f"edges/{place}"],
            of_run.arrays[f"counts/{place}"][-1],
            of_run.arrays["under"][-1, place],
            of_run.arrays["over"][-1, place],
        ),
        (
            of_model.edges[other],
            of_model.counts[-1, other],
            of_model.under[-1, other],
            of_model.over[-1, other],
        ),
    ):
        assert (int(under), int(over)) == (1, 2)
        assert int(counts.sum()) == flat.size - 3 >= 0.999 * flat.size
        assert edges[-1] < 2
    # The table of the command `innerview weights` has a bin for every weight.
    assert int(count_weights({"now": {name: flat.reshape(40, 100)}}, held=1).counts.sum()) == flat.size


def test_a_film_runs_the_image_through_the_checkpoints(tmp_path: Path) -> None:
    made_run(tmp_path / "a")
    registry = RunRegistry([tmp_path])
    payload = show(registry, "timeline", registry.facts()[0]["id"], photo())
    assert payload.arrays["steps"].tolist() == [0, 1, 3, 10]
    assert payload.json("target") == payload.json("label") == 2
    assert [one["name"] for one in payload.json("layers")] == ["layer 3 (elu3)", "layer 6 (elu6)", "layer 9 (elu9)"]
    assert payload.arrays["heatmaps/scale"].shape == (1,)


def test_where_no_film_can_be_shown_the_reason_is_said(tmp_path: Path) -> None:
    made, theirs = made_run(tmp_path / "a", steps=(0, 1)), made_run(tmp_path / "b", model="theirs")
    with raises(UsageError, "timeline", asked="a"):
        show(RunRegistry([made.path]), "timeline", RunRegistry([made.path]).facts()[0]["id"], photo(size=12))
    with raises(UsageError, "timeline", asked="b"):
        show(RunRegistry([theirs.path]), "timeline", RunRegistry([theirs.path]).facts()[0]["id"], photo())


def test_a_run_that_broke_early_has_a_film_of_two_checkpoints(tmp_path: Path) -> None:
    made, name = made_run(tmp_path / "a", steps=(0, 1)), RunRegistry([tmp_path]).facts()[0]["id"]
    assert show(RunRegistry([tmp_path]), "timeline", name, photo()).arrays["steps"].tolist() == [0, 1]
    made.checkpoint(2, {name: values * np.nan for name, values in made.read(1).weights.items()}, metadata())
    with raises(UsageError, "timeline", asked="a"):
        show(RunRegistry([tmp_path]), "timeline", name, photo())


def test_only_what_is_on_the_shelf_can_be_asked_for(tmp_path: Path) -> None:
    made_run(tmp_path / "a")
    registry = RunRegistry([tmp_path / "a"])
    for name in (str(tmp_path / "a"), "a", "../a", ""):
        with raises(UsageError, "run"):
            show(registry, "run", name)
    with raises(DataError, "folder", file="nothing"):
        RunRegistry([tmp_path / "nothing"])


def test_the_built_in_models_training_comes_with_it() -> None:
    session, _ = furnish()
    hello = session.hello()
    run = hello["runs"][0]
    assert run["model"] == hello["models"][0]["id"]
    assert run["state"] == "finished"
    first = hello["samples"][0]
    timeline = decode(session.answer(Query(kind="timeline", image=first["image"], run=run["id"]), NullListener()).blob)
    assert timeline.metadata["name"] == first["name"]  # the recorder followed this very image
    assert timeline.arrays["steps"].size > 5
    assert RunFolder.open(run_folder("allcnn")).counted()[-1] == timeline.arrays["steps"][-1]


class Listening:
    """Takes everything down."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self.levels: list[Payload] = []

    def progress(self, done: int, total: int) -> None:
        self.told.append((done, total))

    def level(self, payload: Payload) -> None:
        self.levels.append(payload)


def test_a_film_of_a_training_under_way_runs_only_the_new_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_run(tmp_path / "a", steps=(0, 1, 3), planned=10)
    registry = RunRegistry([tmp_path])
    opened: list[int] = []
    usual = payloads.model_at
    monkeypatch.setattr(payloads, "model_at", lambda run, step: opened.append(step) or usual(run, step))
    before = show(registry, "timeline", registry.facts()[0]["id"], photo())
    assert opened == [3, 0, 1, 3]  # the last one says which class the timeline is about
    run.checkpoint(4, run.read(3).weights, metadata())
    after = show(registry, "timeline", registry.facts()[0]["id"], photo())
    assert opened[4:] == [4, 4]
    assert after.arrays["steps"].tolist() == [0, 1, 3, 4]
    np.testing.assert_array_equal(after.arrays["logits"][:3], before.arrays["logits"])
    np.testing.assert_array_equal(after.arrays["logits"][3], before.arrays["logits"][2])


def test_the_model_is_tested_on_the_data_and_the_surest_mistakes_are_shown(tmp_path: Path) -> None:
    run = made_run(tmp_path / "runs" / "a")
    data = made_folders(tmp_path / "data", count=60)
    registry = RunRegistry([tmp_path / "runs"], data=data)
    listening, kept = Listening(), list[Loaded]()

    def keep(image: Loaded) -> str:
        kept.append(image)
        return hash_image(image.pixels)

    found = registry.answer(Query(kind="tested", run=registry.facts()[0]["id"]), None, listening, keep)
    model = model_at(open_runs([run.path])[0], 10)
    folders = open_folders(data, "test")
    said = predict(model, np.stack([entry.read().pixels for entry in folders.entries]))
    truths = np.array([model.output.class_names.index(entry.label) for entry in folders.entries])
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (truths, [one.index for one in said]), 1)
    assert (found.arrays["confusion"] == confusion).all()
    wrong = sorted(
        (-one.probabilities[one.index] for one, truth in zip(said, truths, strict=True) if one.index != truth)
    )
    np.testing.assert_allclose(found.arrays["probability"], -np.array(wrong[:12]), rtol=1e-5)
    assert found.json("held") == [hash_image(one.pixels) for one in kept]
    assert [one.label for one in kept] == [model.output.class_names[truth] for truth in found.arrays["label"]]
    assert (found.arrays["images"] == np.stack([np.rint(255 * one.pixels) for one in kept])).all()
    assert "120 test images from data, shown to the weights of step 10" in found.metadata["about"]
    assert found.metadata["more"] == ""
    assert listening.told[-1][0] == 120
    assert [int(one.arrays["confusion"].sum()) for one in listening.levels] == [100]


def test_more_images_can_be_tested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_run(tmp_path / "runs" / "a")
    monkeypatch.setattr(run_answers, "COUNT", 4)
    registry = RunRegistry([tmp_path / "runs"], data=made_folders(tmp_path / "data", count=10))
    run = registry.facts()[0]["id"]
    found = [registry.answer(Query(kind="tested", run=run, more=more), None, NullListener()) for more in range(3)]
    assert [int(one.arrays["confusion"].sum()) for one in found] == [4, 16, 20]
    assert [one.metadata["more"] for one in found] == ["yes", "yes", ""]
    assert all((one.arrays["confusion"] <= other.arrays["confusion"]).all() for one, other in pairwise(found))


def test_what_was_counted_at_the_end_of_a_training_is_shown_without_its_data(tmp_path: Path) -> None:
    session, _ = furnish()
    for run in session.hello()["runs"]:
        found = decode(session.answer(Query(kind="tested", run=run["id"]), NullListener()).blob)
        assert int(found.arrays["confusion"].sum()) == 10_000
        assert "all 10,000 test images" in found.metadata["about"]
        assert "--data FOLDER" in found.metadata["mistakes_about"]
        course = decode(session.answer(Query(kind="run", run=run["id"]), NullListener()).blob)
        right = int(np.trace(found.arrays["confusion"])) / 10_000
        # Counted with the weights as they are bundled, in float16: a few images may fall the other way.
        assert abs(right - float(course.arrays["curve/final_accuracy/y"][-1])) < 3e-4


def test_kept_counts_stay_and_the_data_adds_the_mistakes(tmp_path: Path) -> None:
    data = made_folders(tmp_path / "data", count=8)
    registry = RunRegistry([run_folder("tutorial2018")], data=data)
    listening = Listening()
    found = registry.answer(Query(kind="tested", run=registry.facts()[0]["id"]), None, listening)
    assert int(found.arrays["confusion"].sum()) == 10_000
    assert int(listening.levels[0].arrays["confusion"].sum()) == 10_000  # at once
    at_once = listening.levels[0].metadata["mistakes_about"]
    assert "--data" not in at_once  # that was given
    assert "while those of data are tested" in at_once
    assert len(found.arrays["images"]) == len(found.arrays["predicted"]) > 0
    assert "most confident errors among 16 test images from data" in found.metadata["mistakes_about"]


def test_answers_that_a_training_kept_are_shown_by_name(tmp_path: Path) -> None:
    run = made_run(tmp_path / "runs" / "a", classes=("ant", "bee"))
    said, chance = np.array([0, 1, 1, 0]), np.array([0.9, 0.6, 0.8, 0.7], np.float32)
    answers.keep(run, answers.Answers(said, chance, np.array([0, 0, 0, 1]), 10))
    registry = RunRegistry([tmp_path / "runs"])
    found = show(registry, "tested", registry.facts()[0]["id"])
    assert found.arrays["confusion"].tolist() == [[1, 2], [1, 0]]
    assert found.json("names") == ["ant, no. 2", "bee, no. 3", "ant, no. 1"]
    assert found.json("held") == ["", "", ""]
    assert "images" not in found.arrays
    assert "all 4 test images, shown to the weights of step 10" in found.metadata["about"]
    assert "--data FOLDER" in found.metadata["mistakes_about"]


def test_labelled_probes_of_a_recorder_are_answers_too(tmp_path: Path) -> None:
    output = {"class_names": ["ant", "bee"]}
    run = made_run(tmp_path / "a", model="theirs", declared={"input": {"height": 4}, "output": output})
    images = np.random.default_rng(0).uniform(size=(3, 4, 4, 3)).astype(np.float32)
    run.observe("pictures", 0, {"pictures": images, "labels": np.array([1, 0, 1])})
    chances = np.array([[0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    keep_probes(run, 3, Probes(np.log(chances), chances, np.zeros((0, 0, 0), np.float32), np.zeros(0), np.zeros(0)))
    registry = RunRegistry([tmp_path])
    found = show(registry, "tested", registry.facts()[0]["id"])
    assert found.arrays["confusion"].tolist() == [[0, 1], [1, 1]]
    assert (found.arrays["predicted"].tolist(), found.arrays["label"].tolist()) == ([1, 0], [0, 1])
    np.testing.assert_allclose(found.arrays["probability"], [0.8, 0.6])
    assert (found.arrays["images"] == np.rint(255 * images[1:])).all()
    assert "3 probe images, as it saw them at step 3" in found.metadata["about"]


@pytest.mark.parametrize(("model", "given", "said"), [
    ("allcnn", False, "no test images are at hand. Start with `innerview serve RUN --data FOLDER`"),
    ("theirs", False, "let the recorder look at images of known classes"),
    ("theirs", True, "only checkpoints of the built-in architecture"),
    ("allcnn", True, "the model does not know zebra"),
])  # fmt: skip
def test_without_data_or_kept_answers_it_is_said_what_to_do(tmp_path: Path, model: str, given: bool, said: str) -> None:
    made_run(tmp_path / "runs" / "a", model=model)
    data = made_folders(tmp_path / "data", ("cat", "zebra")) if given else None
    registry = RunRegistry([tmp_path / "runs"], data=data)
    with pytest.raises(UsageError, match=said):
        show(registry, "tested", registry.facts()[0]["id"])


def test_a_mistake_can_be_looked_into(tmp_path: Path) -> None:
    made_run(tmp_path / "runs" / "a")
    session, _ = furnish("tutorial2018", [tmp_path / "runs"], data=made_folders(tmp_path / "data", count=30))
    run = next(one for one in session.hello()["runs"] if one["name"] == "a")
    found = decode(session.answer(Query(kind="tested", run=run["id"]), NullListener()).blob)
    listed = [one["image"] for one in session.hello()["samples"]]
    place, held = next((at, one) for at, one in enumerate(found.json("held")) if one not in listed)
    subject = decode(session.answer(Query(kind="subject", image=held), NullListener()).blob)
    assert subject.metadata["name"] == found.json("names")[place]
    assert subject.json("label") == int(found.arrays["label"][place])


def test_a_data_set_of_arrays_offers_test_images(tmp_path: Path) -> None:
    made_run(tmp_path / "runs" / "a")
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(6) % 2
    arrays = {"train_images": images, "train_labels": labels, "test_images": images[:4], "test_labels": labels[:4]}
    np.savez(tmp_path / "data.npz", classes=np.array(["dog", "cat"]), **arrays)
    session, _ = furnish("tutorial2018", [tmp_path / "runs"], data=tmp_path / "data.npz")
    names = {one["name"] for one in session.hello()["samples"]}
    assert {"dog, no. 0", "cat, no. 1", "dog, no. 2", "cat, no. 3"} <= names
    run = next(one for one in session.hello()["runs"] if one["name"] == "a")
    found = decode(session.answer(Query(kind="tested", run=run["id"]), NullListener()).blob)
    assert int(found.arrays["confusion"].sum()) == 4


def test_the_axes_of_the_bundled_trainings_hold_what_the_page_says() -> None:
    session, _ = furnish()
    for run in session.hello()["runs"]:
        found = decode(session.answer(Query(kind="weights", run=run["id"]), NullListener()).blob).arrays
        for place in range(found["under"].shape[1]):
            held = found[f"counts/{place}"].sum(axis=1)
            total = held + sum(found[key][:, place] for key in ("under", "over", "nan", "infinite"))
            assert (held >= 0.999 * total).all()
            assert len(set(total.tolist())) == 1
