"""Asking a short-lived command something: its status and what it printed, within a bounded time and size."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from brinell.core.redact import plain
from brinell.subject import guard

_MOST_BYTES = 1_000_000


class Answer(msgspec.Struct, frozen=True):
    """What a command gave; ``status`` is None if its time ran out. Output is plain text, its first megabyte."""

    status: int | None
    out: str
    err: str


def ask(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_s: float) -> Answer:
    """Run ``argv`` to its end under a guard. ``UsageError`` if it cannot be started at all."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = guard.start(argv, cwd=cwd, env=env, stdout=out.fileno(), stderr=err.fileno())
        status = child.wait(timeout_s)
        child.stop(0.0)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(plain(file.read(_MOST_BYTES).decode(errors="replace")))
    return Answer(status, *texts)
