import os
import tempfile
import time
from pathlib import Path

import pytest
from spool.store import EXPORT, ROOT, PidLock, append_line, board, count_jobs, export, rotate, scratch_name


@pytest.fixture
def exported():
    yield EXPORT
    EXPORT.unlink(missing_ok=True)


def test_export_round_trip(exported):
    rows = [{"pid": os.getpid(), "at": time.time_ns()}]
    assert export(rows) == rows


def test_lock_is_exclusive():
    lock = ROOT / "spool.lock"
    with PidLock(lock):
        time.sleep(0.1)
        with pytest.raises(FileExistsError), PidLock(lock):
            pass
    assert not lock.exists()


def test_part_file_grows():
    part = scratch_name("upload")
    try:
        for n in range(4):
            append_line(part, f"chunk {n}")
            time.sleep(0.025)
        assert part.read_text().count("\n") == 4
    finally:
        part.unlink(missing_ok=True)


def test_jobs_are_counted():
    path = ROOT / "jobs.sqlite"
    try:
        assert count_jobs(path, ["a", "b", "c"]) == 3
    finally:
        path.unlink(missing_ok=True)


def test_notice_board():
    assert board("spool-board", b"closed on monday") == b"closed on monday"


def test_log_is_rotated():
    folder = Path("/var/tmp/spool-logs")
    folder.mkdir(exist_ok=True)
    log = folder / "spool.log"
    log.write_text("first\n")
    time.sleep(0.08)
    old = rotate(log)
    assert not log.exists()
    old.unlink()


def test_export_to_own_folder(tmp_path):
    assert export([1, 2], tmp_path / "export.json", pause=0.02) == [1, 2]


def test_lock_in_own_folder(tmp_path):
    with PidLock(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_part_in_a_named_temporary():
    with tempfile.TemporaryDirectory() as folder:
        append_line(Path(folder) / "part", "x")
        assert os.listdir(folder) == ["part"]


def test_jobs_in_memory():
    assert count_jobs(":memory:", ["a"], pause=0.02) == 1


def test_board_named_after_the_process():
    assert board(f"spool-{os.getpid()}-{time.monotonic_ns()}", b"hi", pause=0.02) == b"hi"
