"""What a bug is called, what it says, and why it is believed to happen: sentences that cite what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from brinell.core.observation import Frame
from brinell.core.redact import one_line, plain, redact
from brinell.triage.group import Group
from brinell.triage.ownership import Layout, Place
from brinell.triage.reading import Reading, function_of, others_of
from brinell.triage.severity import called

MOST_ERROR = 600
MOST_OTHERS = 5
MOST_EXCERPT = 4000
MOST_EXCERPT_LINES = 60


def title_of(group: Group) -> str:
    """Return one line that names the function, the fixture or the module first of all."""
    reading = group.first
    kind, subject, *_ = group.key.parts
    match kind:
        case "process":
            text = f"pytest {reading.failure.reason}" + (f" in {reading.failure.test}" if reading.failure.test else "")
        case "fixture" if subject == "missing":
            text = f"fixture '{group.key.parts[2]}' does not exist"
        case "fixture":
            text = f"fixture '{subject}' fails: {_said(reading)}"
        case "name":
            text = _missing(reading)
        case "code":
            frame, place = _product(reading)
            text = f"{_type(reading)} in {function_of(frame)} ({place.path}): {_message(reading)}".rstrip(": ")
        case "collection":
            text = f"{reading.failure.path} cannot be collected: {_said(reading)}"
        case "shown":
            text = f"{subject} inside the product, seen by its tests only as shown: {group.key.parts[2]}".rstrip(": ")
        case "test":
            text = f"{reading.failure.function.rpartition('::')[2]}: {_asserted(reading) or _said(reading)}"
        case _:
            text = _said(reading) or f"{reading.failure.test} fails"
    return one_line(text, 160)


def error_of(reading: Reading, layout: Layout) -> str:
    """Return the exception that was reported, with the one it came from where that is another, and what else failed
    in the same test.
    """
    return "\n".join((_error(reading), *_others(reading, layout)))


def _others(reading: Reading, layout: Layout) -> list[str]:
    """A line for each further failure of the test, at most ``MOST_OTHERS``, and the number of those left out."""
    others = others_of(reading, layout)
    lines = []
    for where, raised, deepest in others[:MOST_OTHERS]:
        said = f"{raised.type}: {redact(raised.message)}".rstrip(": ") if raised is not None else "failed"
        at = f", {deepest[1].path}:{deepest[0].line} ({function_of(deepest[0])})" if deepest is not None else ""
        lines.append(f"also ({one_line(where, 100)}): {one_line(said, 120)}{at}")
    more = len(others) - len(lines) + reading.failure.further_left_out
    return [*map(plain, lines), *([f"and {more:,} more"] if more else [])]


def _error(reading: Reading) -> str:
    chain = reading.failure.chain
    if not chain:
        return plain(redact(reading.failure.longrepr.strip()[-MOST_ERROR:] or reading.failure.reason), MOST_ERROR)
    said = f"{chain[0].type}: {chain[0].message}".rstrip(": ")
    root = reading.raised
    if root is not None and root is not chain[0]:
        how = "printed traceback" if reading.printed else "caused by"
        said = f"{said[: MOST_ERROR // 2]}\n{how}: {root.type}: {root.message}".rstrip(": ")
    return plain(redact(said), MOST_ERROR)


def excerpt_of(reading: Reading) -> str:
    """Return the end of pytest's own report of the failure: at most 60 lines and 4,000 characters."""
    lines = reading.failure.longrepr.rstrip().splitlines()[-MOST_EXCERPT_LINES:]
    return plain(redact("\n".join(lines)[-MOST_EXCERPT:]))


def root_cause_of(group: Group, callers: Mapping[str, int]) -> str | None:
    """Return where and why it breaks, as far as the evidence goes; None where there is none.

    ``callers`` counts by function the bugs whose assertion called it: see ``callers_of``.
    """
    said = _cause(group)
    if not said:
        return None
    count = len(group.tests)
    if count > 1:
        said += f" {count} tests meet it."
    return said + _related(group, callers)


def callers_of(groups: Iterable[Group]) -> Counter[str]:
    """Count by function the bugs that are a test's assertion and called it.

    They stay bugs of their own: one function may be wrong in two ways, and one that everything goes through (a client's
    ``get``) says nothing. But who repairs one of them wants to know of the others.
    """
    return Counter(name for group in groups for name in _asked(group))


def _asked(group: Group) -> tuple[str, ...]:
    return called(group.first) if group.key.parts[0] == "test" else ()


