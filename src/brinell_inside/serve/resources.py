"""What a test shares with other processes: files, addresses, databases, and what its own process has but once.

An audit hook (PEP 578) sees it as Python code asks for it, before it happens. What C libraries open by themselves (a
database driver that is no ``sqlite3``, gRPC) and what programs do that a test starts is not seen. PYTEST_DONT_REWRITE.
"""

import os
import socket
import sys
import sysconfig
from contextlib import suppress

from brinell_inside.serve.outside import Outside
from brinell_inside.serve.places import Places

CREATED = "created"
"""Name of the log in a child's scratch folder: what it made outside the project, to be removed when it is gone."""
_MOST = 300  # of a test
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {  # event -> (positions of paths and of the folder they are relative to, whether something may be new there)
    "os.rename": ((0, 2, False), (1, 3, True)),
    "os.remove": ((0, 1, False),),
    "os.mkdir": ((0, 2, True),),
    "os.rmdir": ((0, 1, False),),
    "os.link": ((1, 3, True),),
    "os.symlink": ((1, 2, True),),
    "os.truncate": ((0, None, False),),
    "os.chmod": ((0, 2, False),),
    "os.utime": ((0, 3, False),),
}
_LOCKS = ("fcntl.flock", "fcntl.lockf")
_PRIVATE_VARIABLES = ("PYTEST_", "COV_CORE_", "COVERAGE_")
_EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range"


class Resources:
    """Listens until the end of this process. ``take()``: what was touched since the last time, ``[[kind, name, how]]``.

    ``hold_at(names, after, wait)``: right after this process has used one of ``names`` for the ``after``-th time, it
    calls ``wait()``.
    """

    def __init__(self, root, scratch, temporary):
        self._places = Places(root, scratch, temporary)
        self.outside = Outside()
        self._log = os.path.join(scratch, CREATED)
        self._pid = os.getpid()
        self._hold, self._uses_left, self._wait = frozenset(), 0, None
        self._deaf = False
        self._seen = {}
        self._own_ports = set()
        self._ports = _ephemeral_ports()
        paths = sysconfig.get_paths()
        libraries = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        self._libraries = tuple(os.path.join(folder, "") for folder in libraries)
        self._handlers = {
            "open": self._open, "sqlite3.connect": self._database, "socket.bind": self._bind,
            "socket.connect": self._connect, "mmap.__new__": self._memory, "os.chdir": self._folder,
            "os.putenv": self._variable, "os.unsetenv": self._variable, "os.listdir": self._list,
            "os.scandir": self._list,
        }  # fmt: skip
        self._handlers.update(dict.fromkeys(_PATHS, self._path), **dict.fromkeys(_LOCKS, self._lock))
        sys.addaudithook(self._hear)

    def hold_at(self, names, after, wait):
        """See above; once."""
        self._hold, self._uses_left, self._wait = frozenset(names), after, wait

    def take(self):
        """Return what was touched, and begin anew."""
        seen, self._seen = self._seen, {}
        return [[kind, name, how] for kind, name, how in seen]

    def _hear(self, event, arguments):
        handle = self._handlers.get(event)
        if handle is not None and not self._deaf:
            with suppress(Exception):  # an audit hook that raises would forbid what the test does
                handle(event, arguments)

    def _note(self, kind, name, how):
        if len(self._seen) < _MOST:
            self._seen[kind, name, how] = None
        if name in self._hold and self._uses_left > 0:
            self._uses_left -= 1
            if not self._uses_left:
                sys.setprofile(self._next)  # it is not done yet: whatever this thread does next, it is

    def _next(self, *_):
        sys.setprofile(None)
        self._deaf = True
        try:
            self._wait()
        finally:
            self._deaf = False

    def _open(self, _event, arguments):
        path, _, flags = arguments
        if isinstance(path, int) or not isinstance(flags, int):
            return
        if flags & _WRITES:
            self._write(os.fsdecode(path), flags & os.O_CREAT)
        elif not os.fsdecode(path).endswith(".py") and not os.fsdecode(path).startswith(self._libraries):
            self._read(os.fsdecode(path))  # source is read for tracebacks, and by imports

    def _read(self, path):
        name = self._places.name(path)
        if name:
            self._note("file", name, "read")

    def _write(self, path, may_be_new, kind="file", how="write"):
        whole = self._places.whole(path)
        name = self._places.name(whole)
        if not name:
            return
        if os.path.isabs(name) or name.startswith(("~/", "$TMPDIR/")):
            self.outside.note(whole, name)
        if may_be_new and self._places.is_outside(whole) and not os.path.lexists(whole):
            self._created(whole)
        self._note(kind, name, how)

    def _created(self, whole):
        if os.getpid() == self._pid:  # what a forked child of the test makes, that one has to remove
            line = (whole.replace("\0", "") + "\0").encode("utf-8", "surrogateescape")
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(log, line)
            finally:
                os.close(log)

    def _path(self, event, arguments):
        for position, folder_at, may_be_new in _PATHS[event]:
            path = arguments[position]
            if isinstance(path, int):
                path = os.readlink("/proc/self/fd/%d" % path)
            path = os.fsdecode(path)
            folder = arguments[folder_at] if folder_at is not None and folder_at < len(arguments) else -1
            if isinstance(folder, int) and folder >= 0 and not os.path.isabs(path):
                path = os.path.join(os.readlink("/proc/self/fd/%d" % folder), path)
            self._write(path, may_be_new, how="make" if event == "os.mkdir" else "write")

    def _list(self, _event, arguments):
        path = arguments[0]
        if path is None or isinstance(path, (str, bytes, os.PathLike)):
            name = self._places.name(os.fsdecode(path or "."))
            if name:
                self._note("directory", name, "read")

    def _lock(self, _event, arguments):
        path = os.readlink("/proc/self/fd/%d" % arguments[0])
        name = self._places.name(path)
        if name:
            self._note("file", name, "lock")

    def _memory(self, _event, arguments):
        path = os.readlink("/proc/self/fd/%d" % arguments[0]) if arguments[0] >= 0 else ""
        if path.startswith("/dev/shm/"):  # noqa: S108 - that is where shared memory has its names
            self._write(path, may_be_new=False)

    def _database(self, _event, arguments):
        path = os.fsdecode(arguments[0])
        if path.startswith("file:"):
            if "mode=memory" in path:
                return
            path = path[5:].partition("?")[0]
            path = path[2:] if path.startswith("//") else path  # noqa: FURB188 - str.removeprefix came with Python 3.9
        if path and ":memory:" not in path:
            self._write(path, may_be_new=True, kind="database")
            for sibling in ("-journal", "-wal", "-shm"):
                whole = self._places.whole(path) + sibling
                if self._places.is_outside(whole) and not os.path.lexists(whole):
                    self._created(whole)

    def _bind(self, _event, arguments):
        name = self._address(*arguments)
        if name:
            self._own_ports.add(name)
            self._note("address", name, "bind")

    def _connect(self, _event, arguments):
        name = self._address(*arguments)
        if name and (name in self._own_ports or not _is_ephemeral(arguments[1], self._ports)):
            self._note("address", name, "connect")

    def _address(self, sock, address):
        """Return what two processes cannot both bind; the empty text for what nobody else can have."""
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            host, port = address[:2]
            kind = "UDP" if sock.type == socket.SOCK_DGRAM else "TCP"
            away = "" if _is_here(host) else " of %s" % (host,)
            return "%s port %d%s" % (kind, port, away) if port else ""
        if sock.family == getattr(socket, "AF_UNIX", None):
            path = os.fsdecode(address)
            if path.startswith("\0"):
                return "abstract socket %s" % path[1:]
            name = self._places.name(path) if path else ""
            return "socket %s" % name if name else ""
        return ""

    def _folder(self, _event, _arguments):
        self._note("cwd", "current directory", "write")

    def _variable(self, _event, arguments):
        name = os.fsdecode(arguments[0])
        if not name.startswith(_PRIVATE_VARIABLES):
            self._note("environment", name, "write")


