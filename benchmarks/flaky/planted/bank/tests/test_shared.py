import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from bank.shared import Account, Hits, Journal, LockedHits, Registry, Sessions, run_all, start_in_turn


def test_every_hit_counts():
    hits = Hits()
    run_all(lambda: hits.hit(6000), lambda: hits.hit(6000))
    assert hits.count == 12000


def test_service_is_built_once():
    registry = Registry()
    gate = threading.Barrier(4)

    def ask():
        gate.wait()
        for n in range(30):
            registry.get(f"service-{n}")

    run_all(ask, ask, ask, ask)
    assert registry.built == 30


def test_account_is_never_overdrawn():
    account = Account(balance=5000)
    run_all(*[lambda: account.withdraw(2, 1500)] * 4)
    assert account.balance >= 0
    assert account.paid + account.balance == 5000


def test_report_while_people_log_in():
    sessions = Sessions()
    errors = []

    def report():
        try:
            for _ in range(25):
                sessions.report()
        except RuntimeError as error:
            errors.append(error)

    run_all(report, lambda: sessions.login(1000, 3000))
    assert not errors


def test_records_stay_whole():
    journal = Journal()
    run_all(lambda: journal.write("a", 800), lambda: journal.write("b", 800))
    assert journal.torn() == 0


def test_short_job_finishes_behind_the_long_one():
    done = []

    def job(name, size):
        sum(n * n for n in range(size))
        done.append(name)

    start_in_turn(lambda: job("long", 9000), lambda: job("short", 600))
    assert done == ["long", "short"]


def test_every_locked_hit_counts():
    hits = LockedHits()
    run_all(lambda: hits.hit(6000), lambda: hits.hit(6000))
    assert hits.count == 12000


def test_locked_registry_builds_once():
    registry = Registry(lock=threading.Lock())
    run_all(*[lambda: [registry.get(f"s{n}") for n in range(20)]] * 4)
    assert registry.built == 20


def test_pool_map_keeps_order():
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda n: n * n, range(50))) == [n * n for n in range(50)]


def test_queue_loses_nothing():
    box = queue.Queue()
    run_all(lambda: [box.put(n) for n in range(500)], lambda: [box.put(n) for n in range(500)])
    assert box.qsize() == 1000


def test_report_of_a_copy():
    sessions = Sessions()
    run_all(lambda: [sessions.safe_report() for _ in range(5)], lambda: sessions.login(1000, 1000))
    assert len(sessions.alive) == 1300


def test_list_append_is_atomic():
    out = []
    run_all(*[lambda: [out.append(n) for n in range(300)]] * 3)
    assert len(out) == 900
