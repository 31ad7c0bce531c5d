"""Chance that follows from a seed and a number alone: a session draws the same, whatever happens at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


class Draws:
    """SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).

    Chosen because a generator for every session must cost next to nothing to make: its state is one number.
    """

    __slots__ = ("_fresh", "_seed", "_state")

    def __init__(self, seed: int, number: int, fresh: int = 0) -> None:
        # Neighbouring numbers must not give neighbouring sequences: both go through the mixing function once. That is
        # put off until something is drawn: most sessions of some scenarios draw nothing.
        self._seed: int | None = seed
        self._state = number
        self._fresh = fresh

    def bits(self) -> int:
        """Return 64 random bits."""
        if self._seed is not None:
            self._state = _mixed(_mixed(self._seed & _MASK) ^ (self._state & _MASK))
            self._seed = None
        self._state = state = (self._state + _GAMMA) & _MASK
        return _mixed(state)

    def identity(self) -> int:
        """Return 128 bits that follow from ``fresh`` too, which is another one for each start of a scenario."""
        bits = self.bits() << 64 | self.bits()
        return bits ^ (_mixed(self._fresh) << 64 | _mixed(self._fresh ^ _GAMMA)) if self._fresh else bits

    def unit(self) -> float:
        """Return a number from 0 up to, not including, 1."""
        return (self.bits() >> 11) * 2.0**-53

    def below(self, count: int) -> int:
        """Return a whole number from 0 to ``count`` - 1, skewed by less than ``count`` / 2**64."""
        return (self.bits() * count) >> 64

    def between(self, low: float, high: float) -> float:
        """Return a number between these."""
        return low + (high - low) * self.unit()

    def one_of(self, items: Sequence[T]) -> T:
        """Return one of these."""
        return items[self.below(len(items))]


def _mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)
