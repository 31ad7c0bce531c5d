"""The doctor's look at the machine. Each probe is small, changes nothing, and gives one row."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from brinell.cli.row import LIMITED, MISSING, OK, Row
from brinell.subject import stacks
from brinell.subject.environments import own_line

_GET_CHILD_SUBREAPER = 37  # prctl(2), PR_GET_CHILD_SUBREAPER
_FILES_WANTED = 4096
_PORTS_WANTED = 20_000
_FREE_WANTED_BYTES = 1_000_000_000
_FREE_LEAST_BYTES = 50_000_000


def machine(root: Path) -> list[Row]:
    """Return the rows about this machine; ``root`` is where runs are written."""
    return [
        _python(),
        _pidfd(),
        _subreaper(),
        _proc(),
        _fork_server(),
        _files(),
        _ports(),
        _cores(),
        _waiting(),
        _stacks(),
        _uvloop(),
        _disk(root),
        _terminal(),
    ]


def _python() -> Row:
    return Row("Python", OK, f"{platform.python_version()} at {sys.executable}; Brinell itself runs on it")


def _pidfd() -> Row:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return Row("pidfd", LIMITED, "processes are held by id and start time", "Linux 5.3 or newer")
    return Row("pidfd", OK, "processes are held so that a reused id is never touched")


def _subreaper() -> Row:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(ctypes.c_int()), 0, 0, 0) == 0:
            return Row("subreaper", OK, "whatever a started command leaves behind is found and ended")
    return Row("subreaper", LIMITED, "a command that hides its children from its session can leave them", "Linux")


def _proc() -> Row:
    own = Path("/proc/self/stat")
    if not own.exists():
        return Row(
            "/proc", MISSING, "no CPU, memory and open files of the service from outside", "Linux, /proc mounted"
        )
    if not Path("/proc/1/stat").exists():
        return Row("/proc", LIMITED, "only own processes are visible (hidepid)", "run as the service's user")
    return Row("/proc", OK, "CPU, memory and open files of the service can be read")


def _fork_server() -> Row:
    """Whether tests can run in forks of one collection. Threads alive after it forbid that: only collecting tells."""
    why = (
        "only Linux can fork a process that has run code safely"
        if sys.platform != "linux"
        else "this Python has no os.fork"
        if not hasattr(os, "fork")
        else ""
        if Path("/proc/self/task").is_dir()
        else "without /proc nobody can count threads"
    )
    if why:
        said = f"{why}: suite --workers, --deep and flaky start fresh processes, which is slower"
        return Row("fork server", LIMITED, said, "Linux, /proc mounted")
    return Row("fork server", OK, "tests run in forks of one collection, unless collecting them leaves threads running")


def _files() -> Row:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"{_limit(soft)} (hard {_limit(hard)})"
    if soft != resource.RLIM_INFINITY and soft < _FILES_WANTED:
        can = hard == resource.RLIM_INFINITY or hard > soft
        most = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
        return Row(
            "open files",
            LIMITED,
            f"{said}: at most about {soft - 64:,} connections",
            f"ulimit -n {most}" if can else "",
        )
    return Row("open files", OK, said)


def _ports() -> Row:
    try:
        low, high = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return Row("ephemeral ports", LIMITED, "their range cannot be read here", "Linux, /proc mounted")
    count = int(high) - int(low) + 1
    if count < _PORTS_WANTED:
        enable = "sysctl -w net.ipv4.ip_local_port_range='1024 65535'"
        return Row("ephemeral ports", LIMITED, f"{count:,} ({low} to {high})", enable)
    return Row("ephemeral ports", OK, f"{count:,} ({low} to {high})")


def _cores() -> Row:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0]
    said = f"{count}, load {busy:.1f}"
    if count < 4:
        return Row(
            "cores", LIMITED, f"{said}: load generator and service share them", "four cores, or a second machine"
        )
    if busy > count / 2:
        return Row("cores", LIMITED, f"{said}: others are using them", "measure while nothing else runs")
    return Row("cores", OK, said)


def _waiting() -> Row:
    """Whether the kernel tells how long a process waited for a processor (it is all zeros where it does not count)."""
    try:
        ran = int(Path("/proc/self/schedstat").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        ran = 0
    if not ran:
        said = "how long a process waited for a processor is not told: suite --against compares wall time"
        return Row("run queue", LIMITED, said, "Linux with CONFIG_SCHED_INFO")
    return Row("run queue", OK, "waiting for a processor is told apart: suite --against needs no quiet machine")


def _stacks() -> Row:
    program = stacks.program()
    if program is None:
        said = "what a service that already runs does when it is too slow cannot be seen: py-spy is missing"
        return Row("stacks", LIMITED, said, own_line(stacks.PROGRAM))
    return Row("stacks", OK, f"{program} looks at a service when requests begin to wait")


def _uvloop() -> Row:
    if find_spec("uvloop") is None:
        return Row("uvloop", LIMITED, "the demo's service runs on asyncio", own_line("uvloop"))
    return Row("uvloop", OK, "the demo's service runs on it; Brinell's own load engine needs neither")


def _disk(root: Path) -> Row:
    free = shutil.disk_usage(root).free
    said = f"{free / 1e9:.1f} GB free for .brinell"
    if not os.access(root, os.W_OK):
        return Row("disk", MISSING, f"{root} cannot be written", "brinell run --out DIR")
    if free < _FREE_LEAST_BYTES:
        return Row("disk", MISSING, said, "free some space, or brinell run --out DIR")
    if free < _FREE_WANTED_BYTES:
        return Row("disk", LIMITED, f"{said}: enough for short runs", "free some space, or brinell run --out DIR")
    return Row("disk", OK, said)


def _terminal() -> Row:
    encoding = sys.stdout.encoding or "ascii"
    if "utf" not in encoding.lower():
        return Row("terminal", LIMITED, f"{encoding}: plain signs instead of lines and dots", "export LANG=C.UTF-8")
    return Row("terminal", OK, encoding)


def _limit(value: int) -> str:
    return "unlimited" if value == resource.RLIM_INFINITY else f"{value:,}"
