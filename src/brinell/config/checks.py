"""Checks of single values that a type cannot express. Each returns what the plan keeps or raises ``Unfit``.

Nothing here starts a process, opens a connection or resolves a name; at most it asks whether a file exists.
"""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from brinell.config import durations
from brinell.config.problems import Unfit
from brinell.core.addresses import meant
from brinell.core.errors import nearest
from brinell.core.redact import redact
from brinell.subject.service_command import PLACEHOLDERS

AUTO = "auto"
HTTP_VERSIONS = ("1.1", "2")
MOST_WORKERS = 256
WORKERS = f'"{AUTO}" or a whole number from 0 to {MOST_WORKERS}'
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")  # RFC 9110: header names, methods
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_PLACEHOLDER = re.compile(r"\{([A-Za-z_]{2,12})\}")


def name(text: str) -> str:
    """A name that can stand in a path and a report."""
    if not NAME.fullmatch(text):
        raise Unfit("a name has 1 to 60 letters, digits, dots, dashes or underscores, the first a letter or digit")
    return text


def text(value: str) -> str:
    """Any text without control characters: it ends up in arguments, paths and reports."""
    if not value.isprintable():
        raise Unfit("control characters do not belong here")
    return value


def filled(value: str) -> str:
    """Text that is not empty."""
    if not value.strip():
        raise Unfit("this is empty")
    return text(value)


def duration(value: float | str) -> float:
    """A duration in seconds."""
    try:
        return durations.seconds(value)
    except ValueError as error:
        raise Unfit(str(error)) from None


def workers(value: int | str) -> int:
    """How many processes run tests side by side: 0 for pytest as it is, -1 for as many as there are cores."""
    if value == AUTO:
        return -1
    if isinstance(value, str):
        raise Unfit(f"{WORKERS} is needed", (AUTO,))
    if not 0 <= value <= MOST_WORKERS:
        raise Unfit(f"{WORKERS} is needed; 0 is pytest as it is, one test after the other")
    return value


def existing(root: Path) -> Callable[[list[str]], tuple[str, ...]]:
    """Paths below ``root`` that exist; what follows ``::`` is pytest's and stays."""

    def check(paths: list[str]) -> tuple[str, ...]:
        for path in paths:
            _must_exist(root, filled(path).split("::")[0])
        return tuple(paths)

    return check


def folder(root: Path) -> Callable[[str], str]:
    """A folder below ``root`` that exists."""

    def check(path: str) -> str:
        _must_exist(root, filled(path))
        if not (root / path).is_dir():
            raise Unfit(f"{path} is not a folder")
        return path

    return check


def file(root: Path) -> Callable[[str], str]:
    """A file that exists; returned absolute, so that it can be opened from anywhere."""

    def check(path: str) -> str:
        _must_exist(root, filled(path))
        if not (root / path).is_file():
            raise Unfit(f"{path} is not a file")
        return str((root / path).resolve())

    return check


def python(root: Path) -> Callable[[str], str]:
    """An interpreter: a command's name, or the path of one or of a virtual environment (made absolute, links kept)."""

    def check(path: str) -> str:
        if "/" not in filled(path):
            return path
        whole = root / os.path.expanduser(path)  # noqa: PTH111 - Path's own raises for a user there is none of
        try:
            found = whole.exists()
        except OSError:  # too long a name
            found = False
        if not found:
            raise Unfit("there is no such interpreter")
        return str(whole)

    return check


def command(line: str) -> str:
    """A command that splits into arguments; no placeholder is a slip of the pen."""
    try:
        words = shlex.split(filled(line))
    except ValueError as error:
        raise Unfit(f"this does not split into arguments: {str(error).lower()}") from None
    if not words:
        raise Unfit("this is empty")
    for found in _PLACEHOLDER.findall(line):
        if found not in PLACEHOLDERS and nearest(found, list(PLACEHOLDERS)):
            raise Unfit(f"nothing fills in {{{found}}}", [f"{{{word}}}" for word in PLACEHOLDERS], f"{{{found}}}")
    return line


def environment(table: dict[str, str]) -> dict[str, str]:
    """Environment variables; values may name others as ``${NAME}``."""
    for variable, value in table.items():
        if not _VARIABLE.fullmatch(variable):
            raise Unfit(f"'{variable}' cannot be an environment variable's name")
        if "\0" in value:
            raise Unfit(f"the value of {variable} holds a NUL character")
        for reference in _REFERENCE.findall(value):
            if not _VARIABLE.fullmatch(reference):
                raise Unfit(f"in {variable}, ${{{reference}}} is not the name of an environment variable")
    return table


