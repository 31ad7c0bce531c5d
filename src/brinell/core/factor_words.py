"""What people call the factors that change a test's outcome (names of ``brinell_inside.factors``) and their causes."""

from __future__ import annotations

from brinell.core.redact import one_line

_WORDS = {
    "hash": "hash seed",
    "rng": "seed of the random numbers",
    "entropy": "randomness of the system",
    "clock": "clock",
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
    "interleaving": "places where threads change",
    "cpu": "share of the processor",
    "beside": "same test running beside it",
    "order": "order",
    "hash-seed": "hash seed",
    "random-seed": "random numbers",
    "time-zone": "time zone",
    "time-of-day": "time of day",
    "descriptors": "limit of open files",
    "async-wait": "speed of the machine",
    "concurrency": "interleaving of threads",
    "beside-itself": "same test running beside it",
    "import-time": "collection of other files",
    "shared-port": "port it shares with whatever runs beside it",
    "shared-file": "file it shares with whatever runs beside it",
    "shared-database": "database it shares with whatever runs beside it",
}


def factor_words(name: str) -> str:
    """Return a factor's or cause's name as it reads after "the"; one that is not known is its own name, on one line."""
    return _WORDS.get(name, one_line(name, 80))
