"""`wrap`: which adapter it finds, what it asks for, and the promises that it checks."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from innerview.adapters import FunctionModel, check_rows, wrap
from innerview.errors import ModelError, UsageError
from innerview.model import InputSpec, OutputSpec
from innerview.types import Array
from models import MODELS, OUTPUT_SPEC, SMALL, torch_module
from raising import raises

SPECS = {"input": SMALL, "output": OUTPUT_SPEC}


def good(inputs: Array) -> Array:
    return inputs.sum(axis=(1, 2))


class Callable:
    def __call__(self, inputs: Array) -> Array:
        return good(inputs)


@pytest.mark.parametrize("model", [good, good.__call__, Callable()])
def test_anything_that_can_be_called_is_a_function(model) -> None:
    wrapped = wrap(model, **SPECS)
    assert isinstance(wrapped, FunctionModel)
    image = np.random.default_rng(0).random((1, *SMALL.shape))
    np.testing.assert_allclose(wrapped.forward(image).outputs, FunctionModel(good, **SPECS).forward(image).outputs)


def test_options_reach_the_adapter() -> None:
    model = wrap(good, **SPECS, dtype=np.float64, batch_size=7)
    assert (model.dtype, model.batch_size) == (np.float64, 7)


def test_an_option_of_another_adapter_is_refused_with_those_that_there_are() -> None:
    with raises(UsageError, "options", asked=("notes",)) as caught:
        wrap(good, **SPECS, notes=("mine",))
    assert "dtype" in str(caught.value)


@pytest.mark.torch
def test_a_module_is_found_by_its_bases() -> None:
    from innerview.adapters.torch.model import TorchModel

    module = torch_module(MODELS["hidden"], MODELS["hidden"].weights(), np.float32)
    assert isinstance(wrap(module, **SPECS), TorchModel)


@pytest.mark.parametrize("given", [{}, {"input": SMALL}, {"output": OUTPUT_SPEC}])
def test_what_can_not_be_known_is_asked_for_with_the_line_to_write(given) -> None:
    with pytest.raises(UsageError) as caught:
        wrap(good, **given)
    line = str(caught.value).partition("for example: ")[2]
    assert line.startswith("wrap(model, input=InputSpec(")
    names = {"wrap": lambda model, **specs: specs, "model": good, "InputSpec": InputSpec, "OutputSpec": OutputSpec}
    assert set(eval(line, names)) == {"input", "output"}  # noqa: S307 the line that people are told to write works


@pytest.mark.parametrize("model", [3, "resnet18", None, {"weights": 1}])
def test_what_can_not_be_called_is_refused(model) -> None:
    with raises(UsageError, "model"):
        wrap(model, **SPECS)


@pytest.mark.parametrize("package", ["flax", "equinox", "tensorflow"])
def test_a_framework_without_adapter_is_not_taken_for_a_function(package: str) -> None:
    model = type("Model", (Callable,), {"__module__": f"{package}.models"})()
    with raises(UsageError, "model"):
        wrap(type("Mine", (type(model),), {"__module__": "mine"})(), **SPECS)


def test_a_function_that_mixes_its_rows_is_refused() -> None:
    with raises(ModelError, "batch"):
        wrap(lambda inputs: good(inputs - inputs.mean(axis=0)), **SPECS)


def test_a_function_that_changes_from_call_to_call_is_refused() -> None:
    random = np.random.default_rng(0)
    with raises(ModelError, "batch"):
        wrap(lambda inputs: random.normal(size=(len(inputs), 3)), **SPECS)


def test_rounding_is_no_dependence() -> None:
    random = np.random.default_rng(0)
    wrap(lambda inputs: good(inputs) * (1 + 1e-6 * random.random()), **SPECS)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_refused(value: float) -> None:
    with raises(ModelError, "outputs", found="not finite"):
        wrap(lambda inputs: good(inputs) + value, **SPECS)


def test_a_constant_has_independent_rows() -> None:
    check_rows(FunctionModel(lambda inputs: np.zeros((len(inputs), 3)), **SPECS))


def test_nothing_is_imported_to_find_out() -> None:
    program = (
        "import sys, numpy\n"
        "from innerview.adapters import wrap\n"
        "from innerview.model import InputSpec, OutputSpec\n"
        "wrap(lambda x: x.sum((1, 2)), input=InputSpec(2, 2), output=OutputSpec(('a', 'b', 'c')))\n"
        "print(sorted({'torch', 'keras', 'tensorflow', 'jax'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("framework", ["torch", "keras", "jax"])
def test_a_missing_framework_names_the_extra(framework: str) -> None:
    program = (
        "import sys\n"
        f"sys.modules['{framework}'] = None\n"
        "from innerview.errors import MissingExtra\n"
        "try:\n"
        f"    import innerview.adapters.{framework}.model\n"
        "except MissingExtra as error:\n"
        "    print(error)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert f"pip install 'innerview[{framework}]'" in answer.stdout


@pytest.mark.parametrize(("ends", "kind"), [(True, "logits"), (False, "probabilities")])
def test_outputs_that_contradict_their_kind_are_refused(ends: bool, kind) -> None:
    def function(inputs: Array) -> Array:
        return OUTPUT_SPEC.probabilities(good(inputs)) if ends else good(inputs)

    with raises(ModelError, "kind"):
        wrap(function, input=SMALL, output=OutputSpec(OUTPUT_SPEC.class_names, kind=kind))
