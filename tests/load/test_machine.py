from __future__ import annotations

import os

from brinell.core.fakes import FakeRoom
from brinell.core.generator_records import MachineSecond
from brinell.core.plan import LoadSpec
from brinell.load import machine


def test_steal_is_the_eighth_number_of_the_first_line(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  10 20 30 40 50 60 70 250 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n")
    assert machine.steal_s(stat) == 250 / os.sysconf("SC_CLK_TCK")
    stat.write_text("cpu  10 20 30 40\n")
    assert machine.steal_s(stat) is None
    assert machine.steal_s(tmp_path / "none") is None


def test_a_quota_is_found_in_either_version_and_in_a_container(tmp_path):
    groups, mount = tmp_path / "cgroup", tmp_path / "mount"
    (mount / "a" / "b").mkdir(parents=True)
    groups.write_text("0::/a/b\n")
    assert machine.quota_file(groups, mount) is None
    (mount / "cpu.stat").write_text("usage_usec 9\nnr_throttled 2\nthrottled_usec 1500000\n")
    assert machine.throttled_s(machine.quota_file(groups, mount)) == 1.5
    (mount / "a" / "b" / "cpu.stat").write_text("throttled_usec 250000\n")
    assert machine.throttled_s(machine.quota_file(groups, mount)) == 0.25
    groups.write_text("4:memory:/x\n3:cpu,cpuacct:/y\n")
    (mount / "cpu,cpuacct" / "y").mkdir(parents=True)
    (mount / "cpu,cpuacct" / "y" / "cpu.stat").write_text("nr_periods 5\nthrottled_time 2000000000\n")
    assert machine.throttled_s(machine.quota_file(groups, mount)) == 2.0
    assert machine.quota_file(tmp_path / "none", mount) is None


def test_it_looks_once_a_second_and_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "steal_s", lambda: 1.25)
    room = FakeRoom(LoadSpec(name="x", shape={}), tmp_path)
    watch = machine.MachineWatch(room)
    for now_ns in (5, 500_000_000, 1_000_000_006):
        watch.look(now_ns)
    watch.look(1_000_000_010, last=True)
    looks = [one for one in room.records if isinstance(one, MachineSecond)]
    assert [one.at_ns for one in looks] == [5, 1_000_000_006, 1_000_000_010]
    assert {(one.steal_s, one.cores) for one in looks} == {(1.25, os.cpu_count())}
