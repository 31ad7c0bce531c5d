"""Functions of a project under load: real interpreters, real workers, a room in memory."""

from __future__ import annotations

import os
import signal
import sys

import msgspec
import pytest

from brinell.checks.load import load
from brinell.core.call_records import CallSecond, LoopStall
from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.evidence import MemoryEvidence
from brinell.core.fakes import FakeRoom
from brinell.core.load_records import Exemplar, GeneratorSecond, LoadEnded, LoadSlice, LoadStarted
from brinell.core.observation import StepStarted, Vitals
from brinell.core.plan import LoadSpec
from brinell.core.verdicts import Verdict
from brinell.load.calls.look import look
from brinell.load.trial import LoadTrial
from brinell.rosters.drivers import DRIVERS
from brinell.rosters.shapes import SHAPES

pytestmark = pytest.mark.prove  # real workers and servers, seconds each

PROJECT = """
import asyncio, contextvars, functools, os, threading, time

def get(number=0):
    return {"number": number}

def missing():
    raise LookupError("no user 7, password=hunter2hunter2")

def brief(seconds):
    time.sleep(seconds)

def never():
    threading.Event().wait()

def die():
    os.kill(os.getpid(), 11)

def many_names():
    raise type("E%d" % time.monotonic_ns(), (Exception,), {})("one of many")

def burn(milliseconds):
    end = time.thread_time() + milliseconds / 1000
    while time.thread_time() < end:
        pass

def leave():
    raise SystemExit(0)

async def nap(seconds):
    await asyncio.sleep(seconds)

async def stubborn():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass

async def blocks():
    time.sleep(0.3)

async def fails():
    await asyncio.sleep(0)
    raise OSError("no route")

def hidden(*args):
    return nap(*args)

def rows():
    yield 1

class Pool:
    def __init__(self):
        self.calls = 0
        self.lock = threading.Lock()

    def take(self, step):
        with self.lock:
            self.calls += step
            if self.calls == 3:
                raise IndexError("the third")

def connect():
    return Pool()

async def connect_async():
    return Pool()

def refuse():
    raise ConnectionRefusedError("no database")

def take(pool, step):
    pool.take(step)

async def take_async(pool, step):
    pool.take(step)

NOT_A_FUNCTION = 3
chatty = functools.partial(print, "x" * 200)
"""
BLOCKED = f"shop/cache.py:{PROJECT.splitlines().index('    time.sleep(0.3)') + 1} in blocks"


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "cache.py").write_text(PROJECT)
    (folder / "shop" / "broken.py").write_text("import shop.cache\n\n\ndef f():\n    return 1 / 0\n\n\nf()\n")
    (folder / "shop" / "needs.py").write_text("import a_module_that_nobody_has\n")
    return folder


def spec(function, rate=100, duration=0.6, *, closed=False, **fields):
    shape = {"kind": "closed", "duration": duration}
    if not closed:
        shape = {"kind": "constant", "rate": rate, "duration": duration}
    fields = {"connections": 4, "timeout_s": 2.0, "python": sys.executable} | fields
    return LoadSpec(name="calls", driver="call", call=f"shop.cache:{function}", shape=shape, **fields)


@pytest.fixture
def run(tmp_path, project):
    rooms = []

    def begin(given, **fields):
        room = FakeRoom(given, tmp_path, root=project, **fields)
        rooms.append(room)
        LoadTrial(DRIVERS, SHAPES).run(room)
        return room

    begin.rooms = rooms
    yield begin
    for room in rooms:
        room.close()


def of(room, kind):
    return [record for record in room.records if isinstance(record, kind)]


def counted(room):
    found = {}
    for one in of(room, LoadSlice):
        found[one.outcome] = found.get(one.outcome, 0) + one.count
    return found


def numbers(room):
    (found,) = load(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records])).load
    return found


def findings(room):
    part = load(MemoryEvidence(room.plan, [StepStarted(room.step.id), *room.records]))
    return {one.id.removeprefix("load.calls."): one for one in part.findings}


@pytest.mark.parametrize("function", ["get", "nap"])
def test_a_schedule_of_calls_is_kept_and_counted(run, function):
    room = run(spec(function, args=(0,), workers=2, connections=5))
    (started,), (ended,) = of(room, LoadStarted), of(room, LoadEnded)
    assert (started.url, started.model, started.target_rate) == (f"call:shop.cache:{function}", "open", 100)
    assert (ended.scheduled, ended.completed, ended.unfinished, ended.worker_failures) == (60, 60, 0, ())
    assert 0 < ended.completed_in_span <= ended.sent_in_span <= 60
    assert counted(room) == {"ok": 60}
    assert {one.worker for one in of(room, GeneratorSecond)} == {0, 1}
    assert sum(one.calls for one in of(room, CallSecond)) == 60
    assert all(0 <= one.own_s <= one.cpu_s for one in of(room, CallSecond))  # to the system's tick, some 10 ms
    assert len(started.subject_pids) == 2
    assert os.getpid() not in started.subject_pids
    assert of(room, Vitals)
    assert numbers(room).operations[f"shop.cache:{function}"].requests == 60


