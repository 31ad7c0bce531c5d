"""The tables of ``brinell.toml`` and their keys: what is listed here works, anything else is refused.

``docs/CONFIGURATION.md`` is checked against this page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from brinell.config import calls, checks, documents, properties, quality, sessions
from brinell.config.keys import Key, Keys

Text = str
Texts = list[str]
TextTable = dict[str, str]
Duration = float | str
Count = Annotated[int, Meta(ge=1, le=1_000_000)]

TABLES = ("project", "service", "suite", "load", "capacity", "drill")
TABLES_LATER = (
    "recover", "soak", "bench", "gate", "kit", "triage",
)  # fmt: skip
LATER = {
    "project": ("disposable",),
    "load": ("raw", "flow"),
}

_A_DURATION = "a duration (a number of seconds, or text such as '30s', '5m', '250ms', '1h30m')"
_TEXT_TABLE = "a table of text values"


def project(root: Path) -> Keys:
    """Keys of ``[project]``; paths are checked below ``root``."""
    return {
        "name": Key(Text, "text", 'name = "shop"', checks.name),
        "source": Key(Texts, "a list of paths", 'source = ["src/shop"]', checks.existing(root)),
        "allow_targets": Key(Texts, "a list of hosts", 'allow_targets = ["staging.example.org"]', checks.hosts),
        "python": Key(Text, "text", 'python = ".venv/bin/python"', checks.python(root)),
        "keep": Key(
            Annotated[int, Meta(ge=0, le=1_000_000)], "a whole number of 0 (keep all) or more", "keep = 20"
        ),
    }  # fmt: skip


def service(root: Path) -> Keys:
    """Keys of ``[service]``."""
    return {
        "command": Key(Text, "text", 'command = "uvicorn shop.app:app --port {port}"', checks.command),
        "cwd": Key(Text, "text", 'cwd = "."', checks.folder(root)),
        "env": Key(TextTable, _TEXT_TABLE, 'env = { DATABASE_URL = "${SHOP_TEST_DB}" }', checks.environment),
        "ready": Key(Text, "text", 'ready = "/health/ready"', checks.path),
        "ready_timeout_s": Key(Duration, _A_DURATION, "ready_timeout_s = 30", checks.duration),
        "stop_timeout_s": Key(Duration, _A_DURATION, "stop_timeout_s = 10", checks.duration),
        "openapi": Key(Text, "text", 'openapi = "/openapi.json"', documents.openapi(root)),
        "probe": Key(bool, "true or false", "probe = true"),
    }


def suite(root: Path) -> Keys:
    """Keys of ``[suite]``: ``known_bugs`` goes to the plan, ``deep``, its budget and ``seed`` to the examination of
    single tests, ``property`` to that of property tests, ``quality``, ``quality_ignore`` and ``coverage`` to
    the reading of the tests, the rest to the suite's specification.
    """
    return {
        "paths": Key(Texts, "a list of paths", 'paths = ["tests"]', checks.existing(root)),
        "args": Key(Texts, "a list of pytest arguments", 'args = ["-m", "not slow"]', _arguments),
        "categories": Key(TextTable, _TEXT_TABLE, 'categories = { integration = "@integration" }', _categories),
        "known_bugs": Key(Texts, "a list of files", 'known_bugs = ["KNOWN_BUGS.md"]', checks.existing(root)),
        "budget_s": Key(Duration, _A_DURATION, "budget_s = 300", checks.duration, "target_s"),
        "repeat": Key(Annotated[int, Meta(ge=1, le=1000)], "a whole number from 1 to 1000", "repeat = 3"),
        "timeout_s": Key(Duration, _A_DURATION, 'timeout_s = "1h"', checks.duration),
        "workers": Key(int | str, checks.WORKERS, 'workers = "auto"', checks.workers),
        "serial_too": Key(bool, "true or false", "serial_too = true"),
        "property": Key(dict[str, Any], "a table", properties.EXAMPLE, properties.property_table),
        "quality": Key(bool, "true or false", "quality = true"),
        "quality_ignore": Key(Texts, "a list of kinds and paths", 'quality_ignore = ["sleep"]', quality.ignored),
        "coverage": Key(float, "a percentage", "coverage = 80", quality.percent),
        "deep": Key(bool, "true or false", "deep = true"),
        "deep_budget_s": Key(Duration, _A_DURATION, 'deep_budget_s = "2m"', checks.duration),
        "seed": Key(Annotated[int, Meta(ge=0, lt=2**32)], "a whole number of 0 or more", "seed = 1"),
    }


def load(root: Path) -> Keys:
    """Keys of one ``[[load]]``; ``shape``, ``requests`` and ``thresholds`` are read by ``scenarios``."""
    return {
        "name": Key(Text, "text", 'name = "browse"', checks.name),
        "driver": Key(Text, "text", 'driver = "http"'),
        "url": Key(Text, "text", 'url = "http://127.0.0.1:8000"', checks.target_url),
        "call": Key(Text, "text", 'call = "shop.cache:get_user"', calls.target),
        "args": Key(list[Any], "a list", "args = [7]", calls.arguments),
        "kwargs": Key(dict[str, Any], "a table", "kwargs = { fresh = true }", checks.payload),
        "setup": Key(Text, "text", 'setup = "shop.cache:connect"', calls.target),
        "flows": Key(Text, "text", 'flows = "loadtest.py"', checks.filled),
        "websocket": Key(dict[str, Any], "a table", 'websocket = { mode = "broadcast", path = "/rooms/a" }'),
        "cache": Key(dict[str, Any], "a table", 'cache = { target = "shop.cache:cache" }'),
        "shape": Key(dict[str, Any], "a table", 'shape = { kind = "constant", rate = 1000, duration = "30s" }'),
        "requests": Key(list[Any], "a list of tables", 'requests = [{ path = "/notes", weight = 8 }]'),
        "openapi": Key(bool | str, documents.NEEDS, 'openapi = "/openapi.json"', documents.openapi(root)),
        "openapi_unsafe": Key(bool, "true or false", "openapi_unsafe = true"),
        "openapi_validate": Key(bool, "true or false", "openapi_validate = false"),
        "openapi_weights": Key(
            dict[str, Any], "a table of weights", 'openapi_weights = { "GET /metrics" = 0 }', documents.weights
        ),
        "har": Key(Text, "text", 'har = "browse.har"', checks.file(root)),
        "think": Key(bool, "true or false", "think = true"),
        "headers": Key(TextTable, _TEXT_TABLE, 'headers = { Accept = "application/json" }', checks.headers),
        "connections": Key(
            Annotated[int, Meta(ge=1, le=100_000)], "a whole number from 1 to 100000", "connections = 64"
        ),
        "workers": Key(Annotated[int, Meta(ge=1, le=256)], "a whole number from 1 to 256", "workers = 1"),
        "timeout_s": Key(Duration, _A_DURATION, 'timeout_s = "5s"', checks.duration),
        "verify_tls": Key(bool, "true or false", "verify_tls = true"),
        "version": Key(Text, "text", 'version = "2"', checks.http_version),
        "streams": Key(Annotated[int, Meta(ge=1, le=1000)], "a whole number from 1 to 1000", "streams = 10"),
        "shed_after_s": Key(Duration, _A_DURATION, 'shed_after_s = "500ms"', checks.duration),
        "grain_s": Key(Duration, _A_DURATION, 'grain_s = "1ms"', checks.duration),
        "max_requests": Key(
            Annotated[int, Meta(ge=1, le=10**12)], "a whole number of 1 or more", "max_requests = 100_000"
        ),
        "steady": Key(bool, "true or false", "steady = true"),
        "calibrate": Key(bool, "true or false", "calibrate = false"),
        "probe": Key(bool, "true or false", "probe = true"),
        "thresholds": Key(dict[str, Any], "a table of limits", "thresholds = { p95_ms = 500, error_rate = 0.01 }"),
        **sessions.keys(),
    }  # fmt: skip


def request(root: Path) -> Keys:
    """Keys of one entry of ``requests``."""
    return {
        "path": Key(Text, "text", 'path = "/notes"', sessions.path),
        "method": Key(Text, "text", 'method = "POST"', checks.method),
        "weight": Key(Annotated[float, Meta(gt=0, le=1e9)], "a number above 0", "weight = 8"),
        "headers": Key(TextTable, _TEXT_TABLE, 'headers = { Accept = "application/json" }', checks.headers),
        "json": Key(Any, "what JSON can say", 'json = { text = "{{word}}" }', checks.payload),
        "body": Key(Text, "text", 'body = "a=1&b=2"'),
        "body_file": Key(Text, "text", 'body_file = "fixtures/order.json"', checks.file(root)),
        "name": Key(Text, "text", 'name = "list notes"', checks.filled),
        "expect": Key(list[int], "a list of HTTP statuses", "expect = [200, 404]", checks.statuses),
        **sessions.request_keys(root),
    }


def _arguments(words: list[str]) -> tuple[str, ...]:
    return tuple(checks.text(word) for word in words)


def _categories(table: dict[str, str]) -> dict[str, str]:
    for category, pattern in table.items():
        checks.name(category)
        checks.filled(pattern)
    return table
