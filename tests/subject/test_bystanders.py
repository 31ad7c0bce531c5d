"""Who else uses the machine: of made-up readings, and of a process that nobody of this run is the parent of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.generator_records import Bystander, Bystanders
from brinell.core.plan import LoadSpec
from brinell.subject.bystanders import MOST, BystanderWatch, Used, between, told, used

linux = pytest.mark.skipif(sys.platform != "linux", reason="not here: /proc")
MAKE, CC, APP = (10, "1"), (11, "2"), (12, "3")


def test_what_was_used_between_two_readings():
    early = {MAKE: Used("make", 1, 1.0, 5.0), APP: Used("app", 1, 3.0, 0.0)}
    late = {MAKE: Used("make", 1, 2.0, 5.0), APP: Used("app", 1, 9.0, 0.0)}
    assert between(early, late, 2.0, {12}) == {MAKE: 0.5}
    assert between(early, late, 0.0, set()) == {}


def test_a_child_that_ended_counts_with_its_parent_from_the_first_reading_on():
    early = {MAKE: Used("make", 1, 1.0, 5.0), CC: Used("cc1", 10, 4.0, 0.0)}
    late = {MAKE: Used("make", 1, 1.0, 11.0)}
    assert between(early, late, 1.0, set()) == {MAKE: 2.0}  # the 4 s of before are not


def test_a_grandchild_that_ended_with_its_parent_counts_with_the_one_above():
    early = {MAKE: Used("make", 1, 0.0, 0.0), CC: Used("sh", 10, 0.5, 0.0), APP: Used("cc1", 11, 30.0, 0.0)}
    late = {MAKE: Used("make", 1, 0.0, 32.5)}
    assert between(early, late, 1.0, set()) == {MAKE: 2.0}


def test_who_began_in_between_counts_whole():
    assert between({}, {CC: Used("cc1", 10, 1.5, 0.0)}, 1.0, set()) == {CC: 1.5}


def test_a_pid_that_was_used_again_is_another_process():
    early, late = {(11, "2"): Used("cc1", 10, 4.0, 0.0)}, {(11, "9"): Used("ld", 10, 1.0, 0.0)}
    assert between(early, late, 1.0, set()) == {(11, "9"): 1.0}


def test_what_no_load_made_them_use_is_the_lower_of_both_of_each_process():
    names = {MAKE: "python", CC: "python", APP: "postgres"}
    rates = {MAKE: 0.5, CC: 1.0, APP: 1.2}, {MAKE: 1.0, APP: 0.1}
    found = told(7, (10.0, 1.0), rates, names)
    assert found == Bystanders(
        7, 10.0, 1.0, 2.7, 1.1, 0.6,
        (Bystander("python", 1.5, 1.0, 0.5), Bystander("postgres", 1.2, 0.1, 0.1)),
    )  # fmt: skip


def _stat(path, ticks):
    path.write_text(f"cpu  {ticks} 0 0 0 0 0 0 0 0 0\n")


@linux
def test_a_full_machine_is_looked_at_and_who_is_of_this_run_is_not_told(tmp_path):
    """A grandchild whose parent ended is nobody's here; a child is of this run."""
    orphan = "import os, time\nif os.fork(): os._exit(0)\nend = time.time() + 20\nprint(os.getpid(), flush=True)\n"
    spin = "while time.time() < end: sum(range(1000))"
    stat = tmp_path / "stat"
    _stat(stat, 0)
    with (
        subprocess.Popen([sys.executable, "-c", orphan + spin], stdout=subprocess.PIPE) as starter,
        subprocess.Popen([sys.executable, "-c", f"import time; end = time.time() + 20\n{spin}"]) as child,
    ):
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        try:
            found = _watched(tmp_path, stat, pid)
        finally:
            os.kill(pid, signal.SIGKILL)
            child.kill()
    (record,) = found
    assert record.ever <= min(record.during, record.after)
    assert "python -c" in {one.name for one in record.busiest} or len(record.busiest) == MOST
    assert 0 < record.after_s < 30


def _watched(tmp_path, stat, pid):
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    watch = BystanderWatch(room, stat)
    before = used()
    while sum(one.own_s for key, one in used().items() if key[0] == pid) < 0.3 + sum(
        one.own_s for key, one in before.items() if key[0] == pid
    ):
        time.sleep(0.05)
    _stat(stat, 10**9)
    watch.look(room.clock.now_ns() + 10**9)
    watch.close([])
    return [one for one in room.records if isinstance(one, Bystanders)]


@linux
def test_a_machine_with_room_costs_no_second(tmp_path):
    stat = tmp_path / "stat"
    _stat(stat, 0)
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    watch = BystanderWatch(room, stat)
    watch.look(room.clock.now_ns() + 10**9)
    watch.close([])
    assert room.records == []


def test_where_nothing_is_told_nothing_is_said(tmp_path):
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    watch = BystanderWatch(room, tmp_path / "none")
    watch.look(room.clock.now_ns() + 10**9)
    watch.close([])
    assert room.records == []
