"""A port that stays free until a service takes it, and between two lives of it: none that the system gives to
connections meanwhile.
"""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from brinell.subject.service_command import HOST

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
_TRIES = 50


def lasting_port(given: Path = _RANGE) -> int | None:
    """Return a free port below those of outgoing connections; None where the system does not say which those are, or
    none was free.
    """
    try:
        first = int(given.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    for _ in range(_TRIES if first > _LOWEST else 0):
        port = secrets.choice(range(_LOWEST, first))  # nobody's seed: others that begin now are to find others
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    return None
