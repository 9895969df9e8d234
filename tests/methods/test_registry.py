"""The registry of methods: rows agree with their functions, options are checked, and other packages can add rows."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import innerview
from added import install
from innerview import tensors
from innerview.errors import UsageError
from innerview.methods import registry, rows
from innerview.methods.gradient import gradient
from innerview.methods.method import TYPES, Chosen, Method, Option
from innerview.targets import Logit
from models import MODELS, function_model, numpy_model
from raising import raises

MODEL = MODELS["mixed"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float64)
LINEAR = MODELS["linear"]
FORWARD = function_model(LINEAR, LINEAR.weights(), np.float64)
IMAGE = np.random.default_rng(0).random(MODEL.input.shape)
BLACK = np.zeros_like(IMAGE)
ROWS = {row.name: row for row in rows.ROWS}

PLUGIN = '''
from innerview.methods.method import Method
from innerview.methods.gradient import gradient

def taste(model, image, target):
    """Taste the image."""
    return gradient(model, image, target)

ROW = Method(name="taste", title="Taste", function=taste, result="map", answers="is it sweet", needs_gradients=True,
             cost="1", source="nobody")
TAKEN = Method(name="occlusion", title="Mine", function=taste, result="map", answers="", needs_gradients=False,
               cost="1", source="nobody")
'''


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """What is found in one test is not there in the next."""
    registry.registry.cache_clear()
    tensors.method_named.cache_clear()
    yield
    registry.registry.cache_clear()
    tensors.method_named.cache_clear()


def test_names_are_unique_and_every_option_has_a_type_and_words() -> None:
    assert len(ROWS) == len(rows.ROWS)
    assert len({row.function.__name__ for row in rows.ROWS}) == len(rows.ROWS)
    for row in rows.ROWS:
        assert row.title, row.name
        assert row.source, row.name
        for option in row.options:
            assert option.type in TYPES
            assert option.words
            assert option.default_words != "None", (row.name, option.name)


@pytest.mark.parametrize("row", rows.ROWS, ids=ROWS)
def test_a_row_is_what_its_function_takes(row: Method) -> None:
    """Each keyword exists, defaults are the function's own, and nothing that a function needs is left out."""
    taken = inspect.signature(row.function).parameters
    listed = {one.name: one for one in row.options}
    assert set(listed) | set(row.supplies) <= set(taken)
    for name, option in listed.items():
        if option.default is not None and taken[name].default is not inspect.Parameter.empty:
            assert option.default == taken[name].default, name
    if row.result == "map":
        assert list(taken)[:3] == ["model", "image", "target"]
        open_ends = {name for name, one in taken.items() if one.default is inspect.Parameter.empty}
        assert open_ends <= {"model", "image", "target", *listed, *row.supplies}


@pytest.mark.parametrize("row", rows.ROWS, ids=ROWS)
def test_every_method_is_a_public_name(row: Method) -> None:
    found = getattr(innerview, row.function.__name__)
    assert found.__wrapped__ is row.function


def test_every_public_method_has_a_row() -> None:
    homes = {name for name, home in innerview._HOMES.items() if home == "tensors"}
    others = {"captum_attribution", "make_baseline"}  # a bridge to other people's methods, and no method
    assert homes - others <= {row.function.__name__ for row in rows.ROWS}


