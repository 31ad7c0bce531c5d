from __future__ import annotations

import pytest

from brinell.core.reason_words import FIXES
from brinell.core.reasons import KINDS, explain
from brinell.core.vitals_records import (
    BusyThread,
    Pool,
    ProbeLook,
    ProbeSilent,
    ProcessLook,
    Stack,
    StacksSeen,
    VitalsDetail,
)
from brinell.core.vitals_window import Span

S = 1_000_000_000
KNEE = Span(10 * S, 20 * S)
BELOW = Span(0, 9 * S)
HANDLER = "Handle._run (python/asyncio/events.py:80);report (./app.py:12)"
DUMPS = f"{HANDLER};dumps (python/json/__init__.py:231)"
NAP = f"{HANDLER};time.sleep (native)"
WAITS = "page (./app.py:4);QueuePool._do_get (site-packages/sqlalchemy/pool/impl.py:166);wait (python/threading.py:327)"
WORKS = "page (./app.py:4);Connection.execute (site-packages/sqlalchemy/engine/base.py:1416)"


def outside(*rates: float, begin: int = 10, end: int = 20, cores=(0.9, 0.3), **values) -> list[VitalsDetail]:
    """Looks at processes that each use so many cores; further values are of all of them, or of the look."""
    own = {key: values.pop(key) for key in list(values) if key in ProcessLook.__struct_fields__}
    looks = []
    for at in range(begin, end + 1):
        processes = tuple(
            ProcessLook(
                pid=100 + number,
                name="uvicorn",
                cpu_s=at * rate,
                listens=True,
                **{key: value[number] if isinstance(value, list) else value for key, value in own.items()},
            )
            for number, rate in enumerate(rates)
        )
        busy = tuple(core * at for core in cores)
        looks.append(VitalsDetail(at_ns=at * S, processes=processes, busy_s=busy, **values))
    return looks


def probe(*stacks: Stack, begin: int = 10, end: int = 20, **values) -> list[ProbeLook]:
    told = {"looks": 18, "busy": 2, "loop_cpu_s": 0.1, "stack_looks": 1} | values
    return [ProbeLook(at_ns=at * S, pid=100, span_ns=S, stacks=stacks, **told) for at in range(begin + 1, end + 1)]


def said(*records, below: Span | None = None, **values):
    looks = [one for part in records for one in part]
    return explain(looks, KNEE, below, **values)


def test_every_kind_has_advice():
    assert set(FIXES) == set(KINDS)


def test_no_evidence_gives_no_reason():
    found = said([])
    assert found.limited_by is None
    assert "nobody looked" in found.not_measured["limited_by"]
    found = said(outside(0.4))
    assert found.limited_by is None
    assert "nothing that was looked at" in found.not_measured["limited_by"]
    assert "probe = true" in found.not_measured["event_loop"]
    assert "did not speak" in said(outside(0.4), [ProbeSilent(S)]).not_measured["event_loop"]


def test_one_full_core_and_which_process():
    found = said(outside(0.98), start_ns=5 * S).limited_by
    assert (found.kind, found.pid, found.process) == ("core", 100, "uvicorn")
    assert "process 100 (uvicorn)" in found.title
    assert found.at_s == 6.0
    assert any("0.98 cores" in line for line in found.evidence)


def test_all_workers_full_is_said_so():
    assert said(outside(0.97, 0.95)).limited_by.title.startswith("all 2 workers are full")


def test_a_process_that_was_as_full_well_below_explains_nothing():
    found = said(outside(0.99, begin=0, end=20), below=BELOW)
    assert found.limited_by is None
    assert "well below" in found.not_measured["limited_by"]
    rose = said(outside(0.5, begin=0, end=9), outside(0.99), below=BELOW)
    assert rose.limited_by.kind == "core"


def test_a_loop_that_computes_for_long_in_one_function():
    found = said(outside(0.99), probe(Stack("loop", DUMPS, 11, 9), busy=18, loop_cpu_s=0.99)).limited_by
    assert found.kind == "loop"
    assert "event loop blocked in json.dumps, called by report (app.py:12), 61 % of samples" in found.title
    assert any("one core is full" in line for line in found.also)
    assert found.stacks[0].share == pytest.approx(11 / 18, abs=0.001)


