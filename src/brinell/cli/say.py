"""What the command line prints: results to standard output, everything about the work itself to standard error."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from brinell.core.errors import UsageError
from brinell.core.redact import plain
from brinell.live.console import look_at

_WIDEST = 60  # a longer command does not push the others' explanations aside
_LEAD = "Next:  "
_NARROWEST = 16  # columns of words, whatever the terminal says
_OWN = re.compile(r"(?:^|(?<=&& ))brinell(?= |$)")
_LONGEST = 110  # columns of prose, however wide the terminal is
_STYLES = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1"}


def style(text: str, name: str, stream: TextIO | None = None) -> str:
    """Return ``text`` as good, bad, warn, dim or bold, if the stream shows it."""
    return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if look_at(stream or sys.stdout, os.environ).color else text


def out(text: str = "") -> None:
    """Print a result. What the terminal's encoding cannot show is replaced."""
    _write(sys.stdout, text)


def prose(text: str) -> None:
    """Print paragraphs, one a line, wrapped at words to the terminal's width; each keeps its indent."""
    width = min(look_at(sys.stdout, os.environ).width, _LONGEST)
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        out(textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


def note(text: str = "") -> None:
    """Print about the work."""
    _write(sys.stderr, text)


def error(message: str, hint: str | None = None) -> None:
    """Print what is wrong and, on its own line, the fix."""
    note(f"{style('error:', 'bad', sys.stderr)} {plain(message)}")
    if hint:
        note(f"{style('  fix:', 'good', sys.stderr)} {plain(hint)}")


def next_steps(steps: Iterable[tuple[str, str]]) -> None:
    """Print what to type next: each step a command, which works as it stands, and what it does; beneath it where the
    terminal has no room beside it.
    """
    rows = [(_callable(command), why) for command, why in steps]
    if not rows:
        return
    width = max((len(command) for command, _ in rows if len(command) <= _WIDEST), default=0)
    room = look_at(sys.stdout, os.environ).width
    is_narrow = any(len(_LEAD) + max(width, len(command)) + 2 + len(why) > room for command, why in rows)
    out()
    for number, (command, why) in enumerate(rows):
        lead = style(_LEAD, "bold") if number == 0 else " " * len(_LEAD)
        if is_narrow:
            out(f"{lead}{command}")
            indent = " " * (len(_LEAD) + 2)
            for line in textwrap.wrap(why, max(_NARROWEST, room - len(indent)), break_long_words=False):
                out(f"{indent}{style(line, 'dim')}")
        else:
            out(f"{lead}{command:<{width}}  {style(why, 'dim')}".rstrip())


def _callable(command: str) -> str:
    """Put this tool's path for its name where the shell here would not find it."""
    own = Path(sys.executable).with_name("brinell")
    if shutil.which("brinell") is not None or not own.is_file():
        return command
    name = shlex.quote(str(own)) if command.startswith("cd ") else near(own)
    return _OWN.sub(lambda _: name, command)


def table(rows: Sequence[Sequence[str]], *, head: Sequence[str] = (), indent: str = "") -> None:
    """Print rows in columns as wide as they need, the last one as it comes."""
    every = [list(head), *map(list, rows)] if head else [list(row) for row in rows]
    if not every:
        return
    widths = [max(len(row[n]) for row in every) for n in range(len(every[0]))]
    for number, row in enumerate(every):
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        out(indent + (style(line, "dim") if head and number == 0 else line))


def as_json(value: Any) -> str:
    """Return plain data as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def near(path: Path) -> str:
    """Write a path the short way: relative to here if it lies below, quoted if a shell needs it."""
    with contextlib.suppress(ValueError, OSError):
        path = path.resolve().relative_to(Path.cwd())
    return shlex.quote(str(path))


def flush() -> None:
    """Hand everything to whoever reads it. One that has seen enough (``| head``) changes no exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _silence(stream)
        except OSError as error:
            _refused(stream, error)


def _write(stream: TextIO, text: str) -> None:
    # Flushed, so that results and notes stand in the order they were said where both go to one file.
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _refused(stream, error)


def _refused(stream: TextIO, error: OSError) -> None:
    """A full disk behind ``>``: the user's to mend, unless it is where we would say so."""
    _silence(stream)
    if stream is sys.stdout:
        raise UsageError(f"cannot write standard output: {error.strerror}", hint="free some space, or use --out DIR")


def _silence(stream: TextIO) -> None:
    """Send what is still to come to the null device: Python would complain about it while it shuts down."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
