from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from brinell.core.errors import Interrupted, SubjectError, UsageError
from brinell.core.observation import RUN, BaselineRead, Choice, RunEnded, ServiceEnded, ServiceStarted, StepStarted
from brinell.core.plan import LoadSpec, Plan, ServiceSpec, Step, SuiteSpec
from brinell.journal import baseline
from brinell.journal.reader import read
from brinell.run import execute
from brinell.subject import capped_log


class Counting:
    """A trial that counts its executions and then does what it is told."""

    def __init__(self, act=lambda _: None):
        self.times = 0
        self.act = act

    def run(self, room):
        self.times += 1
        room.emit(Choice(f"{room.step.id} {self.times}", "test"))
        self.act(room)


def plan_of(root, *names, service=None):
    steps = tuple(Step(name, name, SuiteSpec()) for name in names)
    return Plan(name="p", root=str(root), steps=steps, service=service, python=sys.executable)


def choices(folder):
    return [e.data.what for e in read(folder).envelopes(Choice)]


def state_of(folder):
    return [e.data.state for e in read(folder).envelopes(RunEnded)][-1:]


def test_steps_run_in_order_and_the_end_is_written(tmp_path):
    trials = {"a": Counting(), "b": Counting()}
    assert execute(plan_of(tmp_path, "a", "b"), tmp_path, trials=trials) == "complete"
    assert choices(tmp_path) == ["a 1", "b 1"]
    assert state_of(tmp_path) == ["complete"]
    assert read(tmp_path).finished == {"a": "done", "b": "done"}


def test_a_resume_does_the_unfinished_steps_and_no_finished_one(tmp_path):
    def stop(_):
        raise Interrupted("asked")

    plan = plan_of(tmp_path, "a", "b", "c")
    trials = {"a": Counting(), "b": Counting(stop), "c": Counting()}
    assert execute(plan, tmp_path, trials=trials) == "interrupted"
    trials["b"].act = lambda _: None
    assert execute(plan, tmp_path, trials=trials, resume=True) == "complete"
    assert {name: trial.times for name, trial in trials.items()} == {"a": 1, "b": 2, "c": 1}
    assert choices(tmp_path) == ["a 1", "b 2", "c 1"]
    assert execute(plan, tmp_path, trials=trials, resume=True) == "complete"
    assert {name: trial.times for name, trial in trials.items()} == {"a": 1, "b": 2, "c": 1}


def test_a_step_that_is_done_again_is_told_what_its_attempts_before_wrote(tmp_path):
    told = []

    def look(room):
        room.emit(Choice(f"later {trials['a'].times}", "test"))
        told.append([envelope.data.what for envelope in room.history(Choice, source="a")])
        if trials["a"].times < 3:
            raise Interrupted("asked")

    trials = {"a": Counting(look)}
    for resume in (False, True, True):
        execute(plan_of(tmp_path, "a"), tmp_path, trials=trials, resume=resume)
    assert told == [[], ["a 1", "later 1"], ["a 1", "later 1", "a 2", "later 2"]]
    assert choices(tmp_path) == ["a 3", "later 3"]


def test_what_the_subject_stops_fails_its_step_and_the_run_goes_on(tmp_path):
    def fail(_):
        raise SubjectError("won't start", hint="look at the log")

    trials = {"a": Counting(fail), "b": Counting()}
    assert execute(plan_of(tmp_path, "a", "b"), tmp_path, trials=trials) == "complete"
    assert read(tmp_path).finished == {"a": "failed", "b": "done"}


@pytest.mark.parametrize(("error", "code"), [(UsageError("no pytest there"), 2), (ZeroDivisionError("ours"), 70)])
def test_any_other_error_ends_the_run_and_is_journalled(tmp_path, error, code):
    def fail(_):
        raise error

    trials = {"a": Counting(fail), "b": Counting()}
    with pytest.raises(type(error)):
        execute(plan_of(tmp_path, "a", "b"), tmp_path, trials=trials)
    assert trials["b"].times == 0
    assert state_of(tmp_path) == ["failed"]
    assert [e.data.exit_code for e in read(tmp_path).envelopes(RunEnded)] == [code]


