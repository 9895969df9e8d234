"""A film shows each snapshot once, a layer's channels the same at each, and every map with its scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from innerview.allcnn import build, initial_weights
from innerview.errors import UsageError
from innerview.methods import integrated_gradients, predict
from innerview.pictures import film
from innerview.pictures.film import Film, Frame, Kept, film_animation, film_strip, liveliest
from innerview.targets import Logit

IMAGE = np.random.default_rng(0).uniform(0, 1, (8, 8, 3)).astype(np.float32)


def frame(step: int) -> Frame:
    network = build(initial_weights(step, channels=4), size=8)
    taps = network.forward(IMAGE[None], ("elu3", "elu9")).activations
    return Frame(
        step,
        predict(network, IMAGE[None])[0],
        integrated_gradients(network, IMAGE, Logit(3), baseline=np.zeros_like(IMAGE), n_steps=2).heatmap,
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


def test_an_animation_breaks_into_rows_that_fit() -> None:
    wide, narrow = film_animation(FILM).frames[0], film_animation(FILM, columns=2).frames[0]
    assert wide.width > narrow.width
    assert narrow.height > wide.height


def test_a_film_may_have_maps_alone() -> None:
    bare = replace(FILM, frames=tuple(replace(frame, layers={}) for frame in FILM.frames))
    assert film_strip(bare).height < film_strip(FILM).height
    assert film_animation(bare).frames[0].width < film_animation(FILM).frames[0].width


def test_a_film_without_snapshots_is_refused() -> None:
    with pytest.raises(UsageError, match="a film of cat without any snapshot"):
        replace(FILM, frames=())


def test_a_layer_that_was_kept_at_some_steps_is_told_from_one_that_was_seen() -> None:
    frames = tuple(replace(frame, layers=FILM.frames[0].layers) for frame in FILM.frames)  # one scale, with or without
    thinned = replace(FILM, frames=(frames[0], replace(frames[1], layers={}), frames[2]))
    strip, whole = film_strip(thinned), film_strip(replace(FILM, frames=frames))
    assert strip.size == whole.size
    changed = np.flatnonzero((np.asarray(strip) != np.asarray(whole)).any(axis=(0, 2)))
    assert changed.size  # words instead of channels, under the middle snapshot alone
    assert whole.width * 0.5 < changed.min()
    assert changed.max() < whole.width * 0.78
    assert len({one.size for one in film_animation(thinned).frames}) == 1


def test_channels_go_by_their_numbers_in_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    label = film._label
    monkeypatch.setattr(film, "_label", lambda text, size: told.append(text) or label(text, size))
    film_strip(replace(FILM, kept={"layer 3": Kept((5, 40, 77, 120), 128)}))
    assert "After layer 3: channels 5, 40, 77, 120." in told[0]
    assert FILM.number("layer 3", 2) == 2


def test_as_many_kept_channels_as_classes_are_no_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    label = film._label
    monkeypatch.setattr(film, "_label", lambda text, size: told.append(text) or label(text, size))
    film_strip(FILM)
    film_strip(replace(FILM, kept={"layer 9": Kept(tuple(range(20, 30)), 128)}))
    assert "channel of 3 cat" in told[1]
    assert "channels 2" in told[3]
