"""Twenty people with a slider each, then two hundred uploads: no error, quick answers, memory that stays flat.

    PYTHONPATH=src:tests python tests/web/soaking.py [SECONDS] [UPLOADS]

Run by scripts/soak, not by pytest: it takes minutes and measures time. The server is a process of its own; each person
asks, eight times a second, for a path or a map that is known already, as a slider that wanders over images does.
Prints what it measured and ends with 1 if a bound was broken.
"""

# ruff: noqa: T201, S310, S311 it prints what it measured, of its own server, with chances that are no secret

from __future__ import annotations

import asyncio
import io
import itertools
import json
import random
import re
import statistics
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect

from serving import served

PEOPLE = 20
PAUSE = 1 / 8
MEDIAN = 0.1
GROWTH = 40.0
"""Megabytes: what an allocator may keep."""


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found
    return int(found.group(1)) / 1024


async def ask(socket: ClientConnection, number: int, question: dict[str, Any]) -> float:
    """Ask, wait for the end of the answer, and give the seconds that it took."""
    began = time.perf_counter()
    await socket.send(json.dumps({"id": number, **question}))
    while True:
        told = await socket.recv()
        if isinstance(told, bytes):
            continue
        message = json.loads(told)
        if message.get("id") != number:
            continue
        if message["state"] in {"failed", "cancelled"}:
            raise AssertionError(f"{question} was answered {message}")
        if message["state"] in {"done", "not-met"}:
            await socket.recv()
            return time.perf_counter() - began


def questions(hello: dict[str, Any]) -> list[dict[str, Any]]:
    base = {"model": hello["models"][0]["id"]}
    return [
        {**base, "kind": kind, "image": sample["image"], "target": 3}
        for kind, sample in itertools.product(("path", "map"), hello["samples"][:3])
    ]


async def person(url: str, seed: int, seconds: float, begin: float) -> list[float]:
    """One person at a slider."""
    choose = random.Random(seed)
    async with connect(url, max_size=None, compression=None) as socket:
        asked = questions(json.loads(await socket.recv()))
        took: list[float] = []
        numbers = itertools.count(1)
        await asyncio.sleep(max(0.0, begin - time.monotonic()) + choose.random() * PAUSE)
        while time.monotonic() < begin + seconds:
            took.append(await ask(socket, next(numbers), choose.choice(asked)))
            await asyncio.sleep(PAUSE)
        return took


async def slide(url: str, seconds: float, pid: int) -> tuple[list[float], float, float]:
    async with connect(url, max_size=None) as socket:
        for number, question in enumerate(questions(json.loads(await socket.recv())), start=1):
            await ask(socket, number, question)
    begin = time.monotonic() + 1
    people = [asyncio.create_task(person(url, seed, seconds, begin)) for seed in range(PEOPLE)]
    await asyncio.sleep(min(5.0, seconds / 2) + 1)
    before = resident(pid)
    took = [one for each in await asyncio.gather(*people) for one in each]
    return took, before, resident(pid)


def upload(url: str, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    request = urllib.request.Request(f"{url}images", data=buffer.getvalue(), method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def main(seconds: float = 60, uploads: int = 200) -> int:
    with served() as server:
        pid = server.process.pid
        took, before, after = asyncio.run(slide(server.url.replace("http", "ws") + "socket", seconds, pid))
        middle, late = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        print(
            f"{PEOPLE} people, {seconds:g} s: {len(took):,} answers, median {1000 * middle:.0f} ms, "
            f"95 % within {1000 * late:.0f} ms; memory {before:.0f} to {after:.0f} MB"
        )
        for seed in range(uploads // 4):
            upload(server.url, seed)
        halfway = resident(pid)
        for seed in range(uploads // 4, uploads):
            upload(server.url, seed)
        end = resident(pid)
        print(f"{uploads} uploads: memory {halfway:.0f} MB after {uploads // 4}, {end:.0f} MB at the end")
        ended, _ = server.end()
    broken = [
        words
        for words, holds in {
            f"the median is above {1000 * MEDIAN:.0f} ms": middle <= MEDIAN,
            "memory grew while people slid": after - before <= GROWTH,
            "memory grew with uploads": end - halfway <= GROWTH,
            f"the server ended with {ended}": ended == 0,
        }.items()
        if not holds
    ]
    print("; ".join(broken) or "all bounds hold")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(*(float(one) for one in sys.argv[1:2]), *(int(one) for one in sys.argv[2:3])))
