"""The trial on subjects that are simulated second by second, on a clock that nobody waits for; real ones are in
``tests/whole``.
"""

from __future__ import annotations

import os

import msgspec
import pytest

from brinell.core.capacity_records import CapacityEnded, CapacityStarted, CapacityStep
from brinell.core.capacity_search import bracket
from brinell.core.clock import FakeClock
from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.fakes import FakeRoom
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import Choice, Vitals
from brinell.core.plan import CapacitySpec, LoadSpec
from brinell.load.capacity.trial import CapacityTrial, costing, finished, means, tried

LIMITS = {"p95_ms": 100.0, "error_rate": 0.01}


class Subject:
    """Answers ``capacity`` requests a second; what comes on top waits. Stands where ``LoadTrial`` does."""

    def __init__(self, capacity, *, faults=()):
        self.capacity = capacity
        self.pressed = []
        self._faults = dict(faults)  # what happens in which press, by its number from 1

    def run(self, room, beside):
        spec = room.step.spec
        self.pressed.append(spec)
        fault = self._faults.get(len(self.pressed))
        if isinstance(fault, BaseException):
            raise fault
        closed = spec.shape["kind"] == "closed"
        rate = spec.connections * 50.0 if closed else spec.shape["rate"]
        start = room.clock.now_ns()
        if spec.calibrate:
            room.progress(0, None, "what the generator needs by itself")
        skipped = "" if spec.calibrate else "not asked for"
        room.emit(Calibrated(skipped=skipped, most_rate=20_000.0, cpu_ns=5e4, asked=rate))
        room.emit(
            LoadStarted(
                spec.name, "closed" if closed else "open", "http://127.0.0.1", start, spec.shape["duration"],
                None if closed else rate, spec.connections, spec.workers, 5.0,
            )
        )  # fmt: skip
        backlog, second = 0.0, 0
        while second < spec.shape["duration"]:
            room.tick()
            room.clock.sleep(1.0)
            ended = min(backlog + rate, self.capacity)
            backlog += rate - ended
            wait_ms = 10 + 1000 * backlog / self.capacity if not closed else 1000 * rate / self.capacity / 50
            self._tell(room, second, round(rate), round(ended), wait_ms, fault or "ok")
            room.progress(second, spec.shape["duration"], "a press' own words")
            second += 1
            if beside.look(room.clock.now_ns(), start) is None:
                break
        room.emit(LoadEnded(0, 0, 0, float(second)))

    def _tell(self, room, second, due, ended, wait_ms, outcome):  # noqa: PLR0917 - what a second shows
        times = Histogram()
        times.record(round(wait_ms * 1e6), ended)
        room.emit(
            LoadSlice(0, second, "GET /", outcome, ended, times.sparse(), times.sparse(), times.max_ns, times.max_ns)
        )
        for worker in range(room.step.spec.workers):
            room.emit(GeneratorSecond(worker, second, due if not worker else 0, due, 0.1, ((), ()), 0))


def believed(_records, _limits):
    return (), "", False


def spec(**more):
    load = LoadSpec(name="browse", shape={}, url="http://127.0.0.1:9", thresholds=LIMITS, connections=256)
    return CapacitySpec(**{"name": "browse", "load": load, **more})


def search(subject, tmp_path, believe=believed, *, earlier=(), stop=None, **more):
    room = FakeRoom(
        spec(**more),
        tmp_path,
        clock=FakeClock(),
        earlier={"capacity": earlier},
        interrupt_when=stop or (lambda _: False),
    )
    try:
        CapacityTrial(subject, believe).run(room)
    except (Interrupted, SubjectError) as error:
        return room, error
    return room, None


def steps(room):
    return [one for one in room.records if isinstance(one, CapacityStep)]


def test_it_finds_what_the_subject_can_do_and_writes_every_step_down_with_its_reason(tmp_path):
    subject = Subject(1000)
    room, _ = search(subject, tmp_path)
    made = steps(room)
    found = bracket(tried(made))
    assert 950 <= found.low <= 1000 < found.high <= 1050
    assert isinstance(room.records[0], CapacityStarted)
    assert room.records[-1] == CapacityEnded("found")
    assert [one.number for one in made] == list(range(1, len(made) + 1))
    assert [one.reason for one in room.records if isinstance(one, Choice)] == [one.reason for one in made]
    assert [one.level for one in made] == [press.shape["rate"] for press in subject.pressed]
    broken = next(one for one in made if one.verdict == "broken")
    assert broken.why in {"p95_ms", "falling behind"}
    assert broken.achieved == 1000
    assert made[0].observed == {"p95_ms": pytest.approx(10, rel=0.01), "error_rate": 0.0}
    assert made[0].judged_ns - made[0].started_ns == 1_000_000_000


