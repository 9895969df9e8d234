"""`innerview serve` as people start it: a process of its own, the address that it prints, and Ctrl-C at the end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import innerview
from patience import PATIENCE


@dataclass(frozen=True)
class Served:
    """A server that is ready.

    Attributes:
        url: where it is, up to the last slash; a fragment that it prints is left off.
        process: the server's.
    """

    url: str
    process: subprocess.Popen[str]

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C: its exit status, and what it said on a stderr that is a pipe."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said or ""


@contextmanager
def served(*arguments: str, stderr: int | None = None, source: Path | None = None) -> Iterator[Served]:
    """Run `innerview serve` with these arguments, on a port that is free; it has ended when this is over.

    `source` is the folder of another copy of the package.
    """
    command = [sys.executable, "-m", "innerview", "serve", *arguments, "--no-open", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(source or Path(innerview.__file__).parents[1])}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=environment)
    try:
        assert process.stdout
        found = re.search(r"http://[^\s#]+", process.stdout.readline())
        assert found, "no address was printed"
        server = Served(found.group(), process)
        yield server
        if process.poll() is None:
            server.end()
    finally:
        process.kill()
        process.wait(PATIENCE)
