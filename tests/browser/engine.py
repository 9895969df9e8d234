"""The engine of a page, asked by the page itself in whatever browser: the cases that frontend/tests runs in Node.

Pages are anything that evaluates a function, so that one table holds for every browser.
"""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from innerview.viewer.payload import decode

TESTS: Final = Path(__file__).resolve().parents[2] / "frontend" / "tests"
ANSWERS: Final[list[dict[str, Any]]] = json.loads((TESTS / "answers.json").read_text(encoding="utf-8"))
NETWORKS: Final[list[dict[str, Any]]] = json.loads((TESTS / "engine.json").read_text(encoding="utf-8"))
LIMIT: Final = 1e-5
"""Of the largest output of a network, as in frontend/tests/engine.test.ts."""


class Evaluates(Protocol):
    """A page with a network inside, in some browser."""

    def evaluate(self, expression: str, arg: Any = None, /) -> Any:
        """What a function of the page gives for a value."""
        ...


ASK_ALL = """async ({ network, image, requests }) => {
  const text = atob(document.getElementById("engine").textContent);
  const packed = new Response(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  const script = await new Response(packed.body.pipeThrough(new DecompressionStream("deflate-raw"))).blob();
  const worker = new Worker(URL.createObjectURL(script));
  const answers = [];
  const ended = new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      if (data.state === "failed") answers[data.id] = data.message;
      else if (data.state === "done" || data.state === "not-met") {
        const bytes = new Uint8Array(data.blob);
        answers[data.id] = btoa(Array.from(bytes, (one) => String.fromCharCode(one)).join(""));
      } else return;
      if (Object.keys(answers).length === requests.length) resolve();
    };
  });
  worker.postMessage({ open: JSON.stringify({ ...network, images: image }) });
  requests.forEach((request, id) => worker.postMessage({ ask: JSON.stringify({ id, ...request }) }));
  await ended;
  return answers;
}"""

SEVERAL = """async ({ network, image, request, workers, before, helped }) => {
  const text = atob(document.getElementById("engine").textContent);
  const packed = new Response(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  const script = await new Response(packed.body.pipeThrough(new DecompressionStream("deflate-raw"))).text();
  const worker = new Worker(URL.createObjectURL(new Blob([before, script])));
  let passes = 0;
  const asked = (id) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (data.helped) passes += 1;
      else if (data.id !== id || data.state === "queued" || data.state === "level") return;
      else if (data.state === "failed") reject(data.message);
      else resolve(btoa(Array.from(new Uint8Array(data.blob), (one) => String.fromCharCode(one)).join("")));
    };
    worker.postMessage({ ask: JSON.stringify({ id, ...request }) });
  });
  worker.postMessage({ open: JSON.stringify({ ...network, images: image }), more: { most: workers - 1, script } });
  // Given up at once: what helpers still bring of it must not be taken for the next one's.
  worker.postMessage({ ask: JSON.stringify({ id: 0, ...request }) });
  worker.postMessage({ ask: JSON.stringify({ id: 0, kind: "cancel" }) });
  let found = await asked(1);
  // The first questions may be answered before a helper is there.
  for (let id = 2; helped && !passes && id < 400; id++) found = await asked(id);
  worker.terminate();
  return { found, passes };
}"""

# The engine as a helper runs passes, and nothing else.
RUN_ALL = """async (cases) => {
  const text = atob(document.getElementById("engine").textContent);
  const packed = new Response(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  const script = await new Response(packed.body.pipeThrough(new DecompressionStream("deflate-raw"))).blob();
  const url = URL.createObjectURL(script);
  const found = [];
  for (const { network, weights, images } of cases) {
    const worker = new Worker(url);
    const told = () => new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
    worker.postMessage({ help: { network, output: null }, weights: Float32Array.from(weights) });
    await told();
    worker.postMessage({ images: Float32Array.from(images) });
    const { outputs, problem } = await told();
    found.push(problem ?? Array.from(outputs));
    worker.terminate();
  }
  return found;
}"""


def halves(text: str) -> np.ndarray:
    """Weights as they stand in a page: low bytes of 16 bits, then high ones, deflated."""
    packed = np.frombuffer(zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS), np.uint8)
    return np.ascontiguousarray(packed.reshape(2, -1).T).view("<f2")[:, 0].astype(np.float32)


def numbers(text: str) -> np.ndarray:
    """Numbers of 32 bits."""
    return np.frombuffer(base64.b64decode(text), "<f4")


def runs_as_numpy(page: Evaluates) -> None:
    """Assert that small random networks give what the NumPy adapter makes of them."""
    given = [
        {
            "network": one["network"],
            "weights": halves(one["weights"]).tolist(),
            "images": numbers(one["images"]).tolist(),
        }
        for one in NETWORKS
    ]
    for case, found in zip(NETWORKS, page.evaluate(RUN_ALL, given), strict=True):
        wanted = numbers(case["outputs"])
        np.testing.assert_allclose(found, wanted, rtol=0, atol=LIMIT * float(np.abs(wanted).max()))


def answers_as_a_server(page: Evaluates) -> None:
    """Assert that questions are answered as a server does; frontend/tests/answers.test.ts compares every word."""
    for golden in ANSWERS:
        compare(page, golden)


def compare(page: Evaluates, golden: dict[str, Any]) -> None:
    cases = [case for case in golden["answers"] if case["request"]["kind"] != "subject"]
    image = {cases[0]["request"]["image"]: packed_image(page, golden)}
    given = {"network": golden["network"], "image": image, "requests": [case["request"] for case in cases]}
    for case, answer in zip(cases, page.evaluate(ASK_ALL, given), strict=True):
        found, wanted = (decode(base64.b64decode(text)) for text in (answer, case["payload"]))
        assert found.kind == wanted.kind
        for name in ("heatmap", "evidence", "logits", "blocks", "values"):
            if name in wanted.arrays:
                limit = 1e-4 * float(np.abs(wanted.values(name)).max())
                np.testing.assert_allclose(
                    found.values(name), wanted.values(name), atol=limit, err_msg=str(case["request"])
                )


def packed_image(page: Evaluates, golden: dict[str, Any]) -> str:
    """The image of golden answers as a page holds it, packed by the browser."""
    pixels = np.frombuffer(base64.b64decode(golden["image"]), np.uint8).astype("<u2") * 257
    return page.evaluate(
        """async (text) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const stream = new Response(bytes).body.pipeThrough(new CompressionStream("deflate-raw"));
          const packed = new Uint8Array(await new Response(stream).arrayBuffer());
          return btoa(Array.from(packed, (one) => String.fromCharCode(one)).join(""));
        }""",
        base64.b64encode(pixels.tobytes()).decode(),
    )