def test_the_generator_is_calibrated_once(tmp_path):
    subject = Subject(1000)
    heard = []

    def believe(records, _):
        heard.append(next(one for one in records if isinstance(one, Calibrated)).asked)
        return (), "", False

    search(subject, tmp_path, believe)
    assert [press.calibrate for press in subject.pressed] == [True] + [False] * (len(subject.pressed) - 1)
    assert heard == [press.shape["rate"] for press in subject.pressed]


def test_a_message_costs_the_generator_as_much_more_as_more_receivers_hear_it():
    known = Calibrated(most_rate=100.0, cpu_ns=5e6)
    more = costing(known, 4.0)
    assert (more.most_rate, more.cpu_ns) == (25.0, 2e7)
    assert more.reach == known.reach / 4
    assert costing(known, 1.0) == known


def test_it_says_where_it_stands_and_about_how_long_it_will_take(tmp_path):
    room, _ = search(Subject(1000), tmp_path)
    words = [text for _, _, text in room.said]
    assert any("held" in text and "broke" in text and "so far" in text for text in words)
    assert all("s left" in text for text in words)
    assert "a press' own words" not in str(words)
    assert ["what the generator needs by itself" in text for text in words].count(True) == 1
    assert all(done <= total for done, total, _ in room.said)
    assert room.said[0][1] == 600.0  # the budget, while nothing bounds it
    took = sum(one.took_s for one in steps(room))
    halfway = next(total for done, total, _ in room.said if done > took / 2)
    assert halfway == pytest.approx(took, rel=0.4)


def test_users_are_searched_in_whole_numbers(tmp_path):
    subject = Subject(1000)  # 50 requests a second each; the limit of 100 ms is reached with 100 of them
    room, _ = search(subject, tmp_path, quantity="connections", start=1.0, limit=500.0)
    found = bracket(tried(steps(room)))
    assert (found.low, found.high) == pytest.approx((100, 105), abs=5)
    assert all(press.connections == one.level for press, one in zip(subject.pressed, steps(room), strict=True))
    assert steps(room)[0].offered is None


def test_an_attempt_after_a_killed_one_takes_over_its_steps_and_goes_on(tmp_path):
    whole, _ = search(Subject(1000), tmp_path)
    made = steps(whole)
    looks = [Vitals(number, 1, 0.5, None, None, None) for number in range(3)]
    earlier = [whole.records[0], looks[0], *made[:2], looks[1], made[2], looks[2]]
    subject = Subject(1000)
    room, _ = search(subject, tmp_path, earlier=earlier)
    assert steps(room)[:3] == made[:3]
    assert [one.level for one in steps(room)] == [one.level for one in made]
    assert len(subject.pressed) == len(made) - 3
    assert [one for one in room.records if isinstance(one, Vitals)] == looks[:2]  # the third belongs to a step cut off


def test_of_several_attempts_the_steps_are_told_once(tmp_path):
    made = steps(search(Subject(1000), tmp_path)[0])
    begun = CapacityStarted("browse", "rate", "", {}, (), 50, 1e5, 0.05, 10, 300)
    earlier = [begun, *made[:4], begun, *made[:2], begun, made[0]]
    room = FakeRoom(spec(), tmp_path, earlier={"capacity": earlier})
    assert finished(room) == made[:4]
    assert finished(FakeRoom(spec(), tmp_path)) == []


def test_interrupted_it_has_written_down_what_was_finished(tmp_path):
    room, error = search(Subject(1000), tmp_path, stop=lambda room: len(steps(room)) == 4)
    assert isinstance(error, Interrupted)
    assert len(steps(room)) == 4
    assert not [one for one in room.records if isinstance(one, CapacityEnded)]


def test_time_that_is_up_ends_it(tmp_path):
    room, _ = search(Subject(1000), tmp_path, budget_s=20.0)
    assert room.records[-1] == CapacityEnded("budget")
    assert sum(one.took_s for one in steps(room)[:-1]) < 20


def test_after_a_step_that_broke_the_subject_gets_as_long_as_its_answers_took(tmp_path):
    made = steps(search(Subject(100), tmp_path, start=150.0)[0])
    assert [one.verdict for one in made[:2]] == ["broken", "held"]
    longest_s = made[0].max_ns / 1e9
    assert longest_s > 1
    assert made[0].took_s == pytest.approx(made[0].seconds + 1 + 0.3 + min(longest_s, 5.0), abs=0.1)
    assert made[1].took_s == pytest.approx(made[1].seconds + 1 + 0.3, abs=0.1)


