"""What the service's log says of errors while it is under load: last lines of tracebacks and error lines, counted.

Numbers in them are masked, so that the same error of many requests is one text. What comes faster than can be read
twice a second is read in part.
"""

from __future__ import annotations

import re
from pathlib import Path

from brinell.core.redact import one_line, redact
from brinell.core.vitals_records import MOST_SAID, Said

MOST_BYTES = 256 * 1024  # of one look
_LONGEST = 300
_RAISED = re.compile(
    rb"^[ |+]*((?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Timeout|TimedOut|Exhausted|Interrupted|Refused|"
    rb"Unavailable|Full|Closed|Exit)(?:: [^\r\n]*)?)\r?$",
    re.MULTILINE,
)
_LOGGED = re.compile(
    rb"^[^\r\n]{0,120}?\b(?:ERROR|CRITICAL|FATAL|WARNING)\b[\]:, ]+([^\r\n]*?(?:limit|refused|too many|exhausted|"
    rb"timeout|timed out|no more|out of|full)[^\r\n]*)\r?$",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|(?<![A-Za-z_])\d+")


class LogWatch:
    """What is written to ``log`` from now on. Without one, nothing is."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._at = _size(log)

    def look(self) -> tuple[Said, ...]:
        """Return the errors since the last time, the most frequent first."""
        size = _size(self._log)
        if self._log is None or size <= self._at:
            self._at = size  # it was cut, or nothing is new
            return ()
        begin = max(self._at, size - MOST_BYTES)
        try:
            with self._log.open("rb") as file:
                file.seek(begin)
                data = file.read(size - begin)
        except OSError:
            return ()
        end = data.rfind(b"\n") + 1  # the rest of the last line comes next time
        self._at = begin + end if end else size
        return said(data[:end])


def said(data: bytes) -> tuple[Said, ...]:
    """Count the errors in a piece of a log."""
    counts: dict[str, int] = {}
    for found in (*_RAISED.finditer(data), *_LOGGED.finditer(data)):
        text = _NUMBER.sub("N", one_line(redact(found[1][:_LONGEST].decode(errors="replace")), 200))
        counts[text] = counts.get(text, 0) + 1
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    return tuple(Said(text, counts[text]) for text in ranked[:MOST_SAID])


def _size(log: Path | None) -> int:
    try:
        return 0 if log is None else log.stat().st_size
    except OSError:
        return 0
