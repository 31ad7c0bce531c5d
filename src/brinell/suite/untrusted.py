"""Text from the subject on its way into the journal or a log: controls neutralised, secrets masked, size capped.

``redact`` looks at every character many times (0.2 to 3 MB/s), and a suite may print hundreds of megabytes. So only
lines that hold a word it could act on, and the line after each (a value may follow there), are given to it.
"""

from __future__ import annotations

import re
from itertools import groupby

from brinell.core.redact import plain, redact

_CUE = re.compile(
    r"pass|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth|cookie|bearer|basic"
    r"|://|AKIA|ASIA|gh[pousr]_|xox[abprs]-|[sr]k_live_|eyJ|-----BEGIN",
    re.IGNORECASE,
)
# One of these is in whatever _CUE matches; looking for them first is ten times as fast.
_WORDS = (
    "pass", "pwd", "secret", "token", "key", "credential", "auth", "cookie", "bearer", "basic",
    "://", "akia", "asia", "gh", "xox", "k_live_", "eyj", "-----begin",
)  # fmt: skip
# What redact takes for a name of a secret and is none: ``TestToken::test_x``, ``author = ``, ``passed: ``. It is
# interrupted by private-use characters for the time of masking.
_CLASS_MARK = re.compile(r"(?<=\w)::(?=\w)")
_HARMLESS = re.compile(r"(?i)(?:(?<=auth)(?=or(?!i[sz]))|(?<=pass)(?=ed|es|ing|eng|iv|ion|age))")
_KEY = "-----BEGIN"
_CLASS_STAND_IN, _BREAK = "\ue000", "\ue001"


def clean(text: str, most: int | None = None) -> str:
    """Return ``text`` fit to keep: at most ``most`` characters, without controls and without what looks secret."""
    text = plain(text if text.isascii() else text.encode("utf-8", "replace").decode(), most)
    folded = text.casefold()
    return _masked(text, folded) if any(word in folded for word in _WORDS) else text


def _masked(text: str, folded: str) -> str:
    if _KEY in text:
        return _redact(text)
    lines = text.split("\n")
    dirty: set[int] = set()
    for number, line in enumerate(folded.split("\n")):
        if any(word in line for word in _WORDS) and _CUE.search(line):
            dirty |= {number, number + 1}
    if not dirty:
        return text
    parts: list[str] = []
    for is_dirty, group in groupby(range(len(lines)), dirty.__contains__):
        block = "\n".join(lines[number] for number in group)
        parts.append(_redact(block) if is_dirty else block)
    return "\n".join(parts)


def identity(node_id: str) -> str:
    """Return a test's id fit to keep. Path, class and function stay as they are; only parameters can hold a secret."""
    if not (node_id.isascii() and node_id.isprintable()):
        node_id = plain(node_id.encode("utf-8", "replace").decode())
    head, bracket, parameters = node_id.partition("[")
    if bracket and _CUE.search(parameters):
        return f"{head}[{_redact(parameters[:-1])}{parameters[-1:]}"
    return node_id


def _redact(text: str) -> str:
    if _CLASS_STAND_IN in text or _BREAK in text:
        return redact(text)
    shielded = _HARMLESS.sub(_BREAK, _CLASS_MARK.sub(_CLASS_STAND_IN, text))
    return redact(shielded).replace(_CLASS_STAND_IN, "::").replace(_BREAK, "")
