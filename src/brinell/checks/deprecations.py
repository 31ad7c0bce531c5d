"""Deprecation warnings by cause: many warnings, few migrations. What is not known by its text is told by its text."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """One migration: what shows it (in ``Category: message``), what it is called, and what to do."""

    pattern: str
    name: str
    fix: str


CAUSES = (
    Cause(
        r"PydanticDeprecatedSince|^PydanticDeprecat|Pydantic V1|pydantic.*(?:validator|root_validator).*deprecated",
        "Pydantic 1 API under Pydantic 2",
        "@validator becomes @field_validator, .dict() .model_dump(), .parse_obj() .model_validate(), class Config "
        "model_config = ConfigDict(…); bump-pydantic does most of it.",
    ),
    Cause(
        r"on_event is deprecated|on_startup.*deprecated|lifespan event handlers",
        "FastAPI and Starlette start-up events",
        "Use a lifespan context manager: FastAPI(lifespan=…) in the place of @app.on_event.",
    ),
    Cause(
        r"`?regex`? has been deprecated, please use `?pattern`?|`?example`? has been deprecated, please use",
        "FastAPI parameter names",
        "pattern= in the place of regex=, examples=[…] in the place of example=.",
    ),
    Cause(
        r"The 'app' shortcut is now deprecated", "httpx app= shortcut", "httpx.Client(transport=ASGITransport(app=…))."
    ),
    Cause(
        r"MovedIn20Warning|RemovedIn20Warning|LegacyAPIWarning|Base20Deprecation|SADeprecationWarning|sqlalchemy",
        "SQLAlchemy 1 API under SQLAlchemy 2",
        "Session.get(Model, id) for Query.get, select(…) for Query, DeclarativeBase for declarative_base(); the 2.0 "
        "migration guide lists each.",
    ),
    Cause(
        r"utcnow\(\)|utcfromtimestamp\(\)",
        "naive UTC times",
        "datetime.now(timezone.utc) and datetime.fromtimestamp(t, timezone.utc): aware times.",
    ),
    Cause(
        r"PytestRemovedIn|PytestDeprecationWarning|PytestReturnNotNone|PytestCollectionWarning|^Pytest",
        "pytest",
        "See the deprecations page of pytest's documentation; pytest's next major version makes errors of them.",
    ),
    Cause(
        r"pkg_resources",
        "pkg_resources",
        "importlib.metadata for versions, importlib.resources for files, packaging for both.",
    ),
    Cause(
        r"There is no current event loop|get_event_loop|event_loop fixture|"
        r"asyncio\.(?:set|get)_event_loop_policy|loop argument",
        "asyncio without a running loop",
        "asyncio.run(…) or asyncio.Runner; in tests the loop of the asyncio plug-in.",
    ),
    Cause(r"invalid escape sequence", "invalid escape sequences", r"Write patterns and paths as raw strings: r'\d'."),
    Cause(r"RemovedInDjango\d+Warning", "Django", "See the deprecation timeline of the Django release that is named."),
    Cause(
        r"Please use assert\w+ instead|assertEquals|assertRegexpMatches|assertItemsEqual",
        "old names of unittest assertions",
        "assertEqual, assertRegex, assertRaisesRegex: they are gone in Python 3.12.",
    ),
    Cause(
        r"is deprecated and slated for removal in Python 3\.\d+|the imp module|distutils",
        "modules that Python removes",
        "See PEP 594 for what replaces each.",
    ),
    Cause(
        r"np\.(?:bool|int|float|object|str)\b.*deprecated|NumPy 2|numpy\.core",
        "NumPy 2",
        "See the NumPy 2 migration guide; ruff's NPY201 rewrites it.",
    ),
    Cause(
        r"multi-threaded, use of fork", "fork in a process with threads", "Start processes with spawn or forkserver."
    ),
    Cause(
        r"Call to deprecated close\. \(Use aclose",
        "redis asyncio close()",
        "await client.aclose() in the place of close().",
    ),
)
_KNOWN = [(re.compile(cause.pattern, re.IGNORECASE), cause) for cause in CAUSES]
_DEPRECATED = re.compile(r"Deprecat|FutureWarning|RemovedIn|MovedIn|LegacyAPI", re.IGNORECASE)
_VARYING = re.compile(r"0x[0-9a-fA-F]+|'[^']*'|\"[^\"]*\"|`[^`]*`|\d+")


def is_deprecation(category: str, message: str) -> bool:
    """Whether a warning announces that something goes away."""
    if _DEPRECATED.search(category):
        return True
    return category == "SyntaxWarning" and "escape sequence" in message


def cause_of(category: str, message: str) -> tuple[str, str, str]:
    """Return (key, name, fix) of what a warning comes from; an unknown one is its own cause, names aside."""
    text = f"{category.rpartition('.')[2]}: {message}"
    for pattern, cause in _KNOWN:
        if pattern.search(text):
            return cause.name, cause.name, cause.fix
    first = message.strip().splitlines()[0] if message.strip() else category
    short = first if len(first) <= 100 else f"{first[:99]}…"
    return _VARYING.sub("*", first), short, "Do what the warning says; pytest -W error shows where it comes from."
