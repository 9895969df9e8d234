"""Which regions were asked about of which image: whoever asks often enough finds something, so tries are counted.

Each try is counted once, however often its answer is looked at, and as long as the session lasts: by whichever page it
was made. An image that was not asked about for long is forgotten when there are too many.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final, final

import numpy as np

from innerview.results import RegionEffects
from innerview.session.cache import Cache
from innerview.session.compute.effects import EFFECTS
from innerview.session.query import Query

IMAGES: Final = 256
"""Images whose tries are kept."""


@final
class Tries:
    """P-values of all regions that were asked about, by model and image."""

    def __init__(self) -> None:
        self._made: Cache[Mapping[Hashable, tuple[float, ...]]] = Cache(IMAGES)

    def others(self, query: Query) -> tuple[float, ...]:
        """P-values of the tries made on this image, but for the query's own."""
        own = EFFECTS.key(query)
        made = self._made.get((query.model, query.image)) or {}
        return tuple(p for key, values in made.items() if key != own for p in values)

    def add(self, query: Query, found: RegionEffects) -> None:
        """Count a try: removed, and shown alone."""
        values = np.concatenate([found.removed_p, found.alone_p])
        about = (query.model, query.image)
        made = self._made.get(about) or {}
        self._made.put(about, {**made, EFFECTS.key(query): tuple(values[np.isfinite(values)].tolist())}, 1)
