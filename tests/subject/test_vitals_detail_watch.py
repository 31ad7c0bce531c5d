from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from brinell.core.vitals_records import ProbeLook
from brinell.subject import vitals_detail_watch
from brinell.subject.vitals_detail_watch import DetailWatch

S = 1_000_000_000


class Clock:
    def now_ns(self) -> int:
        return S


@dataclass
class Room:
    clock: Clock = field(default_factory=Clock)
    told: list[Any] = field(default_factory=list)

    def emit(self, record: Any) -> None:
        self.told.append(record)


@dataclass
class Line:
    says: list[ProbeLook]
    malformed: int = 0

    def read(self) -> list[ProbeLook]:
        said, self.says = self.says, []
        return said


def look(at_s: float, pid: int = 7) -> ProbeLook:
    return ProbeLook(at_ns=int(at_s * S), pid=pid, span_ns=S)


def test_what_speaks_more_often_than_a_probe_does_is_not_all_written_down():
    room = Room()
    watch = DetailWatch(room, Line([look(0.5), *(look(2 + number / 1000) for number in range(1000)), look(3)]))
    watch.listen(4 * S)
    assert [one.at_ns / S for one in room.told] == [2.0, 2.5, 3.0]  # what was said before it began is not of this load


def test_so_many_processes_are_heard(monkeypatch):
    monkeypatch.setattr(vitals_detail_watch, "MOST_HEARD", 3)
    room = Room()
    DetailWatch(room, Line([look(2, pid) for pid in range(1, 9)] + [look(3, 1)])).listen(4 * S)
    assert [(one.pid, one.at_ns // S) for one in room.told] == [(1, 2), (2, 2), (3, 2), (1, 3)]


def test_a_long_run_is_told_more_seldom():
    room = Room()
    late = vitals_detail_watch.OFTEN_NS // S + 10
    DetailWatch(room, Line([look(late + second) for second in range(11)])).listen((late + 20) * S)
    assert [one.at_ns // S - late for one in room.told] == [0, 5, 10]
