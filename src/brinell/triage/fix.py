"""Where to start repairing: a literal table by situation and exception class. Each line names the place it is about;
where the table has nothing to say beyond the error itself, there is no strategy.
"""

from __future__ import annotations

from brinell.core.redact import one_line, redact
from brinell.core.verdicts import Owner
from brinell.triage.group import Group
from brinell.triage.reading import Reading, function_of
from brinell.triage.severity import called

BY_EXCEPTION: dict[str, str] = {
    "KeyError": "Make sure that the key is there before {at} reads it, or decide there what its absence means.",
    "IndexError": "Decide at {at} what an empty or shorter sequence means; the index is out of its range.",
    "AttributeError": "Find where {at} got an object of another type than it expects (often None), and stop it there.",
    "TypeError": "Compare what {at} passes with what the callee takes: number, names and types of the arguments.",
    "ValueError": "Check the value that {at} is given: reject it where it enters, or widen what `{function}` accepts.",
    "ZeroDivisionError": "Decide at {at} what a divisor of zero means.",
    "RecursionError": "Give the recursion through {at} an end, or make it a loop.",
    "NameError": "Define or import the name that {at} uses.",
    "UnboundLocalError": "Give the variable at {at} a value on every path that leads there.",
    "UnicodeDecodeError": "Name the encoding where {at} reads; it is not what is assumed.",
    "NotImplementedError": "Implement `{function}` at {at}, or don't reach it.",
    "FileNotFoundError": "Create the file before {at} opens it, or decide there what its absence means.",
    "AssertionError": "`{function}` found its assumption broken at {at}: repair what leads there, not the assertion.",
    "SyntaxError": "Repair the syntax at {at}, or use a Python that knows it.",
    "TimeoutError": "Find out what {at} waits for: it answers too late or never.",
}  # fmt: skip
RAISED_ON_PURPOSE = (
    "`{function}` raises this on purpose at {at}: `{text}`. Either its callers break the condition, or the condition "
    "is wrong; read the statement and the callers in the traceback."
)
IN_PRODUCT = "Repair `{function}` at {at}, or what calls it: the traceback ends there."
BY_KIND: dict[str, str] = {
    "fixture missing": "Install the plugin that provides the fixture '{name}', or define it in a conftest.py.",
    "fixture": "Repair the fixture '{name}'{where}: its tests say nothing until it works.",
    "name product": "Add '{name}' to the product, or change who asks for it{where}.",
    "name": "Install what provides '{name}' for the interpreter the suite runs in, or pin the version that has it.",
    "collection": "Make {name} importable by itself: `{type}` ends its collection{where}.",
    "resource": "Give the suite what it asks for ('{type}'), or let its tests do without it.",
    "test": "Run the test alone and compare what the product returned with what {at} expects.",
    "test called": "Start at {called}, whose result {at} compares: it or the expectation is wrong.",
    "shown": "Let the test client raise what it catches ({name}), so that the traceback names the place.",
    "killed": "Run {name} alone under `python -X faulthandler`: the process died in it.",
    "usage": "Repair the arguments or the configuration that pytest refused: {name}.",
}


def fix_strategy_of(group: Group, owner: Owner) -> str | None:
    """Return what to do first, or None."""
    reading = group.first
    kind = _kind(group, owner)
    template = _for_product(reading) if kind == "code" else BY_KIND.get(kind)
    return template.format_map(_words(group, reading)) if template else None


def _kind(group: Group, owner: Owner) -> str:
    reading = group.first
    match group.key.parts:
        case ("fixture", "missing", *_):
            return "fixture missing"
        case ("name", *_):
            return "name product" if owner is Owner.PRODUCT else "name"
        case ("test", *_) if reading.is_assertion:
            return "test called" if called(reading) else "test"
        case ("process", *_):
            return "killed" if reading.failure.test else "usage" if reading.failure.longrepr else ""
        case (kind, *_):
            return kind
    return ""


def _for_product(reading: Reading) -> str:
    if reading.product is None or reading.raised is None:
        return ""
    own = reading.raising is not None and reading.raising[1].is_product
    if own and reading.product[0].text.startswith("raise "):
        return RAISED_ON_PURPOSE
    return BY_EXCEPTION.get(reading.raised.type, IN_PRODUCT)


def _words(group: Group, reading: Reading) -> dict[str, str]:
    at = where = function = text = ""
    if reading.deepest is not None:
        frame, place = reading.deepest
        at, function, text = f"{place.path}:{frame.line}", function_of(frame), one_line(redact(frame.text), 120)
        where = f" at {at}"
    parts = group.key.parts
    name = parts[2] if parts[:2] == ("fixture", "missing") else parts[1]
    if parts[0] == "process":
        tail = [line for line in reading.failure.longrepr.splitlines() if line.strip()]
        name = reading.failure.test or one_line(redact(tail[-1] if tail else ""), 160)
    return {
        "at": at,
        "where": where,
        "function": function,
        "text": text,
        "name": name,
        "type": reading.raised.type if reading.raised is not None else "",
        "called": " and ".join(f"`{name}`" for name in called(reading)[:2]),
    }