def test_ctrl_c_reaches_the_trial_once_and_cleaning_up_is_not_cut_short(tmp_path):
    cleaned = []

    def loop(room):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            while True:
                room.tick()
        finally:
            room.tick()
            cleaned.append(True)

    before = signal.getsignal(signal.SIGINT)
    assert execute(plan_of(tmp_path, "a"), tmp_path, trials={"a": Counting(loop)}) == "interrupted"
    assert cleaned == [True]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_third_ctrl_c_ends_a_trial_that_does_not_listen(tmp_path):
    pids = []

    def deaf(room):
        pids.append(room.start([sys.executable, "-c", "import time; time.sleep(60)"]).pid)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)

    trials = {"a": Counting(deaf), "b": Counting()}
    assert execute(plan_of(tmp_path, "a", "b"), tmp_path, trials=trials) == "interrupted"
    assert (trials["b"].times, state_of(tmp_path)) == (0, ["interrupted"])
    assert read(tmp_path).finished == {"a": "interrupted"}
    assert not psutil.pid_exists(pids[0])


def test_what_is_shown_is_redrawn_at_every_tick_and_says_that_a_service_is_starting(tmp_path):
    shown, redrawn = [], []

    def use(room):
        room.service()
        redrawn.clear()
        room.tick()
        room.tick()

    execute(
        plan_of(tmp_path, "a", service=SERVER),
        tmp_path,
        trials={"a": Counting(use)},
        show=lambda *said: shown.append(said),
        redraw=lambda: redrawn.append(True),
    )
    assert len(redrawn) == 2
    assert shown == [("a", 0, None, "starting the service"), ("a", 0, None, "")]


def test_what_a_trial_started_and_left_is_ended_with_its_step(tmp_path):
    pids = []

    def leave(room):
        pids.append(room.start([sys.executable, "-c", "import time; time.sleep(60)"]).pid)

    execute(plan_of(tmp_path, "a"), tmp_path, trials={"a": Counting(leave)})
    assert not psutil.pid_exists(pids[0])


def test_a_later_step_can_read_what_an_earlier_one_wrote(tmp_path):
    heard = []

    def listen(room):
        heard.extend(e.data.what for e in room.history(Choice, source="a"))

    execute(plan_of(tmp_path, "a", "b"), tmp_path, trials={"a": Counting(), "b": Counting(listen)})
    assert heard == ["a 1"]


def test_the_baseline_is_copied_into_the_journal(tmp_path):
    path = baseline.path_of(tmp_path)
    path.parent.mkdir()
    path.write_text('{"v": 1, "suite": {"seconds": [1.0]}}')
    execute(plan_of(tmp_path, "a"), tmp_path, trials={"a": Counting()})
    path.unlink()
    assert read(tmp_path).baseline == {"v": 1, "suite": {"seconds": [1.0]}}
    assert [e.data.path for e in read(tmp_path).envelopes(BaselineRead)] == ["brinell-baselines/baseline.json"]


def test_a_damaged_baseline_ends_the_run_before_its_first_step_and_says_so(tmp_path):
    path = baseline.path_of(tmp_path)
    path.parent.mkdir()
    path.write_text("{")
    trials = {"a": Counting()}
    with pytest.raises(UsageError):
        execute(plan_of(tmp_path, "a"), tmp_path, trials=trials)
    assert (trials["a"].times, state_of(tmp_path)) == (0, ["failed"])


