"""Kill a training again and again, resume it each time, and compare it with one that nobody disturbed.

Run as a program for many kills: `python tests/training/killing.py 50` (PYTHONPATH=src).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from innerview.data.labelled import Dataset, LabelledImages
from innerview.runs import RunFolder, answers
from innerview.training import ALLCNN, Configuration, Stage, train

SMALL = replace(
    ALLCNN,
    steps=40,
    batch_size=12,
    channels=6,
    stages=(Stage(0.4, 8), Stage(1.0, 0)),
    state_every=3,
    test_every=4,
    test_images=12,
    precision="float32",
    threads=1,
)
TIMES = {"images_per_second", "seconds"}


def random_data(count: int = 50, size: int = 12, classes: int = 3, seed: int = 0) -> Dataset:
    """Random images whose class is seen in their colour, so that there is something to learn."""
    random = np.random.default_rng(seed)

    def part(number: int) -> LabelledImages:
        labels = np.arange(number) % classes
        images = random.integers(0, 156, (number, size, size, 3))
        images[np.arange(number), :, :, labels] += 100
        return LabelledImages(images.astype(np.uint8), labels)

    return Dataset(part(count), part(24), ("red", "green", "blue")[:classes], "random")


def run_to_the_end(configuration: Configuration, folder: Path) -> None:
    train(configuration, random_data(), folder, resume=(folder / "manifest.json").exists())


def kill_and_resume(configuration: Configuration, folder: Path, kills: int, seed: int) -> int:
    """Train in processes that are killed at random moments, `kills` of them, and let a last one finish.

    Returns:
        How many were killed before they had finished.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["innerview.training"])
    random = np.random.default_rng(seed)
    landed = 0
    for after in np.sort(random.integers(0, configuration.steps, kills)):
        process = context.Process(target=run_to_the_end, args=(configuration, folder))
        process.start()
        while process.is_alive() and lines(folder / "metrics.jsonl") <= after:
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.02))
        if process.is_alive() and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
            landed += 1
        process.join()
    last = context.Process(target=run_to_the_end, args=(configuration, folder))
    last.start()
    last.join()
    return landed


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def without_times(run: RunFolder) -> list[dict[str, object]]:
    return [{name: value for name, value in record.items() if name not in TIMES} for record in run.metrics()]


def assert_same(one: RunFolder, other: RunFolder) -> None:
    """The same weights bit for bit at every checkpoint, the same metrics line by line, the same state."""
    assert one.steps() == other.steps()
    for step in one.steps():
        assert_same_arrays(one.read(step).weights, other.read(step).weights)
    assert without_times(one) == without_times(other)
    states = [run.load_state() for run in (one, other)]
    assert states[0] is not None
    assert states[1] is not None
    assert_same_arrays(states[0][0], states[1][0])
    assert_same_answers(one, other)


def assert_same_answers(one: RunFolder, other: RunFolder) -> None:
    """What the last weights say of the test images is kept once, and the same."""
    found = [answers.latest(run) for run in (one, other)]
    assert found[0] is not None
    assert found[1] is not None
    assert one.observed(answers.SERIES) == other.observed(answers.SERIES) == (one.steps()[-1],)
    np.testing.assert_equal(vars(found[0]), vars(found[1]))


def assert_same_arrays(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert set(one) == set(other)
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def main(kills: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        configuration = replace(SMALL, steps=4 * kills)
        undisturbed = train(configuration, random_data(), Path(place) / "undisturbed")
        landed = kill_and_resume(configuration, Path(place) / "killed", kills, seed=kills)
        killed = RunFolder.open(Path(place) / "killed")
        assert_same(undisturbed, killed)
        sys.stdout.write(f"{landed} of {kills} kills landed; weights, metrics and state are the same bit for bit\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
