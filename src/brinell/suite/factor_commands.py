"""How a person shows what a factor does to a test, with and without Brinell."""

from __future__ import annotations

import json
import locale
import os
import shutil
from collections.abc import Callable
from typing import Any

Command = tuple[dict[str, str], list[str], str]
"""Environment to add, words before the test's own command (``pytest test_id``), and what that changes."""

_MISSING_HOME = "/proc/no-such-home"  # where not even root can make one


def command_for(factor: str, level: Any) -> Command | None:
    """Return the plain command for a factor at a level (JSON, as applied); None where only Brinell can set it.

    Programs (``faketime``, ``ip``, ``prlimit``, ``taskset``, ``unshare``) are offered where they are on this machine.
    """
    make = _COMMANDS.get(factor)
    return make(level) if make is not None else None


def with_brinell(test: str, factor: str, level: Any) -> list[str]:
    """Return the argument vector of ``brinell isolate`` that runs ``test`` under this factor."""
    text = level if isinstance(level, str) else json.dumps(level, separators=(",", ":"))
    return ["brinell", "isolate", test, "--with", f"{'clock' if factor == 'date' else factor}={text}"]


def _clock(level: Any) -> Command | None:
    moment = level if isinstance(level, dict) else {"at": level}
    if shutil.which("faketime") is None or "." in str(moment["at"]):  # over before a process has started
        return None
    zone = {"TZ": str(moment["tz"])} if moment.get("tz") else {}
    at = str(moment["at"]).replace("T", " ")
    return zone, ["faketime", at], f"the clock starts at {at}"


def _home(level: Any) -> Command | None:
    if level != "missing":
        return None
    return {"HOME": _MISSING_HOME}, [], "the home folder does not exist"


def _network(level: Any) -> Command | None:
    if level not in ("all", "apart") or shutil.which("unshare") is None:
        return None
    root = os.geteuid() == 0
    if level == "all":
        unshare = ["unshare", "--net"] if root else ["unshare", "--map-root-user", "--net"]
        return {}, unshare, "there is no network at all, nor 127.0.0.1"
    if not root or shutil.which("ip") is None:  # who is mapped to root may do more than before: another difference
        return None
    # A new network's loopback is down. What the shell runs comes after it as arguments.
    command = ["unshare", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
    return {}, command, "there is no network but 127.0.0.1"


def _locale(level: Any) -> Command | None:
    name = str(level["variable"] if isinstance(level, dict) else level)
    env = {"LC_ALL": name, "LANG": name}
    if name in ("C", "POSIX"):  # without the last two Python would turn its UTF-8 mode on (PEP 538, PEP 540)
        return {**env, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, [], f"locale {name}, whose encoding is ASCII"
    if isinstance(level, dict):
        return env, [], f"the environment asks for the locale {name}"
    return (env, [], f"locale {name}") if _installed(name) else None


def _installed(name: str) -> bool:
    before = locale.setlocale(locale.LC_COLLATE)
    try:
        locale.setlocale(locale.LC_COLLATE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_COLLATE, before)
    return True


def _cpu(level: Any) -> Command | None:
    if level == "jitter" or shutil.which("taskset") is None or shutil.which("timeout") is None:
        return None
    # What the shell runs comes after it as arguments. The others end by themselves if nobody ends them.
    core = min(os.sched_getaffinity(0))
    spin = f'timeout 120 taskset -c {core} sh -c "while :; do :; done"'
    script = f'for n in 1 2 3 4 5 6; do {spin} & p="$p $!"; done; taskset -c {core} "$@"; code=$?; kill $p; exit $code'
    return {}, ["sh", "-c", script, "sh"], "one core, shared with six processes that compute for nothing"


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
    "locale": _locale,
    "umask": _umask,
    "nofile": _nofile,
    "home": _home,
    "clock": _clock,
    "date": _clock,
    "network": _network,
    "cpu": _cpu,
}
