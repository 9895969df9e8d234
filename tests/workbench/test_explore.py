"""What the viewer asks of a network: levels on the way, sums that end in the map, answers that can be recomputed."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from innerview.adapters import FunctionNetwork
from innerview.adapters.numpy import NumpyNetwork
from innerview.adapters.operations import Convolution, GlobalMean, ReLU
from innerview.data.baselines import make_baseline
from innerview.errors import UnknownClass, UsageError
from innerview.methods import interior_gradients, keep, predict
from innerview.methods.registry import USUAL, map_methods
from innerview.network import InputSpec, Layer, Network, OutputSpec
from innerview.results import InteriorGradients, PathProfile
from innerview.targets import Logit
from innerview.viewer.payload import Payload, decode, encode
from innerview.viewer.payloads.keep import keep_payload
from innerview.viewer.payloads.map import Question, map_payload
from innerview.viewer.payloads.path import path_payload
from innerview.viewer.payloads.stamp import Stamp
from innerview.workbench.explore.explore import (
    Asked,
    Integrated,
    Nobody,
    explain,
    integrate,
    layers_shown,
)
from innerview.workbench.explore.keep import SHARES, answer_to_mask, keep_by_orders, read_mask
from innerview.workbench.explore.path import RECIPE, STOPS, add_up, choose_stops, spread_order, thinned, walk
from networks import MODELS, function_network, numpy_network

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

    def level(self, payload: Payload) -> None:
        raise AssertionError("nobody asked for payloads here")


@pytest.fixture(scope="module")
def network() -> Network:
    model = MODELS["mixed"]
    return numpy_network(model, model.weights(), np.float32)


@pytest.fixture(scope="module")
def image(network: Network) -> np.ndarray:
    return np.random.default_rng(1).random(network.input.shape, dtype=np.float32)


@pytest.fixture(scope="module")
def black(network: Network, image: np.ndarray):
    return make_baseline("black", network.input, image)


@pytest.fixture(scope="module")
def integrated(network: Network, image: np.ndarray, black) -> Integrated:
    (found,) = integrate(network, image, [Logit(1)], black, tolerance=0.01, listener=Nobody())
    return found


def test_levels_come_before_the_end_and_are_not_final(network, image, black) -> None:
    levels: list[float] = []
    heard = Heard()
    targets = [Logit(0), Logit(2)]
    first, second = integrate(
        network, image, targets, black, tolerance=0.01, listener=heard, level=lambda found: levels.append(len(found))
    )
    assert len(levels) >= 2
    assert set(levels) == {2}
    assert [done for done, _ in heard.heard] == sorted(done for done, _ in heard.heard)
    assert heard.heard[-1][0] == first.result.evaluations == second.result.evaluations
    assert (first.result.target, second.result.target) == (0, 2)
    assert first.result.provenance.baseline == "black"


def test_whoever_listens_can_stop_the_work(network, image, black) -> None:
    with pytest.raises(InterruptedError):
        integrate(network, image, [Logit(0)], black, tolerance=1e-5, listener=Heard(1))


def test_the_sum_ends_in_the_map_and_begins_at_nothing(integrated: Integrated) -> None:
    sums = add_up(integrated, [0.0, 0.5, 1.0])
    assert not sums.maps[0].any()
    np.testing.assert_allclose(sums.maps[-1], integrated.result.map, rtol=1e-5, atol=1e-6 * np.abs(sums.maps).max())


def test_a_budget_for_both_ends_alone_still_adds_up(network, image, black) -> None:
    (found,) = integrate(network, image, [Logit(1)], black, tolerance=0.01, listener=Nobody(), budget=2)
    assert not found.result.history
    np.testing.assert_allclose(add_up(found, [1.0]).maps[0], found.result.map, rtol=1e-5, atol=1e-6)


def test_a_path_is_that_of_the_method_and_comes_in_levels(network, image, black) -> None:
    stops = STOPS[-20:]
    seen: list[tuple[InteriorGradients, tuple[float, ...]]] = []
    found = walk(network, image, Logit(1), black, stops, Nobody(), lambda part, missing: seen.append((part, missing)))
    known = interior_gradients(network, image, Logit(1), baseline=black.image, alphas=stops)
    np.testing.assert_allclose(found.gradients, known.gradients, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.scores, known.scores, rtol=1e-5)
    part, missing = seen[0]
    assert {*part.alphas.tolist(), *missing} == set(stops)
    assert part.alphas[0] == stops[0]
    assert part.alphas[-1] == stops[-1]
    assert np.all(np.diff(part.alphas) > 0)


@pytest.mark.parametrize("count", [1, 2, 3, 21, 51, 64])
def test_every_beginning_of_the_order_spans_the_places(count: int) -> None:
    order = spread_order(count)
    assert sorted(order) == list(range(count))
    for most in (4, 8, 16, 32):
        if most < count:
            gaps = np.diff(sorted(order[:most]))
            assert gaps.max() <= 4 * count / most


def test_the_stops_are_those_of_the_specification() -> None:
    assert len(STOPS) == 64
    assert set(RECIPE) <= set(STOPS)
    assert list(STOPS) == sorted(STOPS)


def profile(scores: np.ndarray) -> PathProfile:
    alphas = np.array(STOPS)
    return PathProfile(alphas, scores, np.zeros((64, 3)), np.zeros(64), ("a", "b", "c"), 0, "logit")


def test_stops_begin_where_the_score_begins_to_move() -> None:
    assert choose_stops(profile(np.array(STOPS))) == (0.0, *STOPS[STOPS.index(0.02) :])
    early = np.minimum(np.array(STOPS) * 1e5, 1)
    assert choose_stops(profile(early)) == STOPS
    assert choose_stops(profile(np.zeros(64))) == STOPS


def test_few_stops_keep_the_recipes_and_the_ends() -> None:
    few = thinned(STOPS, 21)
    assert len(few) == 21
    assert set(RECIPE) | {0.0, 1.0} <= set(few)


def test_keeping_by_orders_is_the_method_and_shows_equal_pictures_once(network, image, integrated, black) -> None:
    heard = Heard()
    found = keep_by_orders(
        network, image, integrated.result.map, fill=black.image, target=1, listener=heard, shares=(0, 0.25, 1)
    )
    assert heard.heard[-1] == (8 + 2, 8 + 2)  # one part for each of 8 orders, nothing, everything
    known = keep(network, image, integrated.result.map, fill=black.image, shares=(0, 0.25, 1), order="highest")
    np.testing.assert_allclose(found[1].logits, known.logits, rtol=1e-4, atol=1e-5)
    assert np.array_equal(found[1].ranking, known.ranking)
    assert len({one.ranking.tobytes() for one in found}) == 8
    payload = decode(encode(keep_payload(found, STAMP, fill="black", seed=0)))
    assert payload.arrays["logits"].shape == (8, 3, 3)


def test_shares_are_those_of_the_slider() -> None:
    assert len(SHARES) == 21
    assert (SHARES[0], SHARES[-1]) == (0.0, 1.0)


def test_a_mask_shows_the_cells_whose_bits_are_set(network, image, black) -> None:
    bits = np.zeros(12, np.uint8)
    bits[[0, 5]] = 1
    text = base64.urlsafe_b64encode(np.packbits(bits).tobytes()).decode().rstrip("=")
    mask = read_mask(text, (3, 4), 6, 8)
    assert np.argwhere(mask).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 2], [2, 3], [3, 2], [3, 3]]
    height, width = image.shape[:2]
    full = base64.b64encode(np.packbits(np.ones(6, np.uint8)).tobytes()).decode()
    shown = answer_to_mask(network, image, black.image, read_mask(full, (2, 3), height, width))
    np.testing.assert_allclose(shown.logits, predict(network, image[None])[0].logits, rtol=1e-5)


@pytest.mark.parametrize(
    ("text", "cells", "message"),
    [("AAA", (3, 4, 5), "cells"), ("AAA=", (33, 2), "1 to 32"), ("AAAA", (3, 4), "bytes"), ("A*==", (2, 2), "base64")],
)
def test_broken_masks_are_refused(text, cells, message) -> None:
    with pytest.raises(UsageError, match=message):
        read_mask(text, cells, 40, 40)


@pytest.mark.parametrize("method", [name for name in map_methods() if name != USUAL])
def test_every_method_makes_a_payload(network, image, black, method: str) -> None:
    found = explain(network, image, Logit(1), black, method, Nobody())
    payload = decode(encode(map_payload(found, Question(method, "logit", 1), STAMP)))
    np.testing.assert_array_equal(payload.values("map"), found.map.astype(np.float32))
    assert payload.json("evaluations") == getattr(found, "evaluations", 1)
    assert payload.metadata["meaning"] in {"contribution", "sensitivity", "spread"}


def test_an_unknown_method_lists_what_there_is(network, image, black) -> None:
    with pytest.raises(UsageError, match="integrated-gradients, expected"):
        explain(network, image, Logit(1), black, "tea-leaves", Nobody())


def test_a_network_without_gradients_is_offered_what_it_has() -> None:
    model = MODELS["linear"]
    assert map_methods(function_network(model, model.weights(), np.float32)) == ("occlusion",)


def test_maps_carry_their_error_and_status(integrated: Integrated) -> None:
    question = Question("integrated-gradients", "logit", 1)
    done = decode(encode(map_payload(integrated.result, question, STAMP)))
    assert (done.metadata["status"], done.json("tolerance")) == ("done", 0.01)
    assert done.json("estimated_error") == integrated.result.estimated_error
    assert done.arrays["error"].shape == done.arrays["map"].shape
    small = decode(encode(map_payload(integrated.result, question, STAMP, small=True)))
    loss = np.abs(small.values("map") - done.values("map")).sum() / np.abs(done.values("map")).sum()
    assert 0 < loss < 0.02


def test_a_shorter_path_keeps_the_sums_of_every_alpha(network, image, black, integrated) -> None:
    stops = thinned(STOPS, 15)
    found = walk(network, image, Logit(1), black, stops, Nobody())
    payload = decode(encode(path_payload(found, add_up(integrated, stops), STAMP, frames=[0, 7, 14])))
    assert payload.arrays["gradient_alphas"].tolist() == [np.float32(stops[place]) for place in (0, 7, 14)]
    assert payload.arrays["contribution"].shape[0] == 15
    whole = found.gradients[5] * (image - black.image)
    np.testing.assert_allclose(
        payload.values("contribution")[5], whole.sum(axis=2), atol=0.02 * np.abs(whole.sum(axis=2)).max()
    )


def test_targets_are_resolved_at_the_picture(network, image) -> None:
    logits = predict(network, image[None])[0].logits
    assert Asked().resolve(network, logits).index == int(logits.argmax())
    assert Asked(0, 2).resolve(network, logits).describe(("a", "b", "c")) == "logit of 0 a minus logit of 2 c"
    with pytest.raises(UnknownClass):
        Asked(7).resolve(network, logits)
    with pytest.raises(UsageError, match="tea"):
        Asked(kind="tea").resolve(network, logits)


def test_of_many_layers_a_dozen_is_shown_unasked_from_first_to_last(network) -> None:
    assert layers_shown(network) == [layer.name for layer in network.layers]
    shape, operations, weights = (8, 8, 3), [], {}
    for number in range(20):
        operations += [Convolution(f"conv{number}", padding=1), ReLU(f"relu{number}")]
        weights[f"conv{number}.weight"] = np.zeros((3, 3, 3, 3))
    operations += [GlobalMean("mean")]
    deep = NumpyNetwork(InputSpec(*shape), OutputSpec(("a", "b", "c")), operations, weights, np.float32)
    shown = layers_shown(deep)
    assert len(shown) == 12
    assert (shown[0], shown[-1]) == ("relu0", "relu19")


def test_of_many_layers_those_are_shown_that_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    made = FunctionNetwork(lambda inputs: inputs.mean((1, 2)), InputSpec(8, 8), OutputSpec(3))

    def give(*known: bool) -> None:
        each = tuple(
            Layer(f"conv{number}", "convolution", (), "height width channel" if drawn else "", (4, 4, 3))
            for number, drawn in enumerate(known)
        )
        monkeypatch.setattr(FunctionNetwork, "layers", property(lambda _: each))

    give(*[bool(number % 2) for number in range(40)])
    shown = layers_shown(made)
    assert len(shown) == 12
    assert all(int(name.removeprefix("conv")) % 2 for name in shown)
    give(*[False] * 40)
    assert len(layers_shown(made)) == 12
