from __future__ import annotations

import json
import shlex
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.load.openapi.document import MOST_BYTES, MOST_DEPTH, Unreadable, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(st.text(max_size=6), JSON, max_size=5)


@settings(max_examples=100)
@given(DOCUMENTS)
def test_json_comes_back_as_it_was(document):
    assert parse(json.dumps(document).encode()) == document


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=6), JSON, min_size=1, max_size=5))
def test_yaml_and_json_say_the_same(document):
    yaml = pytest.importorskip("yaml")
    written = yaml.safe_dump(document).encode()
    assert parse(written, "api.yaml") == json.loads(json.dumps(document))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused_with_a_reason(content):
    try:
        assert isinstance(parse(content), dict)
    except Unreadable as why:
        assert str(why)  # noqa: PT017 - either is right


def test_dates_and_statuses_of_yaml_stay_text():
    pytest.importorskip("yaml")
    found = parse(b"openapi: 3.1.0\ninfo: {version: 2024-01-01}\npaths: {/a: {get: {responses: {200: {}}}}}\n")
    assert found["info"]["version"] == "2024-01-01"
    assert list(found["paths"]["/a"]["get"]["responses"]) == ["200"]


def nested(opening, closing, levels):
    return opening * levels + closing * levels


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b'{"a": ', "", "not JSON"),
        (b"[1]", "", "a document is an object"),
        (b'{"a": "\xff"}', "", "not UTF-8"),
        (b'{"a": NaN}', "", "not JSON"),
        (nested(b'{"a":', b"}", 100_000).replace(b'{"a":}', b'{"a":1}'), "", "levels deep"),
        (b'{"a":' + nested(b"[", b"]", MOST_DEPTH + 1) + b"}", "", "levels deep"),
        (b" " * (MOST_BYTES + 1), "", "at most"),
        (b'{"a": [' + b"1," * 3_000_001 + b"1]}", "", "more than 3000000 values"),
        (nested(b"[", b"]", 5000), "api.yaml", "levels deep"),
        (b"- " * 3000 + b"1", "api.yaml", "levels deep"),
        (b"a: [", "api.yaml", "not YAML"),
        (b"a: !!python/object/apply:os.system ['true']", "api.yaml", "not YAML"),
        (b"just text", "", "a document is an object"),
        (b"", "", "a document is an object"),
    ],
)
def test_what_cannot_be_used_says_why(content, name, why):
    if name.endswith("yaml") or not content.lstrip().startswith((b"{", b"[")):
        pytest.importorskip("yaml")
    with pytest.raises(Unreadable, match=why):
        parse(content, name)


def test_yaml_that_multiplies_itself_is_counted_and_not_built():
    pytest.importorskip("yaml")
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Unreadable, match="more than 3000000 values"):
        parse("\n".join(lines).encode(), "api.yaml")


def test_without_a_library_yaml_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Unreadable, match="YAML") as raised:
        parse(b"openapi: 3.1.0", "api.yaml")
    hint = str(raised.value.hint)
    assert "pyyaml" in hint
    assert shlex.quote(sys.executable) in hint
