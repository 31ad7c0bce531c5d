"""What was tried on a cache beside its workload and came out wrong, and containers within it that only grow."""

from __future__ import annotations

from typing import NamedTuple

from brinell.checks.cache_facts import Seen
from brinell.checks.cache_limits import said
from brinell.core.cache_judgement import Cache, CacheContainer, CacheTry
from brinell.core.finding import Finding
from brinell.core.plan import CacheSpec
from brinell.core.verdicts import Severity

HOLDS = 4  # times what fits: policies remember keys that they dropped, up to three times as many
STILL = 1.1  # times what there was half-way: it goes on
_LOOKS = 3


class _Word(NamedTuple):
    """A title with ``wrong`` and ``tried`` in it, and what to do about it."""

    title: str
    advice: str
    severity: Severity
    required: bool = False


_WORDS = {
    "case": _Word(
        "keys that differ only in case have one entry",
        "Whoever asks for the one is given another key's value: keep keys as they are, or fold what they are made of "
        "where that means the same",
        Severity.P1,
    ),
    "length": _Word(
        "long keys that differ only at their end have one entry",
        "Whoever asks for the one is given another key's value: hash long keys whole in place of cutting them",
        Severity.P1,
    ),
    "set": _Word(
        "nothing that was set was there",
        "Each set ended without an error, and the get that followed found nothing for 0.25 s: does something swallow "
        "what goes wrong?",
        Severity.P1,
    ),
    "missed": _Word(
        "what is set after a get that missed is not there",
        "That the key was not there is remembered for longer than it is true: let a set take that back, too",
        Severity.P1,
    ),
    "renewed": _Word(
        "a read renews an entry's lifetime",
        "What is asked for often never ends, and whatever changed behind it is never seen. Where only idle entries are "
        "to end, that is right",
        Severity.P2,
    ),
    "failed": _Word(
        "a load that failed is remembered: the next get did not load again",
        "One failure of what is behind the cache is given to everybody who comes afterwards. Put nothing in when a "
        "load fails, or only for as long as what is behind is to be spared",
        Severity.P1,
    ),
    "hanging": _Word(
        "after a load that failed, others wait for it in vain",
        "Let go of the lock, and answer whoever waits, in a finally",
        Severity.P1,
    ),
    "cancelled": _Word(
        "when the caller that loads is cancelled, those who wait for it get nothing",
        "A client that goes away takes the others with it. Let the load be a task of its own, and await it with "
        "asyncio.shield",
        Severity.P1,
    ),
    "collided": _Word(
        "{wrong} first calls loaded nothing and gave what another key's load gave",
        "Different arguments have one entry: make the cache's key of all of them, whole",
        Severity.P0,
        required=True,
    ),
    "shared": _Word(
        "callers are given one and the same object, which any of them can change",
        "Whoever appends to it or sets a field does so for everybody who asks afterwards. Give a copy, or what cannot "
        "be changed (a tuple, a frozen dataclass)",
        Severity.P3,
    ),
    "unasked": _Word(
        "{wrong} of {tried} keys that nobody can have asked for were answered as hits",
        "Their answers are another key's: what tells them apart (the query, say) is not part of the cache's key",
        Severity.P1,
    ),
    "private": _Word(
        "{wrong} of {tried} answers cached for who had credentials were given to who had none",
        "A key that nobody had asked for was refused without them. Make them part of the cache's key, or answer with "
        "Cache-Control: private",
        Severity.P0,
        required=True,
    ),
    "vary": _Word(
        "{wrong} of {tried} answers were made for who asked with another value of what Vary names",
        "The endpoint tells them apart and says so, and the cache does not: who takes no gzip is given gzip, or who "
        "reads French is given English. Let the cache heed Vary, or make those headers part of its key",
        Severity.P1,
    ),
    "error": _Word(
        "{wrong} of {tried} answers with a status of 500 or more were kept in the cache, and given again",
        "A failure outlives its cause, for everybody. Cache what succeeded",
        Severity.P1,
    ),
}


def tries(seen: Seen) -> tuple[CacheTry, ...]:
    """Return what was tried, of all workers together."""
    found: dict[str, CacheTry] = {}
    for one in seen.tried:
        if not one.tried or one.what not in _WORDS:
            continue
        before = found.get(one.what, CacheTry(what=one.what, tried=0, wrong=0))
        found[one.what] = CacheTry(
            what=one.what,
            tried=before.tried + one.tried,
            wrong=before.wrong + one.wrong,
            example=before.example or one.example,
        )
    return tuple(found.values())


def containers(seen: Seen) -> tuple[CacheContainer, ...]:
    """Return what was counted at the first look and at the last, of the worker in which it has most."""
    counts: dict[str, dict[int, list[int]]] = {}
    for one in seen.holders:
        counts.setdefault(one.name, {}).setdefault(one.worker, []).append(one.entries)
    largest = {name: max(by_worker.values(), key=max) for name, by_worker in counts.items()}
    return tuple(
        CacheContainer(name=name, first=several[0], last=several[-1], middle=several[len(several) // 2])
        for name, several in largest.items()
        if len(several) >= _LOOKS
    )


def wrong(judged: Cache, cited: tuple[str, ...]) -> list[Finding]:
    """Say what came out wrong."""
    found = []
    for one in judged.tries:
        if one.wrong:
            word = _WORDS[one.what]
            title = word.title.format(wrong=one.wrong, tried=one.tried)
            detail = f"{one.wrong} of {one.tried}{f': {one.example}' if one.example else ''}. {word.advice}"
            found.append(said(judged, one.what, title, detail, cited, severity=word.severity, required=word.required))
    return found


def growing(judged: Cache, wanted: CacheSpec, cited: tuple[str, ...]) -> list[Finding]:
    """Locks, counts and the like that stay for every key which was ever asked for."""
    if wanted.capacity is None:
        return []
    bound = HOLDS * wanted.capacity
    found = [
        one
        for one in judged.containers
        if one.last > bound and one.last - one.first >= wanted.capacity and one.last >= STILL * one.middle
    ]
    if not found:
        return []
    every = ", ".join(f"{one.name} from {one.first:,} to {one.last:,} entries" for one in found[:5])
    title = f"{found[0].name} grows with every key that is asked for, beyond the {wanted.capacity:,} entries that fit"
    detail = f"{every}. Let what belongs to an entry (its lock, its count) go with it"
    return [said(judged, "containers", title, detail, cited, severity=Severity.P2)]
