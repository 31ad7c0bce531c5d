"""Lines for a terminal of any width: words are kept whole where they fit, columns stay aligned, and nothing that comes
from the subject can move the cursor. Everything written passes through ``Pen``, which makes it plain first.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

from brinell.core.redact import plain
from brinell.core.verdicts import Verdict
from brinell.reports.figures import MISSING

NARROWEST = 20
_PLACE = "\ue001"
_MARKS = {Verdict.PASS: ("✓", "+"), Verdict.FAIL: ("✗", "x"), Verdict.UNKNOWN: ("?", "?")}
_ASCII = str.maketrans({MISSING: "-", "·": "|", "…": "...", "→": "->"})
_STYLES = {"bold": "1", "dim": "2", "red": "1;31", "green": "1;32", "yellow": "1;33", "cyan": "36"}
STYLE = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.UNKNOWN: "yellow"}
# Where a path, a node id or a dotted name may be broken without hurting the eye.
_JOINT = re.compile(r"(?<=[/.,\-\[\](=&?])|(?<=:)(?!:)")
GLUE = "\ue000"
"""Written as a space, but never broken at: ``12{GLUE}skipped`` stays on one line."""


def cells(text: str) -> int:
    """Return the number of terminal cells a plain text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


@functools.lru_cache(4096)  # texts have few different characters, and a message of a megabyte has many
def _cells_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Return ``text`` cut to ``width`` cells, with a mark where something is missing."""
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for char in text:
        used += _cells_of(char)
        if used > max(0, width - 1):
            break
        kept.append(char)
    return "".join(kept) + "…" if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """Break one line of text at spaces; a word longer than the width at its joints, then anywhere."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width)
        lines.extend(full)
    lines.append(line)
    return lines


def _pieces(word: str, width: int) -> list[str]:
    """Split one overlong word into pieces that fit."""
    pieces, piece = [], ""
    for part in _JOINT.split(word):
        for bit in (part,) if cells(piece + part) <= width or cells(part) <= width else tuple(part):
            if piece and cells(piece + bit) > width:
                pieces.append(piece)
                piece = ""
            piece += bit
    pieces.append(piece)
    return pieces


class Pen:
    """Collects lines of at most ``width`` cells; with ``color`` they carry ANSI styles, without they are plain."""

    def __init__(self, width: int, *, color: bool, encoding: str) -> None:
        self.width = max(NARROWEST, width)
        self.lines: list[str] = []
        self._color = color
        self._encoding = encoding
        self._unicode = _writable(f"✓✗…·→{MISSING}", encoding)

    def mark(self, verdict: Verdict) -> str:
        """Return ✓, ✗ or ?; ASCII where the encoding has no more."""
        return _MARKS[verdict][0 if self._unicode else 1]

    def clean(self, text: str, most: int = 2000) -> str:
        """Return ``text`` as one plain line that this terminal's encoding can write."""
        return self._written(plain(" ".join(text[: most * 4].split()), most))

    def _written(self, text: str) -> str:
        if not self._unicode:
            text = text.translate(_ASCII)
        parts = (part.encode(self._encoding, "backslashreplace") for part in text.split(GLUE))
        return GLUE.join(part.decode(self._encoding, "replace") for part in parts)

    def styled(self, text: str, style: str) -> str:
        """Return ``text`` with a style; unchanged without colour."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color and style and text else text

    def blank(self) -> None:
        """Write an empty line, unless there already is one or nothing stands yet."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def heading(self, text: str) -> None:
        """Write a section's name."""
        self.blank()
        self.say(text, style="bold")

    def say(self, text: str, *, lead: str = "", indent: int = 0, style: str = "", lead_style: str = "") -> None:
        """Write a paragraph. ``lead`` (a mark, a label) stands before its first line, the rest hangs below the text."""
        lead = self.clean(lead)
        hang = indent + min(cells(lead) + 1, 3) if lead else indent
        # What of the lead reaches beyond the hang is measured with the text: place holders stand for it.
        offset = indent + cells(lead) + 1 - hang if lead else 0
        rows = wrap(f"{_PLACE * offset}{self.clean(text)}", max(8, self.width - hang))
        for number, row in enumerate(rows):
            start = " " * hang
            if number == 0 and lead:
                start = " " * indent + self.styled(lead, lead_style or style) + " "
            shown = row.lstrip(_PLACE).replace(GLUE, " ")
            self.lines.append((start + self.styled(shown, style)).rstrip())

    def verbatim(self, text: str, *, lead: str = "", indent: int = 0) -> None:
        """Write a command on one line however long it is: broken by us, it could not be copied and run."""
        start = " " * indent + self.styled(self.clean(lead), "dim")
        self.lines.append(f"{start}{' ' if lead else ''}{self.styled(self.clean(text), 'cyan')}")

    def block(self, text: str, *, indent: int = 0, most: int = 60) -> None:
        """Write source as it is, line by line, so that it can be copied; more than ``most`` lines are counted."""
        lines = text.expandtabs(4).splitlines()
        for line in lines[:most]:
            shown = self._written(plain(line[:8000], 2000)).replace(GLUE, " ").rstrip()
            self.lines.append((" " * indent + self.styled(shown, "cyan")).rstrip())
        if len(lines) > most:
            self.say(f"… {len(lines) - most} more lines …", indent=indent, style="dim")

    def table(self, rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
        """Write rows with the first column to the left and the others to the right; the first row is the header.

        Where the columns do not fit, every row becomes a paragraph ``name: header value, header value``.
        """
        rows = [[self.clean(cell) for cell in row] for row in rows]
        widths = [max(cells(row[column]) for row in rows) for column in range(len(rows[0]))]
        if indent + sum(widths) + 2 * (len(widths) - 1) > self.width:
            for row in rows[1:]:
                pairs = (f"{head} {cell}".strip() for head, cell in zip(rows[0][1:], row[1:], strict=True) if cell)
                self.say(", ".join(pairs), lead=f"{row[0]}:", indent=indent)
            return
        for number, row in enumerate(rows):
            line = " " * indent + "  ".join(_aligned(row, widths))
            self.lines.append(self.styled(line.rstrip(), "dim" if number == 0 else ""))

    def page(self) -> str:
        """Return everything written, with a final newline."""
        return "\n".join(self.lines).rstrip() + "\n"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        gap = " " * (width - cells(cell))
        yield cell + gap if column == 0 else gap + cell


def _writable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
