"""What the viewer asks of a model: levels on the way, sums that end in the map, answers that can be recomputed."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

import innerview
from attending import AttendingModel
from innerview.adapters import FunctionModel
from innerview.adapters.numpy.model import NumpyModel
from innerview.adapters.numpy.operations import Convolution, GlobalMean, ReLU
from innerview.data.baselines import make_baseline
from innerview.errors import UnknownClass, UsageError
from innerview.methods import TUTORIAL2018_ALPHAS, insertion, interior_gradients, predict
from innerview.methods.registry import USUAL, map_methods, read_method
from innerview.model import InputSpec, Layer, Model, OutputSpec
from innerview.results.provenance import Status
from innerview.session.compute.integrated import Integrated, integrate, with_interior
from innerview.session.compute.masking import answer_to_mask, keep_by_orders, read_mask
from innerview.session.compute.path import add_up, choose_alphas, path_of, thinned
from innerview.session.layers import layers_shown
from innerview.session.methods import run_method
from innerview.session.progress import NullListener
from innerview.session.query import CURVE_FRACTIONS, Query
from innerview.targets import Logit
from innerview.viewer.hello import describe_model
from innerview.viewer.payload import Payload, decode, encode
from innerview.viewer.payloads.map import MISSED, MapFacts, map_payload
from innerview.viewer.payloads.masking import masking_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.workbench.network import page_network
from models import MODELS, function_model, numpy_model
from raising import raises

STAMP = Stamp("0" * 16, "01234567")


class Heard:
    """A listener that keeps what it hears, and may stop."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.heard: list[tuple[int, int]] = []
        self.stop_after = stop_after

    def progress(self, done: int, total: int) -> None:
        self.heard.append((done, total))
        if len(self.heard) > self.stop_after:
            raise InterruptedError

    def level(self, found: Payload) -> None:
        raise AssertionError("nobody asked for payloads here")


@pytest.fixture(scope="module")
def model() -> Model:
    model = MODELS["mixed"]
    return numpy_model(model, model.weights(), np.float32)


@pytest.fixture(scope="module")
def image(model: Model) -> np.ndarray:
    return np.random.default_rng(1).random(model.input.shape, dtype=np.float32)


@pytest.fixture(scope="module")
def black(model: Model, image: np.ndarray):
    return make_baseline("black", model.input, image)


USUAL_REQUEST = Query()


@pytest.fixture(scope="module")
def integrated(model: Model, image: np.ndarray, black) -> Integrated:
    return integrate(model, image, [Logit(1)], [black], USUAL_REQUEST, NullListener(), interior=TUTORIAL2018_ALPHAS)


def test_levels_come_before_the_end_and_are_not_final(model, image, black) -> None:
    levels: list[float] = []
    heard = Heard()
    targets = [Logit(0), Logit(2)]
    found = integrate(
        model, image, targets, [black], USUAL_REQUEST, heard, level=lambda results: levels.append(len(results))
    )
    first, second = found.results
    assert len(levels) >= 2
    assert set(levels) == {2}
    assert [done for done, _ in heard.heard] == sorted(done for done, _ in heard.heard)
    assert heard.heard[-1][0] == first.n_evaluations == second.n_evaluations
    assert (first.target, second.target) == (0, 2)
    assert first.provenance.baseline == "black"


def test_whoever_listens_can_stop_the_work(model, image, black) -> None:
    with pytest.raises(InterruptedError):
        integrate(model, image, [Logit(0)], [black], Query(tolerance=1e-5), Heard(1))


HOW = {
    "a tolerance": Query(),
    "both ends alone": Query(max_evaluations=2),
    "a rule without ends": Query(rule="midpoint", n_steps=6),
    "a rule with the end alone": Query(rule="riemann-right", n_steps=5),
    "a rule of uneven weights": Query(rule="gauss-legendre", n_steps=7),
}


