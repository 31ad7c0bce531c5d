"""What makes two failures one bug: the key of a failure, hashed to the bug's id.

Product code in the traceback decides first, whatever the phase: exception type, deepest function of the project, and
the raise statement or the masked message. Then the broken fixture, the missing module. Line numbers are never part of
a key, so that a bug keeps its id while code moves.

An assertion of a test has no product frame below it. Equal masked assertions ("assert <number> == <number>") in
different tests are most often different bugs, and merging them would hide one behind the other; so the key holds the
test's function and the assertion as it is written: its parameters are one bug, its neighbours are not. What ties
different tests is a thing they all name: the missing member, the refused connection, the traceback in the server's log.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from brinell.core.observation import Frame, Raised
from brinell.triage.failure import Failure
from brinell.triage.masks import VERSION, mask
from brinell.triage.names import names_a_thing
from brinell.triage.reading import Reading, function_of

_LITERAL_RAISE = re.compile(r"raise (?:\w+\.)*[A-Z]\w*(?:\(\)|\([rfbuRFBU]{0,2}[\"'].*)?(?: from \w+)?$|assert\b.{3,}")
_ASSERTION_TEXT = re.compile(r"assert\b.{3,}|self\.(?:assert|fail)\w*\(.+|(?:with )?pytest\.(?:fail|raises|warns)\(.+")
_RESOURCE = re.compile(
    r"Connection(?:Refused|Reset|Aborted)?Error|ConnectError|ConnectTimeout|NewConnectionError|MaxRetryError|gaierror|"
    r"PermissionError|FileNotFoundError|BlockingIOError|.*OperationalError|BrokenPipeError|^OSError$|^IOError$"
)
_ERROR_NAME = re.compile(r"(?:Error|Exception|Failure|Exit|Interrupt|Timeout)$")
_MOST_TRACE = 30


@dataclass(frozen=True)
class Key:
    """``parts`` identify the bug; ``why`` says to a person what its failures have in common."""

    parts: tuple[str, ...]
    why: str = field(default="", compare=False)

    @property
    def id(self) -> str:
        """The bug's id: the version of this algorithm, and ten hex digits of SHA-256."""
        return f"{VERSION}-{hashlib.sha256(chr(31).join(self.parts).encode(errors='replace')).hexdigest()[:10]}"

    @property
    def text(self) -> str:
        """The key for people."""
        return " | ".join(self.parts)


def key_of(reading: Reading) -> Key:
    """Return what identifies the bug a failure belongs to. Depends on the failure alone, never on its neighbours."""
    if reading.failure.kind == "process" and reading.product is None:
        return _process_key(reading.failure)
    fixture = _absent_fixture(reading)
    if fixture:
        return Key(("fixture", "missing", fixture), f"they ask for the fixture '{fixture}', which does not exist")
    if reading.raised is None:
        return _text_key(reading.failure)
    if reading.missing is not None:
        name = reading.missing.dotted
        return Key(("name", name), f"'{name}' is missing for all of them")
    if reading.product is not None:
        return _product_key(reading, reading.raised)
    return (_setup_key if reading.is_setup else _test_key)(reading, reading.raised)


def _process_key(failure: Failure) -> Key:
    last = next((line for line in reversed(failure.longrepr.splitlines()) if line.strip()), "")
    what = failure.function if failure.test else mask(last)
    return Key(("process", failure.phase, mask(failure.reason), what), "the pytest process itself failed")


def shown_key(exception: tuple[str, str]) -> Key | None:
    """Return the key of failures that show the same exception, where nothing better is known; None for no error."""
    kind, message = exception
    if not _ERROR_NAME.search(kind):
        return None
    return Key(("shown", kind, message), "their assertions show the same exception")


def _absent_fixture(reading: Reading) -> str | None:
    found = re.search(r"^E\s+fixture '([^'\n]{1,200})' not found", reading.failure.longrepr, re.MULTILINE)
    if found:
        return found[1]
    if reading.raised is not None and reading.raised.type.endswith("FixtureLookupError"):
        return reading.failure.fixture or "?"
    return None


