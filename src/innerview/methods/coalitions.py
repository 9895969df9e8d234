"""What the members of a game are worth, from its value for every coalition: exact, by the definitions.

A game of n players gives a number v(T) to each of the 2ⁿ coalitions T. They stand in one array: bit r of the index says
whether player r is in it, so the empty coalition is first and the full one last. With t = |T|,

    Shapley       φ_r  = Σ over T without r of  t! (n − t − 1)! / n!  (v(T + r) − v(T))
    Banzhaf       β_r  = Σ over T without r of  2^(1 − n)             (v(T + r) − v(T))
    interaction   I_rs = Σ over T without both of t! (n − t − 2)! / (n − 1)!
                         (v(T + r + s) − v(T + r) − v(T + s) + v(T))

Shapley 1953; Banzhaf 1965; Grabisch and Roubens 1999 (the Shapley interaction index). Shapley values add up to
v(all) − v(none). Each is one product of the 2ⁿ values with coefficients that depend on n alone, in float64, with no
loop over coalitions; all coefficients of a player are of both signs and add up to 0, their sizes to 2, so nothing is
lost to rounding.
"""

from __future__ import annotations

from functools import cache
from math import comb
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float

from innerview.types import Array

Game: TypeAlias = Float[np.ndarray, " coalition"]


def players(game: Array) -> int:
    """How many players a game has, or has a property of coalitions."""
    return len(game).bit_length() - 1


@cache
def members(number: int) -> Bool[np.ndarray, "coalition player"]:
    """Who is in which coalition."""
    table: Bool[np.ndarray, "coalition player"] = np.asarray(
        np.arange(2**number)[:, None] >> np.arange(number) & 1, bool
    )
    table.setflags(write=False)
    return table


@cache
def _sizes(number: int) -> Array:
    return members(number).sum(axis=1)


@cache
def _shapley_factors(number: int) -> Float[np.ndarray, "coalition player"]:
    inside, size = members(number), _sizes(number)[:, None]
    # Of a coalition with r, the one without is a player smaller.
    weights = 1 / (number * np.array([comb(number - 1, others) for others in range(number)], np.float64))
    return np.where(inside, weights[size - 1], -weights[np.minimum(size, number - 1)])


@cache
def _interaction_factors(number: int) -> Float[np.ndarray, "coalition player other"]:
    inside, size = members(number), _sizes(number)[:, None, None]
    both = inside[:, :, None].astype(np.int64) + inside[:, None, :]
    weights = 1 / ((number - 1) * np.array([comb(number - 2, others) for others in range(number - 1)], np.float64))
    factors = np.where(both == 1, -1.0, 1.0) * weights[np.clip(size - both, 0, number - 2)]
    factors[:, np.arange(number), np.arange(number)] = 0
    return factors


def shapley_values(game: Game) -> Float[np.ndarray, " player"]:
    """Share v(all) − v(none) out among the players."""
    return _differences(game) @ _shapley_factors(players(game))


def banzhaf_values(game: Game) -> Float[np.ndarray, " player"]:
    """What each player adds on average over all coalitions of the others."""
    number = players(game)
    return _differences(game) @ np.where(members(number), 1.0, -1.0) / 2 ** (number - 1)


def interactions(game: Game) -> Float[np.ndarray, "player player"]:
    """How much more two players add together than one after the other; 0 for a player with itself."""
    number = players(game)
    if number < 2:
        return np.zeros((number, number))
    return np.tensordot(_differences(game), _interaction_factors(number), (0, 0))


def _differences(game: Game) -> Game:
    """The game less its value for nobody, which changes no answer and keeps the digits of large scores."""
    values = game.astype(np.float64)
    return values - values[0]


def name_coalition(shown: Bool[np.ndarray, " player"]) -> str:
    """An image with some regions only, for an error."""
    return f"the image without regions {', '.join(map(str, np.flatnonzero(~shown)))}"


def minimal_sets(holds: Bool[np.ndarray, " coalition"]) -> tuple[tuple[int, ...], ...]:
    """All coalitions that have a property and of which no smaller part has it; the smallest first, then by members."""
    number = players(holds)
    below = holds.copy()  # of each coalition: whether it, or any part of it, has the property
    for player in range(number):
        pairs = below.reshape(-1, 2, 2**player)
        pairs[:, 1] |= pairs[:, 0]
    smaller = np.zeros_like(holds)  # the same of its parts without one member, which hold all smaller parts
    for player in range(number):
        shape = (-1, 2, 2**player)
        smaller.reshape(shape)[:, 1] |= below.reshape(shape)[:, 0]
    found = [tuple(np.flatnonzero(members(number)[index]).tolist()) for index in np.flatnonzero(holds & ~smaller)]
    return tuple(sorted(found, key=lambda one: (len(one), one)))
