from __future__ import annotations

import json
import os
import socket
import time

import pytest

from brinell.core.fakes import FakeRoom
from brinell.core.observation import Vitals
from brinell.core.plan import LoadSpec
from brinell.core.vitals_records import ProbeLook, ProbeSilent, StacksSeen, VitalsDetail
from brinell.load.watch import CallWatch, SubjectWatch
from brinell.subject.probe import ProbeLine
from brinell.subject.targets import check_target


class Running:
    """A service that is this process."""

    def __init__(self, url: str, probe: ProbeLine | None) -> None:
        self.url = url
        self.pid = os.getpid()
        self.probe = probe


def watched(tmp_path, monkeypatch, probe: ProbeLine | None) -> tuple[FakeRoom, SubjectWatch]:
    monkeypatch.setenv("PATH", str(tmp_path))  # no py-spy
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        spec = LoadSpec(name="load", shape={"kind": "constant"})
        room = FakeRoom(spec, tmp_path, service=Running(url, probe))
        return room, SubjectWatch(room, spec, check_target(url, ()), "127.0.0.1")


@pytest.fixture
def line():
    made = ProbeLine()
    yield made
    made.close()


def kinds(room: FakeRoom) -> list[str]:
    return [type(one).__name__ for one in room.records]


def tell(line: ProbeLine, at_ns: int) -> None:
    message = {"v": 1, "pid": 7, "at_ns": at_ns, "span_ns": 1_000_000_000}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(json.dumps(message).encode(), line.environment({})["BRINELL_VITALS"])


def test_sums_and_details_come_together_twice_a_second(tmp_path, monkeypatch):
    room, watch = watched(tmp_path, monkeypatch, None)
    began = time.monotonic_ns()
    for tenth in range(11):
        watch.look(began + tenth * 100_000_000)
    watch.close(began)
    assert kinds(room) == ["Vitals", "VitalsDetail"] * 3
    looks = [one for one in room.records if isinstance(one, VitalsDetail)]
    sums = [one for one in room.records if isinstance(one, Vitals)]
    assert [one.at_ns for one in looks] == [one.at_ns for one in sums]
    assert os.getpid() in [one.pid for one in looks[0].processes]


def test_what_the_probe_said_since_the_beginning_is_written_down(tmp_path, monkeypatch, line):
    tell(line, 5)  # long before
    room, watch = watched(tmp_path, monkeypatch, line)
    tell(line, time.monotonic_ns())
    watch.look(time.monotonic_ns())
    watch.close(time.monotonic_ns())
    assert len([one for one in room.records if isinstance(one, ProbeLook)]) == 1
    assert "ProbeSilent" not in kinds(room)


def test_a_probe_that_is_never_heard_is_said_so(tmp_path, monkeypatch, line):
    room, watch = watched(tmp_path, monkeypatch, line)
    watch.look(time.monotonic_ns())
    watch.close(time.monotonic_ns())
    assert isinstance(room.records[-1], ProbeSilent)


def test_after_minutes_it_is_written_down_every_few_seconds(tmp_path, monkeypatch, line):
    room, watch = watched(tmp_path, monkeypatch, line)
    later = time.monotonic_ns() + 400_000_000_000
    for second in range(11):
        tell(line, later + second * 1_000_000_000)
        watch.look(later + second * 1_000_000_000)
    assert len([one for one in room.records if isinstance(one, ProbeLook)]) == 3
    watch.close(later)


def test_without_py_spy_a_strained_subject_is_told_about_once(tmp_path, monkeypatch):
    room, watch = watched(tmp_path, monkeypatch, None)
    began = time.monotonic_ns()
    for second in range(60):
        watch.strained = second > 1
        watch.look(began + second * 1_000_000_000)
    watch.close(began)
    (one,) = [one for one in room.records if isinstance(one, StacksSeen)]
    assert "py-spy is neither on the path" in one.why


def test_interpreters_of_calls_are_seen_in_detail_too(tmp_path):
    room = FakeRoom(LoadSpec(name="load", shape={"kind": "constant"}), tmp_path)
    watch = CallWatch(room, [os.getpid()])
    watch.look(time.monotonic_ns())
    watch.close(time.monotonic_ns())
    assert kinds(room) == ["Vitals", "VitalsDetail"]
