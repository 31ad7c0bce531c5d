"""What is wrong with a scenario, worded for who typed options: keys of ``[[load]]`` become their options."""

from __future__ import annotations

import re
from typing import NamedTuple

from brinell.config import caches
from brinell.core.errors import UsageError

_TABLE = re.compile(r"\[\[load\]\](?: [^\s:,]+)?(?:, (?P<at>.*?))?: (?P<rest>.*)", re.DOTALL)
_KEY = re.compile(r"(?P<key>[a-z_]+[a-z0-9_]*)(?: = (?P<value>'[^']*'|\"[^\"]*\"|\S+))?: (?P<why>.*)", re.DOTALL)
_LEAVE = re.compile(r"\bleave (\w+) away")
_SET = re.compile(r"^(\w+) = (?=\d)")
_OTHERS = {
    "path": "url", "json": "body", "body_file": "body", "files": "form", "keep_alive": "no_keep_alive",
    "version": "http2", "verify_tls": "no_verify", "publisher_hears": "not_to_publisher", "free_s": "free_within",
    "slow_share": "slow", "openapi_unsafe": "unsafe", "openapi_validate": "no_validate", "calibrate": "no_calibrate",
    "shape": "rate",
}  # fmt: skip


class Option(NamedTuple):
    """An option as it is written, or an argument's name in capitals."""

    written: str
    is_flag: bool = False


def reworded(error: UsageError, options: dict[str, Option], command: str) -> UsageError:
    """Return the error with options for keys. ``options``: those of ``command``, by parameter. What names no table is
    left as it is.
    """
    told = _TABLE.fullmatch(str(error))
    if told is None:
        return error
    at = (told["at"] or "").removeprefix("request ")
    found = _KEY.fullmatch(told["rest"])
    option = option_of(found["key"], options) if found else None
    if found is None or option is None:
        message = f"{command}: {f'{at}: ' if at else ''}{told['rest']}"
    else:
        value = f" {found['value']}" if found["value"] and not option.is_flag else ""
        message = f"{option.written}{value}: {found['why']}"
    return UsageError(message, hint=error.hint and _hint(error.hint, options))


def option_of(key: str, options: dict[str, Option]) -> Option | None:
    """Return the option that sets a key of ``[[load]]``, or of a table in it; None: there is none."""
    names = (key, _OTHERS.get(key, ""), key.removesuffix("_s"), key.removesuffix("s"), caches.option_of(key))
    return next((options[name] for one in names if (name := one.replace("-", "_")) in options), None)


def _hint(text: str, options: dict[str, Option]) -> str:
    def leave(found: re.Match[str]) -> str:
        option = option_of(found[1], options)
        return found[0] if option is None else f"leave {option.written} away"

    def put(found: re.Match[str]) -> str:
        option = option_of(found[1], options)
        return found[0] if option is None or option.is_flag else f"{option.written} "

    return _SET.sub(put, _LEAVE.sub(leave, text))
