from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid

import psutil
import pytest

from brinell.config import from_toml
from brinell.core.plan import LoadSpec
from brinell_reference import project as reference


def test_the_backends_configuration_is_what_the_demo_promises():
    plan = from_toml(reference())
    loads = ["load:browse", "load:room", "load:full-room", "load:cache"]
    assert [step.id for step in plan.steps] == ["suite", "reproduce", "quality", *loads]
    spec = plan.step("load:browse").spec
    assert isinstance(spec, LoadSpec)
    assert spec.shape == {"kind": "constant", "rate": 1000, "duration": 20.0}
    assert spec.thresholds["each_p95_ms"] == 500
    room, full, cache = (plan.step(name).spec for name in loads[1:])
    assert (room.connections, room.thresholds) == (100, {"p99_ms": 100.0, "reach": 1.0, "lost": 0.0})
    assert full.websocket.limit == 100
    assert cache.thresholds["hit_rate"] == 0.9
    assert plan.service is not None


def test_eject_refuses_a_folder_with_something_in_it(brinell, here):
    (here / "full").mkdir()
    (here / "full" / "precious").touch()
    said = brinell("demo", "--eject", "full")
    assert said.code == 2
    assert "full" in said.err
    assert [path.name for path in (here / "full").iterdir()] == ["precious"]


def test_eject_writes_a_project_that_plans_the_same_and_runs_nothing(brinell, here):
    said = brinell("demo", "--eject", "mine")
    assert said.code == 0
    assert "brinell run" in said.out
    plan = from_toml(here / "mine")
    assert plan.python == sys.executable
    inside = {"suite", "quality", "load:cache"}  # they keep the interpreter, which the ejected configuration names
    others = [step for step in plan.steps if step.id not in inside]
    assert others == [step for step in from_toml(reference()).steps if step.id not in inside]
    assert [step.id for step in plan.steps] == [step.id for step in from_toml(reference()).steps]
    assert not (here / "mine" / ".brinell").exists()


@pytest.mark.prove
@pytest.mark.parametrize("ejected", [False, True])
def test_the_tour_and_a_run_in_the_ejected_project_give_the_same_checks(brinell, here, ejected):
    if ejected:
        brinell("demo", "--eject", "mine")
    mark = f"tour-{uuid.uuid4()}"
    done = subprocess.run(
        [sys.executable, "-m", "brinell", *(["run"] if ejected else ["demo"])],
        cwd=here / "mine" if ejected else here,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "MARK_OF_THIS_TEST": mark},
    )
    assert done.returncode in {0, 3}, (done.stdout, done.stderr)  # 3: a crowded machine
    assert "Traceback" not in done.stderr
    assert ("What you saw" in done.stdout) is not ejected
    home = here / "mine" if ejected else here
    (folder,) = (home / ".brinell" / "runs").iterdir()
    judgement = json.loads((folder / "judgement.json").read_text())
    assert judgement["run"]["state"] == "complete"
    assert set(judgement["run"]["steps"].values()) == {"done"}
    required = [one for one in judgement["findings"] if one["required"] and one["verdict"] != "pass"]
    assert bool(required) == (done.returncode == 3)
    assert {one["reason"] for one in required} <= {"invalid", "inconclusive"}, required
    assert judgement["load"][0]["requests"] == 20_000
    room, full = judgement["websocket"]
    assert room["reach"] == 1.0
    assert (full["limit"]["accepted"], full["limit"]["recovered"]) == (100, True)
    assert judgement["cache"][0]["hit_rate"]["low"] > 0.9
    assert (folder / "report.html").is_file()
    assert sorted(path.name for path in here.iterdir()) == (["mine"] if ejected else [".brinell"])
    assert [process.pid for process in psutil.process_iter() if mark in _environment(process)] == []


def _environment(process: psutil.Process) -> str:
    try:
        return str(process.environ())
    except psutil.Error:
        return ""


def test_where_nothing_can_be_written_it_says_so_and_runs_nothing(here, brinell):
    (here / ".brinell").touch()  # a file where the runs' folder should be
    said = brinell("demo")
    assert said.code == 2
    assert "--out" in said.err
