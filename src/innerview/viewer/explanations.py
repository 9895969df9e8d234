"""What each view means, in two or three sentences with a source: the same wherever the view is shown.

The texts stand in explanations.json, which the front end's build reads too, so the pages and the viewer can't say
different things. `views` are what is seen of one image, `run` what is seen of a training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class Explanation:
    """The question that a view answers, what one is looking at, and who introduced it."""

    title: str
    question: str
    text: str
    source: str


def _read(group: str) -> Mapping[str, Explanation]:
    texts = json.loads(Path(__file__).with_name("explanations.json").read_text(encoding="utf-8"))[group]
    return MappingProxyType({key: Explanation(**one) for key, one in texts.items()})


EXPLANATIONS: Final = _read("views")

RUN_EXPLANATIONS: Final = _read("run")
