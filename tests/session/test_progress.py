"""How far the work is, is told pass by pass; whoever is told can stop it, and then nothing half-written is left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from innerview.data.baselines import make_baseline
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.methods import predict
from innerview.methods.registry import map_methods
from innerview.session.methods import run_method
from innerview.session.progress import SubProgress
from innerview.targets import Logit
from innerview.workbench import Query, explain, path, weights
from innerview.workbench.page.report import report
from models import MODELS, numpy_model

MODEL = MODELS["mixed"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float32)
REQUEST = Query(tolerance=0.05, alphas=(0.5, 1.0), fractions=(0.5,))


class Stopped(Exception):
    """Somebody does not want to wait any longer."""


class Heard:
    """Takes down what is told, and stops the work when it has been told so often."""

    def __init__(self, patience: float = np.inf) -> None:
        self.told: list[tuple[float, int, str]] = []
        self._patience = patience

    def __call__(self, done: float, total: int, words: str) -> None:
        self.told.append((done, total, words))
        if len(self.told) > self._patience:
            raise Stopped

    @property
    def shares(self) -> list[float]:
        return [done / total for done, total, _ in self.told]


def test_a_part_of_a_part_tells_where_it_is_in_the_whole() -> None:
    heard = Heard()
    second = SubProgress(heard, 4, 1, 2, "cat")
    second.part(0.5, 1, "path", unit="places").progress(3, 6)
    second.part(0, 0.5, most=200).progress(50, 64)
    second.begin()
    assert heard.told == [
        (1.75, 4, "cat: path, 3 of 6 places"),
        (1.125, 4, "cat, 50 evaluations of at most 200"),
        (1, 4, "cat"),
    ]


@pytest.mark.parametrize("scale", ["per-image", "shared"])
def test_a_look_tells_of_every_pass_and_never_goes_back(tmp_path: Path, scale: str) -> None:
    heard = Heard()
    explain(
        ["cat", "moose"],
        Query(**{**vars(REQUEST), "vmax": scale}),
        model=NETWORK,
        output=tmp_path / "new",
        progress=heard,
    )
    assert heard.shares == sorted(heard.shares)
    assert heard.shares[0] == 0
    assert heard.shares[-1] == 1
    counted = [words for _, _, words in heard.told if "evaluations of at most" in words]
    passes = 17 // NETWORK.batch_size  # the maps take at least that
    assert sum(words.startswith("cat") for words in counted) >= passes
    assert sum(words.startswith("moose") for words in counted) >= passes


@pytest.mark.parametrize("patience", [1, 4, 12])
def test_a_look_that_is_stopped_within_an_image_leaves_no_half_of_it(tmp_path: Path, patience: int) -> None:
    with pytest.raises(Stopped):
        explain(["cat"], REQUEST, model=NETWORK, output=tmp_path / "new", progress=Heard(patience))
    assert not (tmp_path / "new" / "cat").exists()
    assert not list((tmp_path / "new").rglob("*.png"))


def test_a_fixed_rule_is_counted_too(tmp_path: Path) -> None:
    heard = Heard()
    fixed = Query(n_steps=24, alphas=(1.0,), fractions=(0.5,))
    explain(["cat"], fixed, model=NETWORK, output=tmp_path / "new", progress=heard)
    assert "cat, 26 of 26 evaluations" in [words for _, _, words in heard.told]


def test_a_report_tells_of_every_pass_and_can_be_stopped(tmp_path: Path) -> None:
    heard, file = Heard(), tmp_path / "report.html"
    report(["cat"], REQUEST, model=NETWORK, output=file, progress=heard)
    assert heard.shares == sorted(heard.shares)
    stages = [words.partition(":")[2].partition(",")[0].strip() for _, _, words in heard.told]
    assert list(dict.fromkeys(stages)) == ["", "asking the model again", "masking", "writing"]
    file.unlink()
    with pytest.raises(Stopped):
        report(["cat"], REQUEST, model=NETWORK, output=file, progress=Heard(len(heard.told) - 2))
    assert not file.exists()


def test_a_path_is_told_between_the_alphas(tmp_path: Path) -> None:
    from PIL import Image

    for number in range(3):
        place = tmp_path / "data" / "bee" / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((24, 24, 3), 60 * number, np.uint8)).save(place)
    heard = Heard()
    path(tmp_path / "data", model=NETWORK, alphas=(0.1, 0.5, 1), output=tmp_path / "new", progress=heard)
    assert heard.shares == sorted(heard.shares)
    assert heard.shares[-1] == 1
    assert heard.told[0][0] == pytest.approx(min(NETWORK.batch_size, 3) / 3)
    with pytest.raises(Stopped):
        path(tmp_path / "data", model=NETWORK, alphas=(0.1, 1), output=tmp_path / "other", progress=Heard(1))
    assert not (tmp_path / "other" / "path.png").exists()


def test_counting_weights_is_told(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    files = [tmp_path / f"{name}.safetensors" for name in ("before", "after")]
    for seed, file in enumerate(files):
        save_file({name: value.astype(np.float32) for name, value in MODEL.weights(seed).items()}, file)
    heard = Heard()
    weights(files, output=tmp_path / "new", progress=heard)
    assert heard.shares == sorted(heard.shares)
    assert [words for _, _, words in heard.told] == [
        "weights: reading, 1 of 2 files",
        "weights: reading, 2 of 2 files",
        "weights: counting, 4 of 8 layers",
        "weights: counting, 8 of 8 layers",
        "weights: drawing, 0 of 2 charts",
        "weights: drawing, 1 of 2 charts",
    ]


class Listener:
    """Hears of evaluations; stops the work when it has heard so often."""

    def __init__(self, patience: float = np.inf) -> None:
        self.done: list[tuple[int, int]] = []
        self._patience = patience

    def progress(self, done: int, total: int) -> None:
        self.done.append((done, total))
        if len(self.done) > self._patience:
            raise Stopped

    def level(self, found: object) -> None:
        raise AssertionError(found)


ONE_PASS = {"class-evidence", "gradient", "gradient-input", "grad-cam"}


@pytest.mark.parametrize("method", sorted(set(map_methods(NETWORK)) - ONE_PASS))
def test_every_method_of_several_passes_tells_of_them_and_can_be_stopped(method: str) -> None:
    image = preprocess(example_image("cat"), MODEL.input).pixels
    target = Logit().resolve(predict(NETWORK, image[None])[0].logits, NETWORK.output)
    start = make_baseline("black", MODEL.input, image)

    def ask(listener: Listener) -> None:
        run_method(method, NETWORK, image, target, [start], listener.progress)

    heard = Listener()
    ask(heard)
    assert len(heard.done) > 3
    assert heard.done == sorted(heard.done)
    assert heard.done[-1][0] == heard.done[-1][1]
    with pytest.raises(Stopped):
        ask(Listener(patience=2))