def _related(group: Group, callers: Mapping[str, int]) -> str:
    name, count = max(
        ((name, callers.get(name, 0)) for name in _asked(group)), key=lambda pair: pair[1], default=("", 0)
    )
    if count < 2:
        return ""
    whose = "The assertion of 1 other bug calls" if count == 2 else f"The assertions of {count - 1:,} other bugs call"
    return f" {whose} `{name}`, too."


def _cause(group: Group) -> str | None:
    reading = group.first
    said = f"{_type(reading)} is raised{_at(reading)}." if reading.deepest is not None else None
    match group.key.parts:
        case ("process", *_):
            said = _of_process(reading)
        case ("name", *_):
            said = f"{_missing(reading)}{_asked_at(reading)}."
        case ("code", *_):
            said = _of_code(reading)
        case ("fixture", "missing", name):
            said = f"No conftest and no installed plugin provides the fixture '{name}'."
        case ("fixture", name, *_):
            said = f"The fixture '{name}' fails in {reading.failure.phase}{_at(reading)}."
        case ("shown", kind, *_):
            said = f"The assertion{_at(reading)} shows a {kind}, which something caught; its traceback was not printed."
        case ("test", *_) if reading.is_assertion:
            said = _of_assertion(reading)
    return said


def _of_process(reading: Reading) -> str | None:
    tail = [line for line in reading.failure.longrepr.splitlines() if line.strip()][-3:]
    if reading.failure.test:
        return f"pytest {reading.failure.reason} while {reading.failure.test} was running."
    if tail:
        return (
            f"pytest {reading.failure.reason}. The end of its standard error: {one_line(redact(' / '.join(tail)), 400)}"
        )
    return None


def _of_code(reading: Reading) -> str:
    frame, place = _product(reading)
    text = f": `{redact(frame.text)}`" if frame.text else ""
    if reading.raising is not None and not reading.raising[1].in_project:
        last, outside = reading.raising
        below = f" It is raised below that, in {last.function} of {'/'.join(outside.path.split('/')[-2:])}:{last.line}."
    else:
        below = ""
    seen = " The test saw only its symptom; the traceback was printed while it ran." if reading.printed else ""
    return f"{_type(reading)} leaves `{function_of(frame)}` at {place.path}:{frame.line}{text}.{below}{seen}"


def _of_assertion(reading: Reading) -> str:
    functions = called(reading)
    by = f" The assertion called {', '.join(f'`{name}`' for name in functions[:3])}." if functions else ""
    text = _asserted(reading)
    what = (
        f"`{text}` does not hold{_at(reading)}." if text else f"The test itself raises {_type(reading)}{_at(reading)}."
    )
    return f"{what}{by} No product code is in the traceback, so it does not say where the wrong result comes from."


def _missing(reading: Reading) -> str:
    missing = reading.missing
    if missing is None:
        return _said(reading)
    if missing.name:
        return f"'{missing.module or '?'}' has no '{missing.name}'"
    return f"module '{missing.module}' cannot be found"


def _asked_at(reading: Reading) -> str:
    if reading.deepest is None:
        return ""
    frame, place = reading.deepest
    return f", which {place.path}:{frame.line} asks for"


def _at(reading: Reading) -> str:
    if reading.deepest is None:
        return ""
    frame, place = reading.deepest
    return f" at {place.path}:{frame.line} ({function_of(frame)})"


def _asserted(reading: Reading) -> str:
    """The assertion as it is written; where that goes on in the next lines, with what was said about it."""
    text = reading.deepest[0].text if reading.deepest is not None else ""
    if "assert" not in text or reading.raised is None:
        return ""
    whole = text.count("(") <= text.count(")") and text.count("[") <= text.count("]") and not text.endswith(("\\", ","))
    said = "" if whole else f" … {one_line(redact(reading.raised.message.partition(chr(10))[0]), 80)}"
    return f"{text}{said}".rstrip(" …") if said else text


def _product(reading: Reading) -> tuple[Frame, Place]:
    if reading.product is None:
        raise ValueError("a bug keyed on product code has a product frame")
    return reading.product


def _type(reading: Reading) -> str:
    return reading.raised.type if reading.raised is not None else "an error"


def _message(reading: Reading) -> str:
    return one_line(redact(reading.raised.message), 100) if reading.raised is not None else ""


def _said(reading: Reading) -> str:
    if reading.raised is None:
        lines = [line for line in reading.failure.longrepr.splitlines() if line.strip()]
        return one_line(redact(lines[-1]) if lines else reading.failure.reason, 120)
    return f"{reading.raised.type}: {_message(reading)}".rstrip(": ")
