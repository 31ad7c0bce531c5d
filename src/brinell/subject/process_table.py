"""The processes of this machine, as far as one needs them to end a tree. Standard library only: the guard loads this
file by path in an interpreter without site-packages, so it imports nothing slow and nothing of ours.

A process is identified by (pid, start time) and signalled through a pidfd where the kernel has them (Linux 5.3): a pid
that was reused in between is never touched.
"""

from __future__ import annotations

import os
import signal

PROC = os.path.isdir("/proc/self/task")  # noqa: PTH112 - pathlib costs the guard 10 ms at start


class Process:
    """One row of the table. ``started`` (ticks since boot on Linux, a date elsewhere) is only there to be compared."""

    __slots__ = ("alive", "parent", "pid", "session", "started")

    def __init__(self, pid: int, parent: int, session: int, started: str, *, alive: bool) -> None:
        self.pid = pid
        self.parent = parent
        self.session = session
        self.started = started
        self.alive = alive

    def __repr__(self) -> str:
        return f"Process(pid={self.pid}, parent={self.parent}, session={self.session}, alive={self.alive})"


def find(pid: int) -> Process | None:
    """Return one process, or None if there is no such process."""
    return _read(pid) if PROC else _table_from_ps().get(pid)


def stat(pid: int) -> tuple[str, list[bytes]] | None:
    """Return the name of a process and the fields after it, from the state on (proc_pid_stat(5)); None if it is gone.

    The name in parentheses may itself hold spaces and parentheses: the fields start after the last one.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - see PROC
            name, _, rest = file.read().partition(b"(")[2].rpartition(b")")
    except OSError:
        return None
    fields = rest.split()
    return (name.decode(errors="replace"), fields) if len(fields) >= 22 else None


def _read(pid: int) -> Process | None:
    """The same from /proc."""
    told = stat(pid)
    if told is None:
        return None
    fields = told[1]
    try:
        # A process whose first thread has ended is shown as a zombie although its other threads run on.
        alive = fields[0] not in (b"Z", b"X") or len(os.listdir(f"/proc/{pid}/task")) > 1  # noqa: PTH208 - see PROC
    except OSError:
        return None
    return Process(pid, int(fields[1]), int(fields[3]), fields[19].decode(), alive=alive)


def table() -> dict[int, Process]:
    """Return every process that can be seen, by pid."""
    if not PROC:
        return _table_from_ps()
    found = (_read(int(name)) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208 - see PROC
    return {process.pid: process for process in found if process is not None}


def _table_from_ps() -> dict[int, Process]:
    """The same where there is no /proc: POSIX ps with the start time that Linux, BSD and macOS add."""
    import subprocess  # noqa: PLC0415 - costs the guard 12 ms at start and Linux never needs it

    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="], stdout=subprocess.PIPE) as ps:
        lines = ps.communicate()[0].decode(errors="replace").splitlines()
    found = {}
    for line in lines:
        pid, parent, state, started = line.split(None, 3)
        if int(pid) != ps.pid:
            found[int(pid)] = Process(int(pid), int(parent), _session(int(pid)), started, alive="Z" not in state)
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def name(pid: int) -> str:
    """Return the name of a process's program, ``?`` if it cannot be told."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:  # noqa: PTH123 - see PROC
            return file.read().decode(errors="replace").strip()
    except OSError:
        return "?"


def tree(root: int, processes: dict[int, Process], session: int | None = None) -> list[Process]:
    """Return the living descendants of ``root`` without itself, parents first, and whoever is in ``session``.

    Below a subreaper the chain of parents is complete. Without one the session is what still finds a process whose
    parent ended.
    """
    children: dict[int, list[Process]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process)
    queue = list(children.get(root, []))
    if session is not None:
        queue += [process for process in processes.values() if process.session == session]
    found: dict[int, Process] = {}
    for process in queue:  # grows while it is walked
        if process.pid not in found and process.pid != root:
            found[process.pid] = process
            queue += children.get(process.pid, [])
    return [process for process in found.values() if process.alive]


def send(process: Process, number: int) -> bool:
    """Signal exactly this process, never another one that got its pid; False if it is gone or not ours to signal."""
    handle = None
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):
        pass  # no pidfds here (macOS, an old kernel): what is left is the look right before the signal
    try:
        # The handle was taken before this look: if the start time still fits, the handle is of this process.
        if not _is_current(process):
            return False
        if handle is None:
            os.kill(process.pid, number)
        else:
            signal.pidfd_send_signal(handle, number)
    except OSError:
        return False
    finally:
        if handle is not None:
            os.close(handle)
    return True


def _is_current(process: Process) -> bool:
    now = find(process.pid)
    return now is not None and now.started == process.started
