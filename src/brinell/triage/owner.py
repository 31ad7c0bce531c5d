"""Product or test infrastructure? Deterministic evidence, strongest first; the first rule that decides sets the owner.

Three-valued: where nothing decides, ``undecided`` says so, and the run counts it as product. An assertion that fails in
a test's own call is evidence about the product; the same exception in collection or set-up, without a product frame,
is evidence about the infrastructure. "Assertion or not" alone decides nothing: many product bugs crash.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from brinell.core.verdicts import Owner
from brinell.triage.group import Group
from brinell.triage.names import owner_of_name
from brinell.triage.ownership import Code, Layout
from brinell.triage.reading import Reading, function_of
from brinell.triage.removed import removed_in


@dataclass(frozen=True)
class Scope:
    """How much of the run a group is: ``ran`` tests and modules were tried, ``stopped`` of them belong to the group."""

    ran: int
    stopped: int
    files: int

    @property
    def share(self) -> float:
        """Part of what was tried that this group stopped."""
        return min(1.0, self.stopped / self.ran) if self.ran else 1.0


@dataclass(frozen=True)
class Ruling:
    """The owner, with the lines of evidence for a person: the deciding one first."""

    owner: Owner
    evidence: tuple[str, ...]


Verdict = tuple[Owner, str] | None
Rule = Callable[[Reading, Layout, Scope], Verdict]

_I, _P, _U = Owner.INFRASTRUCTURE, Owner.PRODUCT, Owner.UNDECIDED

_EXHAUSTED = re.compile(
    r"No space left on device|Disk quota exceeded|Cannot allocate memory|Read-only file system|Resource temporarily "
    r"unavailable|Temporary failure in name resolution|Name or service not known|nodename nor servname|"
    r"Network is unreachable|No route to host|Address already in use|Cannot connect to the Docker daemon"
)
_REFUSED = re.compile(
    r"Connection refused|Errno 111|Connect call failed|could not connect to server|Connection timed out"
)
_PORTS = {
    "1433": "SQL Server", "2181": "ZooKeeper", "27017": "MongoDB", "3306": "MySQL", "5432": "PostgreSQL",
    "5672": "RabbitMQ", "6379": "Redis", "8086": "InfluxDB", "9092": "Kafka", "9200": "Elasticsearch",
    "11211": "memcached",
}  # fmt: skip
_PORT = re.compile(r"(?:port[= ]*|[:,] ?)(\d{4,5})\b")
_MISSING_FILE = re.compile(r"No such file or directory: (?:['\"])([^'\"\n]{1,2000})")
_IN_TEST_CODE = frozenset({"NameError", "SyntaxError", "IndentationError", "TabError", "UnboundLocalError"})
_FRAMEWORK = re.compile(r"/(?:_pytest|pluggy|pytest_\w+|xdist)/|/pytest_\w+\.py$")


def rule_on(group: Group, layout: Layout, scope: Scope) -> Ruling:
    """Return who owns a group of failures, judged by its first failure and by how much of the run it is."""
    reading = group.first
    found = [verdict for verdict in (rule(reading, layout, scope) for rule in RULES) if verdict is not None]
    evidence = [text for _, text in found[:3]]
    if not found:
        evidence.append(f"nothing decides: {_where(reading)}")
    owner = found[0][0] if found else _U
    agreeing = [text for other, text in found[1:3] if other is owner]
    return Ruling(owner, (evidence[0], *agreeing))


def _where(reading: Reading) -> str:
    if reading.deepest is None:
        return f"no file of the project is in the traceback ({reading.failure.phase})"
    frame, place = reading.deepest
    return f"the deepest project frame is {place.path}:{frame.line}, a {place.code} ({reading.failure.phase})"


def _process(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    if reading.failure.kind != "process" or reading.product is not None:
        return None
    match reading.failure.phase:
        case "usage":
            return _I, "pytest refused its arguments, its configuration or a conftest (exit status 4): no test ran"
        case "internal":
            return _I, "pytest or a plugin of it failed itself (exit status 3)"
        case "exit" if not reading.failure.test:
            return _I, f"pytest {reading.failure.reason} though no test failed"
        case _:
            return (
                _U,
                f"pytest {reading.failure.reason}; the process left no traceback that could say whose code it was",
            )


def _absent_fixture(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    if re.search(r"^E\s+fixture '[^'\n]+' not found", reading.failure.longrepr, re.MULTILINE):
        return _I, "the test asks for a fixture that no conftest and no installed plugin provides"
    return None


def _missing_name(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del scope
    missing = reading.missing
    if missing is None:
        return None
    whose = owner_of_name(missing, layout)
    what = f"'{missing.dotted}'"
    if whose in {Code.TESTS, Code.CONFTEST}:
        return _I, f"{what} belongs to the tests and is not there"
    if whose not in {Code.SOURCE, Code.SUPPORT}:
        return _missing_elsewhere(reading, layout, what, whose)
    if not missing.name and "." not in missing.module:
        return _I, f"the product's own package {what} cannot be found: it is not installed here, or not on the path"
    return _P, f"{what} belongs to the product and is not there"


def _missing_elsewhere(reading: Reading, layout: Layout, what: str, whose: Code) -> Verdict:
    """A name that is not the project's to provide."""
    if whose is not Code.STDLIB:
        return _I, f"{what} is missing, and no source of the project provides it: the environment lacks it"
    gone = removed_in(what.strip("'"))
    if gone is not None and (not layout.python or layout.python >= gone):
        version = f"{gone[0]}.{gone[1]}"
        return _I, f"{what} left the standard library in Python {version}: the code is for an older interpreter"
    if reading.raising is not None and reading.raising[1].is_product:
        return _U, f"product code asks for {what}, and this Python's standard library has none: one of the two is wrong"
    return _I, f"{what} is not in this Python's standard library: the environment has another version than is needed"


