"""A timeline shows each checkpoint once, a layer's channels the same at each, and every map with its scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from innerview.allcnn import build, initial_weights
from innerview.errors import UsageError
from innerview.methods import integrated_gradients, predict
from innerview.pictures import timeline
from innerview.pictures.timeline import Frame, KeptChannels, Timeline, liveliest, timeline_animation, timeline_strip
from innerview.targets import Logit
from raising import raises

IMAGE = np.random.default_rng(0).uniform(0, 1, (8, 8, 3)).astype(np.float32)


def frame(step: int) -> Frame:
    model = build(initial_weights(step, channels=4), size=8)
    layers = model.forward(IMAGE[None], ("elu3", "elu9")).activations
    return Frame(
        step,
        predict(model, IMAGE[None])[0],
        integrated_gradients(model, IMAGE, Logit(3), baseline=np.zeros_like(IMAGE), n_steps=2).heatmap,
        {"layer 3": layers["elu3"][0], "layer 9": layers["elu9"][0]},
    )


TIMELINE = Timeline("cat", IMAGE, 3, 3, tuple(frame(step) for step in (0, 10, 500)))


def test_the_liveliest_channels_are_those_that_vary_most() -> None:
    values = np.zeros((4, 4, 6))
    values[0, 0] = [0, 3, 1, 9, 2, 0.5]
    assert liveliest(values) == [1, 2, 3, 4]
    assert liveliest(values, 1) == [3]
    assert liveliest(values[:, :, :2]) == [0, 1]


def test_an_animation_has_a_frame_for_each_checkpoint_and_stays_on_the_last() -> None:
    moving = timeline_animation(TIMELINE)
    assert len(moving.frames) == 3
    assert len({one.size for one in moving.frames}) == 1
    assert moving.milliseconds[-1] > moving.milliseconds[0]
    assert np.asarray(moving.frames[0]).tolist() != np.asarray(moving.frames[1]).tolist()


def test_a_strip_breaks_into_rows_that_fit() -> None:
    wide, narrow = timeline_strip(TIMELINE), timeline_strip(TIMELINE, columns=2)
    assert wide.width > narrow.width
    assert narrow.height > 1.5 * wide.height
    assert timeline_strip(replace(TIMELINE, frames=TIMELINE.frames[:1])).width < wide.width


def test_an_animation_breaks_into_rows_that_fit() -> None:
    wide, narrow = timeline_animation(TIMELINE).frames[0], timeline_animation(TIMELINE, columns=2).frames[0]
    assert wide.width > narrow.width
    assert narrow.height > wide.height


def test_a_film_may_have_maps_alone() -> None:
    bare = replace(TIMELINE, frames=tuple(replace(frame, layers={}) for frame in TIMELINE.frames))
    assert timeline_strip(bare).height < timeline_strip(TIMELINE).height
    assert timeline_animation(bare).frames[0].width < timeline_animation(TIMELINE).frames[0].width


def test_a_film_without_checkpoints_is_refused() -> None:
    with raises(UsageError, "checkpoints", asked="cat", found=0):
        replace(TIMELINE, frames=())


def test_a_layer_that_was_kept_at_some_steps_is_told_from_one_that_was_seen() -> None:
    frames = tuple(
        replace(frame, layers=TIMELINE.frames[0].layers) for frame in TIMELINE.frames
    )  # one scale, with or without
    thinned = replace(TIMELINE, frames=(frames[0], replace(frames[1], layers={}), frames[2]))
    strip, whole = timeline_strip(thinned), timeline_strip(replace(TIMELINE, frames=frames))
    assert strip.size == whole.size
    changed = np.flatnonzero((np.asarray(strip) != np.asarray(whole)).any(axis=(0, 2)))
    assert changed.size  # words instead of channels, under the middle checkpoint alone
    assert whole.width * 0.5 < changed.min()
    assert changed.max() < whole.width * 0.78
    assert len({one.size for one in timeline_animation(thinned).frames}) == 1


def test_channels_go_by_their_numbers_in_the_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    label = timeline._label
    monkeypatch.setattr(timeline, "_label", lambda text, size: told.append(text) or label(text, size))
    timeline_strip(replace(TIMELINE, kept={"layer 3": KeptChannels((5, 40, 77, 120), 128)}))
    assert "After layer 3: channels 5, 40, 77, 120." in told[0]
    assert TIMELINE.number("layer 3", 2) == 2


def test_as_many_kept_channels_as_classes_are_no_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    label = timeline._label
    monkeypatch.setattr(timeline, "_label", lambda text, size: told.append(text) or label(text, size))
    timeline_strip(TIMELINE)
    timeline_strip(replace(TIMELINE, kept={"layer 9": KeptChannels(tuple(range(20, 30)), 128)}))
    assert "channel of 3 cat" in told[1]
    assert "channels 2" in told[3]
