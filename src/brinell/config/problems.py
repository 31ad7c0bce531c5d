"""Everything that is wrong with a configuration, collected and told at once.

Each problem names the table, the key, the value, why it will not do, the valid choices and the nearest one. Nothing
else in the program words a configuration error.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from brinell.core.addresses import meant
from brinell.core.errors import UsageError, nearest
from brinell.core.redact import address, one_line, redact

MOST_TOLD = 10
NOT_YET = "not in this version"

Place = tuple[str | int, ...]
"""Where in the file: table names and, for lists, positions from 0: ``("load", 1, "shape")``."""

OPTIONS: Place = ("--",)
"""The place of what was given as options: its keys are written ``--rate``."""


class Unfit(Exception):  # noqa: N818 - the reason a value will not do, not yet an error of the run
    """A value will not do: ``why`` in words, and what would do where that can be listed."""

    def __init__(
        self, why: str, choices: Iterable[str] = (), word: str | None = None, meant: str | None = None
    ) -> None:
        super().__init__(why)
        self.why = why
        self.choices = tuple(choices)
        self.word = word  # what to compare with the choices, where it is not the whole value
        self.meant = meant  # what was most likely meant, where that is known


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong. ``given`` is the value as TOML, empty where a key is missing."""

    place: Place
    key: str
    why: str
    given: str = ""
    choices: tuple[str, ...] = ()
    nearest: str | None = None
    example: str = ""
    line: int | None = None

    def text(self) -> str:
        """Two to four lines for the terminal."""
        head = label(self.place)
        if self.place == OPTIONS:
            head = f"--{self.key}"
        elif self.key:
            # Inside a scenario's own tables the key is written dotted: shape.kind, requests #1.path
            head += ("." if len(self.place) > 2 and not head.endswith("]") else " ") + self.key
        if self.given:
            head += f" = {self.given}"
        if self.line is not None:
            head += f"   (line {self.line})"
        rows = [head, f"    {self.why}" + (f"; did you mean {self.nearest}?" if self.nearest else "")]
        if self.choices:
            rows.append(f"    valid: {', '.join(self.choices)}")
        if self.example:
            rows.append(f"    for example: {self.example}")
        return "\n".join(rows)


class Problems:
    """Collects problems of one file; ``finish`` raises them all as one ``UsageError``."""

    def __init__(self, file: str, prefix: str = "", lines: Sequence[str] = (), *, hint: str = "") -> None:
        self.found: list[Problem] = []
        self._file = file
        self._prefix = prefix
        self._lines = lines
        self._hint = hint or "brinell plan checks the file without running anything"

    def add(self, place: Place, key: str, unfit: Unfit, *, value: Any = None, example: str = "") -> None:
        """Note that ``key`` of ``place`` will not do. The value is shown redacted and on one line."""
        given = "" if value is None else show(value, key)
        word = unfit.word if unfit.word is not None else value if isinstance(value, str) else ""
        where = (*self._prefix.split("."), *place) if self._prefix else place
        self.found.append(
            Problem(
                place=where,
                key=key,
                why=unfit.why,
                given=given,
                choices=unfit.choices,
                nearest=nearest(word, list(unfit.choices)) if unfit.choices else unfit.meant,
                example=example,
                line=line_of(self._lines, self._prefix, place, key),
            )
        )

    def unknown(self, place: Place, key: str, valid: Sequence[str], *, later: Iterable[str] = (), value: Any) -> None:
        """Note a key that is not one of this place, or one that a later version will know."""
        if key in later:
            self.add(place, key, Unfit(NOT_YET), value=value)
        else:
            self.add(place, key, Unfit("no such key here", valid, word=key), value=value)

    def unknown_table(self, name: str, valid: Sequence[str], *, later: Iterable[str] = ()) -> None:
        """Note a table that is not one of ours, or one that a later version will know."""
        if name in later:
            self.add((name,), "", Unfit(NOT_YET))
        else:
            self.add((name,), "", Unfit("no such table", [f"[{table}]" for table in valid], word=f"[{name}]"))

    def finish(self) -> None:
        """Raise ``UsageError`` if there was any problem."""
        if not self.found:
            return
        count = len(self.found)
        told = [problem.text() for problem in self.found[:MOST_TOLD]]
        if count > MOST_TOLD:
            told.append(f"... and {count - MOST_TOLD} more")
        head = f"{self._file}: {count} thing{'s' if count > 1 else ''} to correct"
        raise UsageError("\n\n".join((head, *told)), hint=self._hint)


def as_meant(command: str, written: str, scheme: str, else_: str = "") -> str:
    """Return the command with the address for ``{}`` that was most likely meant, or else with an example."""
    whole = meant(written, scheme)
    return command.replace("{}", shlex.quote(address(whole)) if whole else else_ or f"{scheme}://127.0.0.1:8000/")


def label(place: Place) -> str:
    """Write a place the way the file does: ``[suite]``, ``[[load]] #2``, ``[[load]] #2 shape``."""
    if not place:
        return ""
    if str(place[0]).startswith("--"):
        return " ".join(str(part) for part in place)
    names: list[str] = []
    rest = list(place)
    while rest and isinstance(rest[0], str) and len(names) < (3 if place[0] == "tool" else 1):
        names.append(str(rest.pop(0)))
    table = ".".join(names)
    table = f"[[{table}]] #{int(rest.pop(0)) + 1}" if rest and isinstance(rest[0], int) else f"[{table}]"
    return " ".join([table, *(f"#{part + 1}" if isinstance(part, int) else part for part in rest)])


def show(value: Any, key: str = "") -> str:
    """Write a value as TOML would, on one line, shortened, with what looks like a secret masked."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = f'"{address(value)}"'
    elif isinstance(value, dict):
        text = "{ " + ", ".join(f"{name} = {show(item, name)}" for name, item in list(value.items())[:6]) + " }"
    elif isinstance(value, list):
        text = "[" + ", ".join(show(item) for item in value[:6]) + ("" if len(value) <= 6 else ", ...") + "]"
    elif isinstance(value, int):
        text = hex(value)[:20] + "..." if abs(value) > 10**30 else str(value)
    else:
        text = str(value)
    masked = redact(f"{key}={text}")[len(key) + 1 :] if key else redact(text)
    return one_line(masked, 80)


def line_of(lines: Sequence[str], prefix: str, place: Place, key: str) -> int | None:
    """Find the line a problem is on by its table's header and its key; None where the file's layout hides it."""
    if not lines:
        return None
    names = [part for part in place if isinstance(part, str)]
    table = ".".join(filter(None, (prefix, *names[:1])))
    position = next((part for part in place if isinstance(part, int)), 0)
    header = _header(lines, table, position) if table else 0
    if header is None:
        return None
    wanted = names[1] if len(names) > 1 else key
    for number in range(header, len(lines)):
        bare = lines[number].strip()
        if number > header and bare.startswith("["):
            break
        name, equals, _ = bare.partition("=")
        if equals and name.strip().strip("\"'").split(".")[0] == wanted:
            return number + 1
    return header + 1 if table else None


def _header(lines: Sequence[str], table: str, position: int) -> int | None:
    """Return the index of the table's header line (the position-th of an array of tables)."""
    seen = -1
    for number, line in enumerate(lines):
        bare = line.split("#")[0].strip()
        if bare.startswith("[[") and bare.strip("[] ") == table:
            seen += 1
            if seen == position:
                return number
        elif bare.startswith("[") and bare.strip("[] ") == table:
            return number
    return None
