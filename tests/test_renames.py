"""Old names of modules, attributes and arguments are answered with the new ones, and do nothing else."""

from __future__ import annotations

import copy
import pickle
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import innerview
from innerview import renames
from innerview.allcnn.table import build, initial_weights
from innerview.model import InputSpec, OutputSpec
from innerview.results import Provenance

MODEL = build(initial_weights(0, channels=4))
IMAGE = np.random.default_rng(0).random(MODEL.input.shape).astype(np.float32)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("innerview.errors", "PictureError", "ImageError"),
        ("innerview.errors", "NetworkError", "ModelError"),
        ("innerview.model", "Network", "Model"),
        ("innerview", "Request", "Query"),
        ("innerview.model", "Pullback", "VjpResult"),
        ("innerview.results", "Keep", "MaskingCurve"),
        ("innerview.results", "PathStatistics", "PathPredictions"),
        ("innerview.runs", "Snapshot", "Checkpoint"),
        ("innerview.training", "RECIPE", "TUTORIAL2018"),
        ("innerview.adapters.numpy.model", "NumpyNetwork", "NumpyModel"),
        ("innerview.adapters.torch.model", "TorchNetwork", "TorchModel"),
        ("innerview.adapters.function", "FunctionNetwork", "FunctionModel"),
    ],
)
def test_an_old_name_of_a_module_is_answered(module: str, old: str, new: str) -> None:
    home = import_module(module)
    with pytest.raises(AttributeError, match=f"{module}.{old} was renamed; use {module}.{new}"):
        getattr(home, old)
    assert hasattr(home, new)
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = home.no_such_name


@pytest.fixture(scope="module")
def found() -> Any:
    return innerview.integrated_gradients(MODEL, IMAGE, innerview.Logit(3), baseline="black", n_steps=4)


@pytest.mark.parametrize(
    ("old", "new"),
    {
        "map": "heatmap",
        "gap": "convergence_delta",
        "relative_gap": "relative_convergence_delta",
        "evaluations": "n_evaluations",
        "profile": "path",
        "history": "convergence",
        "spread": "std",
    }.items(),
)
def test_an_old_field_of_a_result_is_answered(found: Any, old: str, new: str) -> None:
    for one in (found, found.to("torch")):
        with pytest.raises(AttributeError, match=rf"IntegratedGradients.{old} was renamed; use \.{new}"):
            getattr(one, old)
        assert hasattr(one, new)


def test_only_what_a_result_has_is_offered(found: Any) -> None:
    for name in ("pictures", "shares", "no_such_name"):  # of other results, and of none
        with pytest.raises(AttributeError, match=f"'IntegratedGradients' object has no attribute '{name}'"):
            getattr(found, name)


def test_results_are_copied_and_pickled_as_before(found: Any) -> None:
    for one in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):  # noqa: S301 our own
        np.testing.assert_array_equal(one.attribution, found.attribution)


@pytest.mark.parametrize(
    ("thing", "old", "new"),
    [
        (MODEL, "identity", "fingerprint"),
        (MODEL, "chunk", "batch_size"),
        (MODEL, "pullback", "vjp"),
        (MODEL.forward(IMAGE[None], ()), "logits", "outputs"),
        (OutputSpec(2), "key", "output"),
        (Provenance.of(MODEL, "logit"), "network", "fingerprint"),
        (innerview.example_image("cat"), "truth", "label"),
    ],
)
def test_an_old_attribute_is_answered(thing: Any, old: str, new: str) -> None:
    with pytest.raises(AttributeError, match=f"{type(thing).__name__}.{old} was renamed; use .{new}"):
        getattr(thing, old)


@pytest.mark.parametrize(
    ("called", "old", "new"),
    [
        (InputSpec, "low", "value_range"),
        (OutputSpec, "key", "output"),
        (innerview.Recorder, "share", "max_overhead"),
        (innerview.Query, "budget", "max_evaluations"),
    ],
)
def test_an_old_argument_is_answered(called: Any, old: str, new: str) -> None:
    with pytest.raises(TypeError, match=f"{called.__name__}: {old}= was renamed; use {new}="):
        called(**{old: 1})


def test_a_class_that_answers_arguments_is_made_as_before() -> None:
    @renames.arguments(old="new")
    class Thing:
        def __init__(self, new: int) -> None:
            self.new = new

    assert Thing(3).new == Thing(new=3).new == 3


@renames.attributes(old="new")
class Failing:
    """What has a property that fails inside, by a name of its own or of an old one."""

    __slots__ = ("value",)

    @property
    def score(self) -> int:
        return self.value.nothing

    @property
    def later(self) -> int:
        raise AttributeError("the reason")


def test_a_property_that_fails_says_why_itself() -> None:
    thing = Failing()
    with pytest.raises(AttributeError, match="the reason"):
        _ = thing.later
    with pytest.raises(AttributeError, match="value"):
        _ = thing.score
    thing.value = 1
    with pytest.raises(AttributeError, match="'int' object has no attribute 'nothing'"):
        _ = thing.score


def test_what_has_slots_answers_as_the_others() -> None:
    thing: Any = Failing()
    assert not hasattr(thing, "old")
    assert getattr(thing, "old", 5) == 5
    with pytest.raises(AttributeError, match="'Failing' object has no attribute 'old'"):
        _ = thing.old


def test_a_result_is_one_thing_to_other_libraries(found: Any) -> None:
    assert np.asarray(found, dtype=object).shape == ()
    for name in ("__array__", "__rich__", "_repr_mimebundle_", "_ipython_canary_method_should_not_exist_", "map"):
        assert getattr(found, name, None) is None
