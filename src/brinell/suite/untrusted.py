"""Text from the subject on its way into the journal or a log: controls neutralised, secrets masked, size capped.

``redact`` looks at every character several times (some 3 MB/s), and a suite may print hundreds of megabytes. So only
lines that hold a word it could act on, and the line after each (a value may follow there), are given to it.
"""

from __future__ import annotations

import re

from brinell.core.redact import plain, redact

_CUE = re.compile(
    r"pass|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth|cookie|bearer|basic"
    r"|://|AKIA|ASIA|gh[pousr]_|xox[abprs]-|[sr]k_live_|eyJ|-----BEGIN",
    re.IGNORECASE,
)
# What redact takes for a name of a secret and is none: ``TestToken::test_x``, ``author = ``, ``passed: ``. It is
# interrupted by private-use characters for the time of masking.
_CLASS_MARK = re.compile(r"(?<=\w)::(?=\w)")
_HARMLESS = re.compile(r"(?i)(?:(?<=auth)(?=or(?!i[sz]))|(?<=pass)(?=ed|es|ing|eng|iv|ion|age))")
_CLASS_STAND_IN, _BREAK = "\ue000", "\ue001"


def clean(text: str, most: int | None = None) -> str:
    """Return ``text`` fit to keep: at most ``most`` characters, without controls and without what looks secret."""
    text = plain(text if text.isascii() else text.encode("utf-8", "replace").decode(), most)
    return masked(text) if _CUE.search(text) else text


def masked(text: str) -> str:
    """Return what ``redact`` makes of the lines that give it a cue; node ids stay whole."""
    if "-----BEGIN" in text:
        return _redact(text)
    lines = text.split("\n")
    dirty = {number + step for number, line in enumerate(lines) if _CUE.search(line) for step in (0, 1)}
    out: list[str] = []
    block: list[str] = []
    for number, line in enumerate(lines):
        if number in dirty:
            block.append(line)
            continue
        if block:
            out.append(_redact("\n".join(block)))
            block = []
        out.append(line)
    if block:
        out.append(_redact("\n".join(block)))
    return "\n".join(out)


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
