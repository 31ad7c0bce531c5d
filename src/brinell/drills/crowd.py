"""Clients that were cut all at once and want back: when each dials, how long it waits, and what came of every attempt.

The clients are this drill's own and wait as they are told: what is learnt is how the service takes them.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from brinell.core.histogram import Histogram
from brinell.load.engine.endpoint import Endpoint
from brinell.load.websocket.link import Ending, Link, Terms
from brinell.load.websocket.switchboard import Switchboard

SETTLED_NS = 1_000_000_000  # all are in for so long: the storm is over
LOOK_NS = 50_000_000
PER_STEP = 500  # attempts begun before the answers of earlier ones are read
MOST_KINDS = 10
MOST_POINTS = 100  # of a course
_TENTHS = 100_000_000
_MS = 1_000_000
_now = time.monotonic_ns


class Board(Switchboard):
    """A switchboard that knows since when each connection is open (``since``), and tells it at once (``came``)."""

    def __init__(self, endpoint: Endpoint, terms: Terms, *, timeout_s: float) -> None:
        super().__init__(endpoint, terms, timeout_s=timeout_s)
        self.since: dict[Link, int] = {}
        self.came: Callable[[Link, int], object] = lambda *_: None

    def opened(self, link: Link, now: int) -> None:
        """The handshake is through."""
        super().opened(link, now)
        self.since[link] = now
        self.came(link, now)

    def closed(self, link: Link, ending: Ending, now: int) -> None:
        """A connection is over."""
        self.since.pop(link, None)
        super().closed(link, ending, now)

    def held(self, for_ns: int) -> int:
        """Return how many have been open for so long."""
        before = _now() - for_ns
        return sum(since <= before for since in self.since.values())

    def full_ns(self, wanted: int) -> int | None:
        """Return since when so many have been open without a break; None while there are fewer."""
        return sorted(self.since.values())[wanted - 1] if len(self.since) >= wanted else None


class Return:
    """``clients`` dial at ``cut_ns``; it is over once ``wanted`` of them are in and stay. All moments are monotonic.

    After an attempt that failed a client waits a random part of ``back_off_s``, twice as long each time and at most of
    ``longest_s`` (full jitter). A connection that is closed again is an attempt that failed.
    """

    def __init__(
        self, board: Board, clients: int, wanted: int, cut_ns: int, *, back_off_s: float, longest_s: float, seed: int
    ) -> None:
        self._board = board
        self._wanted = wanted
        self._cut_ns = cut_ns
        self._back_off_s = back_off_s
        self._longest_s = longest_s
        self._random = random.Random(seed)  # noqa: S311 - when to dial again is no secret
        self._waiting: list[tuple[int, int]] = [(cut_ns, client) for client in range(clients)]
        self._failures = [0] * clients
        self._waited_ns = [0] * clients
        self._of: dict[int, int] = {}  # the client of a link, by the link's tag
        self._kinds: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()  # that were let in and closed again, by code
        self._dialled: Counter[int] = Counter()  # by tenth of a second
        self._begun: Counter[int] = Counter()  # by millisecond
        self._let_in: Counter[int] = Counter()
        self._reached: list[int] = []  # when so many were open for the first time
        self._handshakes = Histogram()
        self._first_ns = cut_ns  # when the last of all first attempts was begun
        self._look_ns = 0  # when it is counted again how long they have stayed
        board.came = self._came

    def step(self) -> bool:
        """Dial for whom it is time; return whether all are in, and have stayed."""
        board, now = self._board, _now()
        for lost in board.endings:
            self._closed[str(lost.ending.code)] += 1
            self._again(lost.tag, f"closed again, {lost.ending.code}", now)
        for refused in board.refused:
            self._again(refused.tag, refused.outcome, now)
        board.endings.clear()
        board.refused.clear()
        self._dial(now)
        if now < self._look_ns:
            return False
        self._look_ns = now + LOOK_NS
        return board.held(SETTLED_NS) >= self._wanted

    def seen(self) -> dict[str, Any]:
        """Return what came of it so far."""
        reached = self._reached
        settled = self._board.held(SETTLED_NS) >= self._wanted
        full_ns = self._board.full_ns(self._wanted) if settled else None
        attempts = sum(self._dialled.values())
        return {
            "back": len(self._board.open),
            "attempts": attempts,
            "attempts_most": max(self._failures, default=0) + 1,
            "failed": dict(self._kinds.most_common(MOST_KINDS)),
            "closed_again": dict(self._closed.most_common(MOST_KINDS)),
            "first_attempts_s": self._after(self._first_ns),
            "half_back_s": self._rank(0.5),
            "most_back_s": self._rank(0.95),
            "all_back_s": self._rank(1.0),
            "steady_s": None if full_ns is None else self._after(full_ns),
            "reconnect_rate": {"highest": _highest(self._dialled)},
            "accept_rate": {
                "mean": round(len(reached) / seconds, 1) if reached and (seconds := self._after(reached[-1])) else None,
                "highest": _highest(self._let_in),
            },
            "waited_s": {
                "p50": round(sorted(self._waited_ns)[len(self._waited_ns) // 2] / 1e9, 3),
                "max": round(max(self._waited_ns) / 1e9, 3),
            },
            "storm_ms": spread(self._handshakes),
            "wanted": self._wanted,
            "back_course": self._back_course(),
            "attempts_course": self._attempts_course(),
        }

    def _dial(self, now: int) -> None:
        waiting = self._waiting
        for _ in range(PER_STEP):
            if not waiting or waiting[0][0] > now:
                return
            _, client = heapq.heappop(waiting)
            after_ns = _now() - self._cut_ns
            self._dialled[after_ns // _TENTHS] += 1
            self._begun[after_ns // _MS] += 1
            if not self._failures[client]:
                self._first_ns = _now()
            self._of[self._board.dial().tag] = client

    def _came(self, link: Link, now: int) -> None:
        self._handshakes.record(max(1, now - link.started))
        self._let_in[(now - self._cut_ns) // _TENTHS] += 1
        if len(self._board.open) > len(self._reached):
            self._reached.append(now)

    def _again(self, tag: int, kind: str, now: int) -> None:
        self._kinds[kind] += 1
        client = self._of.pop(tag)
        doubled_s = self._back_off_s * 2.0 ** min(self._failures[client], 60)
        pause_s = self._random.random() * min(self._longest_s, doubled_s)
        self._failures[client] += 1
        self._waited_ns[client] += int(pause_s * 1e9)
        heapq.heappush(self._waiting, (now + int(pause_s * 1e9), client))

    def _rank(self, share: float) -> float | None:
        """When that share of all was in at once for the first time; None if it never was."""
        number = max(1, round(share * self._wanted))
        return self._after(self._reached[number - 1]) if len(self._reached) >= number else None

    def _back_course(self) -> list[list[float]]:
        """When so many were in at once for the first time."""
        ranks = range(1, len(self._reached) + 1)
        return [[self._after(self._reached[rank - 1]), rank] for rank in _some(ranks)]

    def _attempts_course(self) -> list[list[float]]:
        """How many attempts had been begun by the end of a millisecond."""
        moments = sorted(self._begun)
        begun = list(accumulate(self._begun[moment] for moment in moments))
        return [[(moments[place] + 1) / 1000, begun[place]] for place in _some(range(len(moments)))]

    def _after(self, at_ns: int) -> float:
        return round((at_ns - self._cut_ns) / 1e9, 4)


def _some(places: range) -> list[int]:
    """Return at most ``MOST_POINTS`` of them, the first and the last among these."""
    step = max(1, math.ceil((len(places) - 1) / (MOST_POINTS - 1)))
    return sorted({*places[::step], *places[-1:]})


def spread(times: Histogram) -> dict[str, float | None]:
    """Return milliseconds of the middle, of nearly all, and the most."""
    found = zip(("p50", "p95", "max"), times.quantiles_ns([0.5, 0.95, 1.0]), strict=True)
    return {name: None if ns is None else round(ns / 1e6, 3) for name, ns in found}


def _highest(tenths: Counter[int]) -> float | None:
    """Return the highest rate a second, of any tenth of one."""
    return max(tenths.values()) * 10.0 if tenths else None
