"""What is said once a session: who runs here, and how it ended. PYTEST_DONT_REWRITE."""

import os
import platform
import site
import sys

import pytest

from brinell_inside.jsontext import encode, encode_within
from brinell_inside.wire import VERSION

_ARGS_BYTES = 64 * 1024


def interpreter():
    """Facts about this interpreter: python, implementation, executable, prefix, base_prefix, pid, cwd."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "pid": os.getpid(),
        "cwd": os.getcwd(),
    }


def hello(config):
    """The ``hello`` line for a configured pytest."""
    arguments = [str(argument) for argument in config.invocation_params.args or ()]
    shown, omitted = encode_within(arguments, _ARGS_BYTES)
    fields = dict(
        {"kind": "hello", "v": VERSION},
        **interpreter(),
        pytest=pytest.__version__,
        rootdir=str(config.rootpath),
        inipath=str(config.inipath) if config.inipath else None,
        plugins=_plugins(config),
        stdlib=_stdlib(),
        site=_site(),
        xdist_workers=_workers(config),
    )
    if omitted:
        fields["args_omitted"] = omitted
    return '%s,"args":%s}\n' % (encode(fields)[:-1], shown)


def _plugins(config):
    try:
        found = {dist.project_name: dist.version for _, dist in config.pluginmanager.list_plugin_distinfo()}
    except Exception:  # noqa: BLE001 - metadata of foreign distributions may be broken
        return {}
    return dict(sorted(found.items())[:200])


def _stdlib():
    folder = os.path.dirname(os.__file__)
    return sorted({folder, os.path.realpath(folder)})


def _site():
    folders = {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    for ask in ("getsitepackages", "getusersitepackages"):
        try:
            answer = getattr(site, ask)()
        except Exception:  # noqa: BLE001, S112 - missing in old virtualenvs, and HOME may be unset
            continue
        folders.update([answer] if isinstance(answer, str) else answer)
    return sorted(folders | {os.path.realpath(folder) for folder in folders})


def _workers(config):
    if not config.pluginmanager.hasplugin("dsession"):
        return 0
    return len(getattr(config.option, "tx", None) or ())


def summary_of(terminal, own):
    """``{category: n}`` as pytest's last line counts it; ``own`` where the terminal reporter is switched off."""
    if terminal is None:
        return dict(own)
    counts = {}
    for category, reports in terminal.stats.items():
        if category:
            counts[category] = sum(1 for report in reports if getattr(report, "count_towards_summary", True))
    return counts


class Warnings:
    """Warnings of a session, each kind written once and then counted."""

    def __init__(self, limit=200, names_bytes=60_000):
        self._limit = limit
        self._seen = {}
        self._repeats = {}
        self._tests = {}  # number -> the tests it touches
        self._names_bytes = names_bytes
        self.total = 0

    def line(self, message, when, nodeid):
        """The ``warning`` line, or "" for a repeat or one too many; ``message`` is a ``warnings.WarningMessage``."""
        self.total += 1
        category = getattr(message.category, "__name__", None)
        text = str(message.message)[:2048]
        key = (category, text, message.filename, message.lineno)
        number = self._seen.get(key)
        if number is not None:
            self._repeats[number] = self._repeats.get(number, 0) + 1
            if nodeid:
                self._tests[number].add(nodeid)
            return ""
        if len(self._seen) >= self._limit:
            return ""
        number = self._seen[key] = len(self._seen) + 1
        self._tests[number] = {nodeid} if nodeid else set()
        record = {
            "kind": "warning", "n": number, "message": text, "category": category, "when": when, "nodeid": nodeid,
            "file": message.filename, "line": message.lineno,
        }  # fmt: skip
        return encode(record) + "\n"

    def totals(self):
        """For ``done``: total, written, repeats; of those that touch several tests, these and how many they are."""
        several = {number: sorted(known) for number, known in self._tests.items() if len(known) > 1}
        return {
            "total": self.total,
            "written": len(self._seen),
            "repeats": self._repeats,
            "tests": self._within(several),
            "touched": {number: len(known) for number, known in several.items()},
        }

    def _within(self, several):
        """As many names as the line has room for, the same share of each warning's."""
        share = self._names_bytes // max(1, len(several))
        named = {}
        for number, known in several.items():
            left, named[number] = share, []
            for nodeid in known:
                left -= min(len(nodeid), 2048) + 3
                if left < 0:
                    break
                named[number].append(nodeid)
        return named
