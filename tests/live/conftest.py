"""A terminal in memory: what a person would see after the bytes that were written."""

from __future__ import annotations

import io
import re

import pytest


class Screen(io.StringIO):
    """Understands what the display uses: new line, carriage return, cursor up, erase right and below. No more."""

    encoding = "utf-8"

    def __init__(self, columns=80, *, terminal=True, encoding="utf-8"):
        super().__init__()
        self.columns, self.terminal, self.writes, self.widest = columns, terminal, [], 0
        self.encoding = encoding

    def isatty(self):
        return self.terminal

    def fileno(self):
        raise OSError("no file")

    def write(self, text):
        text.encode(self.encoding)
        self.writes.append(text)
        return super().write(text)

    @property
    def rows(self):
        """Return the rows on the screen, empty ones at the end left out."""
        rows, row, column = [""], 0, 0
        for piece in re.findall(r"\x1b\[\d*[A-Za-z]|\n|\r|[^\x1b\n\r]+", "".join(self.writes)):
            if piece == "\n":
                row, column = row + 1, 0
                rows += [""] * (row + 1 - len(rows))
            elif piece == "\r":
                column = 0
            elif piece.endswith("A") and piece.startswith("\x1b"):
                row -= int(piece[2:-1] or 1)
                assert row >= 0
            elif piece == "\x1b[K":
                rows[row] = rows[row][:column]
            elif piece == "\x1b[J":
                rows[row] = rows[row][:column]
                del rows[row + 1 :]
            else:
                assert not piece.startswith("\x1b"), piece
                rows[row] = rows[row][:column] + piece + rows[row][column + len(piece) :]
                column += len(piece)
                self.widest = max(self.widest, column)
        while rows and not rows[-1]:
            rows.pop()
        return rows


@pytest.fixture(scope="session")
def screen():
    """Return the class."""
    return Screen
