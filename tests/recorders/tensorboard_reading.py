"""Writes event files as TensorFlow and PyTorch do and reads them back, for `test_tensorboard.py`.

A program of its own: TensorBoard brings TensorFlow into the process. `python tensorboard_reading.py FOLDER`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ |= {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}

import numpy as np
import tensorflow as tf
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import typecheck

typecheck.install()

from innerview.errors import InnerviewError  # noqa: E402 after the checks are put on
from innerview.recorders.tensorboard import read_histograms  # noqa: E402


def as_pytorch(folder: Path, values: dict[int, dict[str, np.ndarray]]) -> None:
    """What torch.utils.tensorboard writes: limits, counts, and the sums of the values."""
    writer = EventFileWriter(str(folder))
    for step, layers in values.items():
        for name, one in layers.items():
            counts, limits = np.histogram(one, 30)
            histogram = summary_pb2.HistogramProto(
                min=one.min(), max=one.max(), num=one.size, sum=one.sum(), sum_squares=(one**2).sum(),
                bucket_limit=[*limits.tolist(), 1.7e308], bucket=[0, *counts.tolist(), 0],
            )  # fmt: skip
            summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=name, histo=histogram)])
            writer.add_event(event_pb2.Event(summary=summary, step=step, wall_time=float(step)))
    writer.close()


def as_tensorflow(folder: Path, values: dict[int, dict[str, np.ndarray]]) -> None:
    with tf.summary.create_file_writer(str(folder)).as_default():
        for step, layers in values.items():
            tf.summary.scalar("loss", 1.0, step=step)
            for name, one in layers.items():
                tf.summary.histogram(name, one, step=step, buckets=60)


def said(case) -> str:
    try:
        case()
    except InnerviewError as problem:
        return f"{type(problem).__name__}: {problem}"
    return "nothing"


def main(folder: Path) -> None:
    random = np.random.default_rng(0)
    values = {
        step: {"a": random.normal(0, 0.1 * (step + 1), 4000), "b/kernel": random.normal(1, 0.2, 500)}
        for step in range(15)
    }
    values[7]["b/kernel"] = np.full(500, 0.25)
    arrays, words = dict[str, np.ndarray](), dict[str, object]()
    for kind, write in (("pytorch", as_pytorch), ("tensorflow", as_tensorflow)):
        write(folder / kind, values)
        found = read_histograms(folder / kind)
        words[kind] = {
            "checkpoints": found.histograms.checkpoints,
            "layers": found.histograms.layers,
            "steps": found.steps,
            "note": found.note,
        }
        for name in ("edges", "counts", "mean", "std", "minimum", "maximum", "nan"):
            arrays[f"{kind}/{name}"] = getattr(found.histograms, name)
    as_tensorflow(folder / "apart", {0: {"a": values[0]["a"]}, 1: {"b": values[1]["a"]}})
    (folder / "empty").mkdir()
    words |= {
        "unknown": said(lambda: read_histograms(folder / "pytorch", layers=("c",))),
        "apart": said(lambda: read_histograms(folder / "apart")),
        "one of them": read_histograms(folder / "apart", layers=("b",)).steps,
        "no file": said(lambda: read_histograms(folder / "empty")),
        "odd": said(lambda: read_histograms(folder / "pytorch", bins=9)),
        "one width": read_histograms(folder / "pytorch", shared_bins=True, bins=2).histograms.edges.tolist(),
    }
    arrays |= {f"values/{step}/{name}": one for step, layers in values.items() for name, one in layers.items()}
    np.savez(folder / "found.npz", **arrays)
    (folder / "said.json").write_text(json.dumps(words), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