def _text_key(failure: Failure) -> Key:
    """Nothing but text is known: a crashed worker, an xpass that was not to be."""
    lines = [line for line in failure.longrepr.splitlines() if line.strip()]
    last = mask(lines[-1] if lines else failure.reason)
    return Key(("text", failure.function, failure.phase, last), "the same test function with the same message")


def _product_key(reading: Reading, raised: Raised) -> Key:
    frame, place = reading.deepest  # type: ignore[misc]  # reading.product was checked
    what, kind = _what(reading, raised)
    return Key(
        ("code", raised.type, place.path, function_of(frame), what),
        f"{raised.type} with {function_of(frame)} ({place.path}) as the deepest project function, and the same {kind}",
    )


def _what(reading: Reading, raised: Raised) -> tuple[str, str]:
    """Return the raise statement as written where the project's own line raises a literal, else the masked message."""
    text = raised.frames[-1].text if raised.frames else ""
    if reading.raising is not None and reading.raising[1].is_product and _LITERAL_RAISE.match(text):
        return text, "statement"
    return mask(raised.message), "masked message"


def _setup_key(reading: Reading, raised: Raised) -> Key:
    failure = reading.failure
    if failure.kind == "collection":
        parts = ("collection", failure.path, raised.type, mask(raised.message))
        return Key(parts, "the same file cannot be collected, with the same message")
    name = failure.fixture or reading.setup_function
    if name:
        home = _fixture_file(reading, raised, name)
        return Key(("fixture", name, home), f"the fixture '{name}' fails")
    return _trace_key(reading, raised)


def _fixture_file(reading: Reading, raised: Raised, name: str) -> str:
    if reading.deepest is not None and any(frame.function.rsplit(".", 1)[-1] == name for frame in raised.frames):
        return reading.deepest[1].path
    return ""


def _test_key(reading: Reading, raised: Raised) -> Key:
    failure = reading.failure
    if reading.deepest is None:
        return _trace_key(reading, raised)
    if reading.is_assertion:
        text = reading.deepest[0].text
        what = text if _ASSERTION_TEXT.match(text) else mask(raised.message.split("\n", maxsplit=1)[0])
        return Key(("test", failure.function, raised.type, what), "the same assertion of the same test function")
    if _RESOURCE.search(raised.type) and reading.raising is not None and not reading.raising[1].in_project:
        return Key(("resource", raised.type, _resource(raised.message)), "the same resource is not available")
    if names_a_thing(raised):
        return Key(("thing", raised.type, mask_numbers(raised.message)), "they expect the same of the same thing")
    return Key(
        ("test", failure.function, raised.type, mask(raised.message)), "the same error in the same test function"
    )


def _resource(message: str) -> str:
    """Keep the name of a file, for two missing files are two bugs; where it lay is masked."""
    quoted = re.search(r"['\"]([^'\"\n]{1,1000})['\"]\s*$", message)
    return f"{mask(message)} {posixpath.basename(quoted[1]) if quoted else ''}".strip()


def mask_numbers(message: str) -> str:
    """Mask addresses and numbers but keep quoted names: they are what the message is about."""
    return re.sub(r"0x[0-9a-fA-F]+|\d+", "<number>", " ".join(message[:500].split()))


def _trace_key(reading: Reading, raised: Raised) -> Key:
    trace = " > ".join(_steps(raised.frames))
    if not trace and not raised.message.strip():
        return _text_key(reading.failure)
    parts = ("trace", raised.type, mask(raised.message), trace)
    return Key(parts, f"{raised.type} outside the project's code, with the same trace and masked message")


def _steps(frames: Iterable[Frame]) -> list[str]:
    """``folder/file.py:function`` of the last frames: what is the same on every machine."""
    return [f"{'/'.join(frame.file.split('/')[-2:])}:{frame.function}" for frame in list(frames)[-_MOST_TRACE:]]
