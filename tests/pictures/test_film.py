"""A film shows each snapshot once, a layer's channels the same at each, and every map with its scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from innerview.allcnn import build, initial_weights
from innerview.errors import UsageError
from innerview.methods import integrated_gradients, predict
from innerview.pictures.film import Film, Frame, film_animation, film_strip, liveliest
from innerview.targets import Logit

IMAGE = np.random.default_rng(0).uniform(0, 1, (8, 8, 3)).astype(np.float32)


def frame(step: int) -> Frame:
    network = build(initial_weights(step, channels=4), size=8)
    taps = network.forward(IMAGE[None], ("elu3", "elu9")).activations
    return Frame(
        step,
        predict(network, IMAGE[None])[0],
        integrated_gradients(network, IMAGE, Logit(3), baseline=np.zeros_like(IMAGE), evaluations=2).map,
        {"layer 3": taps["elu3"][0], "layer 9": taps["elu9"][0]},
    )


FILM = Film("cat", IMAGE, 3, 3, tuple(frame(step) for step in (0, 10, 500)))


def test_the_liveliest_channels_are_those_that_vary_most() -> None:
    values = np.zeros((4, 4, 6))
    values[0, 0] = [0, 3, 1, 9, 2, 0.5]
    assert liveliest(values) == [1, 2, 3, 4]
    assert liveliest(values, 1) == [3]
    assert liveliest(values[:, :, :2]) == [0, 1]


def test_an_animation_has_a_frame_for_each_snapshot_and_stays_on_the_last() -> None:
    moving = film_animation(FILM)
    assert len(moving.frames) == 3
    assert len({one.size for one in moving.frames}) == 1
    assert moving.milliseconds[-1] > moving.milliseconds[0]
    assert np.asarray(moving.frames[0]).tolist() != np.asarray(moving.frames[1]).tolist()


def test_a_strip_breaks_into_rows_that_fit() -> None:
    wide, narrow = film_strip(FILM), film_strip(FILM, columns=2)
    assert wide.width > narrow.width
    assert narrow.height > 1.5 * wide.height
    assert film_strip(replace(FILM, frames=FILM.frames[:1])).width < wide.width


def test_a_film_may_have_maps_alone() -> None:
    bare = replace(FILM, frames=tuple(replace(frame, layers={}) for frame in FILM.frames))
    assert film_strip(bare).height < film_strip(FILM).height
    assert film_animation(bare).frames[0].width < film_animation(FILM).frames[0].width


def test_a_film_without_snapshots_is_refused() -> None:
    with pytest.raises(UsageError, match="a film of cat without any snapshot"):
        replace(FILM, frames=())
