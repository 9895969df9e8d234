"""A view is four files, as CONTRIBUTING.md says: one is added to a copy, builds, opens and draws."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
from playwright.sync_api import BrowserContext, expect

from browser.conftest import Heard
from browser.driving import PATIENCE
from dry_run import ROOT, checkout, replace, touched
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.session.opening import opened_model
from serving import served

VIEW = """/** How bright the image is. */
import type { JSX } from "preact";
import { EXPLANATIONS } from "../../core/explanations";
import { useChosen } from "../../core/session";
import { Explain } from "../../parts/explain";
import { AnswerState } from "../../parts/states";
import type { View } from "../view";
import "./brightness.css";

function Brightness(): JSX.Element {
  const { subject } = useChosen();
  if (!subject.payload) return <AnswerState answer={subject} what="Looking at the image" />;
  const { data } = subject.payload.arrays.image;
  let sum = 0;
  for (const value of data) sum += value;
  return (
    <div class="brightness">
      <output>{Math.round(sum / data.length)}</output>
      <Explain of="brightness" />
    </div>
  );
}

export const view: View = {
  key: "B",
  name: "brightness",
  title: EXPLANATIONS.brightness.title,
  group: "Inside",
  shows: "subject",
  question: () => EXPLANATIONS.brightness.question,
  Component: Brightness,
};
"""
STYLE = ".innerview .brightness {\n  & output { font-weight: 653; }\n}\n"
MEANING = {
    "title": "Brightness",
    "question": "How bright is the image?",
    "text": "The mean of all values, from 0 to 255.",
    "source": "nobody",
}


def test_four_files_are_all_that_a_view_takes(context: BrowserContext, heard: Heard, tmp_path: Path) -> None:
    place = checkout(tmp_path / "copy", "frontend", "src/innerview/viewer")
    (place / "frontend" / "node_modules").symlink_to(ROOT / "frontend" / "node_modules")
    view = place / "frontend" / "src" / "views" / "brightness"
    view.mkdir()
    (view / "index.tsx").write_text(VIEW, encoding="utf-8")
    (view / "brightness.css").write_text(STYLE, encoding="utf-8")
    replace(place / "frontend" / "src" / "core" / "link.ts", '"compare"] as const', '"compare", "brightness"] as const')
    meanings = place / "src" / "innerview" / "viewer" / "explanations.json"
    told = json.loads(meanings.read_text(encoding="utf-8"))
    told["views"]["brightness"] = MEANING
    meanings.write_text(json.dumps(told), encoding="utf-8")
    assert len(touched(place, "frontend", "src")) == 4

    found = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert found
    assert found.loader
    building = importlib.util.module_from_spec(found)
    found.loader.exec_module(building)
    building.run(place, "exec", "--no", "--", "tsc", "--noEmit")
    building.run(place, "exec", "--no", "--", "vite", "build")
    for name in building.CHUNK:  # a view of its own bundle, which is as it was
        shutil.copy(ROOT / building.BUNDLE / name, place / building.BUNDLE)

    pixels = preprocess(example_image("cat"), opened_model("allcnn").model.input).pixels
    page = context.new_page()
    heard.listen(page)
    with served(source=place / "src") as server:
        page.goto(f"{server.url}#/attribution")
        expect(page.locator(".says")).to_be_visible()
        page.keyboard.press("b")
        shown = page.locator(".brightness output")
        expect(shown).to_have_text(str(round(255 * float(np.mean(pixels)))), timeout=PATIENCE)
        expect(page).to_have_title("Brightness · innerview")
        assert shown.evaluate("one => getComputedStyle(one).fontWeight") == "653"
        page.close()
