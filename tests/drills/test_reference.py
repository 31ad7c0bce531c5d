"""The reference backend, as it is ejected: a service that was built to pass."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import pytest

import brinell_reference
from brinell.core.plan import RequestSpec, ServiceSpec
from brinell.core.verdicts import Verdict

pytestmark = pytest.mark.prove

PROJECT = Path(brinell_reference.__file__).parent / "project"
COMMAND = (
    f"{shlex.quote(sys.executable)} -m uvicorn --factory noticeboard.app:create_app --app-dir src --no-access-log "
    "--host 127.0.0.1 --port {port}"
)
NOTES = (RequestSpec(path="/notes"),)


@pytest.fixture
def noticeboard(tmp_path):
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data", "__pycache__"))
    return ServiceSpec(command=COMMAND, ready="/health/ready", env={"LOG_REQUESTS": "none"}, stop_timeout_s=15.0)


def test_it_drains(drill, noticeboard):
    # uvicorn resets what stands in its backlog: on a crowded machine there is some
    options = {"before_s": 2, "lost": 5, "sockets": 5, "socket_path": "/rooms/a"}
    done = drill("drain", options, service=noticeboard, requests=NOTES)
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    assert done.drill.measured["in_flight_answered"] == 10
    assert done.drill.measured["socket_codes"] == {"1001": 5}


def test_it_comes_and_goes(drill, noticeboard):
    done = drill("lifecycle", {"times": 6}, service=noticeboard)
    assert done.drill.verdict is Verdict.PASS, done.finding.detail
    assert done.drill.measured["second_start"]["state"] == "ended"


def test_notes_that_are_posted_together_are_all_there(drill, noticeboard, running_service):
    url = running_service(noticeboard)
    request = RequestSpec(path="/notes", method="POST", json={"text": "{{round}} {{n}}"})
    done = drill("race", {"expect": {"created": 10}, "rounds": 20}, url=url, requests=(request,))
    assert done.drill.verdict is Verdict.PASS, done.finding.detail


def test_a_storm_of_its_sockets(drill, noticeboard, running_service):
    url = running_service(noticeboard)
    done = drill("storm", {"sockets": 60}, url=url, requests=(RequestSpec(path="/rooms/a"),))
    assert done.drill.verdict is Verdict.PASS, done.finding.detail


def test_it_serves_others_beside_slow_clients(drill, noticeboard, running_service):
    done = drill("slow-client", {"part_s": 3, "slow": 60}, url=running_service(noticeboard), rate=30.0, requests=NOTES)
    assert done.drill.verdict is not Verdict.FAIL, done.finding.detail  # on a crowded machine, perhaps not decided
