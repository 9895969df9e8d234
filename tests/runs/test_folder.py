"""What was written is read back; what was cut short is not there; nobody writes over another's run."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from innerview.errors import DataError, OutputError
from innerview.files import atomic
from innerview.runs import Manifest, RunFolder
from innerview.runs.folder import VERSION
from patience import PATIENCE
from raising import raises

MANIFEST = Manifest(
    model={"name": "allcnn", "channels": 8},
    configuration={"steps": 3},
    data={"sha256": "0"},
    code={"sha256": "1"},
    versions={"python": "3"},
    notes=("a note",),
)


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {f"conv{n}.weight": random.normal(size=(4, 3, 3, 3)).astype(np.float32) for n in (1, 2)}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", MANIFEST)


def test_a_run_is_read_back(run: RunFolder) -> None:
    assert RunFolder.open(run.path).manifest == MANIFEST


def test_checkpoints_are_read_back_with_what_is_needed_to_run_them(run: RunFolder) -> None:
    run.checkpoint(7, weights(), {"temperature": "0.2"})
    read = RunFolder.open(run.path).read(7)
    assert read.metadata == {"step": "7", "temperature": "0.2"}
    for name, values in weights().items():
        np.testing.assert_array_equal(read.weights[name], values)
    assert set(load_file(run.path / "checkpoints" / "step-000007.safetensors")) == set(weights())


def test_checkpoints_are_listed_in_order_and_averages_apart(run: RunFolder) -> None:
    for step in (100, 0, 3):
        run.checkpoint(step, weights(step), {})
    run.checkpoint(100, weights(1), {}, "ema")
    assert run.steps() == (0, 3, 100)
    np.testing.assert_array_equal(run.read(100, "ema").weights["conv1.weight"], weights(1)["conv1.weight"])


def test_arrays_in_any_memory_order_are_written_right(run: RunFolder) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1)
    run.checkpoint(0, {"a": values}, {})
    np.testing.assert_array_equal(run.read(0).weights["a"], values)


def test_metrics_are_read_back_in_order(run: RunFolder) -> None:
    records = [{"step": 1, "loss": 2.5}, {"step": 1, "test_loss": 2.0}, {"step": 2, "loss": 1.5}]
    for record in records:
        run.log(record)
    assert run.metrics() == records
    steps, values = run.curve("loss")
    assert steps.tolist() == [1, 2]
    assert values.tolist() == [2.5, 1.5]
    assert run.curve("nothing")[0].size == 0


def test_the_table_holds_every_metric(run: RunFolder) -> None:
    run.log({"step": 1, "loss": 2.5})
    run.log({"step": 1, "test_loss": 2.0})
    assert list(csv.DictReader(run.table().splitlines())) == [
        {"step": "1", "loss": "2.5", "test_loss": ""},
        {"step": "1", "loss": "", "test_loss": "2.0"},
    ]


def test_a_damaged_line_is_named(run: RunFolder) -> None:
    run.log({"step": 1})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write("no json\n")
    with raises(DataError, "metrics", found=1, file="metrics.jsonl"):
        run.metrics()


def test_a_line_that_a_kill_cut_short_is_not_there(run: RunFolder) -> None:
    run.log({"step": 1, "loss": 2.5})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    assert run.metrics() == [{"step": 1, "loss": 2.5}]


def test_rewinding_forgets_what_came_later(run: RunFolder) -> None:
    for step in range(6):
        run.log({"step": step})
        run.checkpoint(step, weights(step), {})
    run.checkpoint(5, weights(), {}, "ema")
    (run.path / "checkpoints" / "step-000002.safetensors.77.partial").write_bytes(b"half")
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')
    run.rewind(3)
    assert run.steps() == (0, 1, 2, 3)
    assert [record["step"] for record in run.metrics()] == [0, 1, 2, 3]
    files = {path.name for path in run.path.rglob("*-*")}
    assert files == {f"step-00000{step}{suffix}" for step in range(4) for suffix in (".safetensors", ".npz")}
    run.log({"step": 4})
    assert [record["step"] for record in run.metrics()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("stranger", [".DS_Store", "notes.txt", "step-000002 copy.safetensors", "step-best.npz"])
def test_what_others_put_into_the_folder_is_let_alone(run: RunFolder, stranger: str) -> None:
    for step in range(3):
        run.checkpoint(step, weights(step), {})
    run.observe("probes", 2, weights())
    run.observe("probes-of-mine", 1, weights())
    strange = [run.path / kind / stranger for kind in ("checkpoints", "histograms", "observations")]
    for path in strange:
        path.touch()
    assert (run.steps(), run.counted(), run.observed("probes")) == ((0, 1, 2), (0, 1, 2), (2,))
    run.rewind(1)
    assert (run.steps(), run.counted(), run.observed("probes")) == ((0, 1), (0, 1), ())
    assert all(path.exists() for path in strange)


def test_the_state_is_replaced_whole(run: RunFolder) -> None:
    assert run.load_state() is None
    run.save_state({"a": np.ones(3, dtype=np.float32)}, {"step": "1"})
    run.save_state({"b": np.zeros(2, dtype=np.float32)}, {"step": "2"})
    state = run.load_state()
    assert state is not None
    assert set(state[0]) == {"b"}
    assert state[1] == {"step": "2"}


def test_histories_are_on_one_set_of_bins(run: RunFolder) -> None:
    run.checkpoint(0, {"a": np.zeros(5, dtype=np.float32)}, {})
    run.checkpoint(3, {"a": np.array([-1.0, 2.0, 100.0], dtype=np.float32)}, {})
    history = run.history("a", factor=256)
    assert history.steps.tolist() == [0, 3]
    assert history.edges.tolist() == list(range(-8, 9))
    assert history.counts[0].tolist() == [0] * 8 + [5] + [0] * 7
    assert np.flatnonzero(history.counts[1]).tolist() == [7, 10]
    assert run.histograms(3)["a"].above == 1
    with raises(DataError, "layer", asked="b", known=("a",), layer="b", file="run"):
        run.history("b")


def test_a_second_run_is_not_begun_over_a_first(run: RunFolder) -> None:
    with raises(OutputError, "run", file="run"):
        RunFolder.create(run.path, MANIFEST)


def test_a_folder_that_can_not_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with raises(OutputError, "folder", file="run"):
        RunFolder.create(tmp_path / "file" / "run", MANIFEST)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"version": 1}', '{"version": 1, "notes": [], "odd": 1}'])
def test_what_is_no_run_folder_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with raises(DataError, "manifest"):
        RunFolder.open(tmp_path)


def test_a_run_of_another_version_is_refused(run: RunFolder) -> None:
    path = run.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": VERSION + 1}))
    with raises(DataError, "version", found=VERSION + 1, limit=VERSION, file="run"):
        RunFolder.open(run.path)


@pytest.mark.parametrize("name", ["checkpoints/step-000001.safetensors", "histograms/step-000001.npz"])
@pytest.mark.parametrize("content", [None, b"", b"damaged", b"PK\x03\x04 cut short"])
def test_damaged_files_are_refused_by_name(run: RunFolder, name: str, content: bytes | None) -> None:
    if content is not None:
        (run.path / name).write_bytes(content)
    with pytest.raises(DataError, match="step-000001"):
        (run.read if name.startswith("check") else run.histograms)(1)


def test_two_writers_are_kept_apart(run: RunFolder) -> None:
    with run.writing(), raises(OutputError, "lock", file="run"), run.writing():
        pass
    with run.writing():
        pass


def test_a_run_is_not_begun_where_another_is_just_beginning(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, MANIFEST)
    with run.writing(), raises(OutputError, "lock"):
        RunFolder.create(tmp_path, MANIFEST)


def test_a_folder_that_is_gone_is_said_so(tmp_path: Path) -> None:
    with raises(OutputError, "writing", file="gone"), RunFolder(tmp_path / "gone", MANIFEST).writing():
        pass


def hold(path: Path, ready: multiprocessing.synchronize.Event) -> None:
    with RunFolder.open(path).writing():
        ready.set()
        signal.pause()


def test_a_killed_writer_locks_nobody_out(run: RunFolder) -> None:
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=hold, args=(run.path, ready))
    process.start()
    assert ready.wait(PATIENCE)
    with pytest.raises(OutputError), run.writing():
        pass
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with run.writing():
        pass


class TestAtomicWrites:
    def test_a_full_disk_leaves_what_was_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "file"
        atomic.write(path, b"before")

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with raises(OutputError, "writing", file="file"):
            atomic.write(path, b"after")
        assert path.read_bytes() == b"before"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_place_that_is_not_there_is_said_so(self, tmp_path: Path) -> None:
        with raises(OutputError, "writing", file="file"):
            atomic.write(tmp_path / "nowhere" / "file", b"")
