from __future__ import annotations

import pytest

from brinell.core.crowd import moments
from brinell.core.vitals_records import ProcessLook, VitalsDetail

SECOND_NS = 1_000_000_000


def look(at, *, busy=(1.0, 1.0), cpu=0.2, starved=0.5, steal=0.0, running=6, pid=7):
    """A look after ``at`` seconds of these rates."""
    return VitalsDetail(
        int(at * SECOND_NS),
        processes=(ProcessLook(pid, "app", cpu * at, starved_s=None if starved is None else starved * at),),
        busy_s=tuple(core * at for core in busy),
        steal_s=None if steal is None else steal * 2 * at,
        running=running,
    )


def test_counters_become_cores():
    (one,) = moments([look(4), look(2)])  # in whatever order they come
    assert (one.from_ns, one.to_ns, one.number, one.running) == (2 * SECOND_NS, 4 * SECOND_NS, 2, 6)
    assert (one.busy, one.subject, one.seconds) == pytest.approx((2.0, 0.2, 2.0))
    assert one.processes[7] == pytest.approx((0.2, 0.5))


def test_others_crowd_a_machine_and_the_subject_and_its_load_do_not():
    assert moments([look(0), look(1)])[0].crowded(0.2)
    assert not moments([look(0), look(1)])[0].crowded(1.6)
    assert not moments([look(0, cpu=1.8), look(1, cpu=1.8)])[0].crowded(0.0)


@pytest.mark.parametrize("told", [{"busy": (1.0, 0.7)}, {"running": 2}, {"running": None}])
def test_a_machine_with_room_is_not_crowded(told):
    assert not moments([look(0, **told), look(1, **told)])[0].crowded(0.0)


def test_what_a_hypervisor_takes_crowds_it():
    told = {"busy": (0.5, 0.5), "steal": 0.12, "running": 1}
    assert moments([look(0, **told), look(1, **told)])[0].crowded(0.0)


def test_what_nobody_could_read_counts_as_nothing():
    (one,) = moments([look(0, starved=None, steal=None), look(1, starved=None, steal=None)])
    assert (one.processes[7].starved, one.steal) == (0.0, 0.0)
    assert moments([look(0, busy=()), look(1, busy=())]) == []
    assert moments([look(1), look(1)]) == []
    assert moments([look(0), look(1, busy=(1.0,))]) == []
    assert moments([look(0), look(1, pid=8)])[0].processes == {}


def test_of_several_threads_one_runs_at_a_time():
    (one,) = moments([look(0), look(1, starved=3.0)])
    assert one.processes[7].starved == 1.0
