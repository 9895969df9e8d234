"""What was worked out, kept while there is room: the least recently wanted goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar, final

Value = TypeVar("Value")


@final
class Cache(Generic[Value]):
    """Values by key, of a bounded size in bytes; safe for several threads.

    Args:
        most: bytes at most.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: Hashable) -> Value | None:
        """Give a value, which counts as wanted now; None if it is not held."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of `size` bytes; one that is larger than all the room is not kept."""
        with self._lock:
            self._bytes -= self._held.pop(key, (None, 0))[1]
            if size > self.most:
                return
            self._held[key] = (value, size)
            self._bytes += size
            while self._bytes > self.most:
                _, (_, dropped) = self._held.popitem(last=False)
                self._bytes -= dropped
