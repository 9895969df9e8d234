"""The viewer as one HTML file: it opens from the disk, offline, with one request, in years to come.

Everything is inside: the bundle, and the payloads as deflated base64 texts. With several images each payload stands
in an element of its own that the page reads only when it is wanted, so that five hundred images open as fast as one.
Nothing that comes from a user or an image can end an element: every "<" of the JSON is written as an escape, and a
base64 text has none. The Content-Security-Policy lets in the scripts of this file, known by their hashes, and no
request to anywhere. With a network inside there is one script more, and the engine as a text that becomes a worker:
WebAssembly and workers made of the page's own texts are let in then, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from innerview.export.packed import deflated
from innerview.results import versions
from innerview.viewer.bundle import read_bundle, read_chunk, read_engine
from innerview.viewer.payload import Payload, decode, encode
from innerview.viewer.rendering import render, verbatim

INLINE: Final = 12
"""Payloads up to which they stand in the JSON itself: one image's."""

EXPORTS: Final = re.compile(r"export\s*\{([^{}]*)\}\s*;?\s*$")
"""The last statement of the bundle, which names what it exports."""

ESCAPED: Final = re.compile("[<\\u2028\\u2029\\ud800-\\udfff]")
"""What JSON in a page is written without: it could end its element, or a line of a program, or is half a character."""

KEYS: Final = ("model", "image", "target", "versus", "method", "baseline", "run", "fill")


@dataclass(frozen=True, eq=False)
class Packed:
    """A payload on its way into a file.

    Attributes:
        kind: of the payload.
        keys: what a request must ask for to get it, of KEYS; what is left out suits every request.
        text: base64 of the deflated blob.
    """

    kind: str
    keys: Mapping[str, object]
    text: str = field(repr=False)


def pack(payload: Payload, **keys: object) -> Packed:
    """Deflate a payload; keys beside network and image say which requests it answers."""
    known = {"model": payload.metadata["model"] or None, "image": payload.metadata["image"] or None}
    return Packed(payload.kind, {**known, **keys}, deflated(encode(payload)))


def unpack(packed: Packed) -> Payload:
    """Give back what was packed."""
    return decode(zlib.decompress(base64.b64decode(packed.text), -zlib.MAX_WBITS))


def describe_page(hello: Mapping[str, object], payloads: Sequence[Packed]) -> dict[str, Any]:
    """The page as JSON, with all payloads inside: what a notebook's widget holds."""
    entries = [{"kind": one.kind, **one.keys, "bytes": one.text} for one in payloads]
    return {"version": versions()["innerview"], "hello": {**hello, "file": True}, "payloads": entries}


def write_page(
    title: str,
    hello: Mapping[str, object],
    payloads: Iterable[Packed],
    network: Mapping[str, object] | None = None,
    *,
    survey: bool = False,
) -> str:
    """Write the viewer with its payloads as one HTML text.

    Args:
        title: of the page.
        hello: what a server says first: networks, images, runs.
        payloads: everything that the page can show.
        network: a network that runs in the page, with its "fingerprint"; None for a page that shows what is in it.
        survey: put the data-set view into it, which is no part of the module.

    Raises:
        OutputError: the viewer was not built.
    """
    held = list(payloads)
    page = describe_page(hello, held)
    elements: list[tuple[str, object]] = []
    if len(held) > INLINE:
        for number, entry in enumerate(page["payloads"]):
            entry["element"] = f"payload-{number}"
            elements.append((entry["element"], verbatim(entry.pop("bytes"))))
    bundle = read_bundle()
    view, style = "", bundle.style
    script = safe_script(started(bundle.script))
    scripts, workers, live = [f"'sha256-{_hash(script)}'"], "", ""
    if network is not None:
        engine = read_engine()
        live = safe_script(engine.live)
        scripts += [f"'sha256-{_hash(live)}'", "'wasm-unsafe-eval'"]
        workers = "worker-src blob:; "
        elements += [("network", verbatim(safe_json(network))), ("engine", verbatim(packed_text(engine.worker)))]
    if survey:
        chunk = read_chunk()
        view, style = safe_script(chunk.script), f"{style}\n{chunk.style}"
        scripts.append(f"'sha256-{_hash(view)}'")
    policy = (
        f"default-src 'none'; script-src {' '.join(scripts)}; {workers}style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return render(
        "viewer.html",
        title=title,
        policy=policy,
        style=verbatim(safe_style(style)),
        view=verbatim(view),
        script=verbatim(script),
        page=verbatim(safe_json(page)),
        elements=elements,
        live=verbatim(live),
    )


def packed_text(text: str) -> str:
    """A text as base64 of its deflated UTF-8."""
    return deflated(text.encode())


def started(module: str) -> str:
    """Turn the bundle, which exports, into a script that starts itself.

    Raises:
        ValueError: the bundle ends in no export of `start`.
    """
    exports = EXPORTS.search(module)
    pairs = [one.strip().split(" as ") for one in exports.group(1).split(",")] if exports else []
    start = next((pair[0] for pair in pairs if pair[-1] == "start"), None)
    if exports is None or start is None:
        raise ValueError("the bundle's last statement exports no `start`; see frontend/src/index.ts")
    return f"{module[: exports.start()]}{start}();"


def safe_script(text: str) -> str:
    """Write a script so that nothing in it ends its element or begins a comment of HTML."""
    return re.sub(r"<(?=/script|!--|script)", r"\\x3C", text, flags=re.IGNORECASE)


def safe_style(text: str) -> str:
    """The same for a stylesheet."""
    return re.sub(r"<(?=/style)", r"\\3C ", text, flags=re.IGNORECASE)


def safe_json(value: object) -> str:
    """Write JSON that stands in an element as it is, and can be written as UTF-8."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
