"""What cannot be written takes nothing else with it: neither the summary, nor ``--json``, nor the exit code."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from brinell import publish
from brinell.core.clock import SystemClock
from brinell.core.errors import UsageError
from brinell.journal.store import Journal
from brinell.load.export import files

ALONE = ("unshare", "--map-root-user", "--mount")  # so that anyone may mount


@pytest.fixture
def run(here, judgement):
    """The folder of a run that passed."""
    folder = here / "kept"
    folder.mkdir()
    (folder / "plan.json").write_text("{}")
    publish.publish(folder, judgement(outcomes={"tests/test_a.py::test_a": "passed"}))
    return folder


def crash(_):
    raise ZeroDivisionError("no such figure")


def test_the_summary_and_the_exit_code_survive_a_report_that_cannot_be_written(brinell, run):
    (run / "report.html").unlink()
    (run / "report.html").mkdir()
    said = brinell("report", str(run))
    assert said.code == 0, said
    assert "READY" in said.out
    assert f"cannot write {run / 'report.html'}: Is a directory (EISDIR)" in said.err
    assert "fix:" in said.err
    said = brinell("report", "kept", "--json")
    assert said.code == 0, said
    assert json.loads(said.out) == json.loads((run / "judgement.json").read_text())


def test_so_does_a_run_that_ends_with_one(brinell, project, bugs, monkeypatch):
    monkeypatch.setitem(publish.REPORTS, "report.html", crash)
    (project / "tests" / "test_sums.py").write_text("def test_wrong():\n    assert 1 == 2\n")
    said = brinell("suite", "--json", "--out", "kept", "--python", sys.executable)
    assert said.code == 1, said
    assert json.loads(said.out)["suite"]["failed"] == 1
    assert "report.html could not be made: ZeroDivisionError: no such figure" in said.err
    assert "the traceback is in" in said.err
    assert [one.splitlines()[-1] for one in bugs()] == ["ZeroDivisionError: no such figure"]
    assert (project / "kept" / "report.md").is_file()
    assert not (project / "kept" / "report.html").exists()


def test_a_judgement_that_is_not_kept_is_told_all_the_same_and_is_exit_2(brinell, run):
    (run.parent / "other" / "judgement.json").mkdir(parents=True)
    said = brinell("report", "kept", "--json", "--out", "other")
    assert said.code == 2, said
    assert json.loads(said.out)["verdict"] == "pass"
    assert "judgement.json: Is a directory (EISDIR)" in said.err
    assert (run.parent / "other" / "report.html").is_file()


def test_an_export_that_is_refused_costs_the_exit_code_alone(brinell, run, monkeypatch):
    def refuse(*_):
        raise UsageError("cannot write load.csv: No space left on device", hint="free some space")

    monkeypatch.setattr("brinell.cli.exporting.read", lambda folder: folder)
    monkeypatch.setattr("brinell.cli.exporting.write", refuse)
    said = brinell("report", "kept", "--export", next(iter(files.FORMATS)), "--json")
    assert said.code == 2, said
    assert json.loads(said.out) == json.loads((run / "judgement.json").read_text())
    assert "No space left on device" in said.err


@pytest.mark.skipif(shutil.which(ALONE[0]) is None, reason="not here: unshare, to mount a small disk")
def test_a_full_disk(run, tmp_path):
    place = tmp_path / "a full disk"
    place.mkdir()
    size = (run / "judgement.json").stat().st_size
    pages = -(-size // 4096) + 4  # room for the judgement, and for little else
    script = f'mount -t tmpfs -o size={pages * 4096},nr_inodes=50 none "$1" && shift && exec "$@"'
    brinell = (sys.executable, "-m", "brinell.cli.app", "report", str(run), "--out", str(place), "--json")
    argv = [*ALONE, "sh", "-c", script, "sh", str(place), *brinell]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"not here: nothing may be mounted: {done.stderr[:200]}")
    assert f"cannot write {place / 'report.html'}: No space left on device (ENOSPC)" in done.stderr
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == json.loads((run / "judgement.json").read_text())


@pytest.mark.parametrize("argv", [["judge", "kept"], ["run", "--resume", "kept"], ["load", "--resume", "kept"]])
def test_a_run_that_still_goes_on_is_not_taken_for_one_that_was_killed(brinell, run, argv):
    before = sorted(run.iterdir())
    with Journal.create(run, SystemClock()):
        said = brinell(*argv)
    assert said.code == 2, said
    assert said.err.startswith("error: kept is still going on in another process")
    assert said.out == ""
    assert sorted(path for path in run.iterdir() if path.name != "journal.jsonl") == before
