"""The referee: known answers, chance where nothing is known, one sentence for bad input, the same after a kill."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from innerview.adapters.function import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, Dense, Flatten, GlobalMean, ReLU
from innerview.cli import main
from innerview.data.fitting import preprocess
from innerview.data.reading import load_image
from innerview.errors import DataError, ModelError, OutputError, UsageError
from innerview.methods import segment_sums, shapley
from innerview.methods.method import Chosen, Method
from innerview.methods.regions import parse_regions
from innerview.model import InputSpec, Model, OutputSpec
from innerview.results import Attribution, Comparison, Provenance
from innerview.results.comparison import family
from innerview.results.io import load_result
from innerview.session.kept import NAME, kept_comparison
from innerview.types import Array
from innerview.workbench.compare import judging
from innerview.workbench.compare.compare import FEWEST, Compared, check, compare, measure
from innerview.workbench.compare.entrants import Entrant, enter, is_drawn_elsewhere, resolve
from innerview.workbench.compare.judging import OTHERS, Plan, explained, judge
from innerview.workbench.compare.keeping import keep
from innerview.workbench.compare.of_captum import METHODS
from innerview.workbench.compare.rows import Rows
from innerview.workbench.compare.summing import compared
from raising import raises

SIDE = 12
SPEC = InputSpec(SIDE, SIDE)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results go to a folder of their own, and a pass takes no time, so that two runs are the same to the byte."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(judging, "process_time", lambda: 0.0)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("method", "control"), "controls"),
        (("control", "method"), "controls"),
        (("method", "method"), "methods"),
        (("control", "control"), "methods"),
        (("regions", "control"), "regions"),
        (("method", "regions"), "regions"),
    ],
)
def test_each_pair_is_corrected_with_those_that_answer_the_same_question(kinds: tuple[str, str], expected: str) -> None:
    assert family(*kinds) == expected


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve images of two classes."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for label in ("ant", "bee"):
        (folder / label).mkdir()
        for number in range(6):
            tint = 200 * (np.arange(3) == number % 3)  # so that the model has several answers
            pixels = (
                (random.integers(0, 56, (SIDE, SIDE, 3)) + tint + 100 * (label == "ant")).clip(0, 255).astype(np.uint8)
            )
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    return folder


def additive(kind: str = "logits") -> NumpyModel:
    """Two classes whose log-odds are a sum over pixels: black gives nothing, and no bias."""
    weights = {"head.weight": np.random.default_rng(1).normal(size=(2, SIDE * SIDE * 3)) / SIDE}
    return NumpyModel(SPEC, OutputSpec(("ant", "bee"), kind), [Flatten("flat"), Dense("head", bias=False)], weights)  # type: ignore[arg-type]


@cache
def curved(classes: int = 4) -> NumpyModel:
    """A small model that is no sum, and that takes any size; it tells red, green, blue and bright images apart."""
    random = np.random.default_rng(2)
    shapes = {"first.weight": (8, 3, 3, 3), "second.weight": (8, 8, 3, 3), "third.weight": (classes, 8, 1, 1)}
    weights = {name: random.normal(0, 0.05, shape) for name, shape in shapes.items()}
    for colour in range(3):
        weights["first.weight"][colour, colour, 1, 1] += 1
        weights["second.weight"][colour, colour, 1, 1] += 1
        weights["third.weight"][colour, colour] += 10
    weights["third.weight"][3:, :3] += 6
    steps = [Convolution("first"), ReLU("relu1"), Convolution("second"), ReLU("relu2"), Convolution("third")]
    return NumpyModel(SPEC, OutputSpec(classes), [*steps, GlobalMean("mean")], weights)


def images(count: int, seed: int = 0) -> list[tuple[str, Any]]:
    random = np.random.default_rng(seed)
    drawn = [random.random((SIDE, SIDE, 3), np.float32) for _ in range(count)]
    return [(f"image {number}", lambda one=one: one) for number, one in enumerate(drawn)]


def plan_of(model: Model, *methods: str, fills: tuple[str, ...] = ("black",), **more: Any) -> Plan:
    return Plan(model, enter(model, methods).entrants, fills, (3, 3), **{"checked": 0, **more})


def comparison_of(plan: Plan, count: int, tmp_path: Path) -> Comparison:
    return compared(plan.subject, measure(plan, images(count), tmp_path / "rows.jsonl"))


def test_a_method_that_is_the_truth_agrees_with_it(tmp_path: Path) -> None:
    plan = plan_of(curved(), "shapley:regions=3x3,fills=mean", "gradient", fills=("blurred", "mean"))
    found = comparison_of(plan, 8, tmp_path)
    place = found.column("shapley:regions=3x3,fills=mean")
    assert found.values[found.row("truth, mean"), place] == pytest.approx(1)
    assert found.medians[found.row("truth, blurred"), place] < 1
    # with two fills the other fill's values are the ones of this method
    blurred, others = found.row("truth, blurred"), found.column(OTHERS)
    assert found.values[blurred, others] == pytest.approx(found.values[blurred, place])


def test_controls_agree_by_chance(tmp_path: Path) -> None:
    found = comparison_of(plan_of(curved(), "gradient"), 60, tmp_path)
    for control in ("random", "blurred random"):
        values = found.values[found.row("truth"), found.column(control)]
        assert abs(values.mean()) < 4 * values.std(ddof=1) / np.sqrt(60)


def test_on_an_additive_model_exact_methods_are_exact(tmp_path: Path) -> None:
    methods = ("occlusion:window=4,stride=4", "gradient-input", "integrated-gradients:n_steps=2")
    plan = replace(plan_of(additive(), *methods), entrants=enter(additive(), methods, ("black",)).entrants)
    found = comparison_of(plan, 16, tmp_path)
    for entrant in (*(one.name for one in plan.entrants), "region removed, black", "region alone, black"):
        assert found.values[found.row("truth"), found.column(entrant)] == pytest.approx(1), entrant
    row = judge(plan, 0, "one", images(1)[0][1]())
    for entrant in plan.entrants:
        assert row["found"][entrant.name]["sums"] == pytest.approx(row["truth"]["fills"]["black"]["values"], abs=1e-4)
    assert found.medians[0, found.column("gradient-input from black")] == 1
    assert found.telling[0]


def test_class_evidence_is_exact_where_positions_do_not_mix(tmp_path: Path) -> None:
    weights = {"only.weight": np.random.default_rng(3).normal(size=(2, 3, 1, 1))}
    model = NumpyModel(SPEC, OutputSpec(2), [Convolution("only"), GlobalMean("mean")], weights)
    found = comparison_of(plan_of(model, "class-evidence"), 6, tmp_path)
    assert found.values[found.row("truth"), found.column("class-evidence")] == pytest.approx(1)


def test_every_method_of_the_registry_takes_part() -> None:
    entered = enter(curved())
    names = {one.method.name for one in entered.entrants}
    assert {
        "integrated-gradients",
        "expected-gradients",
        "occlusion",
        "grad-cam",
        "class-evidence",
        "smooth-grad",
    } <= names
    assert [one.name for one in entered.entrants if one.method.name == "occlusion"] == [
        "occlusion over black",
        "occlusion over mean",
        "occlusion over blurred",
    ]
    assert entered.left_out == ()
    several = next(one for one in entered.entrants if len(one.baselines) == 3)
    assert several.name == "integrated-gradients from black, mean, blurred"


def run(data: Path, tmp_path: Path, model: Model | None = None, **asked: Any) -> Compared:
    given = {"methods": ("gradient", "gradient-input"), "fills": ("black", "mean"), "mosaics": 2, "checked": 2}
    return compare(model or curved(), data, output=tmp_path / "out", **{**given, **asked})


def test_what_is_left_behind(data: Path, tmp_path: Path) -> None:
    found = run(data, tmp_path, methods=(), checked=3, limit=6)
    names = {file.name for file in found.files}
    assert {"comparison.csv", "differences.csv", "images.csv", "comparison.png", "result.json"} <= names
    back = load_result(tmp_path / "out")["comparison"]
    assert isinstance(back, Comparison)
    assert np.array_equal(back.values, found.comparison.values, equal_nan=True)
    assert back.advice == found.advice
    assert set(found.comparison.metrics) == {
        "truth", "truth, black", "truth, mean", "deletion", "deletion, placed", "stability", "shuffled weights",
        "pointing",
    }  # fmt: skip
    assert found.comparison.count("truth", "gradient") == 6
    assert found.comparison.count("deletion", "gradient") == 2
    assert found.comparison.count("pointing", "gradient") == 2
    assert found.comparison.count("pointing", OTHERS) == 0
    with Image.open(tmp_path / "out" / "comparison.png") as image:
        assert image.width > 400
    table = (tmp_path / "out" / "comparison.csv").read_text().splitlines()
    assert table[0].startswith("metric,entrant,kind,asked,n,median")
    assert sum(line.startswith("truth,") for line in table) == len(found.comparison.entrants)


def test_a_run_that_was_ended_goes_on_to_the_same_bytes(data: Path, tmp_path: Path) -> None:
    whole = run(data, tmp_path / "whole")

    def until(done: float, _total: int, _words: str) -> None:
        if done > 5.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "cut", progress=until)
    rows = tmp_path / "cut" / "out" / "rows.jsonl"
    kept = rows.read_bytes()
    assert kept.count(b"\n") == 6  # what is measured, and five images
    rows.write_bytes(kept + b'{"image": "half')  # killed while it was written
    again = run(data, tmp_path / "cut")
    for one, other in zip(whole.files[:-1], again.files[:-1], strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    assert (tmp_path / "whole" / "out" / "rows.jsonl").read_bytes() == rows.read_bytes()
    seen = list[float]()
    run(data, tmp_path / "cut", progress=lambda done, _total, _words: seen.append(done))
    assert set(seen) <= {12.0}  # nothing is measured again


def test_a_method_that_comes_later_is_measured_alone(data: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"checked": 2, "mosaics": 0, "limit": 6}
    both = run(data, tmp_path / "both", methods=("occlusion", "gradient-input"), **asked)
    run(data, tmp_path / "one", methods=("occlusion",), **asked)
    rows = tmp_path / "one" / "out" / "rows.jsonl"
    before = rows.read_text().splitlines()[1:]
    for _ in range(2):  # the second time there is nothing left to do
        later = run(data, tmp_path / "one", methods=("occlusion", "gradient-input"), **asked)
        assert len(rows.read_text().splitlines()) == 1 + 2 * len(before)
    assert rows.read_text().splitlines()[1 : 1 + len(before)] == before
    np.testing.assert_array_equal(later.comparison.values, both.comparison.values)
    with raises(UsageError, "entrants", file="rows.jsonl"):
        run(data, tmp_path / "one", methods=("gradient-input",), **asked)


def test_rows_of_another_question_are_not_mixed(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    with raises(UsageError, "seed", asked=1, found=0, file="rows.jsonl"):
        run(data, tmp_path, seed=1)
    (tmp_path / "out" / "rows.jsonl").write_text("{\n")
    with raises(DataError, "rows", file="rows.jsonl"):
        run(data, tmp_path)
    with raises(OutputError, "writing", file="rows.jsonl"):
        Rows(tmp_path / "nowhere" / "rows.jsonl", {})


def test_what_was_found_is_kept_for_exactly_this_model(data: Path, tmp_path: Path) -> None:
    assert kept_comparison(curved()) is None
    found = run(data, tmp_path)
    kept = kept_comparison(curved())
    assert kept is not None
    assert kept.method in {"gradient", "gradient-input"}
    assert kept.n == 12
    assert kept.advice == found.advice
    assert (
        kept.path == found.files[-1] == tmp_path / "home" / "innerview" / "comparisons" / f"{curved().fingerprint}.json"
    )
    assert kept_comparison(curved(5)) is None
    undecided = replace(found.comparison, p=np.ones_like(found.comparison.p))  # no difference is told from chance
    assert not undecided.decides
    assert keep(undecided, curved(5)) == ()
    best = found.comparison.best
    for name in ("expected-gradients from images of the data", "occlusion, absolute"):  # nothing else draws these
        entrants = tuple(name if one == best else one for one in found.comparison.entrants)
        other = replace(found.comparison, entrants=entrants, best=name)
        assert other.decides
        assert keep(other, curved(5)) == ()
    assert kept_comparison(curved(5)) is None
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"")
    beside = run(data, tmp_path, named=str(file))
    assert beside.files[-2:] == (tmp_path / NAME, kept.path)  # so it is found however the model is opened
    assert [kept_comparison(curved(), named).path for named in (str(file), "net.py:build")] == [
        tmp_path / NAME,
        kept.path,
    ]  # pyright: ignore[reportOptionalMemberAccess]
    assert kept_comparison(curved(5), str(file)) is None
    (tmp_path / NAME).write_text('{"model": "' + curved().fingerprint + '"}')
    with raises(DataError, "comparison", file="innerview-comparison.json"):
        kept_comparison(curved(), str(file))


def test_tables_as_parquet_where_pyarrow_is_there(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = dict[str, list[Any]]()

    class Sink:
        def getvalue(self) -> Any:
            return SimpleNamespace(to_pybytes=lambda: b"PAR1")

    arrow, parquet = ModuleType("pyarrow"), ModuleType("pyarrow.parquet")
    arrow.__dict__.update(BufferOutputStream=Sink, table=seen.update, __spec__=SimpleNamespace())
    parquet.__dict__.update(write_table=lambda _table, _sink: None)
    monkeypatch.setitem(sys.modules, "pyarrow", arrow)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", parquet)
    found = run(data, tmp_path)
    assert (tmp_path / "out" / "images.parquet").read_bytes() == b"PAR1"
    assert len(seen["value"]) == int(np.isfinite(found.comparison.values).sum())
    assert set(seen) == {"image", "metric", "entrant", "kind", "value"}


def test_a_model_that_answers_the_same_cannot_be_judged(data: Path, tmp_path: Path) -> None:
    dead = FunctionModel(lambda images: np.tile([0.0, 1.0], (len(images), 1)), SPEC, OutputSpec(2))
    with raises(ModelError, "outputs", found="the same"):
        run(data, tmp_path, dead, methods=("occlusion",))
    rows = [{"image": "a", "class": 0, "truth": {"fills": {"black": {"judged": False}}}, "found": {}}]
    with raises(ModelError, "outputs", found="the same for all regions"):
        compared(plan_of(curved(), "gradient").subject, rows)


def test_nan_in_a_masked_image_is_named_and_the_rest_goes_on(data: Path, tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(size=(3, 2)).astype(np.float32)

    def broken(pixels: Array) -> Array:
        outputs = pixels.mean(axis=(1, 2)) @ weights
        # one image of the set, where its last region alone is taken away
        odd = (pixels[:, :8] == first[:8]).all(axis=(1, 2, 3)) & (pixels[:, 8:, 8:] == 0).all(axis=(1, 2, 3))
        outputs[odd] = np.nan
        return outputs

    first = np.asarray(Image.open(data / "ant" / "0.png"), dtype=np.float32) / 255
    found = run(data, tmp_path, FunctionModel(broken, SPEC, OutputSpec(2)), methods=("occlusion:window=4",))
    assert found.comparison.count("truth", "centre") == 11
    (note,) = (one for one in found.comparison.notes if "left out" in one)
    assert note.startswith("ant:0 is left out: the model's output is NaN or infinite for the image without regions")
    assert "(fill black)" in note

    def never(pixels: Array) -> Array:
        outputs = broken(pixels)
        outputs[(pixels[:, :4, :4] == 0).all(axis=(1, 2, 3)) & pixels.any(axis=(1, 2, 3))] = np.nan
        return outputs

    with raises(ModelError, "images", found=0, asked=12):
        run(data, tmp_path / "all", FunctionModel(never, SPEC, OutputSpec(2)), methods=("occlusion",))


def test_a_model_without_gradients_is_compared_without_those_methods(data: Path, tmp_path: Path) -> None:
    weights = np.random.default_rng(5).normal(size=(SIDE * SIDE * 3, 3)).astype(np.float32)
    model = FunctionModel(lambda pixels: pixels.reshape(len(pixels), -1) @ weights, SPEC, OutputSpec(3))
    entered = enter(model)
    assert {one.method.name for one in entered.entrants} == {"occlusion", "sampled-shapley", "rise"}
    named = {one.split(" ")[0] for one in entered.left_out}
    assert {"integrated-gradients", "grad-cam", "class-evidence", "gradient"} <= named
    assert all("gradients" in one or "sum over positions" in one for one in entered.left_out)
    found = run(data, tmp_path, model, methods=("occlusion",))
    assert "shuffled weights" not in found.comparison.metrics
    assert "pointing" not in found.comparison.metrics
    with raises(UsageError, "gradients", asked="grad-cam", found="forward only"):
        run(data, tmp_path, model, methods=("grad-cam",))


@pytest.mark.parametrize("kind", ["sigmoid", "probabilities", "scores"])
def test_other_outputs_are_judged_too(data: Path, tmp_path: Path, kind: str) -> None:
    weights = np.random.default_rng(6).normal(size=(SIDE * SIDE * 3, 3)).astype(np.float32) / 10

    def outputs(pixels: Array) -> Array:
        found = pixels.reshape(len(pixels), -1) @ weights
        return np.exp(found) / np.exp(found).sum(axis=1, keepdims=True) if kind == "probabilities" else found

    model = FunctionModel(outputs, SPEC, OutputSpec(3, kind))  # type: ignore[arg-type]
    found = run(data, tmp_path, model, methods=("occlusion:window=4",))
    assert found.comparison.count("truth", "occlusion:window=4 over mean") == 12
    assert ("probability" in found.comparison.provenance.target) == (kind == "probabilities")


def test_one_output_is_judged_and_one_answer_is_said(data: Path, tmp_path: Path) -> None:
    weights = np.random.default_rng(7).normal(size=(SIDE * SIDE * 3, 1)).astype(np.float32)
    model = FunctionModel(lambda pixels: pixels.reshape(len(pixels), -1) @ weights, SPEC, OutputSpec(("ant",)))
    found = run(data, tmp_path, model, methods=("occlusion:window=4",))
    assert found.comparison.count("deletion", "centre") == 6
    biased = FunctionModel(
        lambda pixels: np.concatenate([pixels.reshape(len(pixels), -1) @ weights, np.full((len(pixels), 1), 99)], 1),
        SPEC, OutputSpec(2),
    )  # fmt: skip
    said = run(data, tmp_path / "biased", biased, methods=("occlusion",)).comparison.notes
    assert any("All images got one and the same answer" in one for one in said)


@pytest.mark.parametrize(
    ("asked", "kind", "message"),
    [
        ({"limit": 3}, UsageError, {"about": "images", "found": 3, "limit": 6}),
        ({"fills": ("pink",)}, UsageError, {"about": "fill", "asked": "pink"}),
        ({"fills": ()}, UsageError, {"about": "fills", "found": 0}),
        ({"fills": ("black", "black")}, UsageError, {"about": "fills", "asked": ("black", "black")}),
        ({"baselines": ("pink",)}, UsageError, {"about": "baseline", "asked": "pink"}),
        ({"baselines": ()}, UsageError, {"about": "baselines", "found": 0}),
        ({"methods": ("pink",)}, UsageError, {"about": "method", "asked": "pink"}),
        ({"methods": ("insertion",)}, UsageError, {"about": "method", "asked": "insertion", "found": "curve"}),
        ({"regions": (4, 4)}, UsageError, {"about": "regions", "asked": 16, "limit": 12}),
        ({"regions": 1}, UsageError, {"about": "regions", "asked": 1, "limit": 12}),
        ({"regions": (99, 1)}, UsageError, {"about": "grid", "asked": (99, 1), "found": (12, 12)}),
        ({"max_evaluations": 1000}, UsageError, {"about": "max_evaluations", "asked": 1000}),
        ({"crop": "round"}, UsageError, {"about": "crop", "asked": "round"}),
    ],
)
def test_what_has_no_meaning_is_refused_before_anything_is_written(
    data: Path, tmp_path: Path, asked: dict[str, Any], kind: type[Exception], message: dict[str, Any]
) -> None:
    with raises(kind, **message):
        run(data, tmp_path, **asked)
    assert not (tmp_path / "out").exists()


def test_a_data_set_that_is_too_small_is_refused(data: Path, tmp_path: Path) -> None:
    small = tmp_path / "small" / "ant"
    small.mkdir(parents=True)
    for number in range(FEWEST - 1):
        (small / f"{number}.png").write_bytes((data / "ant" / f"{number}.png").read_bytes())
    with raises(DataError, "images", found=5, limit=6):
        run(small.parent, tmp_path)
    with pytest.raises(DataError):
        run(tmp_path / "nothing", tmp_path)


def test_a_budget_takes_fewer_images_and_says_so(data: Path, tmp_path: Path) -> None:
    plan = plan_of(curved(), "gradient", "gradient-input", fills=("black", "mean"), checked=2)
    found = run(data, tmp_path, max_evaluations=7 * judging.passes_of(plan))
    assert found.comparison.count("truth", "gradient") == 7
    assert any("7 of 12 images were taken" in one for one in found.comparison.left_out)


def test_an_image_that_cannot_be_read_is_left_out(data: Path, tmp_path: Path) -> None:
    plan = plan_of(curved(), "gradient")
    given = images(7)
    given[3] = ("torn", lambda: Image.open(data / "nothing.png"))

    def torn() -> Any:
        from innerview.errors import ImageError

        raise ImageError("torn can't be read")

    given[3] = ("torn", torn)
    found = compared(plan.subject, measure(plan, given, tmp_path / "rows.jsonl"))
    assert found.count("truth", "gradient") == 6
    assert "torn is left out: torn can't be read" in found.notes


def test_a_method_that_fails_on_an_image_is_named(tmp_path: Path) -> None:
    def fails(model: Any, image: Array, target: Any) -> Attribution:
        if image[0, 0, 0] > 0.5:
            raise UsageError("no map of this image")
        return Attribution(image, image, "Fails", "contribution", "", 0.0, 0, 1, Provenance.of(model))

    row = Method(
        name="fails", title="Fails", function=fails, result="map", answers="", needs_gradients=False, cost="", source=""
    )
    plan = replace(plan_of(curved(), "gradient"), entrants=(Entrant("fails", "fails", Chosen(row)),))
    check(plan)
    found = comparison_of(plan, 10, tmp_path)
    failed = sum(float(read()[0, 0, 0]) > 0.5 for _, read in images(10))
    assert 0 < failed < 10
    assert found.count("truth", "fails") == 10 - failed
    assert any(one.startswith(f"fails failed on {failed} images, first on image ") for one in found.notes)


def test_an_image_of_the_data_is_a_fill_of_methods_too_of_mosaics_as_well(data: Path, tmp_path: Path) -> None:
    asked = "rise:n_samples=8,fill=data"
    found = run(data, tmp_path, methods=(asked, "gradient"), checked=0, mosaics=2).comparison
    assert found.count("truth", asked) == 12
    assert found.count("pointing", asked) == found.count("pointing", "gradient") > 0
    assert not is_drawn_elsewhere(asked, asked)


def test_an_image_of_the_data_is_a_fill_of_the_truth(data: Path, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"methods": ("gradient",), "checked": 0, "mosaics": 0}
    found = run(data, tmp_path, fills=("data", "mean"), **asked).comparison
    assert found.fills == ("data", "mean")
    assert found.count("truth, data", "gradient") == 12
    first = (tmp_path / "out" / "rows.jsonl").read_text().splitlines()[0]
    drawn = json.loads(first)["drawn"]
    assert len(drawn) == 2
    assert all(one.endswith("; drawn with seed 0)") for one in drawn)
    truth = found.column("gradient")
    other = run(data, tmp_path / "other", fills=("mean",), **asked).comparison
    assert found.medians[found.row("truth, data"), truth] != other.medians[other.row("truth"), truth]


@pytest.mark.torch
def test_methods_of_captum_take_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from innerview.adapters.torch.model import TorchModel

    torch.manual_seed(0)
    steps = (torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    model = TorchModel(
        torch.nn.Sequential(*steps, torch.nn.Linear(4, 3)).eval(), InputSpec(SIDE, SIDE, layout="CHW"), OutputSpec(3)
    )
    found = comparison_of(plan_of(model, "captum:InputXGradient", "captum:DeepLift", "gradient"), 6, tmp_path)
    assert found.count("truth", "captum:DeepLift") == found.count("truth", "captum:InputXGradient") == 6
    monkeypatch.setattr(Comparison, "decides", True)
    assert keep(replace(found, best="gradient"), model)
    assert keep(replace(found, best="captum:DeepLift"), model) == ()
    with raises(UsageError, "method", asked="NoSuchMethod"):
        enter(model, ("captum:NoSuchMethod",))
    with raises(UsageError, "method", asked="FeaturePermutation", found="refused"):
        enter(model, ("captum:FeaturePermutation",))
    for asked in ({"methods": ("captum:DeepLift",)}, {"captum": True}):
        with raises(UsageError, "model", found="NumpyModel"):
            enter(curved(), **asked)
    entered = enter(model, ("gradient",), captum=True)
    names = [one.name for one in entered.entrants]
    assert names[0] == "gradient"
    assert {name.removeprefix("captum:") for name in names[2:]} == {*METHODS} - {"LRP"}
    assert [one.partition(" is left out: ")[0] for one in entered.left_out] == ["captum:LRP"]
    image = images(1)[0][1]()
    plan = plan_of(model, "gradient")
    for one in entered.entrants[2:]:  # each gives a map of the whole image
        values, passes = explained(plan, model, plan.objectives, one, image)
        assert values.shape == image.shape[:2]
        assert passes > 0


def test_regions_as_they_are_typed() -> None:
    assert parse_regions("3x3") == (3, 3)
    assert parse_regions("2×4") == (2, 4)
    assert parse_regions("9") == 9
    for text in ("three", "3x3x3", "-1", ""):
        with raises(UsageError, "regions"):
            parse_regions(text)


def test_superpixels_are_of_each_image(data: Path, tmp_path: Path) -> None:
    model = curved()
    asked: dict[str, Any] = {"methods": ("gradient", "occlusion:window=4"), "fills": ("mean", "black"), "limit": 6}
    found = compare(
        model, data, regions="superpixels:4", checked=3, mosaics=0, output=tmp_path / "out", **asked
    ).comparison
    assert found.regions == 4
    assert "Regions are 4 superpixels of each image, which follow its colours." in found.notes
    head, *rows = [json.loads(one) for one in (tmp_path / "out" / "rows.jsonl").read_text().splitlines()]
    assert head["regions"] == "superpixels:4"
    plan = Plan(model, enter(model, asked["methods"]).entrants, asked["fills"], "superpixels:4")
    assert plan.n_regions == 4
    for row in rows:
        image = preprocess(load_image(data / f"{row['image'].replace(':', '/')}.png"), model.input).pixels
        labels = plan.labels(image)
        exact = shapley(model, image, plan.objectives.score, regions=labels, fills=("mean",)).values[0]
        np.testing.assert_allclose(row["truth"]["fills"]["mean"]["values"], exact, rtol=1e-4, atol=1e-6)
        asking = resolve(plan.objectives, model.forward(image[None]).outputs[0], model.output)
        drawn, _ = judging.explained(plan, model, asking, plan.entrants[0], image)
        np.testing.assert_allclose(row["found"]["gradient"]["sums"], segment_sums(drawn, labels), rtol=1e-3, atol=1e-5)


def test_the_command(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["compare", "allcnn", str(data), "--method", "class-evidence", "--method", "gradient", "--regions", "2x2"]
    small = ["--fill", "mean", "--fill", "black", "--limit", "6", "--check-every", "3", "--mosaics", "0"]
    folder = tmp_path / "out"
    # the data set's classes are none of the model's, and need not be: labels are not looked at
    assert main([*line, *small, "--output", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0].startswith("On this model ")
    assert str(folder / "comparison.csv") in said.out
    rows = [json.loads(one) for one in (folder / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 7
    assert main([*line, *small, "--seed", "1", "--output", str(folder)]) == 2
    assert "rows of another comparison" in capsys.readouterr().err
    assert main([*line, *small, "--regions", "none", "--output", str(folder)]) == 2
    assert main([*line, *small, "--regions", "superpixels:13", "--output", str(tmp_path / "many")]) == 2
    assert "from 2 to 12 are taken" in capsys.readouterr().err
    assert main(["compare", "allcnn"]) == 2
    assert main(["compare", "nothing", str(data)]) == 2
