"""The training loop, in the order in which it happens.

Guarantees: two runs of one configuration on one machine end with the same bits, and so does a run that was killed any
number of times and resumed. That holds because everything random is a function of the seed and the step
(`augment`), because the saved state is the whole rest (weights, the optimisers' moments, the mean of the weights), and
because it is only ever saved between two steps. The state is written last: whatever was logged after it is
forgotten on resuming and written again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional

from innerview.adapters.torch.memory import place_of
from innerview.data.labelled import Dataset, LabelledImages
from innerview.errors import DataError, ModelError
from innerview.runs import RunFolder, answers, status
from innerview.runs.status import RunStatus
from innerview.training import augment
from innerview.training.identity import check_same, manifest_of
from innerview.training.measure import answers_of, balanced, logits_of, measured, scored
from innerview.training.model import AllCnn, first_not_finite, initialise
from innerview.training.optimisers import Optimisers
from innerview.training.recipe import Configuration
from innerview.training.surroundings import Interrupts, Threads


@dataclass(frozen=True)
class Progress:
    """Where a run stands after a step.

    Attributes:
        step: updates done.
        steps: updates in all.
        epoch: passes through the training images so far.
        loss: of this step's batch, label smoothing included.
        accuracy: on this step's batch as it was trained on, in [0, 1].
        images_per_second: over the last steps.
        seconds_left: at that speed and the coming image sizes.
        test_accuracy: of the latest test, in [0, 1]; None before the first.
    """

    step: int
    steps: int
    epoch: float
    loss: float
    accuracy: float
    images_per_second: float
    seconds_left: float
    test_accuracy: float | None


def train(
    configuration: Configuration,
    data: Dataset,
    folder: Path,
    *,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    notes: tuple[str, ...] = (),
) -> RunFolder:
    """Train the built-in model and leave everything about it in a run folder.

    Args:
        configuration: see Configuration; on resuming it must be the run's own.
        data: images of one size, a multiple of 4 pixels, and their classes.
        folder: where the run is written; made if it is not there.
        resume: continue the run in `folder` instead of beginning one.
        progress: called after every step.
        notes: for the manifest: what a reader should know of the data or the run.

    Returns:
        The run folder; its last checkpoint is the trained model.

    Raises:
        OutputError: if `folder` holds a run and `resume` is not asked for, is being written by another process, or
            can't be written.
        UsageError: if the device is not there.
        DataError: if the run in `folder` is of another configuration, model or data set, or the images don't fit.
        ModelError: if the loss stops being a number; the folder keeps the last good state.
        KeyboardInterrupt: after Ctrl-C, once the running step is done and saved; a second one ends at once.
    """
    check(data)
    place_of(configuration.device)
    manifest = manifest_of(configuration, data, notes)
    run = RunFolder.open(folder) if resume else RunFolder.create(folder, manifest)
    if resume:
        check_same(run.manifest, manifest, folder)
    with run.writing(), Threads(configuration.threads), Interrupts() as interrupts:
        trainer = Trainer(configuration, data, run)
        while trainer.step < configuration.steps:
            trainer.advance()
            if progress is not None:
                progress(trainer.progress)
            if interrupts.asked:
                trainer.save()
                status.keep(run, RunStatus("interrupted", trainer.step))
                raise KeyboardInterrupt
        trainer.finish()
        status.keep(run, RunStatus("done", trainer.step))
    return run


class Trainer:
    """A run in progress: its model, its optimisers, and the step they stand at."""

    def __init__(self, configuration: Configuration, data: Dataset, run: RunFolder) -> None:
        self.configuration = configuration
        self.data = data
        self.run = run
        self.tested = balanced(data.test, configuration.test_images)
        self.place = torch.device(configuration.device)
        self.model = self.new_model().to(self.place)
        self.optimisers = Optimisers(self.model, configuration.optimisation)
        self.average = {name: weight.detach().clone() for name, weight in self.model.named().items()}
        self.test_accuracy: float | None = None
        self.seconds = 0.0
        self.speed = 0.0
        self.step = self.restore()

    def new_model(self) -> AllCnn:
        """The model on the processor, all weights 0."""
        configuration = self.configuration
        return AllCnn(configuration.channels, len(self.data.classes), configuration.mean, configuration.std)

    def restore(self) -> int:
        """Take up the saved state, or begin; return the step to go on from."""
        saved = self.run.load_state()
        if saved is None:
            self.run.rewind(-1)
            self.begin()
            return 0
        arrays, metadata = saved
        step = int(metadata["step"])
        tensors = {name: torch.from_numpy(values) for name, values in arrays.items()}
        with torch.no_grad():
            for name, weight in self.model.named().items():
                weight.copy_(tensors[name])
                self.average[name].copy_(tensors[f"average/{name}"])
        self.optimisers.restore(tensors, self.place)
        self.seconds = float(metadata["seconds"])
        self.run.rewind(step)
        return step

    def begin(self) -> None:
        """Set the weights and keep them as they are before the first step."""
        configuration = self.configuration
        sample = np.random.default_rng([configuration.seed, augment.SAMPLE])
        numbers = sample.permutation(len(self.data.train.images))[:512]
        images = augment.as_pixels(self.data.train.images[np.sort(numbers)])
        fresh = self.new_model()
        initialise(fresh, configuration.initialisation, images, configuration.seed)
        self.model.take(fresh.named())
        for name, weight in self.model.named().items():
            self.average[name].copy_(weight.detach())
        self.step = 0
        self.keep(self.model.named())

    def advance(self) -> None:
        """Take one step, log it, and test, keep and save when it is time."""
        begun = time.perf_counter()
        configuration = self.configuration
        loss, accuracy, gradient = self.update()
        self.step += 1
        spent = time.perf_counter() - begun
        self.seconds += spent
        now = configuration.batch_size / spent
        self.speed = 0.9 * self.speed + 0.1 * now if self.speed else now
        self.run.log(
            {
                **self.where(),
                "loss": loss,
                "accuracy": accuracy,
                "learning_rate": configuration.learning_rate(self.step - 1),
                "gradient_norm": gradient,
                "size": configuration.size(self.step - 1) or self.data.train.images.shape[1],
                "images_per_second": round(configuration.batch_size / spent, 2),
                "seconds": round(self.seconds, 3),
            }
        )
        self.progress = Progress(
            self.step,
            configuration.steps,
            self.epoch,
            loss,
            accuracy,
            self.speed,
            self.seconds_left(),
            self.test_accuracy,
        )
        if self.step % configuration.test_every == 0 and self.step < configuration.steps:
            self.test()
        if configuration.keeps(self.step):
            self.keep(self.model.named())
        if self.step % configuration.state_every == 0:
            self.save()

    def update(self) -> tuple[float, float, float]:
        """Move the weights once; return the loss, the accuracy in [0, 1] and the gradient's norm."""
        configuration = self.configuration
        images, labels = (one.to(self.place) for one in self.batch())
        with torch.autocast(self.place.type, torch.bfloat16, enabled=configuration.precision == "bfloat16"):
            logits = self.model(images)
        how = configuration.optimisation
        loss = functional.cross_entropy(logits / how.temperature, labels, label_smoothing=how.label_smoothing)
        self.optimisers.zero()
        loss.backward()
        norm = self.model.gradient_norm()
        if not (math.isfinite(loss.item()) and math.isfinite(norm)):
            where = first_not_finite(self.model, images)
            status.keep(self.run, RunStatus("diverged", self.step, where))
            raise ModelError(
                f"the loss became {loss.item()} and the gradient's norm {norm} at step {self.step + 1}; it began in "
                f"{where}. The run folder {self.run.path} keeps what was good: "
                f"checkpoints up to step {max(self.run.steps())}. Going on gives the same bits and ends at "
                "the same step: begin another run with a lower learning rate (in Python muon_lr and adam_lr of "
                "Optimisation), float32 or another seed"
            ).of("loss", found=(self.step + 1, loss.item(), norm), path=self.run.path)
        self.optimisers.step(configuration.rate(self.step))
        with torch.no_grad():
            for name, weight in self.model.named().items():
                self.average[name].lerp_(weight, 1 - configuration.ema)
        return loss.item(), (logits.argmax(1) == labels).float().mean().item(), norm

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The images of the coming step, changed and resized, and their labels."""
        configuration, data = self.configuration, self.data.train
        draw = augment.drawn(configuration.seed, self.step, configuration.batch_size, len(data.images))
        images = augment.changed(
            data.images[draw.numbers], draw, configuration.augmentation, configuration.seed, self.step
        )
        labels = torch.from_numpy(data.labels[draw.numbers])
        return augment.resized(images, configuration.size(self.step)), labels

    def test(self) -> None:
        """Log loss and accuracy on the fixed test images, unchanged."""
        loss, self.test_accuracy = self.measured(self.model.named(), self.tested)
        self.run.log(
            {
                **self.where(),
                "test_loss": loss,
                "test_accuracy": self.test_accuracy,
                "test_images": len(self.tested.labels),
            }
        )

    def finish(self) -> None:
        """Test on all test images, the weights and their running mean; one line, so that it is whole or absent.

        What the weights said of each image is kept, so that what they mix up can be seen without the data.
        """
        if any("final_loss" in record for record in self.run.metrics()):
            return
        logits = logits_of(self.model, self.model.named(), self.data.test, self.place)
        temperature = self.configuration.optimisation.temperature
        loss, self.test_accuracy = scored(logits, self.data.test, temperature)
        answers.keep(self.run, answers_of(logits, self.data.test, temperature, self.step))
        record = {**self.where(), "final_loss": loss, "final_accuracy": self.test_accuracy}
        if self.configuration.ema:
            loss, accuracy = self.measured(self.average, self.data.test)
            record |= {"ema_loss": loss, "ema_accuracy": accuracy}
            self.keep(self.average, "ema")
        self.save()
        self.run.log({**record, "final_images": len(self.data.test.labels)})

    def measured(self, weights: Mapping[str, torch.Tensor], images: LabelledImages) -> tuple[float, float]:
        """Loss and accuracy of weights on unchanged images."""
        return measured(self.model, weights, images, self.configuration.optimisation.temperature, self.place)

    def where(self) -> dict[str, float]:
        """Where the run stands, for a line of the metrics."""
        return {"step": self.step, "epoch": round(self.epoch, 6)}

    def keep(self, weights: Mapping[str, torch.Tensor], series: str = "step") -> None:
        """Keep a checkpoint of weights as they are now."""
        arrays = {name: weight.detach().cpu().numpy() for name, weight in weights.items()}
        self.run.checkpoint(self.step, arrays, self.metadata(), series)

    def metadata(self) -> dict[str, str]:
        """What a reader needs to run the weights of a checkpoint."""
        return {
            "temperature": f"{self.configuration.optimisation.temperature:g}",
            "mean": ",".join(f"{value:g}" for value in self.configuration.mean),
            "std": ",".join(f"{value:g}" for value in self.configuration.std),
            "classes": ",".join(self.data.classes),
            "layout": "OIHW",
            "step": str(self.step),
            "epoch": f"{self.epoch:.4f}",
        }

    def save(self) -> None:
        """Save all that the next step needs."""
        tensors = dict(self.model.named()) | self.optimisers.state()
        tensors |= {f"average/{name}": weight for name, weight in self.average.items()}
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}
        self.run.save_state(arrays, {"step": str(self.step), "seconds": repr(self.seconds)})

    @property
    def epoch(self) -> float:
        """Passes through the training images so far."""
        return self.step * self.configuration.batch_size / len(self.data.train.images)

    def seconds_left(self) -> float:
        """An estimate from the present speed and the sizes of the images to come; a pixel costs the same anywhere."""
        configuration = self.configuration
        full = self.data.train.images.shape[1]
        sizes = [configuration.size(step) or full for step in range(self.step - 1, configuration.steps)]
        costs = np.square(np.asarray(sizes, dtype=np.float64))
        return float(costs[1:].sum() / costs[0] * configuration.batch_size / self.speed)


def check(data: Dataset) -> None:
    """Raise DataError unless the images can be trained on."""
    height, width = data.train.images.shape[1:3]
    if height != width or height % 4:
        raise DataError(
            f"the images are {height} × {width} pixels; the model takes squares whose side is a multiple of 4"
        ).of("size", found=(height, width), limit=4)
