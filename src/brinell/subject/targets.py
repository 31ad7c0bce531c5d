"""Which hosts may be put under load: this machine always, any other only by name.

A name that is not allowed and not known here as this machine's is refused without a look-up: no query about it leaves
the machine. What is left is resolved once, the decision is made on the addresses, and those addresses are what the
load engine connects to. A second look-up, which could answer differently (DNS rebinding), never happens.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import msgspec

from brinell.core.errors import UsageError, nearest
from brinell.core.redact import one_line, redact

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "redis": 6379, "memcached": 11211}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,252})")
_HOSTS = Path("/etc/hosts")
_REFUSED = re.compile(r"[\x00-\x20\x7f-\xa0\\]")  # urlsplit would silently drop some of these

Resolve = Callable[[str, int], Sequence[str]]
"""A host (ASCII name or address, no brackets) and a port to addresses, best first; OSError if there are none."""


class Target(msgspec.Struct, frozen=True):
    """A checked target. ``addresses`` are what to connect to; ``host`` is for the Host header and the certificate."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    path: str = ""  # path and query of the URL, percent-encoded

    @property
    def authority(self) -> str:
        """The Host header: the port only where it isn't the scheme's own, brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def resolve(host: str, port: int) -> list[str]:
    """Resolve with the system's resolver, which also reads numeric forms such as ``2130706433`` and ``127.1``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def known_here(host: str) -> bool:
    """Whether the system can tell the addresses of ``host`` without asking another machine.

    So it is with addresses in any notation, localhost and what is below it (RFC 6761, 6.3), and names in /etc/hosts.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return host in _names_in_hosts()
    return True


def check_target(
    url: str, allow: Sequence[str], *, resolve: Resolve = resolve, known_here: Callable[[str], bool] = known_here
) -> Target:
    """Return the target of ``url``, or raise ``UsageError`` if it is malformed or may not be put under load.

    ``allow`` holds exact hosts, or ``host:port`` for one port. A name that is this machine and another at once is
    refused unless it is allowed. Nothing is ever connected to.
    """
    shown = one_line(redact(url))
    allowed = [_entry(entry) for entry in allow]
    parts = _split(url, shown)
    host = _canonical(parts.hostname or "", shown)
    port = _port(parts, shown)
    named = not {(host, None), (host, port)}.isdisjoint(allowed)
    if not named and not known_here(host):
        raise _refusal(host, port, None, [name for name, _ in allowed])
    try:
        addresses = tuple(resolve(host, port))
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"cannot resolve the host of {shown}: {one_line(str(error))}",
            hint="check the name and the DNS of this machine, or give the address in numbers",
        ) from None
    if not named and not (addresses and all(map(is_loopback, addresses))):
        raise _refusal(host, port, addresses, [name for name, _ in allowed])
    path = quote(parts.path + (f"?{parts.query}" if parts.query else ""), safe="/%:@!$&'()*+,;=~?[]")
    return Target(parts.scheme, host, port, addresses, path)


def is_loopback(address: str) -> bool:
    """Whether a numeric address is this machine: 127.0.0.0/8, ::1, and the former mapped into IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_loopback)


def _names_in_hosts() -> set[str]:
    """Return the names of hosts(5), in lower case; none where there is no such file."""
    try:
        lines = _HOSTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {name.lower().removesuffix(".") for line in lines for name in line.partition("#")[0].split()[1:]}


def _split(url: str, shown: str) -> SplitResult:
    if _REFUSED.search(url):
        raise UsageError(f"not a URL: {shown}: it holds white space, a control character or a backslash")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"not a URL: {shown}: {one_line(redact(str(error)))}") from None
    if "://" not in url:
        raise UsageError(f"not an absolute URL: {shown}", f"write http://{shown}")
    if parts.scheme not in _PORTS:
        raise UsageError(f"unknown scheme {one_line(parts.scheme)!r} in {shown}", f"known are {', '.join(_PORTS)}")
    if "[" in parts.netloc and ":" not in (parts.hostname or ""):
        _no_host(shown)
    if "@" in parts.netloc:
        raise UsageError(
            "the URL of a target carries a user name or password",
            'send them as a header: headers = { Authorization = "..." }',
        )
    return parts


def _canonical(host: str, shown: str) -> str:
    """Return a host in its one comparable form: lower case, ASCII (IDNA 2003), no final dot, addresses normalised."""
    try:
        return str(ipaddress.ip_address(host)) if "%" not in host else _no_host(shown)
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        return _no_host(shown)
    return name if _HOST.fullmatch(name) else _no_host(shown)


def _no_host(shown: str) -> str:
    raise UsageError(f"{shown} does not name a host", "a name, an IPv4 address or an IPv6 address in brackets, no zone")


def _port(parts: SplitResult, shown: str) -> int:
    try:
        port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    except ValueError:
        port = 0
    if not port:
        raise UsageError(f"the port of {shown} is not between 1 and 65535")
    return port


def _entry(entry: str) -> tuple[str, int | None]:
    """Read one entry of ``allow_targets``: ``host``, ``host:port``, ``[IPv6]:port`` or a bare IPv6 address."""
    shown = f"allow_targets entry {one_line(redact(entry))!r}"
    hint = 'an entry is a host ("staging.example") or a host with a port ("10.0.0.5:8080"), no scheme and no path'
    bare = entry.count(":") > 1 and not entry.startswith("[")
    try:
        parts = urlsplit(f"//[{entry}]" if bare else f"//{entry}")
        port = parts.port
    except ValueError:
        raise UsageError(f"{shown} is not a host", hint) from None
    if _REFUSED.search(entry) or parts.path or parts.query or parts.fragment or "@" in entry or port == 0:
        raise UsageError(f"{shown} is not a host", hint)
    return _canonical(parts.hostname or "", shown), port


def _refusal(host: str, port: int, addresses: Sequence[str] | None, allowed: Sequence[str]) -> UsageError:
    """Word it; ``addresses`` is None where nobody was asked for them."""
    listed = "not looked up" if addresses is None else ", ".join(addresses) or "no address"
    hint = (
        f'if it is yours to put under load, name it in brinell.toml: allow_targets = ["{host}"] under [project] '
        f'(or "{f"[{host}]" if ":" in host else host}:{port}" for this port only)'
    )
    if any(map(is_loopback, addresses or ())):
        return UsageError(f"target {host} is this machine and another one at once ({listed}): refused", hint)
    if host in ("0.0.0.0", "::"):  # noqa: S104 - to refuse it
        hint = f"to reach this machine write 127.0.0.1:{port}"
    elif near := nearest(host, list(allowed)):
        hint = f"allow_targets has {near!r}, which is not the same; {hint}"
    where = "is not known to be this machine" if addresses is None else "is not this machine"
    return UsageError(f"target {host} {where} ({listed}) and not in allow_targets: refused", hint)
