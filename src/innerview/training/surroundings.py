"""What a run borrows from the process around it, and gives back: Ctrl-C and the number of threads."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

import torch


class Interrupts:
    """Turns the first Ctrl-C into a wish, so that the running step can end and be saved.

    The second Ctrl-C interrupts at once. Outside the main thread, where Python hears no signals, it does nothing.
    """

    def __init__(self) -> None:
        self.asked = False
        self.before: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self.ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Note the wish; let the next signal through."""
        del number, frame
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Threads:
    """Sets PyTorch's number of threads for a while: the order of its sums, and so their last bits, depend on it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.before = torch.get_num_threads()

    def __enter__(self) -> None:
        torch.set_num_threads(self.number)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        torch.set_num_threads(self.before)