def test_a_loop_that_waits_inside_a_callback():
    found = said(outside(0.1), probe(Stack("loop", NAP, 17), busy=18, loop_cpu_s=0.05, lag_max_ms=40.0)).limited_by
    assert found.kind == "loop"
    assert "time.sleep" in found.title
    assert any("40 ms late" in line for line in found.evidence)


@pytest.mark.parametrize(
    "looks",
    [
        probe(Stack("loop", DUMPS, 3, 1), busy=4, loop_cpu_s=0.2),  # now and then
        probe(Stack("loop", DUMPS, 10), busy=18, loop_cpu_s=0.95),  # often and never for long: a busy process
        probe(Stack("loop", NAP, 5, 5), busy=5, loop_cpu_s=0.05, looks=6)[:2],  # too few looks
    ],
)
def test_a_loop_that_is_not_blocked(looks):
    assert said(outside(0.5), looks).limited_by is None


def test_a_loop_that_has_no_core_is_not_blocked_for_that():
    looks = probe(Stack("loop", DUMPS, 10), busy=17, loop_cpu_s=0.5)
    found = said(outside(0.5, starved_s=0.0), looks).limited_by
    assert found.kind == "loop"
    crowded = [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", cpu_s=at * 0.5, starved_s=at * 0.45),),
            busy_s=(at * 1.0, at * 0.99),
        )
        for at in range(10, 21)
    ]
    assert said(crowded, looks).limited_by.kind == "machine"


def test_threads_that_wait_for_connections():
    stacks = Stack("thread", WAITS, 8), Stack("thread", WORKS, 3)
    found = said(outside(0.2), probe(*stacks, pools=(Pool("SQLAlchemy", 3, 3),))).limited_by
    assert found.kind == "pool"
    assert "pool exhausted: 8 wait in SQLAlchemy's connection pool" in found.title
    assert "3 of 3 of its connections were taken" in found.evidence


@pytest.mark.parametrize(
    "stacks",
    [
        (Stack("thread", WAITS, 1),),  # one at a time
        (Stack("thread", WAITS, 3), Stack("thread", WORKS, 30)),
        (Stack("thread", "_worker (python/concurrent/futures/thread.py:81);work_queue.get (native)", 30),),
    ],
)
def test_a_pool_that_suffices(stacks):
    assert said(outside(0.2), probe(*stacks)).limited_by is None


def test_a_full_core_comes_before_the_pool_that_it_keeps_taken():
    found = said(outside(0.97), probe(Stack("thread", WAITS, 8), busy=17, loop_cpu_s=0.9)).limited_by
    assert found.kind == "core"
    assert any("pool exhausted" in line for line in found.also)


def test_calls_that_wait_for_the_loops_own_threads():
    assert "wait for a thread of a pool (concurrent.futures)" in said(outside(0.2), probe(queued=12)).limited_by.title
    assert said(outside(0.2), probe(queued=0)).limited_by is None


def test_one_worker_with_most_of_the_work():
    found = said(outside(0.95, 0.02, connections=[58, 6])).limited_by
    assert found.kind == "worker"
    assert "one worker takes 91 % of the connections: process 100 (uvicorn) of 2" in found.title
    assert any("one core is full" in line for line in found.also)


@pytest.mark.parametrize(
    "looks",
    [
        outside(0.95, 0.93, connections=[32, 32]),  # both are full
        outside(0.5, 0.02, connections=[58, 6]),  # the one has room
    ],
)
def test_workers_that_are_not_the_reason(looks):
    found = said(looks).limited_by
    assert found is None or found.kind == "core"


def test_who_started_the_workers_is_none_of_them():
    looks = [
        VitalsDetail(
            at_ns=at * S,
            processes=(
                ProcessLook(pid=100, name="gunicorn", cpu_s=0.0, listens=True),
                ProcessLook(pid=101, name="gunicorn", cpu_s=at * 0.97, listens=True, parent=100),
            ),
        )
        for at in range(10, 21)
    ]
    assert said(looks).limited_by.kind == "core"


