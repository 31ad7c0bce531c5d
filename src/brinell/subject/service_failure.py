"""Why a service did not become ready: what was seen, its last lines, and the fix that is most likely."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

import msgspec

from brinell.core.errors import SubjectError
from brinell.core.redact import one_line, redact
from brinell.subject.readiness import Answer

TAIL_LINES = 30
_IN_USE = re.compile(r"address already in use|EADDRINUSE|Errno (?:98|48)\b", re.IGNORECASE)
_NO_MODULE = re.compile(
    r"(?:ModuleNotFoundError|ImportError).*?No module named ['\"]?([\w.]+)|: No module named ([\w.]+)$"
)
_NO_COMMAND = re.compile(r"(\S+): (?:command )?not found")
_NO_PERMISSION = re.compile(r"Errno 13\b.*|Permission denied", re.IGNORECASE)


class Failure(msgspec.Struct, frozen=True):
    """What is known about a service that is not ready. ``exit_status`` None: it still ran when its time was over."""

    command: tuple[str, ...]
    cwd: Path
    python: str
    port: int | None
    takes_port: bool  # the service was told the port; otherwise the command names it, or nobody does
    ready: str
    after_s: float
    exit_status: int | None
    answer: Answer | None
    listening: tuple[tuple[str, int], ...]
    log: Path
    tail: tuple[str, ...]


def explain(failure: Failure) -> SubjectError:
    """Return the error to raise: message with command and log, hint with the fix."""
    what, hint = _exited(failure) if failure.exit_status is not None else _not_ready(failure)
    lines = [
        f"the service did not become ready: {what}",
        f"  command: {redact(shlex.join(failure.command))}",
        f"  in:      {failure.cwd}",
    ]
    if failure.tail:
        lines += [f"  last lines of {failure.log.name}:", *(f"    {line}" for line in failure.tail)]
    else:
        lines.append("  it wrote nothing")
    return SubjectError("\n".join(lines), hint)


def _exited(failure: Failure) -> tuple[str, str | None]:
    status = failure.exit_status or 0
    after = f"after {failure.after_s:.1f} s"
    what = (
        f"it was ended by {_signal_name(-status)} {after}" if status < 0 else f"it ended with status {status} {after}"
    )
    for pattern, advise in _FROM_LOG:
        for line in reversed(failure.tail):
            if found := pattern.search(line):
                return what, advise(failure, found)
    if status == -signal.SIGKILL:
        return what, "something killed it: is there enough memory?"
    if status == 0:
        return what, "it must stay in the foreground: no --daemon, no & at the end"
    return what, None


def _in_use(failure: Failure, _found: re.Match[str]) -> str:
    if failure.takes_port:
        return f"it was told port {failure.port}, so it binds another, fixed port as well: does it use {{port}}?"
    return "its port is taken: write {port} in the command in place of the number, and every run gets a free one"


def _no_module(failure: Failure, found: re.Match[str]) -> str:
    name = found[1] or found[2]
    if "." in name:
        return f"Python finds {name.rpartition('.')[0]}, and in it no {name.rpartition('.')[2]}: is the name right?"
    for folder in (".", "src"):  # the service starts in its cwd, so relative is enough
        if (failure.cwd / folder / name).is_dir() or (failure.cwd / folder / f"{name}.py").is_file():
            where = failure.cwd / folder
            return f'Python does not search {where}, where {name} is: [service] env = {{ PYTHONPATH = "{folder}" }}'
    return (
        f"{name} is not installed where the service runs. {{python}} is {failure.python}: "
        f"{shlex.quote(failure.python)} -m pip install {name}, or name another interpreter with --python"
    )


def _no_command(_failure: Failure, found: re.Match[str]) -> str:
    return f"{one_line(found[1])} is not on the PATH: name it by its path, or run it as {{python}} -m"


def _no_permission(failure: Failure, _found: re.Match[str]) -> str | None:
    if failure.port is not None and failure.port < 1024:
        return f"port {failure.port} needs privileges: write {{port}} in the command"
    return None


_FROM_LOG = (
    (_IN_USE, _in_use),
    (_NO_MODULE, _no_module),
    (_NO_COMMAND, _no_command),
    (_NO_PERMISSION, _no_permission),
)


def _not_ready(failure: Failure) -> tuple[str, str | None]:
    after = f"after {failure.after_s:.0f} s"
    if failure.answer is not None and not failure.answer.refused:
        return _answered(failure, failure.answer, after)
    listed = ", ".join(f"{address}:{port}" for address, port in failure.listening)
    if listed and failure.takes_port:
        what = f"{after} it listens on {listed} and not on 127.0.0.1:{failure.port}"
        return (
            what,
            "does the command pass {port} and {host} on? Write --host {host} --port {port}, or what it calls them",
        )
    if listed:
        return f"{after} it listens on {listed}, which is not reachable from here", "let it listen on 127.0.0.1"
    hint = "if it only needs longer: ready_timeout_s in [service]; otherwise its log says what it waits for"
    return f"{after} it runs and listens on no port", hint


def _answered(failure: Failure, answer: Answer, after: str) -> tuple[str, str | None]:
    if answer.status is None:
        return f"{after} {answer.said}", "is it an HTTP service, without TLS, and is this the port it serves on?"
    what = f"{after} GET {failure.ready} still answers {answer.status}" + (f" ({answer.said})" if answer.said else "")
    if answer.status in (404, 405):
        return what, 'name a path that answers 2xx to GET: [service] ready = "/health"'
    if answer.status in (401, 403) or 300 <= answer.status < 400:
        return what, "name a ready path that answers 2xx without signing in and without a redirect"
    return what, "it runs and says that it is not ready: is something missing that it depends on?"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
