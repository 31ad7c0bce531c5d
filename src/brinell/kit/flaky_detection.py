"""``test_flaky_detection.py``: known flaky tests run again the way they failed.

Victims whose polluters are known are the business of ``isolation_validation``. A test that is stable here and depends
on its environment is not flaky. What only Brinell can set (a clock, a thread's pause) is run plainly, often enough.
"""

from __future__ import annotations

import re
import shlex

from brinell.core.factor_words import factor_words
from brinell.core.judgement import FlakyTest, Judgement
from brinell.core.redact import MASK, one_line
from brinell.kit.kept_entries import Entry, entries, merged
from brinell.kit.seal import sealed
from brinell.kit.source_text import call, indented
from brinell.kit.templates import template

NAME = "test_flaky_detection.py"
LONGEST_S = 60.0
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_SHOWN_BY_ENVIRONMENT = frozenset({"hash", "tz", "locale", "umask", "home"})
"""Factors that a plain command sets to the very value that failed: one run decides."""


def flaky_detection(judgement: Judgement, before: str | None = None) -> str:
    """Return the file for a judgement, with the entries of the one ``before``; "" where nothing flaky is known."""
    new = [_entry(test) for test in judgement.flaky if _belongs(test)]
    known = merged(new, entries(before, "Known"), ("test",))
    lines = [line for entry in known for line in call("Known", entry.items())]
    if not lines:
        return ""
    return sealed(
        template(NAME, run=one_line(f"run {judgement.run.id}", 80), longest_s=str(LONGEST_S), known=indented(lines))
    )


def _belongs(test: FlakyTest) -> bool:
    if MASK in test.test:  # such a test cannot be run by its id
        return False
    return test.verdict != "stable" and not (test.verdict == "victim" and test.polluter_sets)


def _entry(test: FlakyTest) -> Entry:
    found: Entry = {"test": test.test, "why": _why(test), "fixed": False}
    match test.verdict:
        case "self-polluting":
            certain = test.failure_probability is None or test.failure_probability.estimate == 1
            found |= {"certain": test.confirmed and certain, "twice": True}
        case "brittle":
            found |= {"certain": test.confirmed}
        case "nondeterministic":
            found |= _nondeterministic(test)
        case _:
            found |= _share(test)
    return found


def _nondeterministic(test: FlakyTest) -> Entry:
    """Return how it shows itself: with a factor that a plain command sets, else by running often enough."""
    factor = next(iter(test.factors), "")
    command = test.factors[factor].command if factor else None
    plain = _plain(command) if command else None
    if plain is None:
        return _share(test)
    env, program = plain
    effect = test.factors[factor]
    every_time = effect.with_factor.failures == effect.with_factor.runs
    found: Entry = {"certain": True} if every_time and factor in _SHOWN_BY_ENVIRONMENT else {}
    if not found and effect.with_factor.estimate < 1:
        found["probability"] = round(effect.with_factor.estimate, 4)
    return found | ({"env": env} if env else {}) | ({"program": program} if program else {})


def _share(test: FlakyTest) -> Entry:
    measured = test.failure_probability
    return {"probability": round(measured.estimate, 4)} if measured is not None and measured.failures else {}


def _plain(command: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]] | None:
    """Part ``NAME=value program … pytest …``; None for a command that isn't of that form (``brinell isolate …``)."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if words[:1] == ["cd"] and words[2:3] == ["&&"]:
        words = words[3:]
    if "pytest" not in words:
        return None
    env = []
    ahead = words[: words.index("pytest")]
    while ahead and (found := _ASSIGNED.match(ahead[0])):
        env.append((found[1], found[2]))
        ahead.pop(0)
    return tuple(env), tuple(ahead)


def _why(test: FlakyTest) -> str:
    cause = f": {factor_words(test.cause)}" if test.cause and test.cause != "order" else ""
    return one_line(f"{test.verdict}{cause}", 120)


def known_in(source: str) -> int:
    """Return how many flaky tests a file that was written here guards."""
    return len(entries(source, "Known"))
