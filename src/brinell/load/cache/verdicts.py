"""Was an answer a hit? What caches in front of a service say in their headers, or what the user says they do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Headers = Sequence[tuple[bytes, bytes]]
Verdict = Callable[[Headers], bool | None]
"""Headers to whether the answer came from a cache; None: they do not say."""

_STATUS = (b"cache-status",)  # RFC 9211: the caches on the way, the one nearest to the origin first
_WORDS = (
    b"cf-cache-status", b"x-cache", b"x-cache-status", b"x-proxy-cache", b"x-fastapi-cache", b"x-litespeed-cache",
    b"x-vercel-cache", b"x-nextjs-cache", b"cdn-cache", b"x-cache-hits",
)  # fmt: skip
_HITS = re.compile(rb"(?<![a-z])(hit|refreshhit|stale|revalidated|updating)(?![a-z])|^\s*[1-9]", re.IGNORECASE)
_MISSES = re.compile(rb"(?<![a-z])(miss|expired|bypass|dynamic|pass|none|fwd)(?![a-z])|^\s*0\b", re.IGNORECASE)
_COLLAPSED = re.compile(rb";\s*collapsed(?!\s*=\s*\?0)\b", re.IGNORECASE)
_HIT = re.compile(rb";\s*hit\b", re.IGNORECASE)


def usual(headers: Headers) -> bool | None:
    """Look at Cache-Status (RFC 9211), then at what proxies and delivery networks use, then at Age (RFC 9111, 5.1)."""
    said: dict[bytes, bytes] = {}
    for name, value in headers:
        key = name.lower()
        said[key] = said[key] + b", " + value if key in said else value
    for name in _STATUS:
        if name in said:
            return _HIT.search(said[name]) is not None
    for name in _WORDS:
        if name in said:
            if _HITS.search(said[name]):
                return True
            if _MISSES.search(said[name]):
                return False
    age = said.get(b"age", b"").strip()
    return True if age.isdigit() and int(age[:9]) > 0 else None


def is_collapsed(headers: Headers) -> bool:
    """Whether an answer says that another request's load was its own too (RFC 9211, 2.6)."""
    return any(name.lower() in _STATUS and _COLLAPSED.search(value) for name, value in headers)


def stated(rule: str) -> Verdict:
    """Return what reads ``header: regex``: an answer with that header is a hit where the expression is found in it, a
    miss where not; one without it is a miss. ValueError if it is no such rule.
    """
    name, colon, pattern = rule.partition(":")
    if not colon or not name.strip() or not pattern.strip():
        raise ValueError("a rule is 'Header: expression', such as 'X-Cache: HIT'")
    try:
        found = re.compile(pattern.strip().encode("latin-1"), re.IGNORECASE)
    except (re.error, UnicodeEncodeError) as error:
        raise ValueError(f"the expression will not do: {error}") from None
    wanted = name.strip().lower().encode("latin-1", "replace")

    def verdict(headers: Headers) -> bool | None:
        return any(key.lower() == wanted and found.search(value) for key, value in headers)

    return verdict