def _exhausted(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    text = (
        f"{reading.raised.type}: {reading.raised.message}" if reading.raised is not None else reading.failure.longrepr
    )
    found = _EXHAUSTED.search(text[-4000:])
    if found and not _written_down(reading, found[0]):
        return _I, f"the machine could not give what was asked for: {found[0]}"
    found = _REFUSED.search(text[-4000:])
    if found is None or _written_down(reading, found[0]):
        return None
    service = next((_PORTS[port] for port in _PORT.findall(text) if port in _PORTS), None)
    if service:
        return _I, f"nothing answers where {service} should be"
    if reading.is_setup:
        return _I, "a service that the set-up needs does not answer"
    return _U, "a connection was refused; whether the product should have listened there is not known"


def _written_down(reading: Reading, said: str) -> bool:
    """Whether the test itself says these words: then it is about them, and nothing shows that the machine said them."""
    return reading.is_assertion and reading.deepest is not None and said in reading.deepest[0].text


def _missing_file(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del scope
    found = _MISSING_FILE.search(reading.raised.message) if reading.raised is not None else None
    if not found:
        return None
    path = found[1]
    if "/" not in path and reading.raising is not None and reading.raising[0].function.endswith("_execute_child"):
        return _I, f"the program '{path}' is not installed here"
    if path.startswith("/") and layout.place(path).is_test:
        return _I, f"a data file of the tests is missing: {layout.place(path).path}"
    if not path.startswith("/") and path.split("/", maxsplit=1)[0] in {"tests", "test"}:
        return _I, f"a data file of the tests is missing: {path}"
    return None


def _deepest_product(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    if reading.product is None or reading.raising is None or reading.raised is None:
        return None
    frame, place = reading.product
    at = f"{function_of(frame)} ({place.path}:{frame.line})"
    if place.code is Code.SUPPORT:
        return _U, f"{reading.raised.type} comes out of {at}, which is not in the product's stated source"
    if reading.printed:
        return _P, f"the traceback that was printed while the test ran ends in product code: {at}"
    if reading.raised.type.endswith("Warning") and not reading.raising[1].is_product:
        return _U, f"a warning was turned into an error below {at}: most often a newer version of what it calls"
    raised_by = "raised in" if reading.raising[1].is_product else "raised below"
    return _P, f"{reading.raised.type} is {raised_by} product code: {at}"


def _test_code(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    if reading.raised is None or reading.raising is None or reading.product is not None:
        return None
    place = reading.raising[1]
    if reading.raised.type in _IN_TEST_CODE and place.is_test:
        return _I, f"{reading.raised.type} in the test's own code: {place.path}:{reading.raising[0].line}"
    if reading.raised.type in _IN_TEST_CODE and reading.failure.kind == "collection" and reading.deepest is None:
        return _U, f"{reading.raised.type}: a file does not parse in this Python"
    return None


def _setup(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout
    if not reading.is_setup or reading.product is not None:
        return None
    phase = reading.failure.phase if reading.setup_function is None else reading.setup_function
    text = f"it fails in {phase}, and no product code is below {_last(reading)}"
    if scope.share >= 0.5 and scope.stopped > 1:
        text += f"; {scope.stopped} of {scope.ran} tests and modules fail the same way"
    return _I, text


def _assertion(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    if reading.is_assertion and not reading.is_setup and reading.deepest is not None and reading.failure.kind == "test":
        frame, place = reading.deepest
        return _P, f"an assertion about a result failed in the test itself: {place.path}:{frame.line} (call)"
    return None


def _framework(reading: Reading, layout: Layout, scope: Scope) -> Verdict:
    del layout, scope
    if reading.raising is None or reading.deepest is not None:
        return None
    frame = reading.raising[0]
    if _FRAMEWORK.search(frame.file):
        return _I, f"pytest or a plugin of it refused: {frame.function} in {'/'.join(frame.file.split('/')[-2:])}"
    return None


def _last(reading: Reading) -> str:
    if reading.deepest is not None:
        frame, place = reading.deepest
        return f"{place.path}:{frame.line} ({frame.function})"
    return "what pytest called"


RULES: tuple[Rule, ...] = (
    _process,
    _absent_fixture,
    _missing_name,
    _exhausted,
    _missing_file,
    _deepest_product,
    _test_code,
    _setup,
    _framework,
    _assertion,
)
