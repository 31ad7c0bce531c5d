"""Whatever is done to a valid configuration, it gives a plan or one message, and a plan survives JSON."""

from __future__ import annotations

import contextlib
import copy
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.config.compose import read_settings
from brinell.config.source import Source, parse
from brinell.core.errors import UsageError

VALID = {
    "project": {"name": "shop", "allow_targets": ["a.example.org"], "keep": 3},
    "service": {"command": "serve --port {port}", "env": {"A": "${B}"}, "ready": "/ready", "stop_timeout_s": "5s"},
    "suite": {
        "args": ["-q"],
        "budget_s": "5m",
        "repeat": 2,
        "workers": "auto",
        "deep": True,
        "seed": 1,
        "categories": {"api": "tests/api/**"},
    },
    "load": [
        {
            "name": "browse",
            "shape": {"kind": "constant", "rate": 10, "duration": "3s"},
            "requests": [{"path": "/a", "weight": 2}, {"method": "POST", "json": {"a": [1, "b"]}}],
            "thresholds": {"p95_ms": 500},
        }
    ],
}
SCALARS = (
    st.none().map(lambda _: True)
    | st.integers()
    | st.integers(2**63, 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["30s", "constant", "http", "/x", "${A}", "{port}", "\0", "../..", "p95_ms"])
    | st.dates()
    | st.datetimes()
    | st.times()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["name", "shape", "kind", "rate", "requests", "url", "json", "env", "paths", "source", "python", "driver"]
)


def _places(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in items:
        yield from _places(inner, (*path, key))


def _put(tables, path, value):
    node = tables
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value


@st.composite
def mutated(draw):
    tables = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(_places(tables), key=repr)))
        if draw(st.booleans()):
            path = (*path, draw(KEYS | st.text(max_size=6)))
        if not path:
            continue
        try:
            _put(tables, path, draw(VALUES))
        except (TypeError, IndexError, AttributeError):
            continue  # a key below something that has none
    return tables


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_tables_give_settings_or_a_usage_error(tables):
    with TemporaryDirectory() as folder:
        try:
            read = read_settings(Source(Path(folder), tables))
        except UsageError:
            return
    for spec in read.loads:
        again = msgspec.json.decode(msgspec.json.encode(spec), type=type(spec))
        assert msgspec.json.encode(again) == msgspec.json.encode(spec)
    if read.suite is not None:
        assert msgspec.json.decode(msgspec.json.encode(read.suite), type=type(read.suite)) == read.suite


@given(st.text(alphabet="[]=\"'{}#.,\n ab1-:T", max_size=60))
@settings(deadline=None)
def test_any_text_is_tables_or_a_usage_error(text):
    with contextlib.suppress(UsageError):
        assert isinstance(parse(text, Path("brinell.toml")), dict)


@pytest.mark.parametrize("value", ["[" * 20_000, "9" * 6000], ids=["deep", "long"])
def test_what_no_parser_survives_is_told(value):
    with pytest.raises(UsageError, match=re.escape("brinell.toml")):
        parse(f"a = {value}", Path("brinell.toml"))
