"""Who listens where: TCP ports of this machine and the processes behind them. Looks only, never connects.

On Linux from /proc/net/tcp, /proc/net/tcp6 and /proc/*/fd of this network namespace; elsewhere from psutil. What this
user may not see comes back as a reason, never as an exception and never as "nobody".
"""

from __future__ import annotations

import ipaddress
import os
import pwd
import socket
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]  # it ships no types

from brinell.subject import process_table

_LISTEN = "0A"  # include/net/tcp_states.h


class Listener(msgspec.Struct, frozen=True):
    """One listening TCP socket. ``uid`` is None where the system does not tell."""

    address: str
    port: int
    inode: int = 0
    uid: int | None = None


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port nobody listens on now. Somebody else may take it before it is used: callers try again."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def listening_pids(host: str, port: int) -> tuple[list[int], str]:
    """Return the pids that listen on ``host:port``, ascending, and why there are none (empty if there are).

    ``host`` is an IP address or a name for this machine; a socket on all addresses counts for every host.
    """
    if sys.platform != "linux":
        return _listening_pids_elsewhere(host, port)
    found = {listener.inode: listener for listener in listeners() if listener.port == port and _serves(listener, host)}
    if not found:
        return [], f"nothing listens on {host}:{port}"
    pids, hidden = [], False
    for pid in process_table.table():
        inodes = _socket_inodes(pid)
        hidden |= inodes is None
        if inodes is not None and not found.keys().isdisjoint(inodes):
            pids.append(pid)
    if pids:
        return sorted(pids), ""
    owner = _user(next(iter(found.values())).uid)
    why = "whose open files this user may not see" if hidden else "outside this process namespace"
    return [], f"{host}:{port} is held by a process of {owner} {why}"


def listening_ports(pids: Iterable[int]) -> list[tuple[str, int]]:
    """Return (address, port) of what these processes listen on, ascending; what cannot be read is left out."""
    if sys.platform != "linux":
        return sorted({(listener.address, listener.port) for pid in pids for listener in _psutil_listeners(pid)})
    inodes = {inode for pid in pids for inode in _socket_inodes(pid) or ()}
    return sorted({(one.address, one.port) for one in listeners() if one.inode in inodes})


def listeners() -> list[Listener]:
    """Return every listening TCP socket of this network namespace (Linux)."""
    found: list[Listener] = []
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # no IPv6 on this machine
            continue
        found.extend(_parse(lines))
    return found


def _parse(lines: Iterable[str]) -> Iterator[Listener]:
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and fields[3] == _LISTEN:
            address, _, port = fields[1].partition(":")
            yield Listener(_address(address), int(port, 16), int(fields[9]), int(fields[7]))


def _address(digits: str) -> str:
    """Read an address as the kernel prints it: hexadecimal 32-bit words in the byte order of the machine."""
    words = (int(digits[start : start + 8], 16) for start in range(0, len(digits), 8))
    packed = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
    return str(ipaddress.ip_address(packed))


def _serves(listener: Listener, host: str) -> bool:
    """Whether a connection to ``host`` may reach this socket; a name may reach any."""
    try:
        wanted = _unmapped(host)
    except ValueError:
        return True
    here = _unmapped(listener.address)
    if here.is_unspecified:  # "::" takes IPv4 as well unless the socket forbids it, which /proc does not tell
        return here.version == 6 or wanted.version == 4
    return wanted == here


def _unmapped(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Read an address; ``::ffff:127.0.0.1`` is 127.0.0.1, as it is for the kernel."""
    address = ipaddress.ip_address(text)
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _socket_inodes(pid: int) -> set[int] | None:
    """Return the inodes of a process's sockets, None where its descriptors may not be seen."""
    found: set[int] = set()
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - thousands of short strings, no Path objects
    except PermissionError:
        return None
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"{folder}/{name}")  # noqa: PTH115 - same
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found


def _user(uid: int | None) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name}" if uid is not None else "another user"
    except KeyError:
        return f"user {uid}"


def _psutil_listeners(pid: int) -> list[Listener]:
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return []
    listening = (one.laddr for one in connections if one.status == psutil.CONN_LISTEN and one.laddr)
    return [Listener(address.ip.partition("%")[0], address.port) for address in listening]


def _listening_pids_elsewhere(host: str, port: int) -> tuple[list[int], str]:
    pids = [
        pid for pid in psutil.pids() if any(one.port == port and _serves(one, host) for one in _psutil_listeners(pid))
    ]
    return sorted(pids), "" if pids else f"no process that this user may see listens on {host}:{port}"
