"""How quick the page's own engine is, and how near its numbers are to NumPy's.

    python benchmarks/page.py                              in Node and in Chromium: about a minute on a quiet machine
    python benchmarks/page.py --data FOLDER                also its numbers, on 200 and on all test images: ten minutes
    python benchmarks/page.py --tfjs FOLDER                beside TensorFlow.js, as npm installed it into FOLDER

Measured are a forward pass and one forward and back of the built-in network (one image, one thread), an answer to
hidden parts, a map checked to 1 %, the test whether it holds, and the exact truth of nine regions under three fills
(1,534 images), by processor time in Node and by the wall in a real Chromium, each in one process that does nothing
else; then the answers again in the page's own workers, one and several, with the processor time of the whole process.
Numbers: logits and gradients of 200 test images against NumPy's with the same weights, relative to the largest
of each image, and the answers to all 10,000.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import CDPSession, sync_playwright

from innerview.allcnn import load_pretrained
from innerview.data import cifar10
from innerview.data.fitting import preprocess
from innerview.data.samples import example_image
from innerview.model import OUTPUT
from innerview.targets import Logit, together
from innerview.workbench.network import packed_pixels, page_network

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
REQUESTS = {
    "hidden parts": {"kind": "mask", "mask": "/" * 170 + "8=", "cells": [32, 32], "fill": "blurred"},
    "a map to 1 %": {"kind": "map", "tolerance": 0.01, "baseline": "blurred"},
    "whether it holds": {"kind": "check", "baseline": "blurred"},
    "nine regions, exactly": {"kind": "truth", "baseline": "blurred"},
}

NODE = """
import { readFileSync, writeFileSync } from "node:fs";
await import(process.argv[2]);
const [, , , what, network, images, to, rounds] = process.argv;
const text = readFileSync(network, "utf8"), bytes = new Uint8Array(readFileSync(images));
const clock = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const requests = JSON.parse(process.env.REQUESTS ?? "[]");
const found = await {
  speed: () => engineBenchmark.speed(text, bytes, Number(rounds), clock),
  plain: () => engineBenchmark.speed(text, bytes, 3, clock, true),
  answers: () => engineBenchmark.answers(text, bytes, requests, Number(rounds), clock),
  outputs: () => engineBenchmark.outputs(text, bytes),
  gradients: () => engineBenchmark.gradients(text, bytes),
}[what]();
writeFileSync(to, found instanceof Float32Array ? Buffer.from(found.buffer) : JSON.stringify(found));
"""

TFJS = """
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.argv[2] + "/package.json");
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");
wasm.setThreadsCount(1);
wasm.setWasmPaths(process.argv[2] + "/node_modules/@tensorflow/tfjs-backend-wasm/dist/");
await tf.setBackend("wasm");
const table = JSON.parse(readFileSync(process.argv[3], "utf8"));
const kernels = table.map(({ shape, values }) => tf.tensor4d(values, shape));
const bytes = Float32Array.from(readFileSync(process.argv[4]), (one) => one / 255);
const image = tf.tensor4d(bytes, [1, 32, 32, 3]);
const run = (x) => tf.tidy(() => {
  table.forEach(({ pool }, at) => {
    if (pool) x = tf.avgPool(x, 2, 2, "valid");
    x = tf.elu(tf.conv2d(x, kernels[at], 1, "same"));
  });
  return tf.mean(x, [1, 2]);
});
const clock = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const slope = tf.grad((x) => tf.sum(tf.slice(run(x), [0, 3], [1, 1])));
const timed = async (work) => {
  const from = clock();
  const out = work();
  await out.data();
  out.dispose();
  return clock() - from;
};
const found = { forward: [], both: [], said: Array.from(await run(image).data()) };
for (let round = -3; round < Number(process.argv[5]); round++) {
  const forward = await timed(() => run(image));
  let both = null;
  try { both = await timed(() => slope(image)); } catch (problem) { found.problem = String(problem.message); }
  if (round >= 0) { found.forward.push(forward); if (both !== null) found.both.push(both); }
}
console.log(JSON.stringify(found));
"""

WORKERS = """async ({ engine, text, image, requests, rounds, most }) => {
  const worker = new Worker(URL.createObjectURL(new Blob([engine])));
  const asked = (id, request) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.id !== id || data.state === "queued" || data.state === "level") return;
      if (data.state === "failed") reject(data.message);
      else resolve();
    };
    worker.postMessage({ ask: JSON.stringify({ id, image: "image", ...request }) });
  });
  const open = JSON.stringify({ ...JSON.parse(text), images: { image } });
  worker.postMessage({ open, more: { most, script: engine } });
  const found = requests.map(() => []);
  // The first answers find helpers that are still opening the network.
  for (let id = 0; id < 3; id++) await asked(id, { kind: "effects", region: [2, 3, 8, 8], fill: "black" });
  for (let round = 0; round < rounds; round++) {
    for (const [number, request] of requests.entries()) {
      if (request.kind === "truth" && round) continue;
      const from = performance.now();
      // A little less exact each time, so that nothing is remembered.
      await asked(100 + round * 10 + number, { ...request, tolerance: 0.01 + round * 1e-9 });
      found[number].push(performance.now() - from);
    }
  }
  worker.terminate();
  return found;
}"""


def node() -> str:
    """The command that runs scripts."""
    found = shutil.which("node")
    if found is None:
        sys.exit("node is not on PATH")
    return found


def built(folder: Path) -> Path:
    """The engine with what measures it, as one script."""
    vite = ROOT / "frontend" / "node_modules" / "vite" / "bin" / "vite.js"
    environment = {**os.environ, "PART": "benchmark", "OUT": str(folder)}
    command = [node(), str(vite), "build", "--config", "vite.engine.config.ts", "--logLevel", "error"]
    subprocess.run(command, cwd=ROOT / "frontend", env=environment, check=True)
    return folder / "benchmark.js"


def chromium() -> str | None:
    """The browser that is meant."""
    return os.environ.get("INNERVIEW_CHROMIUM") or shutil.which("chromium")


def taken(tab: CDPSession) -> float:
    """Seconds of the processor that all processes of pages took so far."""
    told: dict[str, Any] = tab.send("SystemInfo.getProcessInfo")
    return sum(float(one["cpuTime"]) for one in told["processInfo"] if one["type"] == "renderer")


def spread(values: list[float]) -> str:
    """Median, and the tenth and ninetieth of a hundred."""
    low, high = np.percentile(values, [10, 90])
    return f"{statistics.median(values):8.1f} ms  ({low:.1f} to {high:.1f}, n = {len(values)})"


class Machine:
    """Files for the scripts, and how they are run."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder, self.rounds = folder, rounds
        self.model = load_pretrained()
        self.script = built(folder)
        self.network = folder / "network.json"
        self.network.write_text(json.dumps({**page_network(self.model, "allcnn"), "images": {}}), encoding="utf-8")
        (folder / "node.mjs").write_text(NODE, encoding="utf-8")
        cat = preprocess(example_image("cat"), self.model.input).pixels
        self.image = np.rint(255 * cat).astype(np.uint8).tobytes()

    def node(self, what: str, images: bytes, *, rounds: int = 0) -> bytes:
        """Run a part in Node; what it found."""
        (self.folder / "images").write_bytes(images)
        command = [
            node(),
            "node.mjs",
            self.script.as_uri(),
            what,
            self.network,
            "images",
            "found",
            rounds or self.rounds,
        ]
        environment = {**os.environ, "REQUESTS": json.dumps(list(REQUESTS.values()))}
        subprocess.run(list(map(str, command)), cwd=self.folder, env=environment, check=True)
        return (self.folder / "found").read_bytes()

    def speeds(self) -> None:
        """Processor times in Node."""
        for what, words in (("speed", "WebAssembly"), ("plain", "plain TypeScript")):
            for name, values in json.loads(self.node(what, self.image)).items():
                print(f"Node, {words}, {name}: {spread(values)}", flush=True)
        answers = json.loads(self.node("answers", self.image, rounds=max(3, self.rounds // 4)))
        for name, values in zip(REQUESTS, answers, strict=True):
            print(f"Node, {name}: {spread(values)}", flush=True)

    def browser(self) -> None:
        """Times of the wall in Chromium, and of answers there."""
        asking = """async ([network, image, rounds, requests]) => {
          const bytes = Uint8Array.from(atob(image), (one) => one.charCodeAt(0)), clock = () => performance.now();
          const speed = await engineBenchmark.speed(network, bytes, rounds, clock);
          return [speed, await engineBenchmark.answers(network, bytes, requests, Math.max(3, rounds >> 2), clock)];
        }"""
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            page = browser.new_page()
            page.add_script_tag(path=str(self.script))
            given = [self.network.read_text(encoding="utf-8"), base64.b64encode(self.image).decode(), self.rounds]
            speed, answers = page.evaluate(asking, [*given, list(REQUESTS.values())])
            print(f"Chromium {browser.version}")
            browser.close()
        for name, values in [*speed.items(), *zip(REQUESTS, answers, strict=True)]:
            print(f"Chromium, {name}: {spread(values)}", flush=True)

    def workers(self) -> None:
        """Times of the wall in the page's own workers, from a file, and what the page's process takes of processors."""
        (self.folder / "blank.html").write_text("<!doctype html>", encoding="utf-8")
        cat = preprocess(example_image("cat"), self.model.input).pixels
        given = {
            "engine": (ROOT / "src" / "innerview" / "viewer" / "bundle" / "engine.js").read_text(encoding="utf-8"),
            "text": self.network.read_text(encoding="utf-8"),
            "image": packed_pixels(cat),
            "requests": list(REQUESTS.values()),
            "rounds": self.rounds,
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            tab = browser.new_browser_cdp_session()
            for workers in (1, 2, 4):
                page = browser.new_page()
                page.goto((self.folder / "blank.html").as_uri())
                before = taken(tab)
                answers = page.evaluate(WORKERS, {**given, "most": workers - 1})
                print(f"Chromium, {workers} workers: {taken(tab) - before:.1f} s of the processor, opening and all")
                for name, values in zip(REQUESTS, answers, strict=True):
                    print(f"Chromium, {workers} workers, {name}: {spread(values)}", flush=True)
                page.close()
            browser.close()

    def tfjs(self, folder: Path) -> None:
        """The same network by TensorFlow.js, in the same run."""
        weights = self.model.weights()
        pools = {"conv4", "conv7"}
        table: list[dict[str, Any]] = [
            {"shape": list(one.transpose(2, 3, 1, 0).shape), "values": one.transpose(2, 3, 1, 0).ravel().tolist()}
            | {"pool": name.removesuffix(".weight") in pools}
            for name, one in weights.items()
        ]
        (self.folder / "table.json").write_text(json.dumps(table), encoding="utf-8")
        (self.folder / "tfjs.mjs").write_text(TFJS, encoding="utf-8")
        (self.folder / "images").write_bytes(self.image)
        command = [node(), "tfjs.mjs", folder.resolve(), "table.json", "images", self.rounds]
        ended = subprocess.run(list(map(str, command)), cwd=self.folder, capture_output=True, text=True, check=True)
        found = json.loads(ended.stdout.splitlines()[-1])
        ours = self.model.forward(np.frombuffer(self.image, np.uint8).reshape(1, 32, 32, 3).astype(np.float32) / 255)
        off = float(np.abs(np.array(found["said"]) - ours.outputs[0]).max())
        print(f"Node, TensorFlow.js, forward: {spread(found['forward'])}; logits within {off:.1g} of NumPy's")
        told = spread(found["both"]) if found["both"] else f"not to be had: {found.get('problem')}"
        print(f"Node, TensorFlow.js, both: {told}", flush=True)

    def numbers(self, data: Path) -> None:
        """Logits, gradients and answers against NumPy's."""
        test = cifar10.load(data).test
        some, every = test.images[:200], test.images
        logits = np.frombuffer(self.node("outputs", every.tobytes()), np.float32).reshape(len(every), -1)
        slopes = np.frombuffer(self.node("gradients", some.tobytes()), np.float32).reshape(some.shape)
        exact, gradients = list[np.ndarray](), list[np.ndarray]()
        for at in range(0, len(every), 4):
            exact.append(self.model.forward(every[at : at + 4].astype(np.float32) / 255).outputs)
        known = np.concatenate(exact)
        for image, row in zip(some, known, strict=False):
            target = together([Logit(int(row.argmax()))])
            found = self.model.vjp(image[None].astype(np.float32) / 255, {OUTPUT: target})
            gradients.append(found.input_gradients[0, 0])
        off = np.abs(logits - known).max(axis=1) / np.abs(known).max(axis=1)
        print(f"Logits of {len(some)} images: off by at most {off[: len(some)].max():.2g} of the largest of each image")
        wanted = np.stack(gradients)
        maps, theirs = slopes.sum(axis=3), wanted.sum(axis=3)
        apart = np.abs(maps - theirs).sum(axis=(1, 2)) / np.abs(theirs).sum(axis=(1, 2))
        largest = np.abs(maps - theirs).max(axis=(1, 2)) / np.abs(theirs).max(axis=(1, 2))
        print(
            f"Maps (gradients) of {len(some)}: off by at most {apart.max():.2g} in L1, {largest.max():.2g} in one pixel"
        )
        same = int((logits.argmax(axis=1) == known.argmax(axis=1)).sum())
        right = int((logits.argmax(axis=1) == test.labels).sum())
        print(f"Answers: {same} of {len(every)} the same, logits off by at most {off.max():.2g}; {right} right")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="CIFAR-10, for its numbers")
    parser.add_argument(
        "--tfjs", type=Path, help="folder in which npm installed @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm"
    )
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--only", choices=["speed", "workers", "numbers"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder), asked.rounds)
        if asked.only in (None, "speed"):
            machine.speeds()
            if asked.tfjs:
                machine.tfjs(asked.tfjs)
            machine.browser()
        if asked.only in (None, "workers"):
            machine.workers()
        if asked.data and asked.only in (None, "numbers"):
            machine.numbers(asked.data)


if __name__ == "__main__":
    main()