def test_service_time_is_the_functions_and_response_time_counts_from_due(run):
    # Two threads at 50 ms each serve 40 a second; 60 fall due, so the last waits for the third of a second it lacks.
    room = run(spec("brief", rate=60, duration=1.0, args=(0.05,), connections=2))
    found = numbers(room)
    assert found.requests == 60
    assert found.service_ms.p50 >= 50
    assert found.response_ms.p99 > found.service_ms.p50 + 300
    assert max(one.waiting for one in of(room, GeneratorSecond)) > 0


@pytest.mark.parametrize("function", ["get", "nap"])
def test_users_in_turn(run, function):
    room = run(spec(function, args=(0.01,), closed=True, duration=0.4, connections=3))
    found = numbers(room)
    assert found.model == "closed"
    assert found.requests == of(room, LoadEnded)[0].completed == of(room, LoadEnded)[0].scheduled > 3
    assert found.errors == {}


@pytest.mark.parametrize("function", ["get", "nap"])
def test_users_who_think_and_a_bound_on_calls(run, function):
    shape = {"kind": "closed", "duration": 30.0, "think_s": (0.05, 0.1)}
    given = msgspec.structs.replace(spec(function, args=(0,), connections=4), shape=shape, max_requests=20)
    room = run(given)
    (ended,) = of(room, LoadEnded)
    assert counted(room) == {"ok": 20}
    assert (ended.scheduled, ended.completed, ended.unfinished) == (20, 20, 0)
    assert 0.2 < ended.span_s < 30  # five calls of each user, a thought between two of them
    assert counted(run(msgspec.structs.replace(given, shape=spec("get").shape, max_requests=7))) == {"ok": 7}


def test_exceptions_are_counted_by_type_with_three_samples_that_say_where(run):
    room = run(spec("missing"))
    found = numbers(room)
    assert found.errors == {"raised-LookupError": 60}
    samples = [
        one for one in of(room, Exemplar) if one.outcome == "raised-LookupError" and "shop/cache.py" in one.detail
    ]
    assert len(samples) == 3
    assert "shop/cache.py:8 in missing" in samples[0].detail
    assert "hunter2" not in str(room.records)
    found = findings(room)
    assert found["ran"].verdict is Verdict.FAIL or found["generator"].verdict is Verdict.UNKNOWN  # a crowded machine
    assert {one.outcome for one in of(run(spec("fails")), Exemplar)} == {"raised-OSError"}


@pytest.mark.parametrize("closed", [False, True])
def test_a_function_that_fills_its_interpreter_is_measured_and_not_doubted(run, closed):
    room = run(spec("burn", args=(4,), rate=400, duration=1.0, closed=closed, connections=4, timeout_s=20.0))
    found = numbers(room)
    assert found.errors == {}
    assert found.service_ms.p50 >= 4
    assert "making the calls" not in findings(room)["generator"].detail
    if not closed:
        assert found.requests == 400
        assert found.response_ms.p95 > 100  # 1.6 s of work in 1 s: the last ones wait, and are counted from due


def test_types_without_end_are_folded(run):
    room = run(spec("many_names", rate=1000, duration=0.3))
    assert sum(counted(room).values()) == 300
    assert 90 <= len(counted(room)) <= 110


def test_a_call_that_exits_is_an_exception_like_others(run):
    assert numbers(run(spec("leave"))).errors == {"raised-SystemExit": 60}


@pytest.mark.parametrize(("function", "args"), [("never", ()), ("nap", (60,)), ("stubborn", ())])
def test_calls_that_do_not_return_time_out_at_their_limit(run, function, args):
    # The third begins only where the first was cancelled and gave its place up; a thread can't be made to.
    room = run(spec(function, rate=10, duration=0.5, args=args, timeout_s=0.3, connections=2))
    found = counted(room)
    assert sum(found.values()) == 5
    assert found["timeout"] >= 2
    began = sum(sum(one.service[1]) for one in of(room, LoadSlice))
    assert began > 2 if function == "nap" else began == 2
    assert found.get("unfinished", 0) == of(room, LoadEnded)[0].unfinished
    assert {one.detail for one in of(room, Exemplar) if one.outcome == "timeout"} >= {"had not returned"}
    slice_ = next(one for one in of(room, LoadSlice) if one.outcome == "timeout")
    assert slice_.max_service_ns == 300_000_000


def test_what_is_still_under_way_at_the_end_is_unfinished_at_its_age(run):
    room = run(spec("never", rate=20, duration=0.3, timeout_s=1.0, connections=1))
    assert counted(room) == {"timeout": 1, "unfinished": 5}


def test_a_blocking_call_in_a_coroutine_is_named(run):
    room = run(spec("blocks", rate=4, duration=0.9, connections=4))
    stalls = of(room, LoopStall)
    assert {one.where for one in stalls} == {BLOCKED}
    assert sum(one.count for one in stalls) >= 2
    assert max(one.longest_s for one in stalls) > 0.2
    found = findings(room)["loop_stall"]
    assert (found.required, found.verdict) == (False, Verdict.FAIL)
    assert BLOCKED in found.title


