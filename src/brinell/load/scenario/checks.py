"""What an answer must be, beside its status: each check is a function that says what is wrong, or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from brinell.core.redact import one_line
from brinell.load.same import same
from brinell.load.scenario.generators import Getter, Wrong
from brinell.load.scenario.json_path import Missing, spelled, steps, value_at
from brinell.load.scenario.reading import REGEX, Reading, pattern
from brinell.load.scenario.scope import Scope
from brinell.load.scenario.template import Columns, filled, has_template, parts, text_of

KEYS = ("body_contains", "body_regex", "header", "json", "json_schema", "max_ms")
READ_NO_BODY = ("header", "max_ms")
_SHOWN = 60

Test = Callable[[Reading, Scope], str | None]


def tests(check: Mapping[str, Any], known: Columns) -> list[Test]:
    """Return the checks of one request, cheap ones first. ``Wrong`` names the key in its words."""
    made: list[Test] = []
    for key in sorted(check, key=lambda name: (name == "json_schema", name)):
        make = _MAKERS.get(key)
        if make is None:
            raise Wrong(f"no check is called {key}", KEYS, key)
        try:
            made += make(check[key], known)
        except Wrong as wrong:
            raise Wrong(f"{key}: {wrong.why}", wrong.choices, wrong.word) from None
    return made


def _contains(wanted: Any, known: Columns) -> list[Test]:
    return [_one_contains(_text(one, known)) for one in (wanted if isinstance(wanted, list) else [wanted])]


def _one_contains(wanted: Callable[[Scope], str]) -> Test:
    def test(reading: Reading, scope: Scope) -> str | None:
        text = wanted(scope)
        return None if text in reading.text else f"the body does not contain {text[:_SHOWN]!r}"

    return test


def _regex(wanted: Any, known: Columns) -> list[Test]:
    del known
    found = pattern(_words(wanted))

    def test(reading: Reading, scope: Scope) -> str | None:
        del scope
        return None if found.search(reading.text) else f"nothing in the body fits {found.pattern[:_SHOWN]!r}"

    return [test]


def _header(wanted: Any, known: Columns) -> list[Test]:
    return [_one_header(name, value, known) for name, value in _table(wanted).items()]


def _one_header(name: str, written: Any, known: Columns) -> Test:
    key = name.lower().encode("latin-1", "replace")
    if isinstance(written, str) and written.startswith(REGEX):
        found = pattern(written.removeprefix(REGEX))

        def fits(reading: Reading, scope: Scope) -> str | None:
            del scope
            value = reading.header(key)
            if value is None:
                return f"there is no header {name}"
            return None if found.search(value) else f"header {name} is {value[:_SHOWN]!r}, which does not fit"

        return fits
    wanted = _text(written, known)

    def same(reading: Reading, scope: Scope) -> str | None:
        value, text = reading.header(key), wanted(scope)
        if value is None:
            return f"there is no header {name}"
        return None if value == text else f"header {name} is {value[:_SHOWN]!r}, not {text[:_SHOWN]!r}"

    return same


def _json(wanted: Any, known: Columns) -> list[Test]:
    return [_one_json(path, value, known) for path, value in _table(wanted).items()]


def _one_json(written: str, wanted: Any, known: Columns) -> Test:
    path = steps(written)
    name = spelled(path)
    getter: Getter | None = None
    if isinstance(wanted, str) and has_template(wanted):
        made = parts(wanted, known)
        getter = made[0] if len(made) == 1 and callable(made[0]) else lambda scope: filled(made, scope)

    def test(reading: Reading, scope: Scope) -> str | None:
        value = value_at(reading.json, path)
        if getter is None:
            fits, asked = same(value, wanted), wanted
        else:
            asked = getter(scope)
            fits = same(value, asked) or text_of(value) == text_of(asked)  # cells of CSV files are texts
        return None if fits else f"{name} is {text_of(value)[:_SHOWN]!r}, not {text_of(asked)[:_SHOWN]!r}"

    return test


def _schema(wanted: Any, known: Columns) -> list[Test]:
    del known
    import jsonschema_rs  # noqa: PLC0415 - 40 ms that only those pay who ask for it

    if not isinstance(wanted, bool | dict):
        raise Wrong("a table is needed")
    try:
        validator = jsonschema_rs.validator_for(wanted, retriever=_not_fetched)
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise Wrong(f"this is no JSON Schema: {one_line(str(error))}") from None

    def test(reading: Reading, scope: Scope) -> str | None:
        del scope
        value = reading.json
        if validator.is_valid(value):
            return None
        error = next(iter(validator.iter_errors(value)))
        return f"{spelled(tuple(error.instance_path))} does not fit the schema: {one_line(error.message)}"

    return [test]


def _not_fetched(address: str) -> Any:
    raise ValueError(f"{address} is elsewhere, and nothing is fetched")


def _max_ms(wanted: Any, known: Columns) -> list[Test]:
    del known
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not wanted > 0:
        raise Wrong("a number of milliseconds above 0 is needed")

    def test(reading: Reading, scope: Scope) -> str | None:
        del scope
        took_ms = (reading.answer.ended_ns - reading.answer.due_ns) / 1e6
        return None if took_ms <= wanted else f"{took_ms:.3g} ms after it was due, more than {wanted:g}"

    return [test]


def _text(written: Any, known: Columns) -> Callable[[Scope], str]:
    text = _words(written)
    if not has_template(text):
        return lambda scope: text  # noqa: ARG005 - as the other
    made = parts(text, known)
    return lambda scope: filled(made, scope)


def _words(written: Any) -> str:
    if not isinstance(written, str) or not written:
        raise Wrong("text is needed")
    return written


def _table(written: Any) -> dict[str, Any]:
    if not isinstance(written, dict) or not written:
        raise Wrong("a table is needed")
    return written


_MAKERS: dict[str, Callable[[Any, Columns], list[Test]]] = {
    "body_contains": _contains,
    "body_regex": _regex,
    "header": _header,
    "json": _json,
    "json_schema": _schema,
    "max_ms": _max_ms,
}


def first_wrong(made: list[Test], reading: Reading, scope: Scope) -> str | None:
    """Return what the first check that fails says."""
    try:
        return next((wrong for test in made if (wrong := test(reading, scope)) is not None), None)
    except Missing as missing:
        return str(missing)
