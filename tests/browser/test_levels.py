"""Maps that a server makes up: signs, levels, an ended budget, and a socket that is dropped in the middle."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from browser.conftest import Heard
from browser.driving import assert_same_colours, canvas, choose_theme, limit_of, painted, settle, show
from browser.stub import SHAPE, Stub, stubbed
from innerview.pictures.ramps import entry, ramp
from innerview.pictures.scale import own_limit
from innerview.session.progress import NullListener
from innerview.session.query import Query
from innerview.types import Array
from patience import until

CERTIFICATE = "[data-certificate]"
HEARD = "window.heard.filter(one => one.startsWith('Integrated gradients')).length"
VALUES = np.random.default_rng(7).normal(0, 0.4, SHAPE).astype(np.float32)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stub, str]]:
    with stubbed(monkeypatch) as made:
        yield made


@pytest.fixture
def tab(context: BrowserContext, heard: Heard) -> Iterator[Page]:
    opened = context.new_page()
    heard.listen(opened)
    yield opened
    opened.close()


def drawn(page: Page) -> Array:
    return canvas(page.get_by_role("img", name="Integrated gradients for").first)


def test_signs_are_mirrored_and_what_is_one_sided_or_nothing_is_drawn_so(tab: Page, stub: tuple[Stub, str]) -> None:
    made, url = stub
    maps = {0: VALUES, 1: -VALUES, 2: -np.abs(VALUES)}
    made.values = lambda query: [  # type: ignore[method-assign]
        (np.zeros(SHAPE) if query.baselines == ("white",) else maps[query.target or 0], 0.001, "done", 9)
    ]
    tab.goto(f"{url}#/attribution?o=map&c=0")
    expect(tab.locator(CERTIFICATE)).to_be_visible()
    for theme in ("light", "dark"):
        choose_theme(tab, theme)
        colours = ramp("evidence", theme)
        show(tab, "#/attribution?o=map&c=0", CERTIFICATE)
        limit = limit_of(tab)
        assert_same_colours(drawn(tab), painted(VALUES, limit, "evidence", theme))
        show(tab, "#/attribution?o=map&c=1", CERTIFICATE)
        assert limit_of(tab) == limit
        mirrored = len(colours) - 1 - entry(VALUES, limit, "evidence").astype(int)
        assert_same_colours(drawn(tab), colours[mirrored])
        show(tab, "#/attribution?o=map&c=2", CERTIFICATE)
        found = drawn(tab).reshape(-1, 3)
        against = {tuple(one) for one in colours[: len(colours) // 2 + 1].tolist()}
        assert {tuple(one) for one in found.tolist()} <= against
        assert len(np.unique(found, axis=0)) > 20
        show(tab, "#/attribution?o=map&c=0&b=white", CERTIFICATE)
        zero = colours[len(colours) // 2]
        assert (drawn(tab) == zero).all()
        expect(tab.locator(".legend").first).to_contain_text("0 % of pixels beyond")
        assert "NaN" not in tab.locator("main").inner_text()
    choose_theme(tab, "light")


def test_three_levels_hold_the_scale_and_are_announced_twice(tab: Page, stub: tuple[Stub, str]) -> None:
    made, url = stub
    values = np.float32(0.99) * VALUES / np.percentile(np.abs(VALUES), 99).astype(np.float32)
    grown = np.float32(1.2) * values
    made.levels = [(values, 0.30, "refining", 5), (grown, 0.05, "refining", 9), (grown, 0.00831, "done", 17)]
    made.gates = [threading.Event() for _ in made.levels]
    tab.clock.install()
    tab.goto(f"{url}#/attribution?o=map")
    tab.locator("[aria-live=polite]").first.wait_for(state="attached")
    tab.evaluate(
        """() => {
          const voice = document.querySelector('[aria-live=polite]');
          window.heard = [];
          new MutationObserver(() => window.heard.push(voice.textContent)).observe(
            voice, {childList: true, characterData: true, subtree: true});
        }"""
    )
    line = tab.locator(CERTIFICATE)
    limits: list[float] = []
    for gate, level, words in zip(
        made.gates,
        (values, grown, grown),
        (
            "○ Refining: 30 % now, asked 1 %",
            "○ Refining: 5.0 % now, asked 1 %",
            "✓ Error ≤ 0.84 % of the map · asked 1 %",
        ),
        strict=True,
    ):
        gate.set()
        expect(line).to_contain_text(words)
        limits.append(limit_of(tab))
        assert_same_colours(drawn(tab), painted(level, limits[-1], "evidence"))
        tab.clock.run_for(400)  # as long as nothing is said after a change, and more
        tab.wait_for_function(f"{HEARD} >= 1")
    tab.wait_for_function(f"{HEARD} >= 2")
    assert limits[0] == limits[1]
    assert own_limit(grown) != own_limit(values)  # it had to be held
    assert limits[2] == own_limit(grown)
    heard = [text for text in tab.evaluate("window.heard") if text.startswith("Integrated gradients")]
    assert len(heard) == 2
    assert "refining" in heard[0]
    assert "Error ≤ 0.84 %" in heard[1]


def test_of_ten_fast_choices_one_is_drawn_and_the_others_are_cancelled(tab: Page, stub: tuple[Stub, str]) -> None:
    made, url = stub
    maps = [VALUES, -VALUES, 2 * VALUES]
    made.values = lambda query: [(maps[query.target or 0], 0.001, "done", 9)]  # type: ignore[method-assign]
    told: list[dict[str, Any]] = []
    asked: list[str] = []

    def ask(frame: str | bytes) -> None:
        if isinstance(frame, str) and json.loads(frame)["kind"] == "map":
            asked.append(frame)

    def hear(frame: str | bytes) -> None:
        if isinstance(frame, str):
            told.append(json.loads(frame))

    tab.on("websocket", lambda socket: (socket.on("framereceived", hear), socket.on("framesent", ask)))
    tab.goto(f"{url}#/attribution?o=map&c=0")
    expect(tab.locator(CERTIFICATE)).to_be_visible()
    tab.evaluate(
        """() => {
          window.drawn = [];
          const put = CanvasRenderingContext2D.prototype.putImageData;
          CanvasRenderingContext2D.prototype.putImageData = function (...all) {
            window.drawn.push(this.canvas.getAttribute('aria-label'));
            return put.apply(this, all);
          };
        }"""
    )
    told.clear()
    asked.clear()
    made.gates = [threading.Event()]
    for at in range(10):
        # Every one is another question, the last one again about class 1.
        tab.evaluate(f"location.hash = '#/attribution?o=map&c={1 + at % 2 if at < 9 else 1}&t={0.02 + at / 1000}'")
        until(lambda at=at: len(asked) > at, "the question", lambda: tab.wait_for_timeout(10))
    until(lambda: len(made.queries) >= 2, "a question that was begun")
    # The server has heard of all ten before it answers one.
    until(lambda: [one.get("state") for one in told].count("cancelled") == 9, "nine", lambda: tab.wait_for_timeout(10))
    made.gates[0].set()
    expect(tab.locator(CERTIFICATE)).to_contain_text("asked 2.9 %")
    settle(tab)
    assert_same_colours(drawn(tab), painted(-VALUES, limit_of(tab), "evidence"))
    ends = [one["state"] for one in told if one.get("state") in {"done", "cancelled"}]
    assert ends == ["cancelled"] * 9 + ["done"]
    names = {name for name in tab.evaluate("window.drawn") if name and name.startswith("Integrated")}
    assert len(names) == 1


def test_an_ended_budget_says_what_was_reached_and_can_be_continued(tab: Page, stub: tuple[Stub, str]) -> None:
    made, url = stub
    made.values = lambda query: [  # type: ignore[method-assign]
        (VALUES, 0.004, "done", 256) if query.more else (VALUES / 2, 0.018, "not-met", 64)
    ]
    tab.goto(f"{url}#/attribution?o=map")
    line = tab.locator(CERTIFICATE)
    expect(line).to_contain_text("! 1.8 % reached, 1 % asked: 64 evaluations spent")
    assert_same_colours(drawn(tab), painted(VALUES / 2, limit_of(tab), "evidence"))
    line.get_by_role("button", name="Continue").click()
    expect(line).to_contain_text("✓ Error ≤ 0.40 % of the map · asked 1 % · 256 evaluations")
    assert_same_colours(drawn(tab), painted(VALUES, limit_of(tab), "evidence"))
    assert [query.more for query in made.queries] == [0, 1]
    expect(line.get_by_role("button", name="Continue")).to_have_count(0)


def test_what_precision_does_not_allow_is_said_and_more_is_not_offered(tab: Page, stub: tuple[Stub, str]) -> None:
    made, url = stub
    made.values = lambda query: [(VALUES, 0.025, "rounded", 64)]  # type: ignore[method-assign]
    made.notes = ["1 % can't be reached: the model computes in bfloat16."]
    tab.goto(f"{url}#/attribution?o=map")
    line = tab.locator(CERTIFICATE)
    expect(line).to_contain_text("! 2.5 % reached, 1 % asked: the model's precision allows no more · 64 evaluations")
    expect(line.get_by_role("button", name="Continue")).to_have_count(0)
    tab.get_by_text("How exact?").click()
    expect(tab.locator(".certificate details")).to_contain_text(made.notes[0])


def test_a_dropped_socket_leaves_the_sliders_and_takes_up_the_work(tab: Page, stub: tuple[Stub, str]) -> None:
    made, url = stub
    made.levels = [(VALUES, 0.2, "refining", 5), (VALUES, 0.001, "done", 9)]
    hello = made.session.hello()
    (network,), (sample,) = hello["models"], hello["samples"]
    made.session.answer(
        Query(kind="path", model=network["id"], image=sample["image"], target=2), NullListener()
    )  # so that it comes whole
    sockets: list[WebSocketRoute] = []
    closed = threading.Event()

    def through(socket: WebSocketRoute) -> None:
        if closed.is_set():
            socket.close()
            return
        socket.connect_to_server()
        sockets.append(socket)

    tab.route_web_socket(re.compile("/socket"), through)
    tab.goto(f"{url}#/interior?a=0.4&c=2")
    figures = tab.locator(".interior .quartet canvas[role=img]")
    expect(figures.first).to_be_visible()
    settle(tab)
    # In the middle of a job: a first level is there, the rest is on its way.
    made.gates = [threading.Event(), threading.Event()]
    made.gates[0].set()
    tab.evaluate("location.hash = '#/attribution?c=2&t=0.05'")
    expect(tab.locator(CERTIFICATE)).to_contain_text("○ Refining")
    closed.set()
    sockets[-1].close()
    lost = tab.get_by_text("Connection lost.")
    expect(lost).to_be_visible()
    expect(lost).to_contain_text("everything on screen still works")
    tab.keyboard.press("2")
    slider = tab.get_by_role("slider", name="alpha")
    expect(slider).to_be_visible()
    slider.press("Home")
    first = canvas(figures.first)
    slider.press("End")
    assert (canvas(figures.first) != first).any()
    tab.keyboard.press("1")
    closed.clear()
    made.gates[1].set()
    expect(lost).to_have_count(0)
    expect(tab.locator(CERTIFICATE)).to_contain_text("✓ Error ≤ 0.10 %")
    assert len(sockets) == 2
    tab.get_by_label("Explain").select_option("0")
    expect(tab.get_by_role("img", name="Integrated gradients for ant").first).to_be_visible()