def test_who_started_the_workers_and_works_is_one_of_them():
    looks = [
        VitalsDetail(
            at_ns=at * S,
            processes=(
                ProcessLook(pid=100, name="serve", cpu_s=at * 0.97, listens=True, connections=64),
                ProcessLook(pid=101, name="serve", cpu_s=0.0, listens=True, parent=100, connections=0),
            ),
        )
        for at in range(10, 21)
    ]
    found = said(looks).limited_by
    assert found.kind == "worker"
    assert "100 % of the connections: process 100 (serve) of 2" in found.title


def test_descriptors_at_their_limit():
    found = said(outside(0.99, fds=64, fd_limit=64)).limited_by
    assert (found.kind, found.at_s) == ("descriptors", 10.0)
    assert "64 of 64" in found.title
    assert said(outside(0.5, fds=60, fd_limit=64)).limited_by is None


def test_garbage_collection_that_takes_the_time():
    found = said(outside(0.99), probe(gc_s=0.35, gc_longest_ms=90.0)).limited_by
    assert found.kind == "garbage-collection"
    assert "35 %" in found.title
    assert said(outside(0.5), probe(gc_s=0.05)).limited_by is None


def test_a_full_accept_queue():
    found = said(outside(0.3, accept_queue=6, accept_limit=5, refused=0)).limited_by
    assert found.kind == "accept-queue"
    assert said(outside(0.3, accept_queue=3, accept_limit=5)).limited_by is None


def test_a_machine_that_swaps_and_one_that_is_taken_away():
    swaps = [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", cpu_s=at * 0.2, major_faults=at * 500),),
            memory_bytes=1000,
            available_bytes=20,
            swapped_in=at * 900,
        )
        for at in range(10, 21)
    ]
    assert said(swaps).limited_by.kind == "memory"
    looked = (ProcessLook(pid=100, name="uvicorn", cpu_s=0.0),)
    stolen = [
        VitalsDetail(at_ns=at * S, processes=looked, busy_s=(at * 0.4,), steal_s=at * 0.3) for at in range(10, 21)
    ]
    assert said(stolen).limited_by.kind == "machine"


def test_the_generator_only_where_nothing_else_was_at_its_limit():
    assert said(outside(0.3), generator="it was late").limited_by.kind == "generator"
    told = said(outside(0.3), generator="It was late: free cores.").limited_by
    assert not [line for line in told.evidence if line.endswith(".")]  # they are joined to a sentence
    assert said(outside(0.99), generator="it was late").limited_by.kind == "core"


def test_what_py_spy_saw_without_a_probe():
    start = "BaseEventLoop._run_once (python/asyncio/base_events.py:1922)"
    idle = f"{start};EpollSelector.select (python/selectors.py:468)"
    seen = StacksSeen(14 * S, 16 * S, 100, 40, (Stack("loop", f"{start};{NAP}", 38), Stack("loop", idle, 2)))
    found = said(outside(0.1), [seen]).limited_by
    assert found.kind == "loop"
    assert "time.sleep" in found.title
    waits = StacksSeen(14 * S, 16 * S, 100, 40, (Stack("thread", WAITS, 400), Stack("loop", idle, 40)))
    assert said(outside(0.1), [waits]).limited_by.kind == "pool"
    full = StacksSeen(14 * S, 16 * S, 100, 40, (Stack("loop", f"{start};{DUMPS}", 36),))
    found = said(outside(0.99), [full]).limited_by
    assert found.kind == "core"
    assert any("json.dumps" in line for line in found.evidence)


def test_samples_are_shares_of_what_was_looked_at():
    idle = "_worker (python/concurrent/futures/thread.py:81);work_queue.get (native)"
    stacks = (
        Stack("thread", WAITS, 6),
        Stack("thread", WORKS, 2),
        Stack("thread", idle, 4),
        Stack("task", f"...;{NAP}", 3),
    )
    found = said(outside(0.2), probe(*stacks, Stack("loop", DUMPS, 2), Stack("task", "", 1))).limited_by
    shown = {(one.of, one.frames[-1]): one.share for one in found.stacks}
    assert shown["thread", "wait (python/threading.py:327)"] == 0.5
    assert shown["task", "time.sleep (native)"] == 0.75
    assert shown["loop", "dumps (python/json/__init__.py:231)"] == pytest.approx(2 / 18, abs=0.001)
    assert not any("work_queue" in frame for one in found.stacks for frame in one.frames)
    assert "..." in [one.frames[0] for one in found.stacks if one.of == "task"]


