from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from brinell.subject import process_table
from brinell.subject.process_table import Process, find, send, table, tree


def row(pid: int, parent: int, session: int = 1, *, alive: bool = True) -> Process:
    return Process(pid, parent, session, "0", alive=alive)


def rows(*processes: Process) -> dict[int, Process]:
    return {process.pid: process for process in processes}


def test_tree_is_parents_first_without_its_root_and_without_the_dead():
    processes = rows(row(9, 5), row(5, 2), row(6, 2, alive=False), row(7, 6), row(3, 1), row(2, 1))
    assert [process.pid for process in tree(2, processes)] == [5, 9, 7]


def test_tree_takes_in_a_session_and_what_is_below_it():
    processes = rows(row(2, 1), row(5, 1, session=4), row(6, 5, session=6), row(7, 1, session=7))
    assert {process.pid for process in tree(2, processes, session=4)} == {5, 6}


@given(st.dictionaries(st.integers(1, 30), st.integers(0, 30), max_size=30), st.integers(1, 30))
def test_tree_ends_on_any_table_and_lists_every_descendant_once(parents, root):
    processes = {pid: row(pid, parent) for pid, parent in parents.items()}
    pids = [process.pid for process in tree(root, processes)]
    assert len(pids) == len(set(pids))
    assert root not in pids
    expected = {pid for pid in parents if pid != root and _descends(pid, root, parents)}
    assert set(pids) == expected


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    seen = set()
    while pid in parents and pid not in seen:
        seen.add(pid)
        pid = parents[pid]
        if pid == root:
            return True
    return False


def test_table_has_this_process_and_its_parent():
    mine = table()[os.getpid()]
    assert (mine.parent, mine.session, mine.alive) == (os.getppid(), os.getsid(0), True)
    found = find(os.getpid())
    assert found is not None
    assert found.started == mine.started


def test_ps_tells_the_same_where_there_is_no_proc(monkeypatch):
    from_proc = find(os.getpid())
    monkeypatch.setattr(process_table, "PROC", False)
    mine = find(os.getpid())
    assert mine is not None
    assert from_proc is not None
    assert (mine.parent, mine.session, mine.alive) == (from_proc.parent, from_proc.session, True)
    assert mine.started == table()[os.getpid()].started
    assert find(2**22 + 1) is None


def test_a_process_with_another_start_time_is_not_signalled():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        real = find(child.pid)
        assert real is not None
        assert not send(Process(child.pid, real.parent, real.session, "1", alive=True), signal.SIGKILL)
        assert child.poll() is None
        assert send(real, signal.SIGTERM)
        assert child.wait() == -signal.SIGTERM
    assert not send(real, signal.SIGTERM)


def test_without_pidfds_the_start_time_still_decides(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as child:
        real = find(child.pid)
        assert real is not None
        assert not send(Process(child.pid, real.parent, real.session, "1", alive=True), signal.SIGKILL)
        assert child.poll() is None
        assert send(real, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


def test_a_name_with_parentheses_and_a_first_thread_that_ended():
    # The name is what proc_pid_stat(5) warns of; the process lives on in its second thread.
    code = (
        "import ctypes, threading, time, sys; open('/proc/self/comm', 'w').write('a) Z 1 (b'); "
        "threading.Thread(target=time.sleep, args=(600,)).start(); print('up', flush=True); "
        "ctypes.CDLL(None).pthread_exit(None)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            deadline = time.monotonic() + 20
            while b") Z" not in Path(f"/proc/{child.pid}/stat").read_bytes().rpartition(b"(b")[2]:
                assert time.monotonic() < deadline
            found = find(child.pid)
            assert found is not None
            assert found.alive
            assert found.parent == os.getpid()
        finally:
            child.kill()
