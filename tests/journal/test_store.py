from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.clock import FakeClock
from brinell.core.errors import UsageError
from brinell.core.observation import Choice, Epoch, StepFinished, StepStarted
from brinell.core.plan import Plan, Step, SuiteSpec
from brinell.journal.reader import PLAN_FILE, read
from brinell.journal.store import FILE, Journal

PLAN = Plan(name="p", root=".", steps=(Step("suite", "suite", SuiteSpec()), Step("again", "suite", SuiteSpec())))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / PLAN_FILE).write_bytes(msgspec.json.encode(PLAN))
    return tmp_path


def texts(folder, source=None):
    return [e.data.what for e in read(folder).envelopes(Choice, source=source)]


def test_what_is_emitted_is_read_back_in_order_with_rising_sequence_numbers(folder):
    clock = FakeClock()
    with Journal.create(folder, clock) as journal:
        for n in range(5):
            clock.sleep(0.1)
            journal.emit("suite", Choice(str(n), "because"))
    envelopes = list(read(folder).envelopes())
    assert [e.seq for e in envelopes] == list(range(6))
    assert isinstance(envelopes[0].data, Epoch)
    assert [e.t_ns for e in envelopes[1:]] == [100_000_000 * n for n in range(1, 6)]
    assert texts(folder) == ["0", "1", "2", "3", "4"]


def test_a_second_journal_in_the_same_folder_is_refused(folder):
    Journal.create(folder, FakeClock()).close()
    with pytest.raises(UsageError, match="already holds a run"):
        Journal.create(folder, FakeClock())


def test_a_journal_has_one_writer_at_a_time(folder):
    with Journal.create(folder, FakeClock()) as journal:
        journal.emit("suite", Choice("half", ""))
        journal.flush()
        os.write(journal._fd, b'{"v":1,')
        with pytest.raises(UsageError, match="still going on"):
            Journal.resume(folder, FakeClock())
        os.write(journal._fd, b"}\n")
    assert (folder / FILE).read_bytes().endswith(b'{"v":1,}\n')
    Journal.resume(folder, FakeClock()).close()


@given(cut=st.integers(min_value=1, max_value=200))
def test_a_torn_last_line_is_dropped_and_a_resume_cuts_it_off(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("run")
    (folder / PLAN_FILE).write_bytes(msgspec.json.encode(PLAN))
    with Journal.create(folder, FakeClock()) as journal:
        journal.emit("suite", Choice("kept", ""))
        journal.emit("suite", Choice("x" * 200, ""))
    data = (folder / FILE).read_bytes()
    (folder / FILE).write_bytes(data[:-cut])
    evidence = read(folder)
    assert [e.data.what for e in evidence.envelopes(Choice)] == ["kept"]
    assert evidence.torn
    with Journal.resume(folder, FakeClock()) as journal:
        journal.emit("suite", Choice("after", ""))
    evidence = read(folder)
    assert [e.data.what for e in evidence.envelopes(Choice)] == ["kept", "after"]
    assert not evidence.torn
    assert evidence.damaged == 0
    assert [e.epoch for e in evidence.envelopes(Epoch)] == [0, 1]


def test_records_of_an_unfinished_attempt_do_not_count_once_the_step_began_again(folder):
    with Journal.create(folder, FakeClock()) as journal:
        for step in ("suite", "again"):
            journal.emit(step, StepStarted(step))
            journal.emit(step, Choice(f"first {step}", ""))
        journal.emit("suite", StepFinished("suite", "interrupted"))
    with Journal.resume(folder, FakeClock()) as journal:
        journal.emit("suite", StepStarted("suite"))
        journal.emit("suite", Choice("second suite", ""))
        journal.emit("suite", StepFinished("suite"))
    assert texts(folder) == ["first again", "second suite"]
    assert read(folder).finished == {"suite": "done"}


def test_a_damaged_line_in_the_middle_is_counted_and_the_rest_is_read(folder):
    with Journal.create(folder, FakeClock()) as journal:
        journal.emit("suite", Choice("a", ""))
    with (folder / FILE).open("ab") as file:
        file.write(b'\x00\xff{"v":1\n')
    with Journal.resume(folder, FakeClock()) as journal:
        journal.emit("suite", Choice("b", ""))
    assert texts(folder) == ["a", "b"]
    assert read(folder).damaged == 1


def test_a_line_of_a_newer_version_is_refused_with_the_fix(folder):
    with Journal.create(folder, FakeClock()):
        pass
    with (folder / FILE).open("ab") as file:
        file.write(b'{"v":99,"seq":1,"something":"new"}\n')
    with pytest.raises(UsageError, match="newer Brinell"):
        read(folder)


def test_busy_seconds_leave_out_the_pause_before_a_resume(folder):
    clock = FakeClock()
    with Journal.create(folder, clock) as journal:
        clock.sleep(3)
        journal.emit("suite", Choice("a", ""))
    clock.sleep(1000)
    with Journal.resume(folder, clock) as journal:
        clock.sleep(2)
        journal.emit("suite", Choice("b", ""))
    assert read(folder).busy_s == 5.0


def test_sigkill_loses_at_most_what_was_written_within_the_last_second(folder):
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from brinell.core.clock import SystemClock
        from brinell.core.observation import Choice
        from brinell.journal.store import Journal
        journal = Journal.create(Path(sys.argv[1]), SystemClock())
        n = 0
        while True:
            journal.emit("suite", Choice(str(n), ""))
            print(n, time.monotonic_ns(), flush=True)
            n += 1
            time.sleep(0.01)
        """
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    seen = [child.stdout.readline() for _ in range(150)]
    os.kill(child.pid, signal.SIGKILL)
    rest = child.stdout.read().splitlines()
    child.wait()
    child.stdout.close()
    stamps = [int(line.split()[1]) for line in [*seen, *rest]]
    kept = [int(what) for what in texts(folder)]
    assert kept == list(range(len(kept)))
    assert stamps[-1] - stamps[len(kept) - 1] < 1_000_000_000


def test_a_full_disk_is_a_usage_error_naming_the_file(folder):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (folder / FILE).symlink_to("/dev/full")
    with pytest.raises(UsageError, match=r"journal.jsonl: No space left"):
        Journal._open(folder / FILE, FakeClock(), seq=0, epoch=0)


def test_an_unwritable_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot write"):
        Journal.create(tmp_path / "missing", FakeClock())


def test_what_a_full_disk_cut_off_does_not_spoil_the_line_after_it(folder):
    script = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from brinell.core.clock import FakeClock
        from brinell.core.errors import UsageError
        from brinell.core.observation import Choice
        from brinell.journal.store import Journal
        with Journal.create(Path(sys.argv[1]), FakeClock()) as journal:
            journal.emit("suite", Choice("a", ""))
            journal.flush()
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            size = (Path(sys.argv[1]) / "journal.jsonl").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, hard))
            for word in ("b", "c" * 300, "d"):
                journal.emit("suite", Choice(word, ""))
            try:
                journal.flush()
            except UsageError:
                pass
            else:
                raise SystemExit("the limit was not felt")
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            journal.emit("suite", Choice("e", ""))
        """
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True, timeout=60)
    assert texts(folder) == ["a", "b", "e"]
    assert read(folder).damaged == 0
