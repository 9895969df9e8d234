"""One file holds everything, asks for nothing, and nothing that a user names can break out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html import unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from innerview.viewer import one_file
from innerview.viewer.bundle import Bundle
from innerview.viewer.one_file import INLINE, pack, safe_json, safe_script, safe_style, started, write_page
from innerview.viewer.payload import Payload, counted, decode, make_payload

NASTY = "</script><script>broken()</script><!--<script>&\u2028'\""


@pytest.fixture(autouse=True)
def _bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = Bundle('const a="</script><!--";function s(){}export{a as mount,s as start};', "a{content:'</style>'}")
    monkeypatch.setattr(one_file, "read_bundle", lambda: bundle)


def payload(number: int = 0) -> Payload:
    values = np.array([number, 1], np.float32)
    return make_payload(
        "mask",
        {"logits": values, "probabilities": values, "predicted": counted([0]), "confidence": values[:1]},
        model="0" * 16,
        image=f"{number:08}",
        fraction=0.5,
        pixels=1,
        fill="black",
    )


def elements(page: str) -> list[tuple[str, str]]:
    """The script elements as a browser finds them: each ends at the first end tag."""
    return re.findall(r"<script([^>]*)>(.*?)</script>", page, flags=re.DOTALL | re.IGNORECASE)


def test_what_went_in_comes_out() -> None:
    page = write_page(NASTY, {"state": "hello", "models": [NASTY]}, [pack(payload(), target=3, method=NASTY)])
    (_, data), (_, _) = elements(page)
    found = json.loads(data)
    assert found["hello"] == {"state": "hello", "models": [NASTY], "file": True}
    (entry,) = found["payloads"]
    assert (entry["kind"], entry["target"], entry["method"]) == ("mask", 3, NASTY)
    blob = zlib.decompress(base64.b64decode(entry["bytes"]), -zlib.MAX_WBITS)
    assert decode(blob).arrays["logits"].tolist() == [0, 1]


def test_many_payloads_stand_in_elements_of_their_own() -> None:
    packed = [pack(payload(number)) for number in range(INLINE + 488)]
    page = write_page("many", {}, packed)
    data, *texts, _ = elements(page)
    entries = json.loads(data[1])["payloads"]
    assert not any("bytes" in entry for entry in entries)
    assert len(texts) == 500
    found = {re.search(r'id="([^"]*)"', head).group(1): text for head, text in texts}  # type: ignore[union-attr]
    last = found[entries[-1]["element"]]
    blob = zlib.decompress(base64.b64decode(last), -zlib.MAX_WBITS)
    assert decode(blob).arrays["logits"][0] == 499


def test_only_its_own_script_may_run_and_nothing_may_be_asked_for() -> None:
    page = write_page(NASTY, {"models": [NASTY]}, [])
    written = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)  # type: ignore[union-attr]
    policy = unescape(written)
    scripts = [text for head, text in elements(page) if "application/json" not in head]
    (script,) = scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"sha256-{digest}" in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert not re.findall(r"(?:src|href)=\"(?!data:,)", page)
    assert page.count("<title>") == 1


def test_a_page_without_the_export_is_refused() -> None:
    with pytest.raises(ValueError, match="start"):
        started("export{a as mount}")
    assert started("x;export { a as mount, b as start } ;\n") == "x;b();"
    assert started("x;export{start}") == "x;start();"


@given(st.lists(st.sampled_from([*"</>!- ", "script", "style", "SCRIPT", "Style", "<!--", "</"]), max_size=30))
def test_nothing_ends_its_element(parts: list[str]) -> None:
    text = "".join(parts)
    assert not re.search(r"</?script|<!--", safe_script(text), flags=re.IGNORECASE)
    assert "</style" not in safe_style(text).lower()
    written = safe_json({"text": text})
    assert "<" not in written
    assert json.loads(written) == {"text": text}
