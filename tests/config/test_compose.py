from __future__ import annotations

import msgspec
import pytest

from brinell.config import for_load, for_suite, for_tests, from_toml
from brinell.core.errors import UsageError
from brinell.core.plan import ExamineSpec, LoadSpec, Plan, SuiteSpec

WHOLE = """
[project]
name = "shop"
source = ["src/shop"]
allow_targets = ["Staging.Example.org"]
keep = 5

[service]
command = "uvicorn shop.app:app --port {port}"
env = { DATABASE_URL = "${SHOP_TEST_DB}" }
ready = "/health/ready"
stop_timeout_s = "5s"

[suite]
paths = ["tests"]
args = ["-m", "not slow"]
budget_s = "5m"
repeat = 2
categories = { api = "tests/api/**", integration = "@integration" }
known_bugs = ["KNOWN.md"]

[[load]]
name = "browse"
shape = { kind = "constant", rate = 1000, duration = "30s" }
requests = [{ path = "/notes", weight = 8 }, { method = "post", path = "/notes", json = { text = "hi" }, weight = 2 }]
thresholds = { p95_ms = 500, error_rate = 0.01 }

[[load]]
name = "elsewhere"
url = "http://127.0.0.1:9000"
version = "2"
streams = 20
shape = { kind = "constant", rate = 1, duration = 1 }
"""


def test_every_table_reaches_the_plan(plan):
    made = plan(WHOLE)
    assert (made.name, made.source, made.keep) == ("shop", ("src/shop",), 5)
    assert made.allow_targets == ("staging.example.org",)
    assert [step.id for step in made.steps] == ["suite", "reproduce", "quality", "load:browse", "load:elsewhere"]
    assert [step.needs_service for step in made.steps] == [False, False, False, True, False]
    suite = made.step("suite").spec
    assert isinstance(suite, SuiteSpec)
    assert (suite.target_s, suite.target_stated, suite.repeat) == (300, True, 2)
    assert made.known_bugs == ("KNOWN.md",)
    load = made.step("load:browse").spec
    assert isinstance(load, LoadSpec)
    assert load.shape["duration"] == 30
    assert [request.method for request in load.requests] == ["GET", "POST"]
    assert load.thresholds == {"p95_ms": 500, "error_rate": 0.01}
    elsewhere = made.step("load:elsewhere").spec
    assert (load.version, elsewhere.version, elsewhere.streams) == ("1.1", "2", 20)
    assert made.service is not None
    assert made.service.env == {"DATABASE_URL": "${SHOP_TEST_DB}"}


def test_a_plan_survives_json(plan):
    made = plan(WHOLE)
    again = msgspec.json.decode(msgspec.json.encode(made), type=Plan)
    assert again.digest == made.digest


def test_the_environment_stays_out_of_the_plan(plan, monkeypatch):
    monkeypatch.setenv("SHOP_TEST_DB", "postgres://user:hunter2@db/shop")
    assert b"hunter2" not in msgspec.json.encode(plan(WHOLE))


def test_a_service_that_no_step_needs_is_not_planned(plan):
    made = plan('[service]\ncommand = "serve {port}"\n[suite]\n')
    assert made.service is None


def test_without_a_configuration_the_suite_is_the_plan(project):
    made = from_toml(project)
    assert [step.id for step in made.steps] == ["suite", "reproduce", "quality"]
    assert made.name == "shop"
    assert made.source == ("src/shop",)
    assert not made.step("suite").spec.target_stated


def test_pyproject_serves_as_well(project):
    (project / "pyproject.toml").write_text("[tool.brinell.suite]\nrepeat = 3\n")
    assert from_toml(project).step("suite").spec.repeat == 3


def test_the_name_is_the_files_the_packages_or_the_folders(project):
    assert from_toml(project).name == "shop"
    (project / "pyproject.toml").write_text('[project]\nname = "my shop"\n')
    assert from_toml(project).name == "my-shop"
    (project / "pyproject.toml").write_text("[project]\nname = 3\n")
    assert from_toml(project).name == "shop"
    (project / "brinell.toml").write_text('[project]\nname = "other"\n[suite]\n')
    assert from_toml(project).name == "other"


def test_two_configurations_are_refused(project):
    (project / "pyproject.toml").write_text("[tool.brinell.suite]\n")
    (project / "brinell.toml").write_text("[suite]\n")
    with pytest.raises(UsageError, match="two places"):
        from_toml(project)


