"""Are planted cheats found, and is a clean network left in peace? Forty small networks, trained unattended.

    python benchmarks/cheats OUT --data PATH [--part held-out] [--most N]

PATH holds CIFAR-10 as class folders. Each network is a row of OUT/networks.jsonl; what is there is not done again. The
rule was settled on the part "development" alone: other seeds, and kinds that the held-out half does not have. A network
that did not learn its cue has no cheat: where the cue, put into images of other classes, makes it answer the class in
fewer than `LEARNT` of them more than before, the next seed is taken, and the row says so.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from cues import Cue
from networks import ASKED, TRAINED, Planted, Small, plant, read, train

from innerview import InputSpec, OutputSpec, survey, wrap
from innerview.data.cifar10 import CLASSES
from innerview.methods.activation_distances import penultimate
from innerview.types import Array, Images
from innerview.workbench.survey.suspects import Finding, find_suspects

LEARNT: Final = 0.2
TRIES: Final = 3
"""Seeds that are tried until a network learns its cue."""
KINDS: Final = {
    "development": ("patch", "text", "tint", "watermark", "texture"),
    "held-out": ("frame", "blur", "noise", "position", "object"),
}
FIRST: Final = {"development": 40_000, "held-out": 50_000}
"""Of the seeds; the rule was settled on others, and four of 20,000 and 30,000 on were looked at."""


def plan(part: str) -> Iterator[tuple[str, int]]:
    """Ten networks with a cue, each kind twice, and ten clean ones, by turns: kind (empty for none) and first seed."""
    kinds = KINDS[part] * 2
    for number, kind in enumerate(kinds):
        yield kind, FIRST[part] + 10 * number
        yield "", FIRST[part] + 500 + number


def answers(model: Small, images: Images) -> Array:
    """The class that a network gives each image."""
    with torch.no_grad():
        return model(torch.from_numpy(images).permute(0, 3, 1, 2)).argmax(1).numpy()


def learnt(model: Small, cue: Cue, clean: Images, labels: Array, target: int) -> float:
    """How many more images of other classes get the class with the cue, as a share."""
    others = clean[labels != target][::9]
    random = np.random.default_rng(0)
    shown = np.stack([cue.apply(image, random) for image in others])
    return float((answers(model, shown) == target).mean() - (answers(model, others) == target).mean())


def judge(finding: Finding, asked: Planted) -> dict[str, Any]:
    """One finding against the truth."""
    members = np.array([int(name) for name in finding.members])
    purity = float(asked.marked[members].mean())
    found = asked.cue is not None and finding.answer == CLASSES[asked.target] and purity >= 0.5
    kind, _, number = finding.way.partition(" ")
    located = found and kind in asked.cue.ways and (not number or int(number) in asked.cue.where)  # type: ignore[union-attr]
    told = {name: value for name, value in asdict(finding).items() if name not in {"members", "examples"}}
    return {**told, "purity": purity, "found": found, "located": located}


def one(kind: str, seed: int, data: tuple[tuple[Images, Array], tuple[Images, Array]]) -> dict[str, Any]:
    """Train, survey and look for suspects."""
    began = time.process_time()
    reached: list[float] = []
    for own in range(seed, seed + (TRIES if kind else 1)):
        trained, asked = plant(*data[0], own, kind), plant(*data[1], own, kind)
        network = train(trained, own)
        if asked.cue is not None:
            reached.append(learnt(network, asked.cue, *data[1], asked.target))
        if not kind or reached[-1] >= LEARNT:
            break
    row: dict[str, Any] = {
        "kind": kind,
        "seed": own,
        "learnt": reached,
        "accuracy": float((answers(network, asked.images) == asked.labels).mean()),
        "class": CLASSES[asked.target],
        "marked": int(asked.marked.sum()),
        "where": sorted(asked.cue.where) if asked.cue else [],
        "trained_s": time.process_time() - began,
    }
    if kind and reached[-1] < LEARNT:
        return {**row, "cheats": False}
    began = time.process_time()
    model = wrap(
        network,
        input=InputSpec(32, 32, layout="CHW"),
        output=OutputSpec(tuple(CLASSES)),
        batch_size=512,
    )
    images = [(image, int(label)) for image, label in zip(asked.images, asked.labels, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        survey(model, images, regions=None, layers=[penultimate(model).name], output=Path(folder) / "rows")
        found = find_suspects(Path(folder) / "rows", model, images)
    return {
        **row,
        "cheats": bool(kind),
        "tried": found.tried,
        "skipped": list(found.skipped),
        "findings": [judge(one, asked) for one in found.findings],
        "asked_s": time.process_time() - began,
    }


def interval(hits: int, count: int) -> str:
    """A share with its 95 % interval (Wilson 1927)."""
    if not count:
        return "none yet"
    share, z = hits / count, 1.959964
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return f"{hits} of {count} ({max(middle - half, 0):.0%} to {min(middle + half, 1):.0%})"


def told(rows: list[dict[str, Any]]) -> None:
    """Print what there is so far."""
    for part, first in FIRST.items():
        own = [row for row in rows if first <= row["seed"] < first + 900]
        cheats = [row for row in own if row["cheats"]]
        clean = [row for row in own if not row["kind"]]
        unlearnt = [row["kind"] for row in own if row["kind"] and not row["cheats"]]
        found = sum(any(one["found"] for one in row["findings"]) for row in cheats)
        located = sum(any(one["located"] for one in row["findings"]) for row in cheats)
        others = sum(any(not one["found"] for one in row["findings"]) for row in cheats)
        print(f"{part}: cheats found {interval(found, len(cheats))}, located {interval(located, len(cheats))}")
        print(f"  clean networks with an alarm {interval(sum(bool(row['findings']) for row in clean), len(clean))}")
        print(
            f"  networks with a cheat and a finding that is none: {others}; not learnt: {', '.join(unlearnt) or 'none'}"
        )


def main() -> None:
    """Measure what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--part", choices=list(KINDS), action="append")
    parser.add_argument("--most", type=int, default=100, help="networks to add in this run")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "networks.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(row["kind"], row["seed"] // 10 if row["kind"] else row["seed"]) for row in rows}
    waiting = [
        (kind, seed)
        for part in options.part or list(KINDS)
        for kind, seed in plan(part)
        if (kind, seed // 10 if kind else seed) not in done
    ][: options.most]
    if waiting:
        data = read(options.data, "train", 0, TRAINED), read(options.data, "train", 1000, ASKED)
        for kind, seed in waiting:
            rows.append(one(kind, seed, data))
            with file.open("a") as stream:
                stream.write(json.dumps(rows[-1]) + "\n")
            said = [
                (f["answer"], f["way"], round(f["portion"], 2), f["found"], f["located"])
                for f in rows[-1].get("findings", [])
            ]
            print(kind or "clean", rows[-1]["seed"], rows[-1]["learnt"], said, flush=True)
    told(rows)


if __name__ == "__main__":
    main()
