"""Recording a training that is not ours, in three lines, whatever the loop looks like.

    recorder = innerview.Recorder(model, "my-run", probes=images)  # before training
    recorder.step(loss=loss)  # after optimizer.step()
    recorder.epoch(test_accuracy=accuracy)  # after an epoch

The recording is a run folder. Metrics are kept for every step. At every power of two and every fiftieth step, weights,
gradients and updates are measured; at every power of two and after every epoch, weights are kept, the probe images
are looked at, and their maps drawn. What is due but would take more than the recorder's share of the time is put off.

The training goes on as it would have without the recorder, to the bit, and even if the disk is full: then a warning
tells what was lost.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, SupportsFloat

from innerview import renames
from innerview.errors import OutputError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.recorders.manifest import manifest_of, open_recording
from innerview.recorders.probe_config import ProbeConfig
from innerview.recorders.records import Place, Records
from innerview.recorders.schedule import EVERY, SHARE, Budget, is_early
from innerview.recorders.watched import watch

TAKEN: Final = frozenset({"step", "epoch", "seconds", "recorder_seconds"})
"""Names of metrics that the recorder gives itself."""

SIGHTS: Final = ("weights", "channels", "maps")
"""What is recorded at the powers of two and after epochs, in this order: maps need the channels' pass."""