@pytest.mark.parametrize("request_", HOW.values(), ids=HOW)
@pytest.mark.parametrize("starts", [("black",), ("black", "noise:1")])
def test_the_sum_ends_in_the_map_and_begins_at_nothing(model, image, request_: Query, starts) -> None:
    baselines = [make_baseline(name, model.input, image) for name in starts]
    request_ = replace(request_, max_evaluations=request_.budget * len(starts))
    found = integrate(model, image, [Logit(1)], baselines, request_, NullListener())
    sums = add_up(found, [0.0, 0.5, 1.0])
    assert not sums[0].any()
    np.testing.assert_allclose(sums[-1], found.results[0].heatmap, rtol=1e-5, atol=1e-5 * np.abs(sums).max())


@pytest.mark.parametrize("request_", HOW.values(), ids=HOW)
def test_a_path_holds_what_the_method_gives_at_its_places(model, image, black, request_: Query) -> None:
    wanted = (0.0, 0.125, 0.6, 1.0)
    found = integrate(model, image, [Logit(1)], [black], request_, NullListener(), interior=wanted)
    shown = path_of(model, found)
    known = interior_gradients(model, image, Logit(1), baseline=black.image, alphas=shown.alphas.tolist())
    assert np.all(np.diff(shown.alphas) > 0)
    np.testing.assert_array_equal(shown.gradient_alphas, shown.alphas)
    for name in ("gradients", "scores", "norms", "logits", "probabilities"):
        values = getattr(known, name)
        np.testing.assert_allclose(getattr(shown, name), values, rtol=1e-4, atol=1e-5 * np.abs(values).max())
    expected = (known.gradients * (image - black.image)).sum(axis=-1)
    np.testing.assert_allclose(shown.contributions, expected, atol=1e-5 * np.abs(expected).max())


def test_a_large_image_keeps_gradients_only_where_they_were_asked_for(model, image, black) -> None:
    found = integrate(model, image, [Logit(1)], [black], Query(), NullListener(), interior=(0.3, 1.0), whole=False)
    shown = path_of(model, found, 9)
    assert len(shown.alphas) == 9
    assert shown.gradient_alphas.tolist() == [0.3, 1.0]
    payload = decode(encode(path_payload(shown, STAMP)))
    assert payload.arrays["contribution"].shape[0] == 9
    np.testing.assert_allclose(
        payload.values("contribution")[5], shown.contributions[5], atol=0.02 * np.abs(shown.contributions[5]).max()
    )


