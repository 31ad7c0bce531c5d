"""A log that others append to stays within its cap, with its head, its end, and a count of what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.subject import capped_log

CAP = 4000


@given(st.lists(st.integers(1, 3000), max_size=20))
def test_head_and_end_stay_and_what_is_missing_is_counted(tmp_path_factory, sizes):
    path = tmp_path_factory.mktemp("log") / "service.log"
    path.touch()
    written = 0
    with path.open("ab", buffering=0) as log:
        for size in sizes:
            line = b"%d " % written + b"x" * size + b"\n"
            log.write(line)
            written += len(line)
            before = path.read_bytes()
            capped_log.hold(path, CAP)
            after = path.read_bytes()
            assert len(after) <= CAP
            assert after[: CAP // 4] == before[: CAP // 4]
            assert len(before) > CAP or after == before
    said = path.read_bytes()
    note = re.search(rb"\n\[\.\.\. +([\d,]+) bytes were cut here \.\.\.\]\n", said)
    if note is None:
        assert len(said) == written
    else:
        kept = len(said) - len(note[0])
        # Of the first line behind the note, the part before its end went without being counted.
        assert 0 <= written - kept - int(note[1].replace(b",", b"")) <= 3010 * len(sizes)


def test_its_end_is_what_was_written_last_and_the_writer_goes_on_behind_it(tmp_path):
    path = tmp_path / "service.log"
    with path.open("ab", buffering=0) as log:
        log.write(b"first\n" + b"x\n" * CAP + b"last\n")
        capped_log.hold(path, CAP)
        assert path.read_bytes().endswith(b"x\nlast\n")
        log.write(b"later\n")
    assert path.read_bytes().startswith(b"first\n")
    assert path.read_bytes().endswith(b"last\nlater\n")


def test_a_log_that_is_not_there_is_left_alone(tmp_path):
    capped_log.hold(tmp_path / "none.log")
    assert not list(tmp_path.iterdir())


def test_a_process_that_writes_without_end_cannot_fill_the_disk(tmp_path):
    path = tmp_path / "service.log"
    with path.open("ab") as log:
        writer = subprocess.Popen([sys.executable, "-c", "while True: print('x' * 99)"], stdout=log)
    sizes = []
    try:
        end = time.monotonic() + 20
        while len(sizes) < 5 and time.monotonic() < end:
            if path.stat().st_size > CAP:
                capped_log.hold(path, CAP)
                sizes.append(path.stat().st_size)
    finally:
        writer.kill()
        writer.wait()
    assert len(sizes) == 5
    capped_log.hold(path, CAP)
    assert path.stat().st_size <= CAP


SECRET = b"hunter2-Zx9"
KEY = b"-----BEGIN RSA PRIVATE KEY-----\n" + (SECRET + b"\n") * 100 + b"-----END RSA PRIVATE KEY-----\n"


def test_a_log_is_redacted_and_everything_else_in_it_stays(tmp_path):
    path = tmp_path / "service.log"
    path.write_bytes(b"up \xff\xc3\r\npassword=" + SECRET + b"\n\x1b[1mlast")
    path.chmod(0o640)
    capped_log.redact_file(path)
    assert path.read_bytes() == b"up \xff\xc3\r\npassword=[redacted]\n\x1b[1mlast"
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
    capped_log.redact_file(path)
    assert path.read_bytes().count(b"]") == 1


@settings(max_examples=30, deadline=None)
@given(
    before=st.integers(60_000, 66_000),
    word=st.sampled_from([b"x\n", b"x "]),
    bait=st.sampled_from([KEY, b"password=" + SECRET]),
)
def test_secrets_are_found_where_two_blocks_meet(tmp_path_factory, before, word, bait):
    path = tmp_path_factory.mktemp("log") / "service.log"
    around = word * (before // 2)
    path.write_bytes(around + bait + b"\n" + around)
    capped_log.redact_file(path)
    said = path.read_bytes()
    assert SECRET not in said
    assert (said.startswith(around), said.endswith(around)) == (True, True)


def test_a_line_without_end_is_looked_at_in_pieces_and_stays_one_line(tmp_path):
    path = tmp_path / "service.log"
    line = b"x" * 300_000
    path.write_bytes(line + b" password=" + SECRET)
    capped_log.redact_file(path)
    assert path.read_bytes() == line + b" password=[redacted]"


def test_what_cannot_be_redacted_is_left_alone(tmp_path):
    capped_log.redact_file(tmp_path / "none.log")
    (tmp_path / "folder").mkdir()
    capped_log.redact_file(tmp_path / "folder")
    (tmp_path / "target").write_bytes(b"password=" + SECRET)
    (tmp_path / "link").symlink_to("target")
    capped_log.redact_file(tmp_path / "link")
    assert (tmp_path / "target").read_bytes() == b"password=" + SECRET
    assert len(list(tmp_path.iterdir())) == 3
