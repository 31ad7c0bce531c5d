"""What the generator may use up, looked at before a run: descriptors and, towards one address, ports of its own.

A connection that this side closes first keeps its port for a minute (TIME_WAIT; RFC 9293, 3.6.1), for a second only
where the kernel may take it again (``tcp_tw_reuse``; towards loopback that is Linux' default).
"""

from __future__ import annotations

import ipaddress
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from brinell.core.errors import UsageError
from brinell.core.generator_records import GeneratorMeans
from brinell.core.plan import LoadSpec
from brinell.load.wire import WorkerSpec
from brinell.subject.targets import is_loopback

SPARE = 64  # descriptors of a worker beside its connections
TIME_WAIT_S = 60.0  # Linux: TCP_TIMEWAIT_LEN
REUSED_S = 1.0
_IPV4 = Path("/proc/sys/net/ipv4")
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def look(spec: LoadSpec, workers: Sequence[WorkerSpec], rate: float | None, address: str) -> GeneratorMeans:
    """Return what there is and what the scenario may need of it. ``rate``: requests a second at most."""
    linger = linger_s(loopback=is_loopback(address))
    sockets = [-(-one.connections // one.streams) if spec.version == "2" else one.connections for one in workers]
    held = sum(sockets)
    port = int(workers[0].address[1])
    kept = round(rate * linger) if rate and not spec.keep_alive else 0
    free = ports()
    return GeneratorMeans(
        descriptors=_descriptors(),
        descriptors_needed=max(sockets) + SPARE,
        ports=None if free is None else max(0, free - taken(address, port)),
        ports_needed=held + kept,
        linger_s=0.0 if spec.keep_alive else linger,
    )


def refuse(spec: LoadSpec, means: GeneratorMeans, *, closed: bool) -> None:
    """Refuse what cannot work: every user of a closed model has a connection at once. UsageError.

    In an open model connections are a cap, which a run may never come near: there it is said, and the run goes on.
    """
    if not closed:
        return
    if means.descriptors is not None and means.descriptors_needed > means.descriptors:
        raise UsageError(
            f"[[load]] {spec.name}: a worker needs {means.descriptors_needed} descriptors for its connections, and may "
            f"have {means.descriptors} (hard limit)",
            hint=f"ulimit -Hn {means.descriptors_needed} as whoever may raise it, fewer connections, or more workers",
        )
    if means.ports is not None and means.ports_needed > means.ports:
        raise UsageError(
            f"[[load]] {spec.name}: {means.ports_needed} connections to one address need a port each, and "
            f"{means.ports} are free (ip_local_port_range)",
            hint="fewer connections, or sysctl net.ipv4.ip_local_port_range='1024 65535'",
        )


def linger_s(*, loopback: bool, folder: Path = _IPV4) -> float:
    """Return how long a port rests after this side closed its connection."""
    reuse = _number(folder / "tcp_tw_reuse") or 0
    if _number(folder / "tcp_timestamps") == 0:
        reuse = 0
    return REUSED_S if reuse == 1 or (reuse == 2 and loopback) else TIME_WAIT_S


def ports(folder: Path = _IPV4) -> int | None:
    """Return how many ports connections of this machine may begin at, towards one address; None: not known."""
    try:
        low, high = map(int, (folder / "ip_local_port_range").read_text(encoding="ascii").split())
        reserved = (folder / "ip_local_reserved_ports").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    total = max(0, high - low + 1)
    for span in filter(None, reserved.split(",")):
        first, _, last = span.partition("-")
        total -= max(0, min(int(last or first), high) - max(int(first), low) + 1)
    return max(0, total)


def taken(address: str, port: int, tables: Sequence[Path] = _TABLES) -> int:
    """Return how many ports are in use towards an address, those that rest included; 0 where nobody says."""
    wanted = _unmapped(address)
    count = 0
    for table in tables:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            remote, _, digits = line.split()[2].partition(":")
            count += int(digits, 16) == port and _unmapped(_address(remote)) == wanted
    return count


def _address(digits: str) -> str:
    """Read an address as the kernel prints it: 32-bit words in the byte order of the machine."""
    words = (int(digits[start : start + 8], 16) for start in range(0, len(digits), 8))
    return str(ipaddress.ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words)))


def _unmapped(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def _descriptors() -> int | None:
    """Return how many a worker may have: it raises its own limit as far as that is allowed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
