"""The command line of the service: from what the configuration says to what is started. Starts nothing itself."""

from __future__ import annotations

import itertools
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.plan import ServiceSpec
from brinell.core.redact import one_line, redact

HOST = "127.0.0.1"
PLACEHOLDERS = ("port", "python", "host")
_PLACEHOLDER = re.compile(r"(?<!\$)\{(\w+)\}")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "fish"))
_SHELL_WORD = re.compile(r"&&|\|\|?|;|&|\d?>>?(?:&\d|.+)?|<")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# Where servers are told their port: --port 8000, --port=8000, -p 8000, -b :8000, --bind=0.0.0.0:8000, runserver 8000.
_PORT_OPTION = re.compile(r"--(?:http-|https-|server-)?port|-p|runserver")
_BIND_OPTION = re.compile(r"--(?:bind|listen|addr|address|http)|-[bla]|runserver")


class Launch(msgspec.Struct, frozen=True):
    """A service's command as the configuration has it, checked; ``at`` fills in the port."""

    words: tuple[str, ...]
    cwd: Path
    env: dict[str, str]  # what is inherited
    own: dict[str, str]  # [service] env as written
    python: str
    takes_port: bool  # it is told a port of our choice
    fixed_port: int | None  # the one the command names instead

    def at(self, port: int | None) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return argument vector and environment with the placeholders filled in."""
        values = {"python": self.python, "host": HOST}
        if port is not None:
            values["port"] = str(port)
        # In this order, so that braces in the value of somebody's secret stay as they are.
        own = {name: _expand(name, _fill(text, values), self.env) for name, text in self.own.items()}
        return tuple(_fill(word, values) for word in self.words), self.env | own


def compose(spec: ServiceSpec, root: Path, python: str, environ: Mapping[str, str]) -> Launch:
    """Check the command, its directory and its environment; every mistake is a ``UsageError`` that names its key.

    The service's PATH starts with the folder of ``python`` if that is a virtual environment, as if it were active.
    """
    words = _split(spec.command)
    cwd = root / spec.cwd
    if not cwd.is_dir():
        raise UsageError(f"[service] cwd = {one_line(spec.cwd)!r}: there is no directory {cwd}")
    if not spec.ready.startswith("/"):
        raise UsageError(
            f"[service] ready = {one_line(spec.ready)!r}: a path starts with a slash", f"write /{spec.ready}"
        )
    for name, text in spec.env.items():
        _expand(name, text, environ)
    env = dict(environ)
    folder = Path(python).parent
    if (folder.parent / "pyvenv.cfg").is_file():
        env["PATH"] = os.pathsep.join((str(folder), env.get("PATH", os.defpath)))
    takes_port = any("{port}" in text for text in (*words, *spec.env.values()))
    return Launch(words, cwd, env, spec.env, python, takes_port, None if takes_port else _fixed_port(words))


def _split(command: str) -> tuple[str, ...]:
    shown = f"[service] command = {one_line(redact(command))!r}"
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"{shown}: {error}", "quotes must come in pairs") from None
    if not words:
        raise UsageError(f"{shown} is empty", 'name the server: command = "uvicorn shop.app:app --port {port}"')
    if Path(words[0]).name in _SHELLS:
        return tuple(words)  # braces and dollars are the shell's there
    if _ASSIGNMENT.match(words[0]):
        raise UsageError(f"{shown}: no shell runs it", 'put variables into a table: env = { NAME = "value" }')
    for word in words:
        if _SHELL_WORD.fullmatch(word):
            raise UsageError(f"{shown}: no shell runs it, so {word!r} would be an argument", "write sh -c '...'")
        if re.search(r"\$\{?PORT\b", word):
            raise UsageError(f"{shown}: no shell runs it, so {word!r} is not expanded", "write {port}")
        for name in _PLACEHOLDER.findall(word):
            if name not in PLACEHOLDERS:
                raise _unknown(name, shown)
    return tuple(words)


def _unknown(name: str, shown: str) -> UsageError:
    near = nearest(name.lower(), list(PLACEHOLDERS))
    valid = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
    hint = f"did you mean {{{near}}}? Known are {valid}" if near else f"known are {valid}"
    return UsageError(f"{shown}: nothing fills in {{{name}}}", hint)


def _expand(key: str, text: str, environ: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: _variable(found[1], key, environ), text)


def _variable(wanted: str, key: str, environ: Mapping[str, str]) -> str:
    if wanted in environ:
        return environ[wanted]
    near = nearest(wanted, list(environ))
    raise UsageError(
        f"[service] env: {key} needs the environment variable {wanted}, which is not set",
        f"did you mean {near}?" if near else f"set it before you start: export {wanted}=...",
    )


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _fixed_port(words: Sequence[str]) -> int | None:
    """Return the port a command names by itself, as far as one can tell from its form."""
    pairs = [word.partition("=")[::2] for word in words if word.startswith("--") and "=" in word]
    for option, value in (*pairs, *itertools.pairwise(words)):
        is_port = _PORT_OPTION.fullmatch(option) and value.isdecimal()
        is_bind = _BIND_OPTION.fullmatch(option) and re.fullmatch(r".*:\d{1,5}", value)
        port = int(value.rpartition(":")[2]) if is_port or is_bind else 0
        if 0 < port < 65536:
            return port
    return None