def test_every_row_is_a_public_method_and_in_the_stub() -> None:
    """A new method needs its row alone: the name, and what type checkers know of it, come from there."""
    stub = Path(innerview.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    for name in (row.function.__name__ for row in rows.ROWS):
        assert callable(getattr(innerview, name))
        assert f"def {name}(" in stub, "run: python scripts/docs.py"


class Counting:
    """Counts the images that it is shown with gradients, or without where there are none."""

    def __init__(self, model: Any) -> None:
        self.model, self.passes = model, {"forward": 0, "vjp": 0}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def forward(self, images: Any, *rest: Any) -> Any:
        self.passes["forward"] += len(images)
        return self.model.forward(images, *rest)

    def forward_similar(self, images: Any) -> Any:
        self.passes["forward"] += len(images)
        return self.model.forward_similar(images)

    def vjp(self, images: Any, *rest: Any) -> Any:
        self.passes["vjp"] += len(images)
        return self.model.vjp(images, *rest)


@pytest.mark.parametrize("name", registry.map_methods(NETWORK))
def test_every_map_can_be_asked_for_by_name_and_costs_what_is_said(name: str) -> None:
    model: Any = Counting(NETWORK)
    given = {"n_samples": 5} if "n_samples" in {one.name for one in ROWS[name].options} else {}
    chosen = Chosen(ROWS[name], given).settled(model)
    said = chosen.passes(model)
    found = chosen.run(model, IMAGE, Logit(1), baselines=[BLACK], progress=None)
    assert found.heatmap.shape == IMAGE.shape[:2]
    if said is not None:
        assert model.passes["vjp" if ROWS[name].needs_gradients else "forward"] == said


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("occlusion:window=8,stride=4", {"window": (8, 8), "stride": (4, 4)}),
        ("occlusion: window = 8x6 ", {"window": (8, 6), "stride": (8, 6)}),
        ("occlusion", {"window": (2, 2), "stride": (1, 1)}),
        ("occlusion:", {"window": (2, 2), "stride": (1, 1)}),
        ("shapley:regions=2x3,fills=black+mean", {"regions": (2, 3), "fills": ("black", "mean")}),
        ("shapley:max_evaluations=9,regions=3,fills=black", {"regions": 3, "fills": ("black",), "max_evaluations": 9}),
        ("grad-cam:layer=1,relu_attributions=yes", {"layer": "elu1", "relu_attributions": True}),
        ("grad-cam", {"layer": "pool3", "relu_attributions": False}),
        (
            "smooth-grad:n_samples=3",
            {"n_samples": 3, "stdevs": 0.15, "seed": 0, "method": gradient, "regions": (3, 3), "confidence": 0.95},
        ),
        ("expected-gradients:half_width=0.1", {"half_width": 0.1, "regions": (3, 3), "confidence": 0.95, "seed": 0}),
        ("integrated-gradients", {"tolerance": 0.01, "max_evaluations": 513}),
        ("integrated-gradients:rule=midpoint", {"rule": "midpoint", "n_steps": 32, "max_evaluations": 513}),
        ("integrated-gradients:n_steps=8", {"rule": "gauss-legendre", "n_steps": 8, "max_evaluations": 513}),
    ],
)
def test_options_are_read_and_settled(text: str, options: dict[str, object]) -> None:
    assert dict(registry.read_method(text).settled(NETWORK).options) == options


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tea-leaves",
        "keep",
        "occlusion:window",
        "occlusion:=3",
        "occlusion:width=3",
        "occlusion:window=0",
        "occlusion:window=-1",
        "occlusion:window=2.5",
        "occlusion:window=1x2x3",
        "occlusion:window=100",
        "occlusion:window=3,stride=4",
        "occlusion:window=3,window=3",
        "occlusion:window=3,,stride=1",
        "shapley:regions=13",
        "sampled-shapley:max_evaluations=100",
        "sampled-shapley:confidence=1",
        "removed-and-alone:regions=1",
        "removed-and-alone:fills=tea",
        "shapley:regions=1",
        "shapley:regions=4x4",
        "shapley:fills=black+purple",
        "shapley:fills=",
        "shapley:max_evaluations=10",
        "smooth-grad:n_samples=1",
        "smooth-grad:n_samples=1e3",
        "smooth-grad:n_samples=1000000000",
        "smooth-grad:noise=nan",
        "smooth-grad:noise=inf",
        "smooth-grad:method=occlusion",
        "grad-cam:layer=99",
        "grad-cam:layer=dense",
        "grad-cam:relu_attributions=maybe",
        "gradient:n_samples=3",
        "integrated-gradients:tolerance=0",
        "integrated-gradients:tolerance=0.01,n_steps=3",
        "integrated-gradients:rule=simpson",
        "integrated-gradients:rule=trapezoid,n_steps=1",
    ],
)
def test_what_has_no_meaning_is_refused_before_anything_runs(text: str) -> None:
    model: Any = Counting(NETWORK)
    with pytest.raises(UsageError):
        registry.read_method(text).settled(model)
    assert model.passes["forward"] == 0
    # a refusal by Grad-CAM names layers at which it was tried
    assert model.passes["vjp"] <= (2 if text == "grad-cam:layer=dense" else 0)


