from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
from pathlib import Path

import jsonschema
import msgspec
import pytest

from brinell import publish
from brinell.core.errors import UsageError
from brinell.core.judgement import SCHEMA, Judgement, RunInfo
from brinell.core.schema import judgement_schema
from brinell.core.verdicts import Verdict

RUN = RunInfo(
    id="r", name="p", started="2026-01-01T00:00:00Z", duration_s=1.0, state="complete", fingerprint={}, exit_code=3,
    brinell="0", plan_digest="d",
)  # fmt: skip
JUDGEMENT = Judgement(schema=SCHEMA, run=RUN, verdict=Verdict.UNKNOWN, findings=(), suite=None, bugs=())


def test_what_is_published_is_read_back_and_fits_the_schema(tmp_path):
    written, unwritten = publish.publish(tmp_path, JUDGEMENT)
    assert not unwritten
    assert publish.load(tmp_path) == JUDGEMENT
    jsonschema.validate(msgspec.json.decode(written["judgement.json"].read_bytes()), judgement_schema())
    assert written["report.html"].is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(written)


def test_publishing_twice_gives_the_same_bytes(tmp_path):
    first = {name: path.read_bytes() for name, path in publish.publish(tmp_path, JUDGEMENT).written.items()}
    written = publish.publish(tmp_path, publish.load(tmp_path)).written
    again = {name: path.read_bytes() for name, path in written.items()}
    assert first == again


def test_a_report_that_no_longer_applies_is_removed(tmp_path):
    (tmp_path / "junit.xml").write_text("of an earlier judgement")
    publish.publish(tmp_path, JUDGEMENT)
    assert not (tmp_path / "junit.xml").exists()


def test_a_report_that_crashes_costs_itself_and_not_the_judgement(tmp_path, monkeypatch):
    def crash(_):
        raise ZeroDivisionError

    monkeypatch.setattr(publish, "REPORTS", {"report.html": crash, "report.md": lambda _: "text"})
    (tmp_path / "report.html").write_text("of an earlier judgement")
    found = publish.publish(tmp_path, JUDGEMENT)
    assert [(one.path.name, type(one.error)) for one in found.unwritten] == [("report.html", ZeroDivisionError)]
    assert found.kept
    assert publish.load(tmp_path) == JUDGEMENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["judgement.json", "report.md"]


def test_a_report_that_the_disk_refuses_costs_no_other_one(tmp_path):
    (tmp_path / "report.html").mkdir()  # nothing can be written in its place
    found = publish.publish(tmp_path, JUDGEMENT)
    assert [(one.path, type(one.error)) for one in found.unwritten] == [(tmp_path / "report.html", IsADirectoryError)]
    assert found.kept
    assert publish.load(tmp_path) == JUDGEMENT
    assert "report.md" in found.written
    assert not list(tmp_path.glob(".*"))  # no draft stays


def test_what_a_refused_file_said_of_an_earlier_judgement_goes(tmp_path):
    (tmp_path / "report.html").write_text("of an earlier judgement")
    with _most_bytes(len(publish.encode(JUDGEMENT)) + 100):
        found = publish.publish(tmp_path, JUDGEMENT)
    assert found.kept
    assert [(one.path.name, getattr(one.error, "errno", 0)) for one in found.unwritten] == [
        ("report.html", errno.EFBIG)
    ]
    assert not (tmp_path / "report.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_leaves_what_was_there_and_no_draft(tmp_path, monkeypatch):
    publish.publish(tmp_path, JUDGEMENT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(publish.Path, "write_text", lambda *_, **__: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    found = publish.publish(tmp_path, msgspec.structs.replace(JUDGEMENT, verdict=Verdict.PASS))
    assert not found.kept
    assert {getattr(one.error, "errno", 0) for one in found.unwritten} == {errno.ENOSPC}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_where_nothing_can_be_written_every_file_is_named(tmp_path):
    written, unwritten = publish.publish(tmp_path / "missing", JUDGEMENT)
    assert not written
    assert {"judgement.json", "report.html", "report.md"} <= {one.path.name for one in unwritten}
    assert {type(one.error) for one in unwritten} == {FileNotFoundError}


@contextlib.contextmanager
def _most_bytes(size):
    """Let no file of this process grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "never judged"),
        (b"{", "cannot be read"),
        (b'{"schema":"\xff"}', "cannot be read"),
        (publish.encode(JUDGEMENT).replace('"exit_code": 3', '"exit_code": 7').encode(), "cannot be read"),
    ],
)
def test_a_run_without_a_readable_judgement_says_what_to_type(tmp_path, content, message):
    if content is not None:
        (tmp_path / "judgement.json").write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        publish.load(tmp_path)
    assert "brinell judge" in (caught.value.hint or "")
