"""How the blocks of a drawn model hang together: what each takes, and on which lane a line passes the blocks between.

A block takes the output of the one in front of it, of others, or what another one took and more beside: that is how a
sum that grows from block to block (a skip connection) is told from one of many parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from innerview.model import INPUT, Layer

LANES: Final = 6
"""Lines that pass a block at once, at most; what has none is still said in words."""


@dataclass(frozen=True)
class Takes:
    """What a block takes.

    Attributes:
        blocks: numbers of the blocks whose outputs it takes; −1 for the image.
        shared: the block of which it takes the input too; None for none.
    """

    blocks: tuple[int, ...] = ()
    shared: int | None = None

    def only(self, block: int) -> bool:
        """Whether it takes this block's output and nothing else."""
        return self.blocks == (block,) and self.shared is None


def takes(heads: Sequence[Layer], block_of: Mapping[str, int]) -> list[Takes] | None:
    """Say what each block takes; None if the wiring of any is not known.

    Args:
        heads: the first layer of each block.
        block_of: by the name of any layer, the number of its block.
    """
    found = list[Takes]()
    joined = list[tuple[int, frozenset[str]]]()
    for number, head in enumerate(heads):
        if head.sources is None:
            return None
        sources = frozenset(head.sources)
        within = [(len(before), block, before) for block, before in joined if before <= sources]
        _, shared, known = max(within, key=lambda one: one[:2]) if within else (0, None, frozenset[str]())
        if len(sources) > 1:
            joined.append((number, sources))
        rest = {-1 if name == INPUT else block_of[name] for name in sources - known}
        found.append(Takes(tuple(sorted(rest)), shared))
    return found


@dataclass(frozen=True)
class Wire:
    """A line that passes blocks.

    Attributes:
        start: the block that it leaves: behind it, or in front of it if `in_front`.
        end: the block that it enters.
        lane: on which it lies, from 0.
    """

    start: int
    end: int
    lane: int
    in_front: bool = False


def wires(taken: Sequence[Takes]) -> list[Wire]:
    """Lay a line for whatever a block takes that is not the output of the one in front of it, as far as lanes go."""
    wanted = list[tuple[int, int, bool]]()
    for end, one in enumerate(taken):
        wanted += [(start, end, False) for start in one.blocks if start != end - 1]
        wanted += [] if one.shared is None else [(one.shared, end, True)]
    laid, free = list[Wire](), [-2] * LANES
    for start, end, in_front in sorted(wanted):
        lane = next((lane for lane, until in enumerate(free) if until <= start), None)
        if lane is not None:
            free[lane] = end
            laid.append(Wire(start, end, lane, in_front))
    return laid
