"""Text from the subject inside Markdown: shown, never interpreted. No markup, HTML, link, image, mention or issue
reference survives (CommonMark and GitHub's extensions), and a table keeps its columns.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from brinell.core.redact import one_line, plain
from brinell.reports import outline

_JOINER = "\u2060"  # invisible, no width: parts what GitHub would turn into a link or a notification
_AUTOLINK = re.compile(r"(?i)(?<=:)(?=//|[a-z+-][\w+-]*:)|(?<=\bwww)(?=\.)|(?<=@)(?=\w)|(?<=#)(?=\w)|(?<=\bgh)(?=-\d)")
_SPECIAL = re.compile(r"[\\`*_\[\]|~$]")
_OPENING = re.compile(r"^(?:[-+#=:]|\d+(?=[.)](?:\s|$)))")  # means something only where a line begins
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_SEPARATORS = re.compile("[\u2028\u2029\x85]")


def text(value: str, most: int = 500) -> str:
    """Return prose on one line with every character that could mean something made literal."""
    return _OPENING.sub(lambda match: _JOINER + match[0], _literal(_line(value, most)))


def prose(value: str, most: int = 500) -> str:
    """Return prose on one line in which what stands between backticks is a code span, and all else literal."""
    pieces = outline.segments(_line(value, most))
    shown = "".join(code(piece, most) if is_code else _literal(piece) for is_code, piece in pieces)
    return _OPENING.sub(lambda match: _JOINER + match[0], shown)


def code(value: str, most: int = 500) -> str:
    """Return a code span on one line, whatever backticks are in it. Not for tables: see ``cell``."""
    inner = _line(value, most)
    if not inner:
        return ""
    fence = "`" * (_longest_run(inner) + 1)
    pad = " " if inner.startswith("`") or inner.endswith("`") else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def cell(value: str, most: int = 200) -> str:
    """Return a code span for a table. Where a pipe or backslash would be ambiguous, entities inside ``<code>``."""
    inner = _line(value, most)
    if "|" not in inner and "\\" not in inner:
        return code(inner, most)
    return f"<code>{_PUNCTUATION.sub(_entity, inner)}</code>"


def block(value: str, most: int = 8000, language: str = "text") -> str:
    """Return a fenced code block that nothing in it can end; ``language`` is one of ours, for its colours."""
    inner = _SEPARATORS.sub("\n", plain(value, most)).strip("\n")
    fence = "`" * max(3, _longest_run(inner) + 1)
    return f"{fence}{language}\n{inner}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """Return a table; the last ``numbers`` columns are aligned to the right. Cells are Markdown already."""
    left = len(header) - numbers
    rule = ["---" if column < left else "---:" for column in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def _literal(line: str) -> str:
    return html.escape(_SPECIAL.sub(r"\\\g<0>", _AUTOLINK.sub(_JOINER, line)), quote=False)


def _line(value: str, most: int) -> str:
    return one_line(value[: most * 4], most)


def _longest_run(value: str) -> int:
    return max((len(run) for run in re.findall("`+", value)), default=0)


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
