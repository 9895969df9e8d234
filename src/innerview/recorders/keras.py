"""Recording a training by Keras's `fit`, through a callback.

model.fit(images, labels, callbacks=[RecorderCallback("my-run", probes=images, labels=classes)])
"""

# Keras is untyped: unknown types are its own.
# pyright: reportUnknownMemberType=false, reportMissingImports=false, reportAttributeAccessIssue=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from innerview.errors import MissingExtra
from innerview.recorders.recorder import Recorder

try:
    import keras
except Exception as error:
    raise MissingExtra("recording a Keras model", "keras", error) from error

RUNNING: Final = "epoch_"
"""Before the names of Keras's means over a whole epoch, which are logged when it ends."""


class RecorderCallback(keras.callbacks.Callback):
    """Records a training by `fit`; what is recorded is what `innerview.Recorder` says.

    A line of the metrics is a batch (an execution, where `steps_per_execution` is above 1). Keras gives running means
    since the beginning of the epoch as the metrics of a batch; those at its end are called `epoch_loss` and so on, and
    those on other data `val_loss` and so on, as always.

    Args:
        folder: where the recording is written.
        **options: of `innerview.Recorder`: probes, labels, layers, input, output, n_attributions, log_every,
            max_overhead, ….

    Attributes:
        recorder: from the beginning of the training on; a second `fit` goes on with the same recording.
    """

    def __init__(self, folder: str | Path, **options: Any) -> None:
        super().__init__()
        self.recorder: Recorder | None = None
        self._folder, self._options = folder, options

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002 Keras's signature
        """Look at the model before its first step."""
        if self.recorder is not None:
            self.recorder.close()
            self._options["resume_at"] = self.recorder.steps
        self.recorder = Recorder(self.model, self._folder, **self._options)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note a step."""
        if self.recorder is not None:
            self.recorder.step(**(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Note an epoch."""
        if self.recorder is not None:
            named = {name if name.startswith("val_") else RUNNING + name: value for name, value in (logs or {}).items()}
            self.recorder.epoch(**named)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Keep the last weights."""
        if self.recorder is not None:
            self.recorder.close()
