"""What this machine is denied while a scenario runs: by a hypervisor (steal) and by a quota on processor time."""

from __future__ import annotations

import os
from pathlib import Path

from brinell.core.generator_records import MachineSecond
from brinell.core.roles import Room

EVERY_NS = 1_000_000_000
_STAT = Path("/proc/stat")
_GROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_STEAL = 8  # field of the line "cpu" (proc_stat(5)), in ticks


class MachineWatch:
    """Looks once a second and writes down what it saw; nothing where this system tells nothing."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._quota = quota_file()
        self._next_ns = 0

    def look(self, now_ns: int, *, last: bool = False) -> None:
        """Look if it is time to, or at the ``last`` moment."""
        if now_ns < self._next_ns and not last:
            return
        self._next_ns = now_ns + EVERY_NS
        steal, throttled = steal_s(), throttled_s(self._quota)
        if steal is not None or throttled is not None:
            self._room.emit(MachineSecond(now_ns, os.cpu_count() or 1, steal, throttled))


def steal_s(stat: Path = _STAT) -> float | None:
    """Return the seconds, over all cores since the machine began, that others had; None: not told."""
    try:
        fields = stat.read_text(encoding="ascii").split("\n", 1)[0].split()
        return int(fields[_STEAL]) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None


def throttled_s(file: Path | None) -> float | None:
    """Return the seconds for which this control group was held back; None: it has no quota, or nobody says."""
    if file is None:
        return None
    try:
        told = dict(line.split(" ", 1) for line in file.read_text(encoding="ascii").splitlines() if " " in line)
        if "throttled_usec" in told:  # version 2
            return int(told["throttled_usec"]) / 1e6
        return int(told["throttled_time"]) / 1e9
    except (OSError, KeyError, ValueError):
        return None


def quota_file(groups: Path = _GROUPS, mount: Path = _MOUNT) -> Path | None:
    """Return where this process's control group tells of its quota (cgroups(7), both versions); None: nowhere."""
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = mount / controllers if controllers else mount
        # In a container the path is the host's, and the group's own folder is mounted at the root.
        for file in (root / path.lstrip("/") / "cpu.stat", root / "cpu.stat", mount / "cpu" / "cpu.stat"):
            if throttled_s(file) is not None:
                return file
    return None
