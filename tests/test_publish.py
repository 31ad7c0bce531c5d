from __future__ import annotations

import os
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
    written = publish.publish(tmp_path, JUDGEMENT)
    assert publish.load(tmp_path) == JUDGEMENT
    jsonschema.validate(msgspec.json.decode(written["judgement.json"].read_bytes()), judgement_schema())
    assert written["report.html"].is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(written)


def test_publishing_twice_gives_the_same_bytes(tmp_path):
    first = {name: path.read_bytes() for name, path in publish.publish(tmp_path, JUDGEMENT).items()}
    again = {name: path.read_bytes() for name, path in publish.publish(tmp_path, publish.load(tmp_path)).items()}
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
    with pytest.raises(ZeroDivisionError):
        publish.publish(tmp_path, JUDGEMENT)
    assert publish.load(tmp_path) == JUDGEMENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["judgement.json", "report.md"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_leaves_what_was_there_and_no_draft(tmp_path, monkeypatch):
    publish.publish(tmp_path, JUDGEMENT)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(publish.Path, "write_text", lambda *_, **__: os.write(os.open("/dev/full", os.O_WRONLY), b"x"))
    with pytest.raises(UsageError, match="No space left") as caught:
        publish.publish(tmp_path, msgspec.structs.replace(JUDGEMENT, verdict=Verdict.PASS))
    assert "free some space" in (caught.value.hint or "")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_where_nothing_can_be_written_the_error_names_the_file(tmp_path):
    with pytest.raises(UsageError, match=r"cannot write .*judgement.json"):
        publish.publish(tmp_path / "missing", JUDGEMENT)


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