def test_places_that_come_later_are_those_that_came_along(model, image, black, integrated) -> None:
    alone = integrate(model, image, [Logit(1)], [black], USUAL_REQUEST, NullListener())
    inside = interior_gradients(model, image, Logit(1), baseline=black.image)
    later, along = path_of(model, with_interior(alone, inside)), path_of(model, integrated)
    np.testing.assert_array_equal(later.alphas, along.alphas)
    np.testing.assert_allclose(later.gradients, along.gradients, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(later.cumulative, along.cumulative, rtol=1e-4, atol=1e-5)


def test_places_begin_where_the_score_begins_to_move() -> None:
    alphas = np.linspace(0, 1, 11)
    assert choose_alphas(alphas, np.maximum(alphas - 0.45, 0), (), 20) == (0.0, *alphas[4:].tolist())
    assert choose_alphas(alphas, alphas, (), 20) == tuple(alphas.tolist())
    assert choose_alphas(alphas, np.zeros(11), (), 20) == tuple(alphas.tolist())


def test_few_places_hold_those_that_are_wanted_and_the_ends() -> None:
    few = thinned(np.linspace(0, 1, 65).tolist(), (0.25, 0.265625), 21)
    assert len(few) == 21
    assert {0.0, 0.25, 0.265625, 1.0} <= set(few)
    assert max(np.diff(few)) <= 0.125


def test_keeping_by_orders_is_the_method_and_shows_equal_images_once(model, image, integrated, black) -> None:
    heard = Heard()
    found = keep_by_orders(
        model, image, integrated.results[0].heatmap, fill=black.image, target=1, listener=heard, shares=(0, 0.25, 1)
    )
    assert heard.heard[-1] == (8 + 2, 8 + 2)  # one part for each of 8 orders, nothing, everything
    known = insertion(
        model, image, integrated.results[0].heatmap, fill=black.image, fractions=(0, 0.25, 1), order="highest"
    )
    np.testing.assert_allclose(found[1].logits, known.logits, rtol=1e-4, atol=1e-5)
    assert np.array_equal(found[1].ranking, known.ranking)
    assert len({one.ranking.tobytes() for one in found}) == 8
    payload = decode(encode(masking_payload(found, STAMP, fill="black", seed=0)))
    assert payload.arrays["logits"].shape == (8, 3, 3)


def test_shares_are_those_of_the_slider() -> None:
    assert len(CURVE_FRACTIONS) == 21
    assert (CURVE_FRACTIONS[0], CURVE_FRACTIONS[-1]) == (0.0, 1.0)


def test_a_mask_shows_the_cells_whose_bits_are_set(model, image, black) -> None:
    bits = np.zeros(12, np.uint8)
    bits[[0, 5]] = 1
    text = base64.urlsafe_b64encode(np.packbits(bits).tobytes()).decode().rstrip("=")
    mask = read_mask(text, (3, 4), 6, 8)
    assert np.argwhere(mask).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 2], [2, 3], [3, 2], [3, 3]]
    height, width = image.shape[:2]
    full = base64.b64encode(np.packbits(np.ones(6, np.uint8)).tobytes()).decode()
    shown = answer_to_mask(model, image, black.image, read_mask(full, (2, 3), height, width))
    np.testing.assert_allclose(shown.logits, predict(model, image[None])[0].logits, rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "cells", "message"),
    [
        ("AAA", (3, 4, 5), {"about": "cells", "asked": (3, 4, 5), "limit": 32}),
        ("AAA=", (33, 2), {"about": "cells", "asked": (33, 2), "limit": 32}),
        ("AAAA", (3, 4), {"about": "mask", "found": 3, "limit": 2}),
        ("A*==", (2, 2), {"about": "mask", "found": "Only base64 data is allowed"}),
    ],
)
def test_broken_masks_are_refused(text, cells, message) -> None:
    with raises(UsageError, **message):
        read_mask(text, cells, 40, 40)


@pytest.mark.parametrize("method", [name for name in map_methods() if name != USUAL])
def test_every_method_makes_a_payload(model, image, black, method: str) -> None:
    asked = AttendingModel(model) if method.startswith(("attention", "attn")) else model
    found = run_method(method, asked, image, Logit(1), [black], None)
    payload = decode(encode(map_payload(found, MapFacts(method, "logit", 1), STAMP)))
    np.testing.assert_array_equal(payload.values("heatmap"), found.heatmap.astype(np.float32))
    assert payload.json("n_evaluations") == getattr(found, "n_evaluations", 1)
    assert payload.metadata["meaning"] in {"contribution", "sensitivity", "spread"}


def test_an_unknown_method_lists_what_there_is() -> None:
    with raises(UsageError, "method", asked="tea-leaves"):
        read_method("tea-leaves")


def test_a_model_without_gradients_is_offered_what_it_has() -> None:
    model = MODELS["linear"]
    found = map_methods(function_model(model, model.weights(), np.float32))
    assert found == ("occlusion", "shapley", "removed-and-alone", "sampled-shapley", "rise", "class-evidence")


def test_maps_carry_their_error_and_status(integrated: Integrated) -> None:
    question = MapFacts("integrated-gradients", "logit", 1)
    done = decode(encode(map_payload(integrated.results[0], question, STAMP)))
    assert (done.metadata["status"], done.json("tolerance")) == ("done", 0.01)
    assert done.json("error") == integrated.results[0].error
    assert done.arrays["pixel_error"].shape == done.arrays["heatmap"].shape
    small = decode(encode(map_payload(integrated.results[0], question, STAMP, small=True)))
    loss = np.abs(small.values("heatmap") - done.values("heatmap")).sum() / np.abs(done.values("heatmap")).sum()
    assert 0 < loss < 0.02


