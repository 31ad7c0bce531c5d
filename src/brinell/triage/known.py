"""Which bugs are known? Read from the project's own lists, before judging, and journalled.

A list is a text (Markdown, notes) in which a line names a bug id (``b1-0123456789``) or a test id in backquotes, and is
marked fixed by ``[x]``, ``~~`` or the word "fixed" (but not "not fixed", "be fixed"); or TOML with ``[[bug]]`` tables:
``id`` or ``test``, and ``state`` (``open``, ``fixed``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from brinell.core.observation import KnownBugs
from brinell.triage.failure import without_parameters

MOST_BYTES = 1_000_000

_ID = re.compile(r"\bb\d-[0-9a-f]{10}\b")
_TEST = re.compile(r"`([^`\n]{1,1000}\.py(?:::[^`\n]{1,1000})?)`")
_FIXED = re.compile(r"\[x\]|~~|(?<!\bnot )(?<!\bnever )(?<!\byet )(?<!\bbe )\bfixed\b", re.IGNORECASE)


def read_known(root: Path, files: Iterable[str]) -> KnownBugs:
    """Read the lists, relative to ``root``; one that cannot be read counts as empty and is left out of ``files``."""
    entries: dict[str, str] = {}
    read: list[str] = []
    for name in files:
        try:
            with (root / name).open("rb") as file:
                text = file.read(MOST_BYTES).decode(errors="replace")
        except OSError:
            continue
        entries.update(of_toml(text) if name.endswith(".toml") else of_text(text))
        read.append(name)
    return KnownBugs(entries, tuple(read))


def of_text(text: str) -> dict[str, str]:
    """Return the ids that lines of a text name, with their state. A later line overrides an earlier one."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        state = "fixed" if _FIXED.search(line) else "open"
        found.update(dict.fromkeys([*_ID.findall(line), *_TEST.findall(line)], state))
    return found


def of_toml(text: str) -> dict[str, str]:
    """Return the ids of ``[[bug]]`` tables; of a text that is no TOML, what its lines name."""
    try:
        tables = tomllib.loads(text).get("bug", [])
    except tomllib.TOMLDecodeError:
        return of_text(text)
    found: dict[str, str] = {}
    for table in tables if isinstance(tables, list) else []:
        if isinstance(table, Mapping):
            name = table.get("id", table.get("test"))
            if isinstance(name, str):
                found[name] = "fixed" if table.get("state") == "fixed" else "open"
    return found


def status_of(bug: str, tests: Iterable[str], known: Mapping[str, str]) -> str:
    """Return ``new``, ``known`` or ``regressed``. A bug's id decides; test ids only if all of its tests are listed."""
    state = known.get(bug)
    if state is None:
        states = {known.get(test) or known.get(without_parameters(test)) for test in tests}
        state = None if None in states or not states else "open" if "open" in states else "fixed"
    return {"open": "known", "fixed": "regressed"}.get(state or "", "new")
