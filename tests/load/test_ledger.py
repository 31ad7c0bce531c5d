from __future__ import annotations

from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.load.ledger import Ledger, slow_ns
from brinell.load.wire import Done

SECOND_NS = 1_000_000_000


def answers(count, *, second=0, outcome="ok", worker=0, ms=3.0):
    made = Histogram()
    made.record(int(ms * 1e6), count)
    return LoadSlice(worker, second, "GET /", outcome, count, made.sparse(), made.sparse(), made.max_ns, made.max_ns)


def second_of(worker, scheduled, second=0):
    return GeneratorSecond(worker, second, scheduled, scheduled, 0.1, ((), ()), 0)


def ledger(*messages, span_s=2.0):
    made = Ledger(0, span_s)
    for message in messages:
        made.add(message)
    return made


def test_the_line_tells_the_last_full_second():
    made = ledger(answers(900), answers(7, outcome="timeout"), answers(1000, second=1), answers(3, second=2))
    assert made.line() == "1000/s p99 3 ms 7 errors"
    assert ledger(answers(1), answers(1, outcome="reset")).line() == "2/s p99 3 ms 1 error"
    assert ledger().line() == "waiting for the first answers"


def test_workers_that_reported_their_end_are_taken_at_their_word():
    made = ledger(
        answers(90),
        second_of(0, 95),
        Done(0, 100, 98, 2, 2 * SECOND_NS, 99, 97),
        Done(1, 50, 50, 0, 2 * SECOND_NS + 5, 50, 49),
    )
    ended = made.ended(9 * SECOND_NS, (), interrupted=False)
    assert (ended.scheduled, ended.completed, ended.unfinished) == (150, 148, 2)
    assert (ended.sent_in_span, ended.completed_in_span) == (149, 146)
    assert ended.span_s == (2 * SECOND_NS + 5) / 1e9


def test_a_worker_that_died_counts_with_what_it_told():
    made = ledger(
        Done(0, 100, 100, 0, 2 * SECOND_NS, 100, 100),
        second_of(1, 60),
        second_of(1, 0, second=2),
        answers(40, worker=1),
        answers(5, outcome="status-500", worker=1),
        answers(3, outcome="timeout", worker=1),
        answers(7, second=2, worker=1),  # after the schedule's two seconds
    )
    ended = made.ended(9 * SECOND_NS, ("worker 1 ended with signal 9",), interrupted=False)
    assert (ended.scheduled, ended.completed, ended.unfinished) == (160, 152, 5)
    assert (ended.sent_in_span, ended.completed_in_span) == (160, 145)
    assert ended.span_s == 2.0  # the schedule's, for its end is past


def test_without_any_worker_left_the_span_ends_now():
    assert ledger().ended(SECOND_NS // 2, ("both died",), interrupted=False).span_s == 0.5


def test_it_is_behind_when_requests_waited_for_two_seconds():
    def waits(second, waiting, worker=0):
        return GeneratorSecond(worker, second, 10, 10, 0.1, ((), ()), 0, waiting)

    assert not ledger(waits(0, 5)).behind
    assert not ledger(waits(0, 5), waits(1, 0), waits(2, 5)).behind
    assert not ledger(waits(0, 5), waits(0, 5, worker=1)).behind
    made = ledger(waits(0, 5), waits(1, 5))
    assert made.behind
    made.add(waits(2, 0))
    assert not made.behind


def test_a_subject_that_answers_too_slowly_is_behind_though_no_connection_is_waited_for():
    made = Ledger(0, 9.0, slow_ns({"p95_ms": 200, "p99_ms": 500, "error_rate": 0.1}))
    made.add(answers(90, ms=20))
    made.add(answers(10, ms=900))  # a few are slow
    assert not made.behind
    made.add(answers(90, second=1, ms=300))
    assert made.behind
    for second in (2, 3, 4):
        made.add(answers(90, second=second, ms=20))
    made.line()
    assert not made.behind
    made.add(answers(90, second=5, outcome="reset"))
    assert made.behind


def test_without_a_limit_nothing_is_too_slow():
    assert slow_ns({"error_rate": 0.1, "max_ms": 5, "min_rate": 3}) is None
    made = Ledger(0, 9.0)
    made.add(answers(90, ms=5000))
    assert not made.behind
