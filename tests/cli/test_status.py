from __future__ import annotations

import json

import pytest


def run_folder(project, identity, verdict, root=None):
    folder = project / ".brinell" / "runs" / identity
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps({"root": str(root or project)}))
    (folder / "journal.jsonl").touch()
    if verdict:
        head = {"exit_code": 0, "started": "2026-01-01T00:00:00Z", "name": "shop"}
        (folder / "judgement.json").write_text(json.dumps({"verdict": verdict, "run": head}))


def test_a_stranger_is_shown_the_ways_in(brinell):
    said = brinell()
    assert said.code == 0
    for words in ("Configuration  none", "Last run       none", "brinell init", "brinell suite", "brinell demo"):
        assert words in said.out


def test_with_a_configuration_the_next_step_is_a_run(brinell, project):
    (project / "brinell.toml").write_text("[suite]\n")
    assert "Next:  brinell run" in brinell().out


@pytest.mark.parametrize(
    ("verdict", "step"), [("pass", "brinell bless"), ("fail", "brinell report"), (None, "brinell judge")]
)
def test_after_a_run_it_depends_on_the_run(brinell, project, verdict, step):
    run_folder(project, "20260101T000000Z-shop", verdict)
    said = brinell()
    assert step in said.out
    assert f"20260101T000000Z-shop: {verdict or 'not judged'}" in said.out


def test_the_run_of_a_demo_is_not_offered_as_a_baseline(brinell, project):
    run_folder(project, "20260101T000000Z-shop", "pass", root=project / "gone")
    said = brinell()
    assert "brinell report" in said.out
    assert "bless" not in said.out


def test_a_broken_configuration_is_shown_and_no_error(brinell, project):
    (project / "brinell.toml").write_text("[suite")
    said = brinell()
    assert said.code == 0
    assert "broken" in said.out
    assert "brinell plan" in said.out


def test_runs_are_listed_newest_first_and_no_more_than_asked_for(brinell, project):
    for n in range(22):
        run_folder(project, f"202601{n + 1:02}T000000Z-shop", "pass" if n else None)
    said = brinell("runs")
    lines = [line for line in said.out.splitlines() if line.startswith("2026")]
    assert len(lines) == 20
    assert lines[0].startswith("20260122T")
    assert "and 2 older" in said.out
    assert "not judged" in brinell("runs", "--all").out
    assert len(json.loads(brinell("runs", "--json").out)) == 22
