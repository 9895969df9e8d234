"""Pages of maps: the right colours at the right places, the scale that was asked for, sums and gaps that are true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from innerview.errors import UsageError
from innerview.pictures import tokens
from innerview.pictures.attribution import (
    attribution_figure,
    attribution_on_image,
    attribution_views,
    balance,
    certificate,
    contact_sheet,
    doubtful,
    drawable,
    error_figure,
)
from innerview.pictures.captions import Subject
from innerview.pictures.overlay import STYLES, overlay
from innerview.pictures.ramps import colour, parse, ramp
from innerview.results import Attribution, Gradient, Status
from pictures.made import NAMES, SOURCE, integrated, prediction, random_image
from raising import raises

MAP = np.random.default_rng(7).normal(size=(8, 8))
SUBJECT = Subject("horse.jpg", prediction(), 2)


def cells(page: Image.Image, side: int, count: int, top: int) -> np.ndarray:
    """Middle pixels of the cells of a map of `count` × `count` whose first row lies at `top`."""
    size = side // count
    pixels = np.asarray(page)
    places = np.arange(count) * size + size // 2
    return pixels[top + places][:, tokens.MARGIN + places]


def top_of_map(page: Image.Image) -> int:
    """First row of the frame around the first map."""
    column = np.asarray(page)[:, tokens.MARGIN]
    return int((column == parse(tokens.BORDER)).all(axis=1).argmax())


@pytest.mark.parametrize("style", STYLES)
def test_the_map_stands_on_the_page_cell_by_cell(style) -> None:
    page = attribution_figure(integrated(MAP), style=style, subject=SUBJECT, scale=1.5)
    shown = cells(page, 320, 8, top_of_map(page))
    assert (shown == overlay(random_image(), MAP, 1.5, style=style)).all()


def test_the_negated_map_has_the_mirrored_colours_on_the_page() -> None:
    entries = {tuple(map(int, entry)): place for place, entry in enumerate(ramp("evidence"))}
    pages = [attribution_figure(integrated(sign * MAP), style="map") for sign in (1, -1)]
    here, there = (
        np.array([[entries[tuple(map(int, cell))] for cell in row] for row in cells(page, 320, 8, top_of_map(page))])
        for page in pages
    )
    assert (here + there == 254).all()


@pytest.mark.parametrize(
    ("meaning", "name"), [("contribution", "evidence"), ("sensitivity", "value"), ("spread", "value")]
)
def test_any_attribution_is_drawn_in_the_colours_of_its_meaning(meaning, name) -> None:
    result = Attribution(
        random_image(), MAP, "Occlusion", meaning, "logit", 1.0, 2, 64, SOURCE, notes=("Sixty-four passes.",)
    )
    page = attribution_figure(result, style="map", scale=2.0)
    assert (cells(page, 320, 8, top_of_map(page)) == colour(MAP, 2.0, name)).all()
    found = drawable(result)
    assert (found.title, found.unit, found.facts[0], found.facts[-1]) == (
        "Occlusion",
        "logit",
        "64 evaluations",
        "Sixty-four passes.",
    )


def test_the_standard_error_of_an_attribution_stands_beside_it() -> None:
    plain = Attribution(random_image(), MAP, "SmoothGrad", "sensitivity", "logit", 1.0, 2, 50, SOURCE)
    sure, unsure = (replace(plain, pixel_error=np.full((8, 8), size)) for size in (1e-6, 100.0))
    assert attribution_figure(sure).width > attribution_figure(plain).width
    assert doubtful(sure) == "0 of 64 pixels are smaller than their own error"
    assert doubtful(unsure) == "64 of 64 pixels are smaller than their own error"


def test_a_gradient_is_drawn_in_the_value_ramp() -> None:
    gradient = np.zeros((8, 8, 3))
    gradient[..., 1] = MAP
    result = Gradient(random_image(), prediction(), gradient, 1.0, "logit", SOURCE)
    page = attribution_figure(result, style="map", scale=2.0)
    assert (cells(page, 320, 8, top_of_map(page)) == colour(MAP, 2.0, "value")).all()
    assert drawable(result).unit == "logit per unit of pixel value"


@pytest.mark.parametrize(
    "values",
    [np.zeros((8, 8)), -np.ones((8, 8)), np.full((8, 8), np.nan), np.full((8, 8), np.inf), 1e-300 * MAP, 1e300 * MAP],
    ids=["zero", "all against", "no number", "infinite", "tiny", "huge"],
)
def test_odd_maps_are_drawn(values) -> None:
    page = attribution_views(integrated(values), subject=SUBJECT)
    assert page.width == 2 * 320 + tokens.GAP + 2 * tokens.MARGIN
    sheet = contact_sheet([integrated(values), integrated(MAP)])
    assert sheet.height > 100
    assert contact_sheet([integrated(MAP)] * 2, verdicts=["✓ agrees (0.78)"] * 2).height > sheet.height


def test_an_all_negative_map_has_no_blue_and_a_map_of_zeros_no_colour() -> None:
    blue = np.asarray(attribution_figure(integrated(-abs(MAP)), style="map", size=32)).astype(int)
    below = blue[: top_of_map(Image.fromarray(blue.astype(np.uint8))) + 32]
    assert not (below[..., 2] > below[..., 0] + 40).any()
    page = attribution_figure(integrated(np.zeros((8, 8))), style="map")
    assert (cells(page, 320, 8, top_of_map(page)) == parse("#F7F7F7")).all()


def test_one_sign_alone_hides_the_other() -> None:
    page = attribution_figure(integrated(MAP), style="map", show="for", scale=1.0)
    shown = cells(page, 320, 8, top_of_map(page))
    assert (shown[MAP < 0] == parse("#F7F7F7")).all()
    assert (shown[MAP > 0] == colour(MAP, 1.0)[MAP > 0]).all()


def test_sums_are_those_of_the_map() -> None:
    values = np.zeros((8, 8))
    values[0, :4] = [2, 0.5, -1, np.nan]
    assert balance(drawable(integrated(values))) == "for +2.50, against −1.00, together +1.50 logit"


def test_the_certificate_states_cost_and_gap() -> None:
    values = np.zeros((8, 8))
    values[0, :2] = [2, -1]
    line = "32 evaluations (gauss-legendre) · convergence delta 0.67 % of the map"
    assert certificate(integrated(values, score=1.02)) == line
    assert certificate(integrated(values * 0, score=0.5)).endswith("convergence delta −0.500 logit")
    assert certificate(integrated(values * np.nan)).endswith("convergence delta not known")


def test_a_computation_to_a_tolerance_says_whether_it_was_met() -> None:
    values = np.zeros((8, 8))
    values[0, :2] = [2, -1]
    met = replace(integrated(values, score=1.02), tolerance=0.01, error=0.00831, status=Status.CONVERGED)
    cost = "32 evaluations (gauss-legendre)"
    assert certificate(met) == f"✓ error ≤ 0.84 % of the map (estimate) · asked 1 % · {cost} · convergence delta 0.67 %"
    missed = replace(met, tolerance=1e-5, status=Status.BUDGET_EXHAUSTED)
    line = f"! error 0.84 % of the map (estimate), asked 0.001 %: {cost} spent · convergence delta 0.67 %"
    assert certificate(missed) == line
    rounded = replace(missed, status=Status.ROUNDED)
    allowed = f"asked 0.001 %, and the model's precision allows no more: {cost} · convergence delta 0.67 %"
    assert certificate(rounded) == f"! error 0.84 % of the map (estimate), {allowed}"
    unknown = replace(missed, error=np.inf)
    assert certificate(unknown).startswith("! error not known, asked 0.001 %")


def test_the_error_stands_beside_the_map_and_doubtful_pixels_are_counted() -> None:
    result = integrated(MAP)
    error = np.full((8, 8), 0.05)
    known = replace(result, pixel_error=error, tolerance=0.01, error=0.002, notes=("a note",))
    assert doubtful(known) == f"{(np.abs(MAP) < 0.05).sum()} of 64 pixels are smaller than their own error"
    assert doubtful(result) == ""
    assert "a note" in drawable(known).facts
    assert attribution_figure(known).width == attribution_figure(result).width + 160 + tokens.GAP
    assert attribution_views(known).height > attribution_views(result).height


@pytest.mark.parametrize("box", [(0, 0, 40, 40), (10, 5, 50, 45), (3, 3, 4, 4), (0, 0, 60, 45)])
def test_the_map_lies_in_the_crops_place_on_the_photo(box) -> None:
    photo = Image.new("RGB", (60, 45), "#FFFFFF")
    page = attribution_on_image(integrated(MAP), photo, box, style="map", scale=1.5)
    left, _, right, _ = box
    across = 320 / (right - left)
    begin, end = max(0, 2 * left - right), min(60, 2 * right - left)
    assert page.width == max(320, round((end - begin) * across)) + 2 * tokens.MARGIN
    frame = (np.asarray(page) == parse(tokens.INK)).all(axis=2)
    longest = [int(row.sum()) for row in frame]
    top_row = int(np.argmax(longest))
    assert longest[top_row] == 320
    start = int(frame[top_row].argmax())
    assert start == tokens.MARGIN + round((left - begin) * across)
    places = np.arange(8) * 40 + 20
    assert (np.asarray(page)[top_row + places][:, start + places] == colour(MAP, 1.5)).all()
    assert page.height > 320


@pytest.mark.parametrize("box", [(0, 0, 61, 40), (-1, 0, 10, 10), (10, 0, 10, 10), (20, 0, 10, 10)])
def test_a_crop_beyond_the_photo_is_refused(box) -> None:
    with raises(UsageError, "crop", found=(45, 60)):
        attribution_on_image(integrated(MAP), Image.new("RGB", (60, 45)), box)


def test_errors_are_drawn_as_amounts() -> None:
    error = np.abs(MAP)
    page = error_figure(error, "logit", notes=["one note"])
    shown = cells(page, 320, 8, top_of_map(page))
    order = np.argsort(error, axis=None)
    brightness = shown.reshape(-1, 3).astype(int).sum(axis=1)[order]
    assert (np.diff(brightness) <= 0).all()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_sheet_puts_all_images_on_one_scale(count) -> None:
    maps = [integrated(MAP * 2.0**step) for step in range(count)]
    page = contact_sheet(maps, style="map", columns=7)
    top = top_of_map(page)
    pixels = np.asarray(page)
    limits = contact_sheet(maps, style="map", columns=7, scale=2.0**count)
    assert limits.width == page.width == max(320, count * (2 * 96 + 4 + 16) - 16) + 2 * tokens.MARGIN
    places = np.arange(8) * 12 + 6
    first = pixels[top + places][:, tokens.MARGIN + 100 + places]
    assert (first == colour(MAP, _shared([each.heatmap for each in maps]))).all()


def _shared(maps: list[np.ndarray]) -> float:
    return max(float(np.percentile(np.abs(values), 99)) for values in maps) * _rounding(maps)


def _rounding(maps: list[np.ndarray]) -> float:
    largest = max(float(np.percentile(np.abs(values), 99)) for values in maps)
    steps = sorted(step * 10.0**power for step in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8) for power in range(-3, 5))
    return next(step for step in steps if step >= largest) / largest


def test_sheets_refuse_what_has_no_common_scale() -> None:
    gradient = Gradient(random_image(), prediction(), np.ones((8, 8, 3)), 1.0, "logit", SOURCE)
    with raises(UsageError, "results", found=0):
        contact_sheet([])
    with raises(UsageError, "verdicts", asked=1, found=2):
        contact_sheet([integrated(MAP)], verdicts=["✓ agrees (0.78)", "– not judged"])
    with raises(UsageError, "units"):
        contact_sheet([integrated(MAP), gradient])
    with raises(UsageError, "subjects", asked=2, found=1):
        contact_sheet([integrated(MAP)] * 2, [SUBJECT])


def test_results_without_a_map_are_refused() -> None:
    with raises(UsageError, "result", found="dict"):
        drawable({})


def test_a_subject_says_who_it_is_and_what_the_model_says() -> None:
    chance = f"{100 * prediction().probabilities[2]:.1f} %"
    assert SUBJECT.sentence == f"horse.jpg · predicts 2 horse ({chance}) · label 2 horse"
    assert Subject().sentence == ""
    assert Subject("x", label=0).named_truth(NAMES) == "x · label 0 airplane"
    scores = replace(prediction(), probabilities=np.full(3, np.nan))
    assert Subject(prediction=scores).sentence == "predicts 2 horse"
