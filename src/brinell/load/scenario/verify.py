"""Before anything runs: is a scenario one of sessions, and does everything in it fit together?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.plan import LoadSpec, RequestSpec, SessionSpec
from brinell.load.drivers.http import target_path
from brinell.load.scenario.data import ONCE, Row, Unreadable, columns, read
from brinell.load.scenario.generators import GENERATORS, Wrong
from brinell.load.scenario.pieces import templates_in
from brinell.load.scenario.script import Script, Setting
from brinell.load.scenario.template import Columns, names
from brinell.load.wire import WireSessions
from brinell.subject.targets import Target

FACTORY = "brinell.load.scenario.play:factory"
_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*\}")
_NOWHERE = Target("http", "localhost", 80, ())


class Wired(msgspec.Struct, frozen=True):
    """What workers get."""

    spec: LoadSpec
    target: Target
    root: str
    allow: tuple[str, ...]


class Fault(NamedTuple):
    """Something wrong: its place below the scenario (``("sessions", 0, "requests", 2)``) and key."""

    place: tuple[str | int, ...]
    key: str
    wrong: Wrong


def is_dynamic(spec: LoadSpec) -> bool:
    """Whether a scenario's requests depend on anything; those that do not are bytes before the run."""
    if spec.sessions or spec.cookies or spec.redirects:
        return True
    return any(request.extract or request.check or _templates(request, spec) for request in spec.requests)


def sessions_of(spec: LoadSpec) -> tuple[SessionSpec, ...]:
    """Return the sessions; requests by themselves are sessions of one."""
    if spec.sessions:
        return spec.sessions
    return tuple(SessionSpec(one.operation, (one,), one.weight) for one in spec.requests)


def variables_of(session: SessionSpec) -> set[str]:
    """Return the variables, data files among them, that a session's templates use."""
    return {name for request in session.requests for text in _texts(request) for name in names(text)}


def rows_of(spec: LoadSpec, root: Path) -> list[list[Row]]:
    """Return the rows of every data file. ``Unreadable`` names the file."""
    found = []
    for one in spec.data:
        try:
            found.append(read(root / one.file))
        except Unreadable as error:
            raise Unreadable(f"{one.file}: {error}") from None
    return found


def scripts(spec: LoadSpec, target: Target, root: Path) -> Iterator[tuple[SessionSpec, list[Script]]]:
    """Read every session's requests. ``Wrong``, ``Unreadable`` or UsageError at the first that will not do."""
    setting = _setting(spec, target, root)
    data: Columns = {one.name: columns(rows) for one, rows in zip(spec.data, rows_of(spec, root), strict=True)}
    for session in sessions_of(spec):
        known = dict(data)
        made = []
        for request in session.requests:
            made.append(Script(request, setting, known))
            known |= dict.fromkeys(request.extract)
        yield session, made


def faults(spec: LoadSpec, root: Path) -> Iterator[Fault]:
    """Tell everything that does not fit together; UsageError for what a request cannot be, whatever is filled in."""
    data: dict[str, Any] = {}
    for number, one in enumerate(spec.data):
        if one.name in GENERATORS or one.name in data:
            yield Fault(("data", number), "name", Wrong(f"{one.name} is taken: call it something else"))
        try:
            data[one.name] = columns(read(root / one.file))
        except Unreadable as error:
            data[one.name] = ()
            yield Fault(("data", number), "file", Wrong(str(error)))
            return  # what templates say about it cannot be looked at
    setting = _setting(_without_environment(spec), _NOWHERE, root)
    for number, session in enumerate(sessions_of(setting.spec)):
        place = ("sessions", number, "requests") if spec.sessions else ("requests",)
        for position, found in _session_faults(session, setting, data, alone=not spec.sessions):
            yield Fault((*place, position if spec.sessions else number), found.key, found)


def short_of(spec: LoadSpec, planned: int | None, root: Path) -> Iterator[tuple[int, int]]:
    """Tell data files whose rows, given once, are fewer than the sessions that are ``planned``: position and rows."""
    if planned is None or not any(one.order == ONCE for one in spec.data):
        return
    if spec.max_requests is not None:
        planned = min(planned, spec.max_requests)  # a session has one request at least
    used = set().union(*(variables_of(session) for session in sessions_of(spec)))
    for number, (one, rows) in enumerate(zip(spec.data, rows_of(spec, root), strict=True)):
        if one.order == ONCE and one.name in used and len(rows) < planned and len(sessions_of(spec)) == 1:
            yield number, len(rows)


def wired(spec: LoadSpec, target: Target, root: Path, allow: tuple[str, ...]) -> WireSessions:
    """Return the scenario as workers get it. UsageError names the request, the key and what is wrong."""
    for fault in faults(spec, root):
        wrong = fault.wrong
        close = nearest(wrong.word, list(wrong.choices)) if wrong.choices else None
        where = " ".join(f"#{part + 1}" if isinstance(part, int) else str(part) for part in fault.place)
        raise UsageError(
            f"[[load]] {spec.name}, {where}: {fault.key}: {wrong.why}", hint=f"did you mean {close}?" if close else None
        )
    for _ in scripts(spec, target, root):
        pass  # what the environment has to say, too
    options = msgspec.to_builtins(Wired(spec, target, str(root), allow))
    thinks = any(max(session.think_s) > 0 or session.repeat > 1 for session in spec.sessions)
    partly = thinks or any(len(session.requests) > 1 for session in spec.sessions)
    return WireSessions(FACTORY, options, partly)


def _without_environment(spec: LoadSpec) -> LoadSpec:
    """Return the scenario with something in place of what only the environment knows: it may not be the run's yet."""

    def plain(headers: dict[str, str]) -> dict[str, str]:
        return {name: _VARIABLE.sub("x", value) for name, value in headers.items()}

    def bare(requests: tuple[RequestSpec, ...]) -> tuple[RequestSpec, ...]:
        return tuple(msgspec.structs.replace(one, headers=plain(one.headers)) for one in requests)

    return msgspec.structs.replace(
        spec,
        headers=plain(spec.headers),
        requests=bare(spec.requests),
        sessions=tuple(msgspec.structs.replace(one, requests=bare(one.requests)) for one in spec.sessions),
    )


def _setting(spec: LoadSpec, target: Target, root: Path) -> Setting:
    return Setting(spec, target.authority, target_path(spec.url), root)


def _session_faults(
    session: SessionSpec, setting: Setting, data: Columns, *, alone: bool
) -> Iterator[tuple[int, Wrong]]:
    known = dict(data)
    later = [set(request.extract) for request in session.requests]
    for position, request in enumerate(session.requests):
        taken = request.extract.keys() & data.keys()
        if alone and request.extract:
            yield position, Wrong("requests that belong together stand in sessions: here nobody uses it", key="extract")
        elif taken:
            yield position, Wrong(f"{min(taken)} is a data file: call the variable something else", key="extract")
        try:
            Script(request, setting, known)
        except Wrong as wrong:
            before = next((at for at in range(position, len(later)) if wrong.word in later[at]), None)
            where = "this request itself" if before == position else f"request #{(before or 0) + 1}, which comes later"
            told = Wrong(f"{wrong.word} is extracted by {where}", key=wrong.key)
            yield position, wrong if before is None else told
        known |= dict.fromkeys(request.extract)


def _texts(request: RequestSpec) -> list[str]:
    values = (request.path, request.headers, request.json, request.body, request.form, request.check)
    return [text for value in values for text in templates_in(value)]


def _templates(request: RequestSpec, spec: LoadSpec) -> bool:
    return bool(_texts(request) or templates_in(spec.headers))
