"""Lines of the wire, decoded: what the recorder in the user's interpreter says (``brinell_inside/wire.py``, version 1).

A line comes from the subject: it may be torn, forged, or from a newer recorder. Shapes are checked strictly, keys and
kinds that are not known here are ignored, and what does not fit is counted by the reader, never raised further.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

MAX_LINE_BYTES = 256 * 1024


class _Line(msgspec.Struct, frozen=True, tag_field="kind", tag=str.lower):
    """Base of the lines; the tag is the lower-case class name unless given."""


class Hello(_Line, frozen=True):
    """Who runs: interpreter, pytest, folders, plugins."""

    python: str = ""
    pytest: str = ""
    rootdir: str = ""
    cwd: str = ""
    executable: str = ""
    prefix: str = ""
    args: tuple[str, ...] = ()
    stdlib: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    plugins: dict[str, str] = {}
    xdist_workers: int = 0


class NoPytest(_Line, frozen=True, tag="no_pytest"):
    """The interpreter cannot import pytest."""

    message: str = ""
    executable: str = ""
    python: str = ""


class CollectedLine(_Line, frozen=True, tag="collected"):
    """Collection ended."""

    count: int
    deselected: int | None = None
    seconds: float = 0.0


class Fixture(msgspec.Struct, frozen=True):
    """The fixture that failed."""

    name: str | None = None
    scope: str | None = None
    missing: bool = False


class FrameLine(msgspec.Struct, frozen=True):
    """One frame of a traceback."""

    file: str
    function: str = ""
    line: int | None = None
    text: str = ""


class Syntax(msgspec.Struct, frozen=True):
    """Where a SyntaxError is."""

    file: str | None = None
    line: int | None = None
    text: str | None = None


class Exc(msgspec.Struct, frozen=True):
    """One exception; in a list of them the root cause is first."""

    type: str | None = None
    module: str | None = None
    message: str = ""
    link: str | None = None
    frames: tuple[FrameLine, ...] = ()
    import_name: str | None = None
    syntax: Syntax | None = None
    children: tuple[tuple[Exc, ...], ...] | None = None
    children_count: int = 0


class CollectErrorLine(_Line, frozen=True, tag="collect_error"):
    """Something could not be collected."""

    nodeid: str
    exc: tuple[Exc, ...] | None = None
    longrepr: str | None = None


class CollectSkip(_Line, frozen=True, tag="collect_skip"):
    """A module skipped itself."""

    nodeid: str
    reason: str = ""


class Start(_Line, frozen=True):
    """A test began."""

    id: str
    t_ns: int = 0
    worker: str | None = None


class Failure(msgspec.Struct, frozen=True):
    """A failed subtest or a later phase that failed too."""

    description: str = ""
    phase: str = ""
    exc: tuple[Exc, ...] | None = None
    longrepr: str | None = None


class Subtests(msgspec.Struct, frozen=True):
    """What the subtests of a test gave."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: tuple[Failure, ...] = ()


class TestLine(_Line, frozen=True, tag="test"):
    """One attempt at one test."""

    __test__ = False  # not a test class for pytest, whatever its name

    id: str
    outcome: str
    counted: tuple[str, ...] | None = None
    phases: dict[str, tuple[float, str]] = {}
    path: str = ""
    line: int | None = None
    markers: tuple[str, ...] = ()
    worker: str | None = None
    start_ns: int = 0
    attempt: int = 1
    final: bool = True
    reason: str | None = None
    failed_phase: str | None = None
    exc: tuple[Exc, ...] | None = None
    fixture: Fixture | None = None
    longrepr: str | None = None
    also_failed: tuple[Failure, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
    subtests: Subtests | None = None
    cpu: float | None = None
    starved: float | None = None
    fixtures: tuple[float, float, float] | None = None


class Warned(_Line, frozen=True, tag="warning"):
    """A warning, the first of its kind."""

    n: int
    message: str = ""
    category: str | None = None
    nodeid: str | None = None
    file: str | None = None
    line: int | None = None


class InternalError(_Line, frozen=True, tag="internal_error"):
    """pytest itself failed."""

    text: str = ""


class RecorderError(_Line, frozen=True, tag="recorder_error"):
    """The recorder failed there."""

    where: str = ""
    exc: tuple[Exc, ...] | None = None


class FixtureTimeLine(_Line, frozen=True, tag="fixture_time"):
    """What one fixture cost."""

    name: str
    scope: str = ""
    file: str = ""
    line: int = 0
    uses: int = 0
    setup_s: float = 0.0
    teardown_s: float = 0.0
    cpu_s: float = 0.0
    starved_s: float = 0.0


class ImportTimeLine(_Line, frozen=True, tag="import_time"):
    """What one import cost."""

    module: str
    file: str = ""
    by: str = ""
    at_start: bool = False
    project: bool = False
    modules: int = 1
    seconds: float = 0.0
    exclusive_s: float = 0.0
    cpu_s: float = 0.0
    starved_s: float = 0.0


class SessionTimeLine(_Line, frozen=True, tag="session_time"):
    """Where the session's time went."""

    seconds: float
    start_s: float = 0.0
    import_s: float = 0.0
    collection_s: float = 0.0
    fixtures_s: float = 0.0
    setup_s: float = 0.0
    call_s: float = 0.0
    teardown_s: float = 0.0
    between_s: float = 0.0
    end_s: float = 0.0
    cpu_s: float = 0.0
    cpu: dict[str, float] = {}
    children_cpu_s: float = 0.0
    starved_s: float | None = None
    starved: dict[str, float] = {}
    imports_timed: bool = True
    fixtures_left_out: int = 0


class WarningTotals(msgspec.Struct, frozen=True):
    """How many warnings there were, and further times of those that were written.

    ``tests`` has the tests of each that touches several, as far as they fit; ``touched`` how many those are.
    """

    total: int = 0
    repeats: dict[str, int] = {}
    tests: dict[str, list[str]] = {}
    touched: dict[str, int] = {}


class Done(_Line, frozen=True):
    """The session ended in order."""

    exitstatus: int | None = None
    seconds: float | None = None
    summary: dict[str, int] = {}
    interrupted: str | None = None
    warnings: WarningTotals = WarningTotals()


Line = (
    Hello
    | NoPytest
    | CollectedLine
    | CollectErrorLine
    | CollectSkip
    | Start
    | TestLine
    | Warned
    | InternalError
    | RecorderError
    | FixtureTimeLine
    | ImportTimeLine
    | SessionTimeLine
    | Done
)

_DECODER: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)
_KINDS = frozenset(str(kind.__struct_config__.tag) for kind in Line.__args__)


class MalformedError(ValueError):
    """A line that is not what it should be."""


def decode(raw: bytes) -> Line | None:
    """Return the line, None for a kind that is not known here; ``MalformedError`` for anything else."""
    if len(raw) > MAX_LINE_BYTES:
        raise MalformedError(f"{len(raw)} bytes in one line")
    try:
        line: Line = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _second_look(raw, str(error))
    return line


def _second_look(raw: bytes, complaint: str) -> Line | None:
    """Lone surrogates (a file name that is no UTF-8) are legal in Python's JSON only; unknown kinds are no mistake."""
    try:
        value = _clean(json.loads(raw))
        if isinstance(value, dict) and isinstance(value.get("kind"), str) and value["kind"] not in _KINDS:
            return None
        line: Line = msgspec.convert(value, Line)
    except (ValueError, RecursionError):
        raise MalformedError(complaint) from None
    return line


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