WORKER = "SyncWorker.run (site-packages/gunicorn/workers/sync.py:127)"
VIEW = "handle_request (site-packages/gunicorn/workers/sync.py:186);page (./app.py:7)"
ASKS = f"{WORKER};{VIEW};get (site-packages/requests/api.py:73);recv_into (native)"
RESTS = f"{WORKER};wait (site-packages/gunicorn/workers/sync.py:34);select.select (native)"
LOCKED = "page (./app.py:9);with TURN (native)"
HOLDS = "page (./app.py:10);time.sleep (native)"
LOGS = "page (./app.py:9);Handler.acquire (python/logging/__init__.py:936);self.lock.acquire (native)"


def test_threads_that_wait_for_a_lock_and_what_its_holder_does():
    looks = probe(Stack("thread", LOCKED, 70), Stack("thread", HOLDS, 10), stack_looks=10)
    found = said(outside(0.1), looks).limited_by
    assert found.kind == "lock"
    assert "7 threads wait for TURN in page (app.py:9)" in found.title
    assert any("time.sleep, called by page (app.py:10)" in line for line in found.evidence)


def test_a_slow_log_handler_is_a_lock():
    found = said(outside(0.1), probe(Stack("thread", LOGS, 70), stack_looks=10)).limited_by
    assert "a logging handler's lock in page (app.py:9)" in found.title


@pytest.mark.parametrize(
    "stack",
    [
        Stack("thread", LOCKED, 10),  # one at a time
        Stack("thread", "page (./app.py:9);wait (python/threading.py:327);waiter.acquire (native)", 70),  # an event
        Stack("thread", "page (./app.py:9);with open(name) (native)", 10),
    ],
)
def test_a_lock_that_is_none_or_not_contended(stack):
    assert said(outside(0.1), probe(stack, stack_looks=10)).limited_by is None


def test_workers_that_serve_one_request_at_a_time_and_always_have_one():
    busy = probe(Stack("thread", ASKS, 9), Stack("thread", RESTS, 1), stack_looks=10)
    found = said(outside(0.1), busy).limited_by
    assert found.kind == "concurrency"
    assert "process 100 (uvicorn) serves one request at a time" in found.title
    assert "requests.api.get, called by page (app.py:7)" in found.title
    calm = probe(Stack("thread", ASKS, 5), Stack("thread", RESTS, 5), stack_looks=10)
    assert said(outside(0.1), calm).limited_by is None
    assert said(outside(0.1, 0.1), busy).limited_by is None  # of the other worker nothing is known
    server = f"{WORKER};handle (site-packages/gunicorn/workers/sync.py:120);recv (native)"
    nobody = said(outside(0.1), probe(Stack("thread", server, 30), stack_looks=10)).limited_by
    assert nobody.title == "too few workers: process 100 (uvicorn) serves 3 requests at a time"
    assert said(outside(0.8), busy).limited_by is None  # it computes


TASK = "run_endpoint_function (site-packages/fastapi/routing.py:3);page (./app.py:5);fetch (site-packages/db/api.py:9)"


def test_requests_that_wait_for_somebody_else():
    below, knee = Span(0, 9 * S), probe(Stack("task", TASK, 60), task_looks=1, tasks=70)
    few = probe(Stack("task", TASK, 5), task_looks=1, tasks=9, begin=0, end=9)
    found = said(outside(0.2, begin=0), few, knee, below=below, broke=True).limited_by
    assert found.kind == "dependency"
    assert "60 at a time in db.api.fetch, called by page (app.py:5)" in found.title
    assert "5.0 did on average where all was well" in found.evidence
    assert said(outside(0.2, begin=0), few, knee, below=below).limited_by is None  # nothing was too slow
    same = probe(Stack("task", TASK, 40), task_looks=1, begin=0, end=9)
    assert said(outside(0.2, begin=0), same, knee, below=below, broke=True).limited_by is None
    queue = f"{TASK};get (python/asyncio/queues.py:158)"
    assert said(outside(0.2), probe(Stack("task", queue, 60), task_looks=1), broke=True).limited_by is None


