"""What people call the factors that change a test's outcome; their names are those of ``brinell_inside.factors``."""

from __future__ import annotations

from brinell.core.redact import one_line

_WORDS = {
    "hash": "hash seed",
    "rng": "seed of the random numbers",
    "entropy": "randomness of the system",
    "clock": "clock",
    "date": "date",
    "tz": "time zone",
    "locale": "locale",
    "umask": "umask",
    "home": "home folder",
    "tmp": "folder for temporary files",
    "cwd": "current directory",
    "network": "network",
    "nofile": "limit of open files",
    "sleep": "length of sleeps",
    "threads": "start of threads",
    "switch": "thread switch interval",
    "cpu": "share of the processor",
    "beside": "same test running beside it",
    "order": "order",
}


def factor_words(name: str) -> str:
    """Return a factor's name as it reads after "the"; one that is not known is its own name, on one line."""
    return _WORDS.get(name, one_line(name, 80))
