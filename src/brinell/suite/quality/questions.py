"""What only the project's own interpreter knows, asked in one process of it (``brinell_inside/inquiry.py``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from brinell.core.redact import one_line
from brinell.subject.inside import inside
from brinell.subject.question import ask

TIMEOUT_S = 60.0
_MARK = "brinell-inquiry "
_MOST_MODULES = 500


class Provider(msgspec.Struct, frozen=True):
    """Where an import comes from. ``needed_by``: installed distributions that require one of ``distributions``."""

    standard: bool = False
    found: bool = False
    origin: str = ""
    distributions: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()


class PytestKnows(msgspec.Struct, frozen=True):
    """pytest as it is configured there. ``settings`` are the values it goes by, ``known`` the options it has."""

    version: str = ""
    rootdir: str = ""
    inipath: str = ""
    known: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    settings: dict[str, tuple[str, ...]] = {}
    unknown_arguments: tuple[str, ...] = ()


class CoverageKnows(msgspec.Struct, frozen=True):
    """coverage as it is configured there; ``options`` are ``section:option``."""

    version: str = ""
    options: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
    file: str = ""
    plugins: tuple[str, ...] = ()


class Answers(msgspec.Struct, frozen=True):
    """All answers; what could not be answered is None or empty, and ``errors`` says why."""

    version: tuple[int, ...] = ()
    distributions: dict[str, Provider] = {}
    coverage: CoverageKnows | None = None
    pytest: PytestKnows | None = None
    errors: dict[str, str] = {}


def inquire(
    python: str, folder: Path, env: Mapping[str, str], modules: Sequence[str], args: Sequence[str] = ()
) -> Answers:
    """Ask the interpreter ``python`` in ``folder``. Never raises for what the project does: ``errors`` has it."""
    asked = json.dumps({"modules": sorted(modules)[:_MOST_MODULES], "args": list(args)})
    answer = ask([python, str(inside("inquiry.py")), asked], cwd=folder, env=env, timeout_s=TIMEOUT_S)
    line = next((line for line in answer.out.splitlines() if line.startswith(_MARK)), "")
    try:
        return msgspec.json.decode(line.removeprefix(_MARK), type=Answers)
    except (msgspec.DecodeError, ValueError):
        pass
    if answer.status is None:
        why = f"it did not answer within {TIMEOUT_S:.0f} s"
    else:
        said = [text for text in answer.err.splitlines() if text.strip()]
        why = f"it ended with status {answer.status}" + (f": {one_line(said[-1], 200)}" if said else "")
    return Answers(errors=dict.fromkeys(("distributions", "coverage", "pytest"), why))