def test_a_thread_that_computes_beside_the_loop():
    hog = BusyThread("Thread-1 (crunch)", 0.7, "Thread.run (python/threading.py:982);crunch (./app.py:20)")
    starved = probe(Stack("loop", DUMPS, 8, 8), busy=16, loop_cpu_s=0.25, busiest=(hog,), lags_us=(6000, 9000))
    found = said(outside(1.0), starved).limited_by
    assert found.kind == "thread"
    assert "Thread-1 (crunch), in crunch (app.py:20)" in found.title
    assert not any("event loop blocked" in line for line in found.also)
    calm = probe(Stack("loop", DUMPS, 1), busy=3, loop_cpu_s=0.1, busiest=(hog,), lags_us=(100, 200))
    assert said(outside(0.8), calm).limited_by is None


def test_a_loop_that_computes_in_one_function_of_many_calls():
    stacks = [Stack("loop", f"{HANDLER};{name} (python/re/__init__.py:1)", 3, 3) for name in ("sub", "match", "split")]
    found = said(outside(0.99), probe(*stacks, busy=17, loop_cpu_s=0.98)).limited_by
    assert found.kind == "loop"
    assert "blocked in report (app.py:12), 50 % of samples" in found.title


def test_a_project_that_is_installed_is_named_as_well():
    handler = "Handle._run (python/asyncio/events.py:80);app (site-packages/starlette/routing.py:73)"
    stack = f"{handler};report (site-packages/shop/views.py:12);dumps (python/json/__init__.py:231)"
    found = said(outside(0.99), probe(Stack("loop", stack, 15, 12), busy=18, loop_cpu_s=0.99)).limited_by
    assert "json.dumps, called by report (site-packages/shop/views.py:12)" in found.title


def test_what_a_full_process_does_is_told_from_inside_as_well():
    stacks = Stack("thread", WORKS, 8), Stack("thread", "other (./app.py:9)", 2), Stack("thread", WAITS, 10)
    found = said(outside(0.99), probe(*stacks, stack_looks=9)).limited_by  # its event loop has little to do
    assert found.kind == "core"
    assert any("80 % of the looks at what it does were in page (app.py:4)" in line for line in found.evidence)


def test_workers_without_the_probe_are_named():
    found = said(outside(0.5, 0.5), probe())
    assert "did not speak from process 101 (uvicorn)" in found.not_measured["event_loop"]


@pytest.mark.parametrize(("out", "kind"), [(2, "pool"), (1, None)])
def test_a_pool_with_room_is_not_exhausted(out, kind):
    looks = probe(Stack("thread", WAITS, 8), pools=(Pool("SQLAlchemy", out, 3),))
    found = said(outside(0.2), looks).limited_by
    assert (found.kind if found else None) == kind


def test_what_packages_do_in_the_background_is_not_named_for_a_pool_that_is_taken():
    taken = (
        "page (./app.py:5);getconn (site-packages/psycopg_pool/pool_async.py:7);wait_for (python/asyncio/tasks.py:479)"
    )
    idle = "worker (site-packages/psycopg_pool/pool_async.py:679);Queue.get (python/asyncio/queues.py:158)"
    works = "page (./app.py:6);execute (site-packages/psycopg/connection.py:495)"
    stacks = Stack("task", taken, 60), Stack("task", idle, 80), Stack("task", works, 9)
    found = said(outside(0.2), probe(*stacks, task_looks=3)).limited_by
    assert "20 wait in psycopg's connection pool" in found.title
    assert any("mostly in psycopg.connection.execute, called by page (app.py:6)" in line for line in found.evidence)


