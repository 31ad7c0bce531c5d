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

import ast
import hashlib
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from brinell.core.observation import Frame, Raised
from brinell.triage.chains import root_of, traceback_in
from brinell.triage.failure import Failure
from brinell.triage.masks import VERSION, mask
from brinell.triage.names import Missing, missing_name, names_a_thing
from brinell.triage.ownership import Layout, Place

_LITERAL_RAISE = re.compile(r"raise (?:\w+\.)*[A-Z]\w*(?:\(\)|\([rfbuRFBU]{0,2}[\"'].*)?(?: from \w+)?$|assert\b.{3,}")
_ASSERTION_TEXT = re.compile(r"assert\b.{3,}|self\.(?:assert|fail)\w*\(.+|pytest\.(?:fail|raises|warns)\(.+")
_ASSERTIONS = frozenset({"AssertionError", "Failed", "failureException", "ComparisonFailure"})
_SETUP_FUNCTIONS = re.compile(
    r"(?:.*\.)?(setUp|tearDown|setUpClass|tearDownClass|setUpModule|asyncSetUp|setup_method|setup_class|setup_module|setup)$"
)
# A symptom that says "look at the other process": a server error, an exit status.
_SYMPTOM = re.compile(
    r"\b5\d\d\b|status_?code|return_?code|exit_?(?:code|status)|CalledProcessError|RemoteTraceback|SystemExit"
)
_RESOURCE = re.compile(
    r"Connection(?:Refused|Reset|Aborted)?Error|ConnectError|ConnectTimeout|NewConnectionError|MaxRetryError|gaierror|"
    r"PermissionError|FileNotFoundError|BlockingIOError|.*OperationalError|BrokenPipeError|^OSError$|^IOError$"
)
_SYNTAX_ERRORS = frozenset({"SyntaxError", "IndentationError", "TabError"})
_SYNTAX_PLACE = re.compile(r'^E\s+File "([^"\n]{1,4096})", line (\d{1,9})$', re.MULTILINE)
_SHOWN = re.compile(r"\b([A-Z]\w{2,100})\(('(?:[^'\\\n]|\\.){0,500}'|\"(?:[^\"\\\n]|\\.){0,500}\")?\)")
_ERROR_NAME = re.compile(r"(?:Error|Exception|Failure|Exit|Interrupt|Timeout)$")
_NAMELESS = re.compile(r"(?:\.<locals>)?\.?<(?:lambda|listcomp|setcomp|dictcomp|genexpr)>$")
_MOST_TRACE = 30


def function_of(frame: Frame) -> str:
    """Return the named function a frame is in: a lambda or a comprehension is a part of the function that holds it.

    (Python 3.12 gives most comprehensions no frame of their own; a bug keeps its id across that.)
    """
    name = frame.function
    while (outer := _NAMELESS.sub("", name)) not in {name, ""}:
        name = outer
    return name


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


@dataclass(frozen=True)
class Reading:
    """A failure with what was read out of it. ``raised`` is the root of its chain (or of a printed traceback that the
    failure is a symptom of: ``printed``); ``deepest`` the deepest project frame of that root, ``raising`` the last one.
    """

    failure: Failure
    raised: Raised | None
    printed: bool
    deepest: tuple[Frame, Place] | None
    raising: tuple[Frame, Place] | None
    missing: Missing | None

    @property
    def product(self) -> tuple[Frame, Place] | None:
        """The deepest project frame, if product code is there and not a test."""
        return self.deepest if self.deepest is not None and self.deepest[1].is_product else None

    @property
    def is_assertion(self) -> bool:
        """Whether an assertion failed: an ``assert``, unittest's, ``pytest.fail``, or what a test's own code raises."""
        if self.raised is None or self.raised.type.rsplit(".", maxsplit=1)[-1] in _ASSERTIONS:
            return self.raised is not None
        frame, place = self.raising or (None, None)
        return frame is not None and place is not None and place.is_test and frame.text.startswith("raise ")

    @property
    def is_setup(self) -> bool:
        """Whether it failed before or after the test proper; unittest's ``setUp`` counts, pytest calls it ``call``."""
        if self.failure.phase in {"setup", "teardown", "collection"}:
            return True
        return self.setup_function is not None

    @property
    def setup_function(self) -> str | None:
        """The xunit set-up function of the test it failed in, if that is where it failed."""
        if self.deepest is None or not self.deepest[1].is_test:
            return None
        found = _SETUP_FUNCTIONS.match(self.deepest[0].function)
        return found[1] if found else None


def read_failure(failure: Failure, layout: Layout) -> Reading:
    """Return a failure with the facts that its key, owner and severity are made of."""

    def in_project(frame: Frame) -> bool:
        return layout.of(frame).in_project

    raised = _with_place(root_of(failure.chain, in_project), failure)
    printed = failure.kind == "process"
    if printed:
        raised = traceback_in(failure.longrepr)
    deepest = _deepest(raised, layout)
    if raised is not None and not printed and (deepest is None or not deepest[1].is_product):
        written = _printed(failure, raised, layout)
        if written is not None:
            raised, printed, deepest = written, True, _deepest(written, layout)
    last = raised.frames[-1] if raised is not None and raised.frames else None
    return Reading(
        failure=failure,
        raised=raised,
        printed=printed,
        deepest=deepest,
        raising=(last, layout.of(last)) if last is not None else None,
        missing=missing_name(raised) if raised is not None else None,
    )


def _with_place(raised: Raised | None, failure: Failure) -> Raised | None:
    """A file that does not parse is not in its own traceback: add its place, which pytest prints, as the last frame."""
    if raised is None or raised.type not in _SYNTAX_ERRORS:
        return raised
    if failure.kind != "collection" and not (raised.frames and raised.frames[-1].file.startswith("<frozen importlib")):
        return raised
    found = _SYNTAX_PLACE.findall(failure.longrepr)
    if not found or (raised.frames and raised.frames[-1].file == found[-1][0]):
        return raised
    frame = Frame(found[-1][0], "<module>", int(found[-1][1]))
    return Raised(raised.type, raised.message, raised.module, (*raised.frames, frame), None, raised.link)


def _deepest(raised: Raised | None, layout: Layout) -> tuple[Frame, Place] | None:
    for frame in reversed(raised.frames if raised is not None else ()):
        place = layout.of(frame)
        if place.in_project:
            return frame, place
    return None


def _printed(failure: Failure, raised: Raised, layout: Layout) -> Raised | None:
    """Return the product exception whose traceback was printed while a test saw only its symptom."""
    text = raised.frames[-1].text if raised.frames else ""
    if not _SYMPTOM.search(f"{raised.type} {text} {raised.message}"):
        return None
    for source in (raised.message, *(text for _, text in sorted(failure.sections.items()))):
        written = traceback_in(source)
        if written is not None:
            deepest = _deepest(written, layout)
            if deepest is not None and deepest[1].is_product:
                return written
    return None


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


def shown_exception(reading: Reading) -> tuple[str, str] | None:
    """Return type and masked message of the exception that a failed assertion shows: ``<Result ValueError('bad')>``.

    Test clients keep what the product raised and show it only so. One that the test itself writes down is no evidence.
    """
    if not reading.is_assertion or reading.raised is None or reading.product is not None:
        return None
    text = reading.deepest[0].text if reading.deepest is not None else ""
    found = _SHOWN.search(reading.raised.message)
    if found is None or found[1] in text:
        return None
    try:
        message = ast.literal_eval(found[2]) if found[2] else ""
    except (ValueError, SyntaxError):
        return None
    return found[1], mask(message)


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
