from __future__ import annotations

import msgspec
import pytest

from brinell.core.plan import Plan

WHOLE = """
[service]
command = "{python} -m uvicorn shop.app:app --port {port}"
env = { DB = "${SHOP_DB_OF_THIS_TEST}" }
[suite]
paths = ["tests"]
categories = { sums = "tests/**" }
workers = "auto"
deep = true
deep_budget_s = "90s"
[[load]]
name = "browse"
shape = { kind = "constant", rate = 50, duration = "10s" }
requests = [{ path = "/a", weight = 3 }, { method = "POST", path = "/b", weight = 1 }]
thresholds = { p95_ms = 500 }
[[load]]
name = "users"
shape = { kind = "closed", duration = 1 }
"""


def test_it_says_what_would_happen_and_does_nothing(brinell, project):
    (project / "brinell.toml").write_text(WHOLE)
    said = brinell("plan")
    assert said.code == 0
    for words in (
        "pytest tests, once, on one worker for each core", "each test alone, twice", "for at most 1m30s",
        "target 5m (default, advisory)", "sums = tests/**", "open model, 50 requests/s for 10s", "75% GET /a",
        "25% POST /b", "p95_ms 500", "64 users in turn", "not set here: SHOP_DB_OF_THIS_TEST", "Nothing was run",
        "brinell run",
    ):  # fmt: skip
        assert words in said.out
    assert not (project / ".brinell").exists()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("lines", "words", "absent"),
    [
        ("openapi = true", ["what /openapi.json describes and only reads", "nothing else", "are compared"], "GET /"),
        ("openapi = true\nopenapi_unsafe = true", ["sessions that make, change and delete"], "nothing else"),
        ("openapi = true\nopenapi_validate = false", ["answers are not compared"], "are compared"),
        ("har = 'a.har'\nthink = true", ["what a.har recorded of it, with its pauses"], "GET /"),
    ],
)
def test_what_a_document_describes_is_said(brinell, project, lines, words, absent):
    (project / "a.har").write_text("{}")
    scenario = "[[load]]\nname = 'api'\nurl = 'http://127.0.0.1:1'\nshape = { kind = 'closed', duration = 1 }\n"
    (project / "brinell.toml").write_text(f"{scenario}{lines}\n")
    said = brinell("plan").out
    assert all(word in said for word in words), said
    assert absent not in said


def test_without_a_configuration_it_is_the_suite(brinell):
    said = brinell("plan")
    assert said.code == 0
    assert "No configuration" in said.out
    assert "brinell init" in said.out


def test_json_is_the_plan_and_nothing_else(brinell, project):
    (project / "brinell.toml").write_text(WHOLE)
    said = brinell("plan", "--json")
    plan = msgspec.json.decode(said.out, type=Plan)
    assert [step.id for step in plan.steps] == ["suite", "reproduce", "quality", "examine", "load:browse", "load:users"]


@pytest.mark.parametrize("text", ["[suite]\nrepeat = 'x'\n", "[suite", "[suit]\n", ""])
def test_a_broken_configuration_is_exit_2(brinell, project, text):
    (project / "brinell.toml").write_text(text)
    said = brinell("plan")
    assert (said.code, said.out) == (2, "")
    assert "brinell.toml" in said.err


def test_it_works_from_below_the_root(brinell, project, monkeypatch):
    (project / "brinell.toml").write_text(WHOLE)
    monkeypatch.chdir(project / "tests")
    assert brinell("plan").code == 0


def test_limits_in_bytes_are_told_with_all_their_digits(brinell, project):
    limits = "thresholds = { p95_ms = 500, error_rate = 0.001, memory_growth_bytes = 67_108_864 }"
    (project / "brinell.toml").write_text(f"{WHOLE}{limits}\n[capacity]\nload = 'browse'\n")
    assert "p95_ms 500, error_rate 0.001, memory_growth_bytes 67,108,864" in brinell("plan").out