def test_a_full_queue_of_one_of_two_sockets():
    app = outside(0.3, accept_queue=6, accept_limit=5, end=15)
    other = outside(0.3, accept_queue=0, accept_limit=2048, begin=16)  # the fullest where all are empty
    found = said(app, other).limited_by
    assert found.kind == "accept-queue"
    assert "6 waited at most, and the queue holds 5" in found.evidence[0]


def test_what_grew_with_the_load_is_a_reason_though_it_was_there_below():
    below = probe(Stack("loop", NAP, 9, 9), busy=9, loop_cpu_s=0.05, begin=0, end=9)
    knee = probe(Stack("loop", NAP, 18, 18), busy=18, loop_cpu_s=0.05)
    found = said(outside(0.1, begin=0), below, knee, below=BELOW).limited_by
    assert found.kind == "loop"
    same = probe(Stack("loop", NAP, 18, 18), busy=18, loop_cpu_s=0.05, begin=0, end=9)
    assert said(outside(0.1, begin=0), same, knee, below=BELOW).limited_by is None


def test_what_a_process_without_a_core_does_is_told():
    crowded = [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", cpu_s=at * 0.3, starved_s=at * 0.65),),
            busy_s=(at * 1.0, at * 0.99),
        )
        for at in range(10, 21)
    ]
    found = said(crowded, probe(Stack("loop", DUMPS, 12), busy=17, loop_cpu_s=0.3)).limited_by
    assert found.kind == "machine"
    assert any("100 % of the looks at what it does were in report (app.py:12)" in line for line in found.evidence)


def test_what_a_context_calls_when_it_is_entered_is_named():
    enters = "rate (./app.py:7);_BaseRequest.__aenter__ (site-packages/aiohttp/client.py:1488)"
    waits = f"{enters};ClientSession._request (site-packages/aiohttp/client.py:900);read (site-packages/aiohttp/a.py:7)"
    found = said(outside(0.2), probe(Stack("task", waits, 60), task_looks=1), broke=True).limited_by
    assert "in aiohttp.client.ClientSession._request, called by rate (app.py:7)" in found.title


def test_requests_that_are_made_to_wait():
    sleeps = "send (./app.py:14);my_turn (./app.py:12);sleep (python/asyncio/tasks.py:649)"
    found = said(outside(0.2), probe(Stack("task", sleeps, 60), task_looks=1), broke=True).limited_by
    assert found.kind == "pause"
    assert "requests sleep: 60 at a time in asyncio.tasks.sleep, called by my_turn (app.py:12)" in found.title


def test_tasks_that_pile_up_stand_beside_the_core_that_they_fill():
    polls = "watch (./app.py:8);sleep (python/asyncio/tasks.py:649)"
    found = said(outside(0.99), probe(Stack("task", polls, 700), task_looks=1)).limited_by
    assert found.kind == "core"
    assert "700 tasks at a time were in asyncio.tasks.sleep, called by watch (app.py:8)" in found.evidence


def test_calls_that_wait_for_threads_of_which_most_are_idle_wait_for_something_else():
    idle = "_worker (python/concurrent/futures/thread.py:81);work_queue.get (native)"
    many = Stack("thread", f"Thread._bootstrap (python/threading.py:1002);{idle}", 40)
    assert said(outside(0.2), probe(many, queued=3, pool_threads=8, stack_looks=10)).limited_by is None
    few = Stack("thread", f"Thread._bootstrap (python/threading.py:1002);{idle}", 2)
    assert said(outside(0.2), probe(few, queued=3, pool_threads=8, stack_looks=10)).limited_by.kind == "pool"


@pytest.mark.parametrize(("starved", "kind"), [(0.28, "dependency"), (0.9, "machine")])
def test_a_full_machine_is_little_to_who_hardly_wants_it(starved, kind):
    crowded = [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", cpu_s=at * 0.04, starved_s=at * starved),),
            busy_s=(at * 1.0, at * 0.99),
        )
        for at in range(10, 21)
    ]
    found = said(crowded, probe(Stack("task", TASK, 60), task_looks=1), broke=True).limited_by
    assert found.kind == kind


