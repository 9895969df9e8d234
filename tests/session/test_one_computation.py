"""The folder of a look, the page in it and a report show one computation, number by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from innerview.results.io import load_result
from innerview.viewer.payload import Payload
from innerview.workbench import Query, explain
from innerview.workbench.page.report import report
from models import MODELS, numpy_model
from workbench.test_report import opened

MODEL = MODELS["mixed"]
NETWORK = numpy_model(MODEL, MODEL.weights(), np.float32)

ASKED: dict[str, dict[str, Any]] = {
    "as usual": {},
    "a rule": {"rule": "midpoint", "n_steps": 6},
    "evaluations alone": {"n_steps": 5},
    "two baselines": {"baselines": ("black", "noise:3")},
    "two baselines by a rule": {"baselines": ("black", "white"), "rule": "riemann-left", "n_steps": 7},
    "a tolerance": {"tolerance": 0.2},
    "a budget": {"tolerance": 1e-4, "max_evaluations": 20},
    "a class against another": {"target": "ant", "versus": "cow"},
    "another target": {"objective": "probability", "target": "1"},
    "shares of its own": {"fractions": (0.13, 0.5)},
    "places of its own": {"alphas": (0.125, 0.33)},
}


def of_kind(payloads: list[tuple[dict[str, Any], Payload]], kind: str) -> Payload:
    return next(payload for _, payload in payloads if payload.kind == kind)


def same(found: Any, shown: Any) -> None:
    np.testing.assert_array_equal(np.asarray(found).astype(np.float32), shown)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_folder_and_both_pages_hold_the_same_numbers(asked: dict[str, Any], tmp_path: Path) -> None:
    request = Query(**{"methods": ("occlusion",), **asked})
    done = explain(["cat"], request, model=NETWORK, output=tmp_path / "out")
    written = load_result(done.folders[0])
    integrated, prediction = written["integrated"], written["prediction"]
    report(["cat"], request, model=NETWORK, output=tmp_path / "report.html")
    for page in (done.folders[0] / "view.html", tmp_path / "report.html"):
        _, payloads = opened(page)
        assert "parts" not in {payload.kind for _, payload in payloads}  # they take long: only whoever asks gets them
        same(prediction.logits, of_kind(payloads, "subject").arrays["logits"])
        shown = of_kind(payloads, "map")
        same(integrated.heatmap, shown.values("heatmap"))
        assert (integrated.pixel_error is None) == ("pixel_error" not in shown.arrays)
        if integrated.std is not None:
            same(integrated.std, shown.arrays["std"])
        same(integrated.path.alphas, shown.arrays["alphas"])
        same(integrated.path.scores, shown.arrays["scores"])
        for name in ("rule", "n_evaluations", "score", "baseline_score", "tolerance", "error", "convergence_delta"):
            known = getattr(integrated, name)
            assert shown.metadata[name] == known if isinstance(known, str) else shown.json(name) == known
        assert shown.metadata["baseline"] == integrated.provenance.baseline
        assert shown.metadata["target_words"] == integrated.provenance.target
        path, interior = of_kind(payloads, "path"), written["interior"]
        place = {alpha: number for number, alpha in enumerate(path.arrays["alphas"].tolist())}
        for number, alpha in enumerate(interior.alphas.astype(np.float32).tolist()):
            if alpha in place:
                same(interior.scores[number], path.arrays["scores"][place[alpha]])
                same(interior.norms[number], path.arrays["norms"][place[alpha]])
        drawn = integrated.heatmap
        np.testing.assert_allclose(path.values("cumulative")[-1], drawn, atol=0.02 * np.abs(drawn).max())
        keep = of_kind(payloads, "masking")
        highest = keep.json("orders").index("highest")
        for share, logits in zip(
            written["masking"]["highest"].fractions, written["masking"]["highest"].logits, strict=True
        ):
            shares = np.flatnonzero(keep.arrays["fractions"] == np.float32(share))
            if shares.size:
                same(logits[keep.arrays["classes"]], keep.arrays["logits"][highest, shares[0]])
    other = opened(tmp_path / "report.html")[1]
    same(
        of_kind(other, "map").values("heatmap"),
        of_kind(opened(done.folders[0] / "view.html")[1], "map").values("heatmap"),
    )


def test_what_parts_say_is_the_same_in_the_folder_and_on_both_pages(tmp_path: Path) -> None:
    request = Query(parts=True, n_steps=2, alphas=(0.5,), fractions=(1.0,), judge=False)
    (folder,) = explain(["cat"], request, model=NETWORK, output=tmp_path / "out").folders
    report(["cat"], request, model=NETWORK, output=tmp_path / "report.html")
    found = load_result(folder)["parts"]
    assert (folder / "parts.png").is_file()
    text = (folder / "index.html").read_text(encoding="utf-8")
    for sentence in found.sentences:
        assert sentence in text
    for page in (folder / "view.html", tmp_path / "report.html"):
        shown = of_kind(opened(page)[1], "parts")
        np.testing.assert_array_equal(shown.arrays["windows"], found.windows[list(found.found.values())])
        assert list(shown.json("says").values()) == list(found.sentences)