def test_a_coroutine_that_awaits_does_not_stall(run):
    room = run(spec("nap", args=(0.05,), rate=50, duration=0.5))
    assert of(room, LoopStall) == []
    assert "loop_stall" not in findings(room)


@pytest.mark.parametrize("setup", ["connect", "connect_async"])
@pytest.mark.parametrize("function", ["take", "take_async"])
def test_what_setup_returns_is_passed_first(run, setup, function):
    room = run(spec(function, args=(1,), setup=f"shop.cache:{setup}"))
    assert counted(room) == {"ok": 59, "raised-IndexError": 1}


def test_a_method_by_its_path_and_keywords(run):
    assert counted(run(spec("Pool.take", args=(None,), kwargs={"step": 1}, duration=0.1))) == {
        "raised-AttributeError": 10
    }


def test_an_interpreter_that_dies_is_the_subjects_failure_and_loses_no_call(run):
    with pytest.raises(SubjectError, match=r"SIGSEGV"):
        run(spec("die", rate=20, duration=5))
    (room,) = run.rooms
    (ended,) = of(room, LoadEnded)
    assert ended.worker_failures == ()
    assert ended.scheduled == sum(counted(room).values()) == counted(room)["unfinished"]
    assert ended.span_s < 5


def test_a_coroutine_behind_a_plain_function_ends_the_run_with_words(run):
    with pytest.raises(SubjectError, match="nobody awaits"):
        run(spec("hidden", args=(0,)))


def test_ctrl_c_keeps_what_was_measured(run):
    with pytest.raises(Interrupted):
        run(spec("get", rate=100, duration=60, workers=2), interrupt_when=lambda room: bool(of(room, CallSecond)))
    (room,) = run.rooms
    (ended,) = of(room, LoadEnded)
    assert ended.interrupted
    assert ended.worker_failures == ()
    assert 0 < ended.scheduled < 6000
    assert all(child.poll() is not None for child in room.children)


def test_the_interpreter_goes_when_its_worker_is_killed(run):
    pids = []

    def kill(room):
        started = of(room, LoadStarted)
        if started and not pids:
            pids.extend(started[0].subject_pids)
            room.children[0].signal(signal.SIGKILL)
        return False

    room = run(spec("get", duration=1.0), interrupt_when=kill)
    assert of(room, LoadEnded)[0].worker_failures
    for _ in range(100):
        if not os.path.exists(f"/proc/{pids[0]}"):  # noqa: PTH110 - a process
            break
        signal.sigtimedwait([], 0.05)
    assert not os.path.exists(f"/proc/{pids[0]}")  # noqa: PTH110 - as above


def test_what_the_project_does_at_its_exit_is_done(run, project):
    (project / "shop" / "cache.py").write_text(
        "import atexit\nfrom pathlib import Path\n\ndef get():\n    pass\n\n"
        "def last():\n    Path(__file__).with_name('left').touch()\n\natexit.register(last)\n"
    )
    run(spec("get", duration=0.2))
    assert (project / "shop" / "left").exists()


def test_setup_that_fails_is_told_before_anything_begins(run):
    with pytest.raises(UsageError, match=r"refuse failed with ConnectionRefusedError: no database at shop/cache.py"):
        run(spec("take", args=(1,), setup="shop.cache:refuse"))


@pytest.mark.parametrize(
    ("call", "said", "hint"),
    [
        ("shop.cach:get", "there is no module shop.cach", "did you mean shop.cache?"),
        ("shp.cache:get", "there is no module shp", "did you mean shop?"),
        ("shop.cache:gte", "shop.cache has no gte", "did you mean get?"),
        ("shop.cache:NOT_A_FUNCTION", "is no function, it is an int", ""),
        ("shop.cache:rows", "generator", "goes through it"),
        ("shop.broken:f", "ZeroDivisionError: division by zero at shop/broken.py:5 in f", "1 / 0"),
        ("shop.needs:f", "No module named 'a_module_that_nobody_has'", "a_module_that_nobody_has"),
        ("shop.cache:brief", "missing a required argument: 'seconds'", "args"),
    ],
)
def test_what_cannot_be_called_is_said_beforehand(project, call, said, hint):
    given = LoadSpec(name="x", driver="call", call=call, shape={}, python=sys.executable)
    with pytest.raises(UsageError) as raised:
        look(given, project)
    assert said in str(raised.value)
    assert call in str(raised.value)
    assert hint in (raised.value.hint or "")


def test_a_look_calls_nothing(project):
    marker = project / "called"
    (project / "shop" / "marks.py").write_text(f"def f():\n    open({str(marker)!r}, 'w').close()\n")
    found = look(LoadSpec(name="x", driver="call", call="shop.marks:f", shape={}, python=sys.executable), project)
    assert (found.mode, found.name) == ("sync", "shop.marks:f")
    assert not marker.exists()
