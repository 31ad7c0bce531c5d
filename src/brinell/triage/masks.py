"""Masking: what differs between two occurrences of one failure (numbers, addresses, dates, paths, quoted values) is
replaced by the name of its kind, so that equal failures have equal messages.

The list and its order follow the parameterisation of Sentry's grouping and the normalisation of LUCI's failure
reasons: the specific before the general, one scan. A change of it changes bug ids and so raises ``VERSION``.
"""

from __future__ import annotations

import re
from functools import lru_cache

VERSION = "b1"
MOST_READ = 600  # characters: a root says what it is in its first lines; dumps and bodies come after
MOST_KEPT = 300  # after masking, where texts that differ in what varies are of one length

# A placeholder's angle brackets count as parts of words here: "5'a'" must not become a quoted value only after its 5
# was masked, or masking twice would give another text than masking once.
_NOT_BEFORE = r"(?<![\w<>])"
_NOT_AFTER = r"(?![\w<>])"

_KINDS: tuple[tuple[str, str], ...] = (
    ("url", r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"<>)\]}]{1,500}"),
    ("email", r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    ("uuid", r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"),
    (
        "date",
        (
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)"
            r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
            r"(?: \d{1,2})?(?: \d\d:\d\d:\d\d)?(?: \d{4})?"
        ),
    ),
    ("time", r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?\b"),
    ("ip", r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b|\[[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}\](?::\d{1,5})?"),
    ("address", r"\b0[xX][0-9a-fA-F]{1,32}\b"),
    # Two or more path segments, or one under a root: /tmp/x, ./a/b, C:\a\b, a/b/c.py
    (
        "path",
        (
            r"(?:[A-Za-z]:)?(?:\\[\w.@%+~-]{1,255}){2,40}"
            r"|(?:~|\.{1,2})?(?:/[\w.@%+~=-]{1,255}){1,60}/?"
            r"|(?<![\w.@%+~-])[\w.@%+~-]{1,255}+(?:/[\w.@%+~-]{1,255}){1,60}/?"
        ),
    ),
    (
        "quoted",
        rf"{_NOT_BEFORE}(?:[bru]|br|rb)?(?:'(?:[^'\\\n]|\\.){{0,800}}'|\"(?:[^\"\\\n]|\\.){{0,800}}\"){_NOT_AFTER}",
    ),
    # The text between a parenthesis and an object's address: <shop.Cart object at 0x7f..> keeps its class
    (
        "hash",
        r"\b(?=[0-9a-fA-F-]{0,63}\d)(?=[0-9a-fA-F-]{0,63}[a-fA-F])[0-9a-fA-F]{8,64}\b|\b(?=[0-9-]{0,127}[a-fA-F])(?=[a-fA-F-]{0,127}\d)[0-9a-fA-F-]{16,128}\b",
    ),
    ("blob", r"\b(?=[A-Za-z0-9+/]{40})(?=[A-Za-z0-9+/]{0,63}\d)[A-Za-z0-9+/]{40,4096}={0,2}"),
    ("duration", r"\b\d{1,18}(?:\.\d{1,18})?\s?(?:ns|us|µs|ms|s|sec|secs|seconds?|min|minutes?|h|hours?|days?)\b"),
    ("number", r"(?<![A-Za-z_<>])[-+]?\d{1,400}(?:[.,_]\d{1,400}){0,20}(?:[eE][-+]?\d{1,5})?(?![A-Za-z_<>])|\d{1,400}"),
)
_PATTERN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS))
_PLACEHOLDER = re.compile("<(?:" + "|".join(kind for kind, _ in _KINDS) + ")>")
_CANDIDATE = re.compile(r"[\d/\\'\"@]|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? ")
_MOST_PASSES = 8


@lru_cache(maxsize=1024)
def mask(text: str) -> str:
    """Return the beginning of ``text``, at most 300 characters, with variable parts replaced (``<number>``) and white
    space folded.

    Idempotent: masking a masked text changes nothing.
    """
    text = " ".join(text[:MOST_READ].split())
    for _ in range(_MOST_PASSES):
        masked = _once(text)[:MOST_KEPT]
        if masked == text:
            break
        text = masked
    return text


def _once(text: str) -> str:
    """Mask what lies between placeholders; a placeholder itself is never looked into."""
    pieces = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        pieces += [_between(text[position : match.start()]), match.group()]
        position = match.end()
    return "".join([*pieces, _between(text[position:])])


def _between(text: str) -> str:
    return _PATTERN.sub(_name, text) if _CANDIDATE.search(text) else text


def _name(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"