def test_a_model_without_gradients_has_the_methods_that_need_none() -> None:
    assert registry.map_methods(FORWARD) == (
        "occlusion",
        "shapley",
        "removed-and-alone",
        "sampled-shapley",
        "rise",
        "class-evidence",
    )
    with raises(UsageError, "gradients", asked="grad-cam", found="forward only"):
        registry.read_method("grad-cam").settled(FORWARD)
    image = np.random.default_rng(0).random(LINEAR.input.shape)
    chosen = registry.read_method("occlusion:window=1").settled(FORWARD)
    assert chosen.run(FORWARD, image, Logit(1), baselines=[0 * image], progress=None).heatmap.shape == image.shape[:2]


def test_another_package_adds_a_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, {"innerview.methods": {"tea": "tea:ROW"}}, {"tea": PLUGIN})
    assert "taste" in registry.map_methods()
    assert registry.registry().problems == ()
    np.testing.assert_array_equal(
        innerview.taste(NETWORK, IMAGE, Logit(1)).heatmap, gradient(NETWORK, IMAGE, Logit(1)).heatmap
    )


def test_nothing_of_others_is_imported_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, {"innerview.methods": {"tea": "tea:ROW"}}, {"tea": "raise SystemError"})
    assert innerview.gradient is not None
    assert innerview.Logit is not None


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        ("cold:ROW", "import no_such_package", ("'cup'", "tea 1.0", "no_such_package")),
        ("cold:ROW", "raise RuntimeError('no\\nwater')", ("'cup'", "RuntimeError", "no water")),
        ("cold:ROW", "", ("'cup'", "tea 1.0", "ROW")),
        ("cold:ROW", "ROW = 3", ("'cup'", "int")),
        ("cold:ROW", PLUGIN.replace("TAKEN", "X").replace("ROW", "Y") + "ROW = [3, Y]", ("'cup'", "int")),
        ("cold:TAKEN", PLUGIN, ("'occlusion'", "tea 1.0", "innerview itself")),
        ("gone:ROW", "", ("gone",)),
    ],
)
def test_a_broken_plug_in_is_named_and_the_rest_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, text: str, said: tuple[str, ...]
) -> None:
    points = {"innerview.methods": {"cup": value, "pot": "tea:OTHER"}}
    modules = {"cold": text, "tea": PLUGIN.replace('"taste"', '"pot"').replace("ROW", "OTHER")}
    install(tmp_path, monkeypatch, points, modules)
    monkeypatch.delitem(sys.modules, "cold", raising=False)
    monkeypatch.delitem(sys.modules, "tea", raising=False)
    (problem,) = registry.registry().problems
    assert all(part in problem for part in said), problem
    assert "pot" in registry.map_methods()
    assert registry.registry().methods["occlusion"] is ROWS["occlusion"]
    with pytest.raises(UsageError) as caught:
        registry.find_method("cup-method")
    assert problem in str(caught.value)


def test_of_two_packages_with_one_name_the_first_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b_tea", "a_tea"):
        install(tmp_path / name, monkeypatch, {"innerview.methods": {"x": f"{name}:ROW"}}, {name: PLUGIN}, name)
    (problem,) = registry.registry().problems
    assert "b_tea" in problem.partition("adds")[0]
    assert "a_tea" in problem.partition("adds")[2]
    assert registry.registry().methods["taste"].function.__module__ == "a_tea"


def test_an_option_says_what_it_takes() -> None:
    size = Option(name="window", type="size", words="what is hidden", unit="pixels", low=1, high=9)
    assert size.takes == "a whole number, or height and width such as 8x4 from 1 to 9 (pixels)"
    assert Option(name="a", type="numbers", words="w").read("0.5+1", "m") == (0.5, 1.0)