def test_threads_that_compute_wait_for_nobody():
    looks = probe(Stack("thread", "page (./app.py:7);margin (./app.py:14)", 60), stack_looks=10)
    assert said(outside(0.2), looks, broke=True).limited_by is None
    waits = probe(Stack("thread", "page (./app.py:7);margin (./app.py:14);line.recv (native)", 60), stack_looks=10)
    assert said(outside(0.2), waits, broke=True).limited_by.kind == "dependency"


@pytest.mark.parametrize("of", ["loop", "thread", "task"])
def test_stacks_for_which_there_was_no_room_have_no_frames(of):
    looks = probe(Stack(of, "", 60), Stack("thread", RESTS, 9), stack_looks=10, task_looks=1, queued=3, pool_threads=4)
    seen = StacksSeen(14 * S, 16 * S, 101, 40, (Stack(of, "", 40),))
    found = said(outside(0.99, 0.99), looks, [seen], broke=True).limited_by
    assert found.kind == "core"


@pytest.mark.parametrize(("starved", "kind"), [(0.75, "machine"), (0.4, None)])
def test_who_would_have_filled_a_core_and_did_not_get_it(starved, kind):
    held_back = [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", cpu_s=at * 0.2, starved_s=at * starved),),
            busy_s=(at * 0.9, at * 0.5),
        )
        for at in range(10, 21)
    ]
    found = said(held_back).limited_by
    assert (found.kind if found else None) == kind
    assert found is None or any("busy for 70 % of the time; a quota" in line for line in found.evidence)


@pytest.mark.parametrize(("starved", "kind"), [(0.8, "machine"), (0.2, "pool")])
def test_a_machine_that_denies_a_core_keeps_connections_taken(starved, kind):
    crowded = [
        VitalsDetail(
            at_ns=at * S,
            processes=(ProcessLook(pid=100, name="uvicorn", cpu_s=at * 0.2, starved_s=at * starved),),
            busy_s=(at * 1.0, at * 0.99),
        )
        for at in range(10, 21)
    ]
    found = said(crowded, probe(Stack("thread", WAITS, 8), Stack("thread", WORKS, 3))).limited_by
    assert found.kind == kind
    assert len(found.also) == 1


def test_samples_of_several_threads_are_no_share_of_the_looks():
    stacks = (Stack("thread", "work (./app.py:7);zlib.compress (native)", 34), Stack("loop", DUMPS, 4))
    found = said(outside(0.99), [StacksSeen(14 * S, 16 * S, 100, 21, stacks)]).limited_by
    assert any("34 of 38 samples" in line for line in found.evidence)
    assert not any("of 21 looks" in line for line in found.evidence)
    nap = StacksSeen(14 * S, 16 * S, 100, 21, (Stack("loop", NAP, 42),))
    two = said(outside(0.1), [nap]).limited_by
    assert "100 % of samples" in two.title  # of two loops in one process
    assert all(row.share <= 1 for row in two.stacks)


def test_tasks_that_a_probe_never_told_well_below_may_have_been_there():
    idle = Stack("task", "serve (./app.py:9);Event.wait (python/asyncio/locks.py:213)", 39850)
    knee = probe(idle, task_looks=10, stack_looks=10)
    silent = probe(Stack("loop", "", 1), begin=0, end=8, task_looks=0)
    assert said(outside(0.2, begin=0), silent, knee, below=BELOW, broke=True).limited_by is None
    empty = probe(Stack("loop", "", 1), begin=0, end=8, task_looks=1)
    assert said(outside(0.2, begin=0), empty, knee, below=BELOW, broke=True).limited_by.kind == "dependency"


def test_a_core_that_is_nearly_used_and_was_waited_for_says_so():
    found = said(outside(0.82, starved_s=[0.0])).limited_by
    assert found is None
    looks = outside(0.82)
    waits = [
        VitalsDetail(
            at_ns=one.at_ns,
            busy_s=one.busy_s,
            processes=tuple(
                ProcessLook(pid=p.pid, name=p.name, cpu_s=p.cpu_s, listens=True, starved_s=0.1 * one.at_ns / S)
                for p in one.processes
            ),
        )
        for one in looks
    ]
    found = said(waits).limited_by
    assert "uses 0.82 cores and waits for one for 10 % of the time" in found.title
