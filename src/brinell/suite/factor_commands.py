"""How a person shows what a factor does to a test, with and without Brinell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

Command = tuple[dict[str, str], list[str], str]
"""Environment to add, words before the test's own command (``pytest test_id``), and what that changes."""

_MISSING_HOME = "/proc/no-such-home"  # where not even root can make one


def command_for(factor: str, level: Any) -> Command | None:
    """Return the plain command for a factor at a level (JSON, as applied); None where only Brinell can set it.

    Programs (``faketime``, ``taskset``, ``unshare``, ``prlimit``) are offered where they are on this machine.
    """
    make = _COMMANDS.get(factor)
    return make(level) if make is not None else None


def with_brinell(test: str, factor: str, level: Any) -> list[str]:
    """Return the argument vector of ``brinell isolate`` that runs ``test`` under this factor."""
    text = level if isinstance(level, str) else json.dumps(level, separators=(",", ":"))
    return ["brinell", "isolate", test, "--with", f"{factor}={text}"]


def _clock(level: Any) -> Command | None:
    moment = level if isinstance(level, dict) else {"at": level}
    if shutil.which("faketime") is None:
        return None
    zone = {"TZ": str(moment["tz"])} if moment.get("tz") else {}
    at = str(moment["at"]).replace("T", " ")
    return zone, ["faketime", at], f"the clock starts at {at}"


def _home(level: Any) -> Command | None:
    if level != "missing":
        return None
    return {"HOME": _MISSING_HOME}, [], "the home folder does not exist"


def _network(level: Any) -> Command | None:
    if level != "all" or shutil.which("unshare") is None:
        return None
    return {}, ["unshare", "--map-root-user", "--net"], "there is no network at all, nor 127.0.0.1"


def _cpu(level: Any) -> Command | None:
    if level == "jitter" or shutil.which("taskset") is None:
        return None
    return {}, ["taskset", "-c", "0", "nice", "-n", "19"], "one core, and everybody else first; keep that core busy"


def _nofile(level: Any) -> Command | None:
    limit = level["limit"] if isinstance(level, dict) else level
    if shutil.which("prlimit") is None:
        return None
    return {}, ["prlimit", f"--nofile={limit}:"], f"at most {limit} open files"


def _umask(level: Any) -> Command:
    # The only one that needs a shell: umask is no program. What the shell runs comes after it as arguments.
    return {}, ["sh", "-c", f'umask {int(level, 8):03o}; exec "$@"', "sh"], f"umask {level}"


_COMMANDS: dict[str, Callable[[Any], Command | None]] = {
    "hash": lambda level: ({"PYTHONHASHSEED": str(int(level))}, [], f"hash seed {level}: another order of sets"),
    "tz": lambda level: ({"TZ": str(level)}, [], f"time zone {level}"),
    "locale": lambda level: ({"LC_ALL": str(level), "LANG": str(level)}, [], f"locale {level}"),
    "umask": _umask,
    "nofile": _nofile,
    "home": _home,
    "clock": _clock,
    "network": _network,
    "cpu": _cpu,
}