def _is_here(host):
    return host in ("", "localhost", "::", "::1", "0.0.0.0") or str(host).startswith("127.")  # noqa: S104 - compared


def _ephemeral_ports():
    with suppress(OSError, ValueError), open(_EPHEMERAL, "rb") as file:
        low, high = map(int, file.read().split())
        return range(low, high + 1)
    return range(32768, 61000)


def _is_ephemeral(address, ports):
    """Whether it is a port of this machine that nobody chose: the test's own server has it."""
    return isinstance(address, tuple) and _is_here(address[0]) and address[1] in ports


def remove_created(scratch, since):
    """Remove what a child that is gone made outside the project and did not remove: ``[path, ...]``.

    Only what was not there before it, is this user's, and was last changed after ``since`` (seconds since the epoch);
    folders only if they are empty. Nothing is removed through a link.
    """
    try:
        with open(os.path.join(scratch, CREATED), "rb") as file:
            paths = [part.decode("utf-8", "surrogateescape") for part in file.read().split(b"\0") if part]
    except OSError:
        return []
    removed = []
    for path in reversed(list(dict.fromkeys(paths))):
        with suppress(OSError):
            found = os.lstat(path)
            if found.st_uid != os.geteuid() or found.st_ctime < since or os.path.realpath(path) != path:
                continue
            remove = os.rmdir if os.path.isdir(path) else os.unlink
            remove(path)
            removed.append(path)
    return removed
