"""Whether anybody accepts connections where a scenario is to press, asked before it begins.

Where the system tells (the listening sockets of this machine), nobody is connected to: a service that counts
connections, or takes one at a time, notices nothing.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
import time

from brinell.core.plan import LoadSpec
from brinell.subject.sockets import Listener, listeners
from brinell.subject.targets import Target, is_loopback

PATIENCE_S = 1.0  # for a service that is just being restarted
_AGAIN_S = 0.05
_ANSWER_S = 1.0
_NOBODY = {
    errno.ECONNREFUSED: "the connection is refused",
    errno.EHOSTUNREACH: "there is no way to that host",
    errno.ENETUNREACH: "there is no way to that network",
}

_NOT_FROM_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # IPv6 where there is none, or no port of ours is left


def is_wanted(spec: LoadSpec) -> bool:
    """Whether somebody has to be there: no request need succeed where all may fail (``error_rate = 1``)."""
    return spec.thresholds.get("error_rate", 0.0) < 1


def silence(target: Target, patience_s: float | None = None) -> str:
    """Return why none of the target's addresses takes a connection; nothing where one does, or nobody can tell."""
    until = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    while True:
        tried = [_silence(address, target.port) for address in target.addresses]
        reasons = [one for one in tried if one is not None]
        if not all(reasons) or not reasons:
            return ""
        if time.monotonic() >= until:
            return f"nothing listens at {_spelled(target.host, target.port)}: {reasons[0]}"
        time.sleep(_AGAIN_S)


def remedy(target: Target) -> str:
    """Say what to do about it, with where somebody of this machine does listen on that port."""
    here = sorted({_spelled(one.address, one.port) for one in _listeners() if one.port == target.port})
    other = f"; on this port something listens at {', '.join(here[:3])}" if here else ""
    return f"start the service first, or correct the address{other}"


def _silence(address: str, port: int) -> str | None:
    """Return why nobody is at one address, nothing where somebody may be; None: from here that cannot be asked."""
    if is_loopback(address) and any(_serves(one, address, port) for one in _listeners()):
        return ""
    try:
        with socket.create_connection((address, port), timeout=_ANSWER_S):
            return ""
    except OSError as error:
        return None if error.errno in _NOT_FROM_HERE else _NOBODY.get(error.errno or 0, "")


def _listeners() -> list[Listener]:
    return listeners() if sys.platform == "linux" else []


def _serves(listener: Listener, address: str, port: int) -> bool:
    here = ipaddress.ip_address(listener.address)
    return listener.port == port and (here.is_unspecified or here == ipaddress.ip_address(address))


def _spelled(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
