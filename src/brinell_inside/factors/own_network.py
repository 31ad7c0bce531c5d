"""A network of this process's own, with nothing in it but the loopback interface. PYTEST_DONT_REWRITE.

Linux: network_namespaces(7), user_namespaces(7). No root needed where the kernel lets users have namespaces; whoever
has no privileges has none afterwards, and keeps user and group.
"""

import ctypes
import fcntl
import os
import socket
import struct

_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # of sched.h
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1  # of ioctls.h, if.h
_CAPABILITY_VERSION = 0x20080522
_LISTENING = b"0A"


def listening():
    """TCP ports somebody listens on in the network that this process is in."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, "rb") as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        ports.update(int(row[1].rpartition(b":")[2], 16) for row in rows if row[3] == _LISTENING)
    return ports


def refused():
    """How many TCP connections were refused in this network so far; those of C code and other processes, too."""
    with open("/proc/net/snmp", "rb") as counters:
        names, values = [line.split() for line in counters if line.startswith(b"Tcp:")]
    return int(values[names.index(b"AttemptFails")])


def leave():
    """Move this process, which has one thread, into a network of its own. Raises ValueError where that can't be."""
    if not hasattr(ctypes.CDLL(None), "unshare"):
        raise ValueError("only Linux gives a process a network of its own")
    if len(os.listdir("/proc/self/task")) > 1:
        raise ValueError("other threads are running")
    user, group = os.getuid(), os.getgid()
    if not _unshare(_NEW_NETWORK):
        _loopback_up()
        return
    error = _unshare(_NEW_NETWORK | _NEW_USER)
    if error:
        raise ValueError("no network of its own (%s): allow user namespaces, or SYS_ADMIN" % os.strerror(error))
    for name, text in (
        ("setgroups", "deny"), ("uid_map", "%d %d 1" % (user, user)), ("gid_map", "%d %d 1" % (group, group)),
    ):  # fmt: skip
        with open("/proc/self/" + name, "wb") as file:
            file.write(text.encode())
    _loopback_up()
    if user:
        _drop_capabilities()


def _unshare(what):
    """0, or the number of the error."""
    return ctypes.get_errno() if ctypes.CDLL(None, use_errno=True).unshare(what) else 0


def _loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, asked))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


def _drop_capabilities():
    """The first process in a user namespace is almighty in it, so that it could write where its user may not."""
    header = struct.pack("Ii", _CAPABILITY_VERSION, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, bytes(24)):
        raise ValueError("the capabilities of a namespace of its own could not be dropped")
