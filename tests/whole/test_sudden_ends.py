"""The tool is killed, stopped or asked to end at many moments: nothing stays behind, nothing measured is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest

from brinell.journal.reader import read
from brinell.publish import load

pytestmark = pytest.mark.prove

MOMENTS = {
    "suite": '"kind":"suitestarted"',
    "reproduce": '"kind":"stepstarted","step":"reproduce"',
    "service": '"kind":"stepstarted","step":"load:browse"',
    "load": '"kind":"loadslice"',
    "publishing": '"kind":"runended"',
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_it_leaves_no_process_and_a_run_that_can_be_judged_and_resumed(tool, moment):
    it = tool.start("run", "--out", str(tool.run_folder))
    tool.wait_for(MOMENTS[moment])
    it.kill()
    it.wait()
    tool.until(lambda: not tool.left())
    done = dict(read(tool.run_folder).finished)
    before = tool.suites
    assert tool.call("judge", str(tool.run_folder)) in {1, 3}
    assert tool.call("report", str(tool.run_folder)) in {1, 3}
    if moment == "publishing":
        assert load(tool.run_folder).run.state == "complete"
        assert tool.call("run", "--resume", str(tool.run_folder)) == 2
        return
    assert load(tool.run_folder).run.state == "torn"
    assert tool.call("run", "--resume", str(tool.run_folder)) == 1
    # A finished suite is not run again; an unfinished reproduction is its one test.
    assert tool.suites - before == (0 if done.get("reproduce") else 1 if done.get("suite") else 2)
    judgement = load(tool.run_folder)
    assert (judgement.run.state, set(judgement.run.steps.values())) == ("complete", {"done"})
    assert (judgement.suite.test_count, judgement.suite.failed, judgement.load[0].requests) == (2, 1, 100)
    assert not [finding for finding in judgement.findings if finding.check in {"steps", "journal"}]


@pytest.mark.parametrize("moment", ["suite", "load"])
def test_stopped_for_longer_than_the_lease_it_blames_itself(tool, moment):
    if moment == "suite":
        shop = tool.project / "tests" / "test_shop.py"
        shop.write_text(shop.read_text().replace("0.5", "30"))
    it = tool.start("run", "--out", str(tool.run_folder))
    tool.wait_for(MOMENTS[moment])
    it.send_signal(signal.SIGSTOP)
    tool.until(lambda: {process.pid for process in tool.left()} == {it.pid})
    it.send_signal(signal.SIGCONT)
    assert it.wait(60) == 130
    judgement = load(tool.run_folder)
    step = "suite" if moment == "suite" else "load:browse"
    (finding,) = [finding for finding in judgement.findings if finding.id == f"step.{step}"]
    assert (finding.verdict, "brinell itself did not run for" in finding.detail) == ("unknown", True)
    assert not [bug for bug in judgement.bugs if "SIGTERM" in bug.title]
    assert not [finding for finding in judgement.findings if "service.died" in finding.id]


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("moment", ["suite", "reproduce", "service", "load"])
def test_ctrl_c_ends_it_cleanly_however_often(tool, moment, times):
    it = tool.start("run", "--out", str(tool.run_folder))
    tool.wait_for(MOMENTS[moment])
    for _ in range(times):
        it.send_signal(signal.SIGINT)
        time.sleep(0.05)  # signals of one kind that wait are one signal
    assert it.wait(60) in ({130} if times == 1 else {130, -signal.SIGINT})  # a shell calls both 130
    tool.until(lambda: not tool.left())
    assert tool.call("judge", str(tool.run_folder)) == 130
    assert tool.call("run", "--resume", str(tool.run_folder)) == 1
    assert "Traceback" not in (tool.project / "output.log").read_text()


def test_a_copy_judged_again_gives_the_same_bytes(tool, tmp_path):
    assert tool.call("run", "--out", str(tool.run_folder)) == 1
    names = ("judgement.json", "report.html", "report.md", "junit.xml", "bug_triage_report.md")
    first = {name: (tool.run_folder / name).read_bytes() for name in names}
    copy = tmp_path / "elsewhere"
    subprocess.run(["cp", "-r", str(tool.run_folder), str(copy)], check=True)
    for command in ("judge", "report", "judge"):
        for folder in (tool.run_folder, copy):
            for name in names if command == "judge" else ():
                (folder / name).unlink()
            assert tool.call(command, os.fspath(folder)) == 1
            assert {name: (folder / name).read_bytes() for name in names} == first