@pytest.mark.parametrize(("side", "usual"), [(8, 0.01), (64, 0.01), (65, 0.05), (224, 0.05)])
def test_the_accuracy_that_nobody_asks_for_goes_by_the_image(side: int, usual: float) -> None:
    spec = InputSpec(side, 8)
    weights = {"mix.weight": np.random.default_rng(0).normal(size=(2, 3, 1, 1)).astype(np.float32)}
    steps = (Convolution("mix"), ReLU("relu"), GlobalMean("mean"))
    model = NumpyModel(spec, OutputSpec(("a", "b")), steps, weights)
    image = np.random.default_rng(1).random(spec.shape).astype(np.float32)

    def asked(query: Query) -> float | None:
        black = make_baseline("black", spec, image)
        found = integrate(model, image, [Logit(1)], [black], query, NullListener())
        return found.results[0].tolerance

    assert asked(Query()) == usual
    assert asked(Query(tolerance=0.02)) == 0.02
    assert asked(Query(rule="midpoint", n_steps=4)) is None
    assert innerview.integrated_gradients(model, image, 1).tolerance == usual
    assert describe_model(model, "small", [])["tolerance"] == usual
    assert page_network(model, "small")["tolerance"] == usual


CALLED = {
    Status.CONVERGED: "done",
    Status.FIXED_STEPS: "done",
    Status.BUDGET_EXHAUSTED: "not-met",
    Status.ROUNDED: "rounded",
    Status.NO_GRADIENT: "no-gradient",
}


@pytest.mark.parametrize("status", Status)
def test_every_status_is_one_of_the_viewer_s(integrated: Integrated, status: Status) -> None:
    """A final one keeps its reason apart; one that may still change is being refined."""
    question, found = MapFacts("integrated-gradients", "logit", 1), replace(integrated.results[0], status=status)
    final, refined = (map_payload(found, question, STAMP, final=final).metadata["status"] for final in (True, False))
    assert final == CALLED[status]
    assert (final in MISSED) == (status not in {Status.CONVERGED, Status.FIXED_STEPS})
    assert refined == ("refining" if status in {Status.ROUNDED, Status.BUDGET_EXHAUSTED} else final)


def test_targets_are_resolved_at_the_image(model, image) -> None:
    logits, output = predict(model, image[None])[0].logits, model.output
    assert Query().explained(output).resolve(logits, output).index == int(logits.argmax())
    both = Query(target=0, versus=2).explained(output).resolve(logits, output)
    assert both.describe(("a", "b", "c")) == "logit of 0 a minus logit of 2 c"
    with pytest.raises(UnknownClass):
        Query(target=7).explained(output)
    with raises(UsageError, "objective", asked="tea"):
        Query(objective="tea").explained(output)


def test_of_many_layers_a_dozen_is_shown_unasked_from_first_to_last(model) -> None:
    assert layers_shown(model) == [layer.name for layer in model.layers]
    shape, operations, weights = (8, 8, 3), [], {}
    for number in range(20):
        operations += [Convolution(f"conv{number}", padding=1), ReLU(f"relu{number}")]
        weights[f"conv{number}.weight"] = np.zeros((3, 3, 3, 3))
    operations += [GlobalMean("mean")]
    deep = NumpyModel(InputSpec(*shape), OutputSpec(("a", "b", "c")), operations, weights, np.float32)
    shown = layers_shown(deep)
    assert len(shown) == 12
    assert (shown[0], shown[-1]) == ("relu0", "relu19")


def test_of_many_layers_those_are_shown_that_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    made = FunctionModel(lambda inputs: inputs.mean((1, 2)), InputSpec(8, 8), OutputSpec(3))

    def give(*known: bool) -> None:
        each = tuple(
            Layer(f"conv{number}", "convolution", (), "height width channel" if drawn else "", (4, 4, 3))
            for number, drawn in enumerate(known)
        )
        monkeypatch.setattr(FunctionModel, "layers", property(lambda _: each))

    give(*[bool(number % 2) for number in range(40)])
    shown = layers_shown(made)
    assert len(shown) == 12
    assert all(int(name.removeprefix("conv")) % 2 for name in shown)
    give(*[False] * 40)
    assert len(layers_shown(made)) == 12