@renames.arguments(share="max_overhead", maps="n_attributions", every="log_every")
class Recorder:
    """Writes what happens to a model in training into a run folder.

    Use it as a context manager, or call `close` at the end: then the last weights are kept too.

    Args:
        model: a PyTorch module, also one that was compiled or made parallel: what is recorded is the original behind
            it. (A Keras model in a loop of one's own is fine as well; for `fit` there is a callback.)
        folder: where the recording is written; made if it is not there.
        probes: images to look at, a handful, batch in front. With `input` and `output` they are pixels in [0, 1],
            height × width × channel; without, they are what the model takes.
        labels: the true class of each probe, by number.
        layers: to look at, by name, or by number as people count; the activation after each convolution and dense
            layer if empty.
        input: the image that the model takes, as for `innerview.wrap`; needed for maps.
        output: what it gives, as for `innerview.wrap`; needed for maps and probabilities.
        n_attributions: how many of the probes get an integrated-gradients map (of the true class, or of the one that
            wins).
        log_every: steps between two measurements of weights, gradients and updates.
        max_overhead: fraction of the training's time that the recorder may take, after its first look; None for no
            limit.
        resume_at: go on with the recording in `folder` after this step; what it says of later steps is forgotten.
        configuration: settings of the training, for the manifest; anything that JSON can write.
        clock: seconds, rising; for tests.

    Attributes:
        run: the run folder.
        steps: updates noted so far; `epochs`: epochs that ended.

    Raises:
        OutputError: `folder` holds a recording already, is being written by another process, or can't be written.
        DataError: the recording to be resumed is of another model.
        UsageError: a declaration is missing or makes no sense; UnknownLayer: lists the layers.
        ModelError: the model can't be run on the probes as declared.
    """

    def __init__(
        self,
        model: object,
        folder: str | Path,
        *,
        probes: Any = None,
        labels: Sequence[int] = (),
        layers: Sequence[str | int] = (),
        input: InputSpec | None = None,  # noqa: A002 the waist's name for it
        output: OutputSpec | None = None,
        n_attributions: int = 4,
        log_every: int = EVERY,
        max_overhead: float | None = SHARE,
        resume_at: int | None = None,
        configuration: Mapping[str, Any] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if log_every < 1:
            raise UsageError(
                f"log_every={log_every} was given; weights are measured every so many steps, at least 1"
            ).of("log_every", asked=log_every, limit=1)
        self._budget, self._every = Budget(max_overhead, clock), log_every
        config = ProbeConfig(probes, tuple(labels), tuple(layers), input, output, n_attributions)
        self._watched = watch(model, config)
        settings = {
            "training": dict(configuration or {}),
            "every": log_every,
            "share": max_overhead,
            "maps": n_attributions,
        }
        self.run = open_recording(Path(folder), manifest_of(self._watched, config, settings), resume_at)
        self.steps = resume_at or 0
        before = self.run.metrics()
        self.epochs = max((line["epoch"] for line in before), default=0)
        self._earlier: float = max((line["seconds"] for line in before), default=0.0)
        self._records = Records(self.run, self._watched, config)
        self._lines = list[tuple[dict[str, float], Mapping[str, SupportsFloat]]]()
        self._done = dict[str, int]()
        with ExitStack() as opening:
            opening.enter_context(self.run.writing())
            self._start()
            self._open = opening.pop_all()
        self._closed = False
        self._budget.begin()
        self._prepare()

    @property
    def overhead(self) -> float:
        """Share of the time since the first look that the recorder has taken, in [0, 1]."""
        return self._budget.spent / max(self._budget.elapsed, 1e-9)

    @property
    def put_off(self) -> Mapping[str, int]:
        """How often measures, weights, channels and maps were due and would have taken more than the share."""
        return dict(+self._budget.put_off)

    def step(self, **metrics: Any) -> None:
        """Note one update of the weights; call it after `optimizer.step()`, before gradients are set to zero.

        Args:
            **metrics: numbers, also tensors of one number: they are read later, without waiting for the device.

        Raises:
            UsageError: a metric is no number or has a name that is taken, or the recorder was closed.
        """
        with self._budget.spending("lines"):
            held = self._held(metrics)
            self.steps += 1
            self._lines.append((self._line(), held))
        if self._measuring:
            self._record(("measures",), always=True)
        if is_early(self.steps):
            self._record(SIGHTS)
        if self._is_due(self.steps):
            self._flush()
        self._prepare()

    def epoch(self, **metrics: Any) -> None:
        """Note the end of an epoch; call it after its last step, with what was measured then.

        Raises:
            UsageError: as for `step`.
        """
        with self._budget.spending("lines"):
            held = self._held(metrics)
            self.epochs += 1
            self._lines.append(({**self._line(), "recorder_seconds": round(self._budget.spent, 3)}, held))
        self._record(SIGHTS)
        self._flush()

    def close(self) -> None:
        """Keep the last weights and a last look, whatever they cost, and let go of the folder; once is enough."""
        if self._closed:
            return
        with self._open:
            if any(self._done.get(kind) != self.steps for kind in SIGHTS):
                self._lines.append((self._line(), {}))
                self._record(SIGHTS, always=True)
            self._flush()
        self._closed = True

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        with self._open:  # no last look: the weights may be half updated
            self._flush()
        self._closed = True

    def _is_due(self, step: int) -> bool:
        return is_early(step) or step % self._every == 0

    def _start(self) -> None:
        """Record how things stand before training."""
        self._records.images()
        self._lines.append(({**self._line(), "seconds": self._earlier}, {}))
        known = ("weights",) if self.steps in self.run.steps() else ()  # a recording that is resumed has them
        for kind in SIGHTS:
            if kind not in known:
                with self._budget.spending(kind):
                    self._make(kind)
        self._write()

    def _prepare(self) -> None:
        """Decide whether the coming step is measured, since its change can only be told from the weights before it."""
        self._measuring = self._is_due(self.steps + 1) and self._budget.allows("measures")
        if self._measuring:
            with self._budget.spending("lines"):
                self._watched.remember()

    def _record(self, kinds: Sequence[str], *, always: bool = False) -> None:
        """Make those records that can be afforded, unless they were made at this step already."""
        for kind in kinds:
            if self._done.get(kind) != self.steps and (always or self._budget.allows(kind)):
                with self._budget.spending(kind), _losing(kind):
                    self._make(kind)

    def _make(self, kind: str) -> None:
        """Make a record and put its numbers on the last line."""
        make: Callable[[Place], dict[str, float]] = getattr(self._records, kind)
        self._lines[-1][0].update(make(Place(self.steps, self.epochs)))
        self._done[kind] = self.steps

    def _held(self, metrics: Mapping[str, Any]) -> dict[str, SupportsFloat]:
        """Check metrics and keep them."""
        if self._closed:
            raise UsageError(
                f"the recorder of {self.run.path} was closed; make another with resume_at={self.steps}"
            ).of("closed", path=self.run.path)
        taken = sorted(TAKEN & metrics.keys())
        if taken:
            raise UsageError(
                f"a metric was called {taken[0]!r}, which the recorder gives itself; call it otherwise"
            ).of("metric", asked=taken[0])
        return {name: self._watched.hold(value) for name, value in metrics.items()}

    def _line(self) -> dict[str, float]:
        """Where the training stands, and the seconds that it has taken without the recorder's."""
        return {"step": self.steps, "epoch": self.epochs, "seconds": round(self._earlier + self._budget.unspent, 3)}

    def _flush(self) -> None:
        with self._budget.spending("lines"), _losing("metrics"):
            self._write()

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        self.run.log(*({**line, **{name: float(value) for name, value in held.items()}} for line, held in lines))


@contextmanager
def _losing(kind: str) -> Generator[None, None, None]:
    """Let a training go on when a record can't be written."""
    try:
        yield
    except OutputError as problem:
        warnings.warn(f"{kind} of this step are lost: {problem}. The training goes on", RuntimeWarning, stacklevel=5)
