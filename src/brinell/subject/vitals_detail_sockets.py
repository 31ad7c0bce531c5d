"""How full the queues of listening sockets are, and which connections are established (Linux, sock_diag(7)).

The kernel is asked for sockets of a state instead of reading ``/proc/net/tcp``, which lists all of them as text and
does not say how many connections a queue may hold.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LISTEN = 10
ESTABLISHED = 1
_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
_DONE, _ERROR = 3, 2
_HEAD = struct.Struct("=IHHII")
_ASK = struct.Struct("=BBBxI48x")
_ROW = struct.Struct("=BBxxH46xIIIII")
_TIMEOUT_S = 0.2
_NETSTAT = Path("/proc/net/netstat")


class Socket(NamedTuple):
    """One TCP socket. Of a listening one ``queue`` connections wait to be accepted, of at most ``most``."""

    port: int
    queue: int
    most: int
    inode: int


def sockets_in(state: int) -> list[Socket] | None:
    """Return this network namespace's TCP sockets in a state; None where the kernel does not tell."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _DIAG) as asker:
            asker.settimeout(_TIMEOUT_S)
            return [one for family in (socket.AF_INET, socket.AF_INET6) for one in _ask(asker, int(family), state)]
    except (OSError, AttributeError, struct.error):
        return None


def _ask(asker: socket.socket, family: int, state: int) -> Iterator[Socket]:
    body = _ASK.pack(family, socket.IPPROTO_TCP, 0, 1 << state)
    asker.send(_HEAD.pack(_HEAD.size + len(body), _BY_FAMILY, _DUMP, 0, 0) + body)
    while True:
        data = asker.recv(1 << 16)
        position = 0
        while position + _HEAD.size <= len(data):
            length, kind, _, _, _ = _HEAD.unpack_from(data, position)
            if kind == _DONE:
                return
            if kind == _ERROR or length < _HEAD.size:
                raise OSError("the kernel does not tell")
            if length >= _HEAD.size + _ROW.size:
                yield _socket(data, position + _HEAD.size)
            position += (length + 3) & ~3
        if not data:
            return


def _socket(data: bytes, position: int) -> Socket:
    _, _, port, _, queue, most, _, inode = _ROW.unpack_from(data, position)
    return Socket(socket.ntohs(port), queue, most, inode)


def overflows(netstat: Path = _NETSTAT) -> int | None:
    """Return how many connections found no room in a queue since this machine began; None: not told."""
    try:
        lines = netstat.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        if names.startswith("TcpExt:"):
            told = dict(zip(names.split()[1:], values.split()[1:], strict=False))
            return int(told["ListenOverflows"]) if "ListenOverflows" in told else None
    return None


def inodes(pid: int, most: int) -> set[int] | None:
    """Return the inodes of a process's sockets; None where they may not be seen, or are more than ``most``."""
    folder = f"/proc/{pid}/fd"
    found: set[int] = set()
    try:
        names = os.listdir(folder)  # noqa: PTH208 - thousands of short strings, no Path objects
        if len(names) > most:
            return None
        for name in names:
            try:
                target = os.readlink(f"{folder}/{name}")  # noqa: PTH115 - same
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    except OSError:
        return None
    return found
