"""A machine without network, or a count of who uses it. PYTEST_DONT_REWRITE.

``apart`` is the real thing, for the whole process and all that it starts (``own_network.py``). The other levels ask in
two places: methods of ``socket.socket`` (before C code would look a name up), and an audit hook for whoever goes past
them. Those do not reach processes that the test starts, nor C libraries with sockets of their own.
"""

import _socket
import errno
import os
import socket
import sys

_METHODS = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}
_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
counts = {}
_services = set()  # ports of this machine that answered before it was left
_mode = []  # the level, once applied


def start(level, _scratch=None):
    """``apart`` (a network of this process's own, with 127.0.0.1 and ::1 alone), ``blocked`` (all but this machine),
    ``all`` (this machine too), ``watch`` (count only).
    """
    if level not in ("apart", "blocked", "all", "watch"):
        raise ValueError("network is apart, blocked, all or watch, not %r" % (level,))
    if level == "apart":
        from brinell_inside.factors import own_network  # noqa: PLC0415 - ctypes may be missing from this interpreter

        _services.update(own_network.listening())
        own_network.leave()
        return
    counts.update(network=0, network_local=0)
    first = not _mode
    _mode[:] = [level]
    if first:
        for name, position in _METHODS.items():
            setattr(socket.socket, name, _checked(name, position, getattr(_socket.socket, name)))
        sys.addaudithook(_hook)


def late_problems():
    """``{"network": why}`` where a failure shows nothing: a network of one's own has none of this machine's servers."""
    if not _services:
        return {}
    from brinell_inside.factors import own_network  # noqa: PLC0415 - as above

    if not own_network.refused():
        return {}
    return {"network": "it talks to a server of this machine, which is out of reach as well"}


def _checked(name, position, real):
    def method(self, *given):
        # sendto(data, [flags,] address); sendmsg(buffers, ancdata, flags, address)
        address = given[position] if len(given) > max(position, 0) and (position or given) else None
        error = _refusal(self, address, count=_mode[0] != "watch")
        if error is None:
            return real(self, *given)
        if name == "connect_ex" and not isinstance(error, socket.gaierror):
            return error.errno
        raise error

    method.__name__, method.__qualname__, method.__doc__ = name, "socket." + name, real.__doc__
    return method


def _hook(event, args):
    if not event.startswith("socket."):
        return
    error = None
    if event in _CONNECTS:
        error = _refusal(args[0], args[1], count=True)
    elif event in _NAMES:
        host = args[0][0] if event == "socket.getnameinfo" else args[0]
        if not _known(host):
            counts["network"] += 1
            error = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    if error is not None and _mode[0] != "watch":
        raise error


def _refusal(sock, address, count):
    """The error that this address deserves under the level; None where it may be used."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple) or not address:
        return None
    local = _loopback(address[0])
    if count:
        counts["network_local" if local else "network"] += 1
    if _mode[0] == "watch" or (local and _mode[0] == "blocked"):
        return None
    if local:
        return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    if not _numeric(address[0]):
        return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def _text(host):
    return bytes(host).decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host


def _loopback(host):
    host = _text(host)
    if not isinstance(host, str):
        return True
    host = host.lower().split("%")[0]
    if _numeric(host):
        return host.startswith(("127.", "::ffff:127.")) or host in ("::1", "::", "0.0.0.0")  # noqa: S104 - "here"
    return host in ("", "localhost") or host in _hosts()


def _numeric(host):
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, _text(host).split("%")[0])
        except (OSError, ValueError):
            continue
        return True
    return False


def _known(host):
    """Whether a name is answered without asking anybody: numbers, this machine's own, and /etc/hosts."""
    return host is None or not isinstance(_text(host), str) or _loopback(host) or _numeric(host)


def _hosts():
    names = set()
    try:
        with open("/etc/hosts", encoding="utf-8", errors="replace") as file:
            for line in file:
                names.update(line.split("#")[0].lower().split()[1:])
    except OSError:
        pass
    return names
