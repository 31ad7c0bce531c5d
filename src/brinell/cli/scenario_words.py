"""What a load scenario's users do, in words for the plan."""

from __future__ import annotations

from pathlib import Path

from brinell.cli import say
from brinell.core.plan import LoadSpec, SessionSpec

_MOST = 8
_MOST_STEPS = 4


def users(spec: LoadSpec) -> list[str]:
    """Return a line for each kind of session or request with its share, and how their connections behave."""
    kinds = _kinds(spec)
    total = sum(weight for weight, _ in kinds)
    lines = [f"{weight / total:4.0%} {told}" for weight, told in kinds[:_MOST]]
    if len(kinds) > _MOST:
        lines.append(f"and {len(kinds) - _MOST} kinds of {'session' if spec.sessions else 'request'} more")
    orders = {"cycle": "each in turn", "once": "each once", "random": "at random"}
    lines += [f"{one.name}: rows of {say.near(Path(one.file))}, {orders[one.order]}" for one in spec.data]
    habits = {
        "cookies of its own for each session": spec.cookies,
        f"up to {spec.redirects} redirects followed": spec.redirects,
        "compression asked for": spec.compression,
        "a new connection for every request": not spec.keep_alive,
        "sessions go on after a request that failed": spec.go_on,
    }
    said = ", ".join(word for word, holds in habits.items() if holds)
    return [*lines, said] if said else lines


def _kinds(spec: LoadSpec) -> list[tuple[float, str]]:
    if spec.sessions:
        return [(one.weight, f"{one.name}: {_steps(one)}") for one in spec.sessions]
    written = spec.call is None and spec.flows is None and spec.openapi is None and spec.har is None
    return [(one.weight, f"{one.method} {one.path}") for one in spec.requests] if written else []


def _steps(session: SessionSpec) -> str:
    told = ", ".join(f"{one.method} {one.path}" for one in session.requests[:_MOST_STEPS])
    more = len(session.requests) - _MOST_STEPS
    told += f" and {more} more" if more > 0 else ""
    low, high = session.think_s
    told += f", {low:g} s apart" if high and low == high else f", {low:g} to {high:g} s apart" if high else ""
    return told + (f", {session.repeat} times" if session.repeat > 1 else "")