def headers(table: dict[str, str]) -> dict[str, str]:
    """HTTP headers: names are tokens, values are one line (RFC 9110, 5.5)."""
    for header, value in table.items():
        if not _TOKEN.fullmatch(header):
            raise Unfit(f"'{header[:40]}' cannot be a header's name")
        if any(ord(c) < 32 and c != "\t" for c in value) or "\x7f" in value:
            raise Unfit(f"the value of header {header} holds a line break or control character")
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            raise Unfit(f"the value of header {header} holds a character outside Latin-1") from None
    return table


def method(word: str) -> str:
    """An HTTP method, in capitals."""
    if not _TOKEN.fullmatch(word):
        raise Unfit("this cannot be an HTTP method", ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
    return word.upper()


def path(target: str) -> str:
    """The path of a request, from the slash on, with its query."""
    if not target.startswith("/"):
        raise Unfit("a path starts with a slash; the host is the service's, or the scenario's url")
    if not target.isprintable() or " " in target:
        raise Unfit("a path holds no spaces or control characters: write them as %20")
    return target


def url(address: str) -> str:
    """An absolute http or https address."""
    return _address(address, ("http", "https"))


def target_url(address: str) -> str:
    """An absolute address of whatever can be put under load."""
    return _address(address, ("http", "https", "ws", "wss"))


def store_url(address: str) -> str:
    """An address of Redis or memcached."""
    if split(address).username is not None or split(address).password is not None:
        raise Unfit("Brinell signs in to no store: leave user and password away, and ask an instance without them")
    parts = split(_address(address, ("redis", "memcached")))
    if parts.path not in {"", "/"} or parts.query:
        raise Unfit("a store's address is a host and a port: its first database is asked")
    return address


def _address(address: str, schemes: tuple[str, ...]) -> str:
    parts = split(address)
    if parts.scheme not in schemes:
        why = f"an address starts with {', '.join(f'{one}://' for one in schemes[:-1])} or {schemes[-1]}://"
        raise Unfit(why, meant=meant(address, schemes[0]))
    if not parts.hostname:
        raise Unfit("this address has no host")
    if parts.username or parts.password:
        raise Unfit("an address carries no password: send it as a header")
    if parts.fragment:
        raise Unfit("a fragment (#...) is never sent: leave it away")
    return address


def split(address: str) -> SplitResult:
    """Split an address; ``Unfit`` if that cannot be done, its port included."""
    if not address.isprintable() or " " in address:
        raise Unfit("an address holds no spaces or control characters")
    try:
        parts = urlsplit(address)
        _ = parts.port  # the port is parsed on access
    except ValueError as error:
        # What it complains of may be a piece of a password.
        why = "write / ? # and @ of a password as %2F %3F %23 and %40" if "@" in address else error
        raise Unfit(f"this is not an address: {why}") from None
    return parts


def statuses(codes: list[int]) -> tuple[int, ...]:
    """HTTP statuses."""
    for code in codes:
        if not 100 <= code <= 599:
            raise Unfit(f"{code} is not an HTTP status (100 to 599)")
    return tuple(codes)


def http_version(value: str) -> str:
    """A version of HTTP."""
    if value not in HTTP_VERSIONS:
        raise Unfit("HTTP is spoken in two versions", HTTP_VERSIONS)
    return value


def payload(value: Any) -> Any:
    """What JSON can say: TOML's dates, infinities and numbers beyond 64 bits are not among it."""
    match value:
        case dict():
            for item in value.values():
                payload(item)
        case list():
            for item in value:
                payload(item)
        case float() if not math.isfinite(value):
            raise Unfit("JSON has no infinity and no NaN")
        case int() if abs(value) >= 2**63:
            raise Unfit("a number beyond 64 bits")
        case None | bool() | str() | float() | int():
            return value
        case _:
            raise Unfit("JSON has no dates: write them as text")
    return value


def hosts(names: list[str]) -> tuple[str, ...]:
    """Host names or addresses, alone: no scheme, no path."""
    for host in names:
        if "/" in filled(host) or " " in host:
            raise Unfit(f"'{redact(host)}' is not a host: write the name or the address alone, such as api.example.org")
    return tuple(host.lower() for host in names)


def _must_exist(root: Path, path: str) -> None:
    whole = root / path
    try:
        if whole.exists():
            return
        if any(character in path for character in "*?["):
            raise Unfit(f"{path} is a pattern: name the folder or file itself")
        beside = sorted(item.name for item in whole.parent.iterdir() if not item.name.startswith("."))[:50]
    except OSError:
        beside = []
    close = nearest(whole.name, beside)
    near = f"; {Path(path).parent / close} is there" if close else ""
    raise Unfit(f"there is no {path} in {root}{near}")