def test_a_log_that_grows_without_end_is_cut_while_the_step_runs(tmp_path):
    log = tmp_path / "load-workers.log"

    def flood(room):
        room.start([sys.executable, "-c", "while True: print('x' * 999)"], stdout=log)
        cut = False
        end = time.monotonic() + 60
        while not cut and time.monotonic() < end:
            time.sleep(0.05)
            room.tick()
            cut = b"bytes were cut here" in log.read_bytes()
        assert cut

    execute(plan_of(tmp_path, "a"), tmp_path, trials={"a": Counting(flood)})
    assert log.stat().st_size <= capped_log.CAP_BYTES


SERVER = ServiceSpec(command="{python} -m http.server --bind 127.0.0.1 {port}", ready="/")


def test_the_service_starts_on_first_use_serves_all_steps_and_is_stopped(tmp_path):
    seen = []

    def use(room):
        seen.append((room.service().url, room.service().pid))

    trials = {"a": Counting(), "b": Counting(use), "c": Counting(use)}
    execute(plan_of(tmp_path, "a", "b", "c", service=SERVER), tmp_path, trials=trials)
    assert len(set(seen)) == 1
    assert not psutil.pid_exists(seen[0][1])
    started = [e.data for e in read(tmp_path).envelopes(ServiceStarted)]
    ended = [e.data for e in read(tmp_path).envelopes(ServiceEnded)]
    assert [s.pid for s in started] == [seen[0][1]]
    assert [e.asked for e in ended] == [True]


def test_a_service_that_dies_by_itself_is_noticed(tmp_path):
    def kill(room):
        os.kill(room.service().pid, signal.SIGKILL)
        end = time.monotonic() + 20
        while time.monotonic() < end and not list(read(tmp_path).envelopes(ServiceEnded)):
            time.sleep(0.05)
            room.tick()

    execute(plan_of(tmp_path, "a", service=SERVER), tmp_path, trials={"a": Counting(kill)})
    (ended,) = [e.data for e in read(tmp_path).envelopes(ServiceEnded)]
    assert (ended.asked, ended.exit_status) == (False, -signal.SIGKILL)


@pytest.mark.prove
def test_sigkill_of_the_tool_leaves_no_process_and_a_run_that_can_be_read_and_resumed(tmp_path):
    script = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_run import Counting, SERVER, plan_of
        from brinell.run import execute
        import time
        def use(room):
            print(room.service().pid, room.start([sys.executable, "-c", "import time; time.sleep(99)"]).pid, flush=True)
            while True:
                time.sleep(0.1)
                room.tick()
        folder = Path(sys.argv[1])
        execute(plan_of(folder, "a", "b", service=SERVER), folder, trials={{"a": Counting(), "b": Counting(use)}})
        """
    )
    tool = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert tool.stdout is not None
    pids = [int(word) for word in tool.stdout.readline().split()]
    assert all(psutil.pid_exists(pid) for pid in pids)
    tool.kill()
    tool.wait()
    tool.stdout.close()
    end = time.monotonic() + 20
    while time.monotonic() < end and any(psutil.pid_exists(pid) for pid in pids):
        time.sleep(0.05)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert read(tmp_path).finished == {"a": "done"}
    trials = {"a": Counting(), "b": Counting()}
    assert execute(plan_of(tmp_path, "a", "b"), tmp_path, trials=trials, resume=True) == "complete"
    assert (trials["a"].times, trials["b"].times) == (0, 1)


def test_sources_are_the_steps_and_the_run(tmp_path):
    execute(plan_of(tmp_path, "a"), tmp_path, trials={"a": Counting()})
    assert {e.source for e in read(tmp_path).envelopes()} == {RUN, "a"}
    assert [e.source for e in read(tmp_path).envelopes(StepStarted)] == ["a"]


def test_a_load_spec_round_trips_through_the_plan_on_disk(tmp_path):
    plan = Plan(name="p", root=str(tmp_path), steps=(Step("x", "x", LoadSpec("x", {"kind": "constant", "rate": 5})),))
    execute(plan, tmp_path, trials={"x": Counting()})
    assert read(tmp_path).plan == plan