def test_a_scenario_without_address_and_service_is_refused(refusal):
    said = refusal('[[load]]\nname = "a"\nshape = { kind = "constant", rate = 1, duration = 1 }\n')
    assert "[[load]] #1 url" in said


def test_an_empty_configuration_asks_for_nothing(refusal):
    assert "asks for nothing" in refusal("")


def test_suite_options_replace_what_the_file_says(project):
    (project / "brinell.toml").write_text('[suite]\npaths = ["tests"]\nargs = ["-q"]\nrepeat = 2\n')
    spec = for_suite(project, paths=["tests/api"], args=["-x"], target_s=9.0).step("suite").spec
    assert spec.paths == ("tests/api",)
    assert spec.args == ("-q", "-x")
    assert (spec.repeat, spec.target_s, spec.target_stated) == (2, 9.0, True)


def test_a_recording_is_only_read(project):
    made = for_suite(project, recording=project / "recording.jsonl")
    assert [step.id for step in made.steps] == ["suite"]


def test_load_from_the_command_line(project):
    shape = {"kind": "constant", "rate": 10.0, "duration": 2.0}
    made = for_load(
        project, "http://127.0.0.1:8000/notes?page=2", shape, request={"method": "GET"}, limits={"p95_ms": 5}, pid=7
    )
    (step,) = made.steps
    assert step.id == "load:notes"
    assert not step.needs_service
    assert step.spec.url == "http://127.0.0.1:8000"
    assert step.spec.requests[0].path == "/notes?page=2"
    assert step.spec.pid == 7


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://127.0.0.1/", "http://", "http://a:b@127.0.0.1/", "http://[::1"]
)
def test_load_refuses_what_is_no_address(project, url):
    with pytest.raises(UsageError):
        for_load(project, url, {"kind": "constant", "rate": 1, "duration": 1}, request={}, limits={})


DEEP = """
[project]
python = "python3"
[suite]
paths = ["tests"]
args = ["-q"]
workers = 3
deep = true
deep_budget_s = "2m"
seed = 7
"""


def test_a_deep_suite_is_examined_after_it_ran(plan):
    made = plan(DEEP)
    assert [step.id for step in made.steps] == ["suite", "reproduce", "quality", "examine"]
    assert made.step("suite").spec.workers == 3
    assert made.step("examine").spec == ExamineSpec(
        python="python3", paths=("tests",), args=("-q",), budget_s=120.0, slots=3, seed=7
    )


def test_auto_is_kept_as_such(plan):
    assert plan('[suite]\nworkers = "auto"\n').step("suite").spec.workers == -1


def test_options_overrule_the_files_examination(project):
    (project / "brinell.toml").write_text(DEEP)
    assert "examine" not in [step.id for step in for_suite(project, deep=False).steps]
    made = for_suite(project, budget_s=9.0, workers=0)
    assert (made.step("suite").spec.workers, made.step("examine").spec.budget_s) == (0, 9.0)
    assert made.step("examine").spec.seed == 7


def test_a_recording_is_not_examined(project):
    (project / "brinell.toml").write_text(DEEP)
    made = for_suite(project, recording=project / "recording.jsonl")
    assert [step.id for step in made.steps] == ["suite"]


@pytest.mark.parametrize("given", [{"budget_s": 5.0}, {"seed": 3}, {"budget_s": 5.0, "deep": False}])
def test_options_of_an_examination_need_one(project, given):
    with pytest.raises(UsageError, match="examination of single tests"):
        for_suite(project, **given)


@pytest.mark.parametrize("given", [{"budget_s": 5.0}, {"seed": 3}, {"deep": True}])
def test_options_of_an_examination_need_something_to_run(project, given):
    with pytest.raises(UsageError, match="only reads a recording"):
        for_suite(project, recording=project / "recording.jsonl", **given)


def test_single_tests_are_examined_without_the_suite(project):
    (project / "brinell.toml").write_text(DEEP)
    (step,) = for_tests(project, args=["-x"], tests=["test_a"], factors={"hash": 7}, seed=2).steps
    assert (step.id, step.trial) == ("examine", "examine")
    assert step.spec == ExamineSpec(
        python="python3", paths=("tests",), args=("-q", "-x"), tests=("test_a",), budget_s=120.0, slots=3, seed=2,
        factors={"hash": 7},
    )  # fmt: skip