def test_where_the_generator_is_the_limit_it_tries_with_more_and_then_says_so(tmp_path):
    def believe(records, _):
        rate = next(one.target_rate for one in records if isinstance(one, LoadStarted))
        return (("saturated", "beyond"), "no idle moment", False) if rate > 500 else ((), "", False)

    subject = Subject(5000)
    room, _ = search(subject, tmp_path, believe)
    assert room.records[-1] == CapacityEnded("generator")
    found = bracket(tried(steps(room)))
    assert 400 <= found.low <= 500
    assert found.high is None
    assert {one.lack for one in steps(room) if one.verdict == "invalid"} == {"workers"}
    assert max(press.workers for press in subject.pressed) == min(os.cpu_count() or 1, 256)


def step(verdict, lack=""):
    return CapacityStep(1, 50, "", verdict, "", 1, 0, 0, 0, 3, 50, 50, 150, 1, 256, lack=lack)


def test_what_was_lacking_is_given_from_then_on():
    base = spec()
    cores = os.cpu_count() or 1
    assert means(base, []) == (1, 256)
    assert means(base, [step("broken"), step("invalid", "connections"), step("held")]) == (1, 1024)
    assert means(base, [step("invalid", "workers")]) == (min(2, cores), 256)
    assert means(base, [step("invalid", "other")]) == (1, 256)


@pytest.mark.parametrize("fault", ["refused", "reset", "closed-1006"])
def test_a_subject_that_is_gone_ends_it_with_what_is_known(tmp_path, fault):
    room, _ = search(Subject(1000, faults={4: fault}), tmp_path)
    assert len(steps(room)) == 4
    assert room.records[-1].why == "gone"
    assert bracket(tried(steps(room))).low == 200


def test_a_service_that_does_not_come_back_ends_it_with_what_is_known(tmp_path):
    room, error = search(Subject(1000, faults={4: SubjectError("it does not start any more")}), tmp_path)
    assert isinstance(error, SubjectError)
    assert len(steps(room)) == 3
    assert room.records[-1] == CapacityEnded("gone", "it does not start any more")


def test_a_level_that_cannot_be_made_here_bounds_the_answer_and_ends_no_search(tmp_path):
    class Few(Subject):
        def run(self, room, beside):
            if room.step.spec.connections > 30:
                raise UsageError("a worker needs 99 descriptors")
            super().run(room, beside)

    room, error = search(Few(100_000), tmp_path, quantity="connections", start=1.0, limit=500.0)
    assert error is None
    assert room.records[-1] == CapacityEnded("generator")
    found = bracket(tried(steps(room)))
    assert (found.low, found.high) == (pytest.approx(28, abs=2), None)
    assert {one.why for one in steps(room) if one.verdict == "invalid"} == {"a worker needs 99 descriptors"}


class Visitors(Subject):
    """Sessions of one request, which stay for ``lasts_s``."""

    def __init__(self, capacity, lasts_s):
        super().__init__(capacity)
        self._lasts_s = lasts_s

    def run(self, room, beside):
        super().run(Partly(room, self._lasts_s if room.step.spec.shape["rate"] <= self.capacity else 1e9), beside)


class Partly:
    """A room in which a load is told as one of sessions."""

    def __init__(self, room, lasts_s):
        self._room = room
        self._lasts_s = lasts_s

    def __getattr__(self, name):
        return getattr(self._room, name)

    def emit(self, record):
        if isinstance(record, LoadStarted):
            record = msgspec.structs.replace(record, model="partly-open")
        if isinstance(record, GeneratorSecond):
            begun = record.scheduled * (record.second + 1)
            over = max(0, int(record.scheduled * (record.second + 1 - self._lasts_s)))
            record = msgspec.structs.replace(record, sessions=(begun, over, 0))
        return self._room.emit(record)


def test_sessions_are_searched_by_how_many_begin(tmp_path):
    room, _ = search(Visitors(1000, 2), tmp_path)
    made = steps(room)
    assert 950 <= bracket(tried(made)).low <= 1000
    assert {one.of for one in made} == {"sessions"}


def test_sessions_that_stay_for_longer_than_a_step_are_a_mistake_that_is_told(tmp_path):
    with pytest.raises(UsageError, match="within the step of 10 s") as caught:
        search(Visitors(1000, 60), tmp_path)
    assert "--step 60s" in caught.value.hint


def test_a_mistake_that_shows_with_the_first_step_is_told(tmp_path):
    room = FakeRoom(spec(), tmp_path, clock=FakeClock())
    with pytest.raises(UsageError, match="such"):
        CapacityTrial(Subject(1, faults={1: UsageError("no such thing")}), believed).run(room)


def test_a_threshold_that_a_search_cannot_hold_is_refused(tmp_path):
    load = LoadSpec(name="browse", shape={}, url="http://127.0.0.1:9", thresholds={"min_rate": 5.0})
    room = FakeRoom(CapacitySpec("browse", load), tmp_path)
    with pytest.raises(UsageError, match="min_rate"):
        CapacityTrial(Subject(1), believed).run(room)
