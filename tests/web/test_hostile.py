"""A tenth of the hostile frames of scripts/soak: only our errors, the page stays open, nothing is opened or run."""

from __future__ import annotations

from web.hostile import attack


def test_hostile_frames_are_answered_and_the_page_goes_on() -> None:
    page, done, _ = attack(500, seed=13)
    assert page.mistakes == []
    assert done == []
    assert page.ends["failed"] > 100
    assert page.ends["done"] > 84  # one for each handful
