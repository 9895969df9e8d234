"""What a training run is made of, as data: every hyper-parameter with its unit and its reason.

A configuration is frozen and can be written into a run's manifest and read back from it, so a run says completely
how it was made. Two are ready: ALLCNN, the best known to us for this fixed architecture on two processor cores,
and TUTORIAL2018, the 2018 tutorial's, which is slower and shows what it was written to show.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from innerview.allcnn.table import TABLE
from innerview.data.cifar10 import SIDE
from innerview.errors import UsageError


@dataclass(frozen=True)
class Initialisation:
    """How the weights start: normal, independent, mean 0.

    Attributes:
        stds: one standard deviation per layer; empty for 1 / sqrt(fan-in), which keeps the scale of a signal.
        mean_free: take the mean out of every first-layer filter. On raw pixels three quarters of the first layer's
            power is the image's mean brightness, the same for all classes; without it training starts at once.
        whitening: make the first filters the eigenvectors of the images' 3 × 3 patches and their negatives, each
            divided by its standard deviation (Page 2019, Jordan 2024): the first layer then sees every direction of
            a patch alike, not three quarters brightness.
        lsuv: divide each layer by the standard deviation of its output on one batch, front to back (LSUV,
            Mishkin and Matas 2015). With no normalisation layer nothing else sets the scale.
    """

    stds: tuple[float, ...] = ()
    mean_free: bool = True
    whitening: bool = False
    lsuv: bool = True


@dataclass(frozen=True)
class Augmentation:
    """How a training image is changed before the model sees it.

    Attributes:
        flip: "alternating" mirrors a random half in the first epoch and the other half in the next, so that two
            epochs show every image both ways (Jordan 2024); "random" tosses a coin each time.
        shift: largest shift in pixels, each way; what comes in from outside is the image reflected.
        rotation: largest angle in degrees, each way.
        scale: largest change of size, as a fraction.
        fraction: of each batch that is changed at all.
    """

    flip: Literal["alternating", "random", "none"] = "alternating"
    shift: int = 2
    rotation: float = 0.0
    scale: float = 0.0
    fraction: float = 1.0


@dataclass(frozen=True)
class Optimisation:
    """Which optimiser moves which layer, and how far.

    Attributes:
        muon_lr: learning rate of all layers but the last under Muon: how far one update goes, as a fraction of the
            layer's size at the start. 0 for none: Adam then moves every layer. At three
            times as much a short run ended with one answer for all images.
        fix_weight_norm: keep each layer under Muon at the size that it began with, so that it only turns. With no
            normalisation layer, weights that grow drive the ELUs into their flat part.
        first: the first layer is moved by Muon like the inner ones; else by AdamW.
        momentum: of Muon, Nesterov's form.
        adam_lr: learning rate of AdamW for the last layer, whose size sets how sure the answers are, or for all.
        amsgrad: divide by the largest second moment so far instead of the present one.
        warmup: fraction of the steps in which the rates rise linearly from 0; 0 for none.
        lr_schedule: "linear" lowers the rates to 0 at the last step; "none" keeps them.
        label_smoothing: fraction of the target spread over all classes; keeps the logits' size bounded.
        temperature: T in softmax(logits / T). The ninth ELU keeps each logit above -1; a T below 1 lets the model be
            sure with small logits, which costs accuracy. It is part of the model from then on.
    """

    muon_lr: float = 0.02
    fix_weight_norm: bool = True
    first: bool = True
    momentum: float = 0.9
    adam_lr: float = 3e-3
    amsgrad: bool = False
    warmup: float = 0.1
    lr_schedule: Literal["linear", "none"] = "linear"
    label_smoothing: float = 0.1
    temperature: float = 1.0


@dataclass(frozen=True)
class Stage:
    """A stretch of training at one image size.

    Attributes:
        until: the fraction of all steps at which it ends.
        size: height and width of the images in pixels, where the data's are 32; 0 for the data's own. The model
            is fully convolutional, so smaller images teach the same filters at a fraction of the cost.
    """

    until: float
    size: int


@dataclass(frozen=True)
class Configuration:
    """A whole training run, but for its data.

    Attributes:
        name: of the configuration, written into the manifest.
        steps: number of updates.
        batch_size: images per update.
        seed: of everything random; two runs with one seed on one machine end with the same bits.
        channels: of the eight hidden layers; 128 in both.
        mean: per channel, taken from pixels in [0, 1] before the first layer. With 0, black is the model's zero.
        std: per channel; pixels are divided by it after that.
        stages: image sizes over time, the last until 1.
        ema: decay per step of the exponential moving average of the weights (its memory is 1 / (1 - ema) steps); 0 for
            none. Logged beside the plain weights at the end, so that anyone sees what it gains.
        state_every: steps between two saved states; a kill loses at most so many.
        test_every: steps between two tests on `test_images` fixed images; the end tests on all.
        test_images: how many images the tests in between use, the same number of every class.
        checkpoints: steps at which the weights are kept, besides every `state_every`: dense early on, where
            they change most. Step 0, the weights before training, and the last step are always kept.
        precision: of the convolutions and their gradients; the weights, the optimisers and every test stay in
            float32. "bfloat16" is 1.8 times as fast on a processor with instructions for it and slower on others.
        threads: of the processor; the order of a sum depends on it, so a resumed run uses its own again.
        device: where weights and images are while it trains ("cuda", "cuda:1", "mps"). Images are drawn and changed and
            weights set at first on the processor, so that a seed begins alike anywhere; a GPU's sums may differ in
            their last bits from run to run.
    """

    name: str
    steps: int
    batch_size: int = 128
    seed: int = 0
    channels: int = 128
    initialisation: Initialisation = field(default_factory=Initialisation)
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimisation: Optimisation = field(default_factory=Optimisation)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    stages: tuple[Stage, ...] = (Stage(1.0, 0),)
    ema: float = 0.0
    state_every: int = 200
    test_every: int = 200
    test_images: int = 1000
    checkpoints: tuple[int, ...] = (1, 3, 10, 30, 100, 300)
    precision: Literal["float32", "bfloat16"] = "float32"
    threads: int = 2
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch_size < 1 or self.state_every < 1 or self.test_every < 1 or self.threads < 1:
            raise UsageError(
                f"steps {self.steps}, batch_size {self.batch_size}, state_every {self.state_every}, test_every "
                f"{self.test_every} and threads {self.threads} were asked for; each must be at least 1"
            ).of("steps", asked=(self.steps, self.batch_size, self.state_every, self.test_every, self.threads), limit=1)
        ends = [stage.until for stage in self.stages]
        if not ends or ends != sorted(ends) or ends[-1] != 1.0:
            raise UsageError(f"the stages end at {ends} of the steps; they must rise and the last be 1.0").of(
                "stages", asked=tuple(ends)
            )
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0:
            raise UsageError(
                f"mean {self.mean} and std {self.std} were asked for; give three numbers each, std above 0"
            ).of("mean", asked=(self.mean, self.std))
        how = self.optimisation
        if not how.temperature > 0:
            raise UsageError(f"temperature {how.temperature} was asked for; it must be above 0").of(
                "temperature", asked=how.temperature
            )
        if not (0 <= how.warmup <= 1 and 0 <= how.label_smoothing < 1 and 0 <= self.ema < 1):
            raise UsageError(
                f"warmup {how.warmup}, label_smoothing {how.label_smoothing} and ema {self.ema} were asked "
                "for; they are fractions, and the last two below 1"
            ).of("warmup", asked=(how.warmup, how.label_smoothing, self.ema))

    def size(self, step: int) -> int:
        """The images' height and width at a step (from 0), in pixels; 0 for the data's own."""
        return next(stage.size for stage in self.stages if step < stage.until * self.steps)

    def fitted(self, side: int) -> Configuration:
        """The same training on images of another size: each stage's in proportion, in steps of 4, as poolings want.

        Args:
            side: height and width of the data's images, in pixels.
        """
        sizes = [stage.size and max(4, 4 * round(stage.size * side / SIDE / 4)) for stage in self.stages]
        return replace(
            self, stages=tuple(replace(stage, size=size) for stage, size in zip(self.stages, sizes, strict=True))
        )

    def rate(self, step: int) -> float:
        """The factor on the learning rates at a step (from 0): in (0, 1]."""
        rising = max(1.0, self.optimisation.warmup * self.steps)
        if step + 1 < rising:
            return (step + 1) / rising
        return 1.0 if self.optimisation.lr_schedule == "none" else (self.steps - step) / (self.steps - rising + 1)

    def learning_rate(self, step: int) -> float:
        """The learning rate at a step (from 0) of what moves most layers: Muon, or Adam where it has all."""
        how = self.optimisation
        return self.rate(step) * (how.muon_lr or how.adam_lr)

    def keeps(self, step: int) -> bool:
        """Whether the weights after `step` updates are kept as a checkpoint."""
        return step in {0, self.steps, *self.checkpoints} or step % self.state_every == 0

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON's types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Configuration:
        """Read what `to_dict` wrote, now or in an earlier version: what had no setting then has its default.

        Raises:
            UsageError: for a field that this version does not know, or a value out of range.
        """
        read: dict[str, Any] = dict(values)
        try:
            initialisation: dict[str, Any] = dict(values["initialisation"])
            initialisation["stds"] = tuple(initialisation["stds"])
            read["initialisation"] = Initialisation(**initialisation)
            read["augmentation"] = Augmentation(**values["augmentation"])
            read["optimisation"] = Optimisation(**values["optimisation"])
            read["stages"] = tuple(Stage(**stage) for stage in values["stages"])
            for name in {"checkpoints", "mean", "std"} & values.keys():
                read[name] = tuple(values[name])
            return cls(**read)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise UsageError(f"a run's configuration can't be read ({problem}); a later version wrote it").of(
                "configuration", found=str(problem)
            ) from None


ALLCNN = Configuration(
    name="allcnn",
    steps=3666,
    # 20 and 24 pixels cost 0.39 and 0.56 of 32: the whole run costs three quarters of the same steps at full size.
    stages=(Stage(0.2, 20), Stage(0.5, 24), Stage(1.0, 0)),
    # No warm-up: with one of 5 % short runs lose 0.4 points.
    optimisation=Optimisation(warmup=0.0),
    ema=0.99,
    threads=1,
    precision="bfloat16",
)
"""The default model: 3,666 steps of 128 images, the compute of 7 epochs of CIFAR-10 at full size."""

TUTORIAL2018 = Configuration(
    name="tutorial2018",
    steps=7000,
    batch_size=50,
    initialisation=Initialisation(stds=tuple(row.std for row in TABLE), mean_free=False, lsuv=False),
    augmentation=Augmentation(flip="random", shift=3, rotation=10.0, scale=0.1, fraction=0.5),
    optimisation=Optimisation(
        muon_lr=0.0,
        adam_lr=5e-4,
        amsgrad=True,
        warmup=0.0,
        lr_schedule="none",
        label_smoothing=0.0,
        temperature=1.0,
    ),
    state_every=500,
    test_every=250,
    threads=1,
    precision="bfloat16",
)
"""The 2018 tutorial's: raw pixels, its table of standard deviations, AMSGrad, half of each batch changed.

7,000 steps of 50 are its seven epochs. Its learning rate is the upper end of what it reports (1e-4 to 5e-4).
"""
