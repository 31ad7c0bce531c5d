"""How a scenario is shared among its workers, and which of a target's addresses they go to."""

from __future__ import annotations

import contextlib
import secrets
import socket

from brinell.core.plan import LoadSpec
from brinell.load.schedule import Schedule
from brinell.load.wire import WireOperation, WireSessions, WorkerSpec
from brinell.subject.targets import Target

_TLS = {"https", "wss"}


def reachable(target: Target) -> str:
    """Return the first address that accepts a connection: localhost is often two, and most servers listen on one."""
    for address in target.addresses if len(target.addresses) > 1 else ():
        with contextlib.suppress(OSError), socket.create_connection((address, target.port), timeout=1.0):
            return address
    return target.addresses[0]


def split(
    spec: LoadSpec,
    schedule: Schedule,
    operations: tuple[WireOperation, ...],
    driver: str,
    *,
    target: Target,
    address: str,
    sessions: WireSessions | None = None,
) -> list[WorkerSpec]:
    """Share connections as evenly as they go; the schedule shares itself (``Shape.due_ns``)."""
    family, where = place(target, address)
    fresh = secrets.randbits(64)  # a service that keeps what an earlier start sent does not know this one's identities
    shape, options = schedule.wire
    return [
        WorkerSpec(
            worker=worker,
            workers=spec.workers,
            driver=driver,
            shape=shape,
            shape_options=options,
            operations=operations,
            family=family,
            address=where,
            timeout_ns=int(spec.timeout_s * 1e9),
            connections=(spec.connections + spec.workers - 1 - worker) // spec.workers,
            seed=spec.seed,
            tls_name=tls_name(target),
            verify_tls=spec.verify_tls,
            streams=spec.streams,
            sessions=sessions,
            keep_alive=spec.keep_alive,
            span_ns=int(schedule.span_s * 1e9),
            requests=schedule.share(worker, spec.workers),
            shed_ns=int((spec.shed_after_s or 0) * 1e9),
            grain_ns=int(spec.grain_s * 1e9),
            fresh=fresh,
        )
        for worker in range(spec.workers)
    ]


def place(target: Target, address: str) -> tuple[int, tuple[str | int, ...]]:
    """Return the family and the socket address of one of a target's addresses."""
    family, _, _, _, where = socket.getaddrinfo(
        address, target.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    )[0]
    return int(family), tuple(where)  # type: ignore[arg-type]  # numeric: host, port and, for IPv6, two numbers


def tls_name(target: Target) -> str | None:
    """Return the name that the certificate must be of; None: no TLS."""
    return target.host if target.scheme in _TLS else None
