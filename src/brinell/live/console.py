"""What a stream can show: its width, whether it wants colour, whether lines can be redrawn, which characters it has."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import NamedTuple, TextIO


class Console(NamedTuple):
    """A stream's abilities; ``redraw`` is False where lines stay as they were written (pipes, CI logs)."""

    width: int
    color: bool
    redraw: bool
    encoding: str


def look_at(stream: TextIO, environ: Mapping[str, str]) -> Console:
    """Return what ``stream`` can show. Honours NO_COLOR (any non-empty value, no-color.org), FORCE_COLOR and TERM."""
    terminal = is_terminal(stream)
    dumb = environ.get("TERM", "") in {"", "dumb"}
    forced = environ.get("FORCE_COLOR", "") not in {"", "0"}
    color = not environ.get("NO_COLOR") and (forced or (terminal and not dumb))
    return Console(width(stream, environ), color, terminal and not dumb, stream.encoding or "ascii")


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person may be watching; a closed stream is nobody's."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the stream's columns: COLUMNS if set, else the terminal's own, else 80."""
    stated = environ.get("COLUMNS", "")
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return shutil.get_terminal_size((80, 24)).columns


def height(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the stream's rows: LINES if set, else the terminal's own, else 24."""
    stated = environ.get("LINES", "")
    if stated.isdigit() and int(stated) > 0:
        return int(stated)
    try:
        return os.get_terminal_size(stream.fileno()).lines or 24
    except (OSError, ValueError):
        return shutil.get_terminal_size((80, 24)).lines
