"""Conditions of a process that ``--with FACTOR=LEVEL`` changes: their names, and the levels each one takes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec

from brinell.config.problems import Unfit
from brinell.core.errors import UsageError, nearest
from brinell.core.redact import one_line

_OCTAL = re.compile(r"0?[0-7]{1,3}")


class Factor(msgspec.Struct, frozen=True):
    """One condition: what a level of it is, an example, and its reading. ``read`` raises ``Unfit`` or ValueError."""

    needs: str
    example: str
    read: Callable[[str], Any]


def _one_of(*words: str) -> Factor:
    def read(text: str) -> str:
        if text not in words:
            raise Unfit("this is none of its levels", words, text)
        return text

    return Factor(f"one of {', '.join(words)}" if len(words) > 1 else words[0], words[0], read)


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError(text)
    return value


def _filled(text: str) -> str:
    if not text or not text.isprintable():
        raise ValueError(text)
    return text


def _whole(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise ValueError(text)
    return value


def _interval(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 < value <= 60):
        raise ValueError(text)
    return value


def _octal(text: str) -> str:
    if not _OCTAL.fullmatch(text):
        raise ValueError(text)
    return text


def _limit(text: str) -> int | dict[str, Any]:
    """A number of files, or ``{"limit": n, "exact": true}``."""
    if text.startswith("{"):
        level = _object(text)
        _whole(str(level["limit"]))
        return level
    return _whole(text)


def _locale(text: str) -> str | dict[str, Any]:
    """A locale's name, or ``{"variable": name}``."""
    if text.startswith("{"):
        level = _object(text)
        _filled(level["variable"])
        return level
    return _filled(text)


def _moment(text: str) -> str | dict[str, Any]:
    """A moment as ISO 8601, or ``{"at": moment, "tz": zone}``."""
    level = _object(text) if text.startswith("{") else text
    datetime.fromisoformat(level["at"] if isinstance(level, dict) else level)
    return level


def _cpu(text: str) -> str | dict[str, Any]:
    if text.startswith("{"):
        level = _object(text)
        if "spinners" in level:
            fits = 1 <= int(level["spinners"]) <= 16
        else:
            fits = 1 <= float(level["run_ms"]) <= 60_000 and 1 <= float(level["stop_ms"]) <= 2_000
        if not fits:
            raise ValueError(text)
        return level
    words = ("starved", "slow", "paused", "jitter")
    if text not in words:
        raise Unfit("this is none of its levels", words, text)
    return text


_SEED = "a whole number of 0 or more"
FACTORS: dict[str, Factor] = {
    "tz": Factor("a time zone", "Asia/Kathmandu", _filled),
    "locale": Factor("the name of a locale", "C", _locale),
    "clock": Factor("a moment, as ISO 8601", "2028-02-29T10:17:00", _moment),
    "rng": Factor(_SEED, "7", _whole),
    "entropy": Factor(_SEED, "7", _whole),
    "umask": Factor("octal digits", "077", _octal),
    "home": _one_of("read-only", "missing"),
    "tmp": _one_of("scratch"),
    "network": _one_of("apart", "blocked", "all"),
    "sleep": _one_of("long", "zero-yield"),
    "threads": _one_of("slow-start"),
    "switch": Factor("seconds, above 0", "0.000001", _interval),
    "interleaving": _one_of("lines"),
    "hash": Factor(_SEED, "7", _whole),
    "cwd": _one_of("scratch"),
    "nofile": Factor("a number of files", "64", _limit),
    "cpu": Factor("one of starved, slow, paused, jitter", "starved", _cpu),
}


def levels(given: Iterable[str]) -> dict[str, Any]:
    """Parse ``--with`` options. UsageError naming the factor, the level, the valid ones and the nearest."""
    found: dict[str, Any] = {}
    for item in given:
        name, equals, level = (part.strip() for part in item.partition("="))
        said = f"--with {one_line(item, 80)}"
        if not equals:
            raise UsageError(f"{said}: a factor is FACTOR=LEVEL", hint="--with tz=Asia/Kathmandu")
        factor = FACTORS.get(name)
        if factor is None:
            close = nearest(name, list(FACTORS))
            hint = f"did you mean {close}? For example --with {close}={FACTORS[close].example}" if close else None
            why = f"{said}: there is no factor '{one_line(name, 40)}'; valid: {', '.join(FACTORS)}"
            raise UsageError(why, hint=hint or "--with tz=Asia/Kathmandu")
        if name in found:
            raise UsageError(f"{said}: {name} is given twice", hint="one level at a time")
        try:
            found[name] = factor.read(level)
        except Unfit as unfit:
            close = nearest(level, list(unfit.choices)) or factor.example
            raise UsageError(
                f"{said}: {unfit.why}; valid: {', '.join(unfit.choices)}", hint=f"did you mean {name}={close}?"
            ) from None
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            raise UsageError(f"{said}: {name} takes {factor.needs}", hint=f"--with {name}={factor.example}") from None
    return found
