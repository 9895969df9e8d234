"""Trains a small Keras model on TensorFlow with the callback and without; `test_keras.py` reads what is left.

A program of its own, since PyTorch and TensorFlow don't share a process here: `python keras_training.py FOLDER` leaves
the recording `run`, what was expected of it in `expected.npz`, and words in `said.json`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ |= {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import typecheck

typecheck.install()

from innerview.adapters.keras.calls import named_variables  # noqa: E402 after the checks are put on
from innerview.errors import InnerviewError  # noqa: E402
from innerview.model import InputSpec, OutputSpec  # noqa: E402
from innerview.recorders import Recorder  # noqa: E402
from innerview.recorders.keras import RecorderCallback  # noqa: E402
from innerview.recorders.keras_model import WatchedKeras  # noqa: E402
from innerview.recorders.probe_config import ProbeConfig  # noqa: E402

SPEC, CLASSES = InputSpec(8, 8, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25)), OutputSpec(("a", "b", "c"))
PIXELS = np.random.default_rng(0).random((24, 8, 8, 3)).astype(np.float32)
ENTERING = (PIXELS - 0.5) / 0.25
LABELS = np.arange(24) % 3
DECLARED = {"probes": PIXELS[:4], "labels": LABELS[:4].tolist(), "input": SPEC, "output": CLASSES, "n_attributions": 2}


def build() -> keras.Model:
    """Dropout, batch statistics, an activation of its own and one inside a convolution."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((8, 8, 3)),
        layers.Conv2D(5, 3, activation="elu", name="first"),
        layers.BatchNormalization(name="norm"),
        layers.Conv2D(5, 3, name="second"),
        layers.ReLU(name="relu"),
        layers.Dropout(0.3),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3, name="scores"),
    ])  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, metrics=["accuracy"])
    return model


def fit(model: keras.Model, *callbacks: keras.callbacks.Callback, epochs: int = 2) -> None:
    model.fit(ENTERING, LABELS, batch_size=8, epochs=epochs, validation_data=(ENTERING[:6], LABELS[:6]), verbose=0,
              callbacks=list(callbacks))  # fmt: skip


def said(case) -> str:
    try:
        case()
    except InnerviewError as problem:
        return f"{type(problem).__name__}: {problem}"
    return "nothing"


def main(folder: Path) -> None:
    tf.config.experimental.enable_op_determinism()
    alone, watched = build(), build()
    keras.utils.set_random_seed(2)
    fit(alone)
    keras.utils.set_random_seed(2)
    callback = RecorderCallback(folder / "run", max_overhead=None, log_every=2, **DECLARED)
    fit(watched, callback)
    arrays = {f"alone/{name}": one.numpy() for name, one in named_variables(alone).items()}
    arrays |= {f"watched/{name}": one.numpy() for name, one in named_variables(watched).items()}

    values = keras.Model(watched.inputs, [watched.get_layer(name).output for name in ("first", "relu", "scores")])
    for name, value in zip(("first", "relu", "scores"), values(ENTERING[:4], training=False), strict=True):
        arrays[f"layer/{name}"] = value.numpy()
    with tf.GradientTape() as tape:
        loss = watched.loss(LABELS[:4], watched(ENTERING[:4], training=False))
    kernels = {f"{name}/kernel": watched.get_layer(name).kernel for name in ("first", "second", "scores")}
    gradients = tape.gradient(loss, [one.value for one in kernels.values()])
    arrays |= {f"gradient/{name}": value.numpy() for name, value in zip(kernels, gradients, strict=True)}

    fit(watched, callback, epochs=1)
    with Recorder(watched, folder / "own-loop", max_overhead=None) as recorder:
        watched.train_on_batch(ENTERING[:8], LABELS[:8])
        recorder.step(loss=tf.constant([1.5]), rate=0.1)
    one_hot = build()
    one_hot.compile("sgd", "categorical_crossentropy")
    softmax = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    arrays["softmax/probabilities"] = softmax(ENTERING[:4]).numpy()
    for name, declared in (("declared", {"input": SPEC, "output": CLASSES}), ("plain", {})):
        probes = PIXELS[:4] if declared else ENTERING[:4]
        arrays[f"softmax/{name}"] = WatchedKeras(softmax, ProbeConfig(probes, **declared)).look().outputs
    empty = keras.Sequential([keras.layers.Dense(2)])
    words = {
        "not built": said(lambda: WatchedKeras(empty, ProbeConfig())),
        "wrong probes": said(lambda: WatchedKeras(watched, ProbeConfig(ENTERING[:2, :, :, :2]))),
        "no number": said(lambda: WatchedKeras(watched, ProbeConfig()).hold(tf.zeros(2))),
        "loss by name": sorted(WatchedKeras(one_hot, ProbeConfig(ENTERING[:4], labels=[0, 1, 2, 0])).gradients()),
        "no labels": sorted(WatchedKeras(one_hot, ProbeConfig(ENTERING[:4])).gradients()),
        "torch": "torch" in sys.modules,
    }
    np.savez(folder / "expected.npz", **arrays)
    (folder / "said.json").write_text(json.dumps(words), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
