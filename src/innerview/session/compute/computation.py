"""A kind of result: which fields of a query it depends on, how it is worked out, and how much room it takes.

Results are kept by what they depend on, so two queries that differ in nothing else share one. What is handed to a
computation says nothing else: all other fields of the query are at their defaults, so a result can't come from what its
key leaves out. Each kind stands in a file of its own beside this one, and may ask the session for others.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from innerview.data.baselines import Baseline
from innerview.data.image import Image
from innerview.model import DifferentiableModel, Model
from innerview.session.progress import Listener
from innerview.session.query import Query
from innerview.types import Image as Pixels
from innerview.viewer.payloads.subject import Photo

T = TypeVar("T")


@runtime_checkable
class Source(Protocol):
    """What a computation may ask of the session."""

    def about(self, item: Image, query: Query) -> Query:
        """Take an image that was fitted to the (first) model; the query is about it then."""
        ...

    def model(self, query: Query) -> Model:
        """The model that is asked."""
        ...

    def differentiable(self, query: Query) -> DifferentiableModel:
        """The same; raises UsageError if it has no gradients."""
        ...

    def photo(self, query: Query) -> Photo:
        """The image that it is asked about."""
        ...

    def baselines(self, query: Query) -> tuple[Baseline, ...]:
        """Made for the image."""
        ...

    def drawn(self, query: Query) -> Sequence[tuple[str, Pixels]]:
        """Images of the data set that was named, for the fill "data"; raises UsageError if none was."""
        ...

    def result(self, computation: Computation[T], query: Query, listener: Listener) -> T:
        """Another result, from the cache or worked out; the listener hears of its progress."""
        ...

    def keep(self, computation: Computation[T], query: Query, found: T) -> None:
        """Keep a result that came along with another one."""
        ...


@dataclass(frozen=True, eq=False)
class Computation(Generic[T]):
    """A kind of result.

    Attributes:
        fields: of a query, that it depends on; it gets to see no others.
        work: works it out.
        size: bytes that it keeps in memory.
    """

    fields: frozenset[str]
    work: Callable[[Source, Query, Listener], T]
    size: Callable[[T], int]

    def key(self, query: Query) -> Hashable:
        """Equal for two queries that have the same result."""
        values: list[Any] = [getattr(query, name) for name in sorted(self.fields)]
        return (self, *values)

    def seen(self, query: Query) -> Query:
        """What it gets to see of a query."""
        return Query(**{name: getattr(query, name) for name in self.fields})


IMAGE = frozenset({"model", "image"})
"""What everything about an image depends on."""
