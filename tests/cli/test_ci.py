from __future__ import annotations

from brinell.cli import ci
from brinell.core.finding import Finding
from brinell.core.verdicts import Verdict


def finding(identity: str, verdict: Verdict = Verdict.FAIL, *, required: bool = True, check: str = "c") -> Finding:
    return Finding(id=identity, check=check, required=required, verdict=verdict, title=f"title of {identity}")


def test_bugs_at_their_place_and_failed_requirements(judgement):
    run = judgement(
        bugs={"s": "wrong: 100%\n::error::not a command"},
        findings=(
            finding("suite.outcomes", check="suite-outcomes"),
            finding("load:outcomes.p95"),
            finding("advice", required=False),
            finding("fine", Verdict.PASS),
        ),
    )
    assert list(ci.workflow_commands(run)) == [
        "::error file=src/shop/a%2Cb.py,line=7,title=P1::wrong: 100%25%0A::error::not a command",
        "::error title=load%3Aoutcomes.p95::title of load:outcomes.p95",
    ]


def test_no_more_than_are_shown(judgement):
    run = judgement(bugs={str(n): f"bug {n}" for n in range(30)})
    assert len(list(ci.workflow_commands(run))) == ci.MOST


def test_nothing_outside_github(judgement, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    ci.annotate(judgement(bugs={"s": "x"}), tmp_path, to_stdout=True)
    assert capsys.readouterr() == ("", "")


def test_on_github_annotations_and_the_jobs_summary(judgement, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "report.md").write_text("# report\n")
    (tmp_path / "summary.md").write_text("before\n")
    ci.annotate(judgement(bugs={"s": "x"}), tmp_path, to_stdout=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("::error ")
    assert (tmp_path / "summary.md").read_text() == "before\n# report\n\n"


def test_a_summary_that_cannot_be_written_is_said_and_no_more(judgement, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "missing" / "summary.md"))
    (tmp_path / "report.md").write_text("# report\n")
    ci.annotate(judgement(), tmp_path, to_stdout=True)
    assert "summary.md cannot be written" in capsys.readouterr().err


def test_a_summary_stays_within_what_github_takes(judgement, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    (tmp_path / "summary.md").write_text("before\n")
    (tmp_path / "report.md").write_text("ü" * ci.SUMMARY_BYTES)
    ci.annotate(judgement(), tmp_path, to_stdout=True)
    text = (tmp_path / "summary.md").read_bytes()
    assert ci.SUMMARY_BYTES - 2 <= len(text) <= ci.SUMMARY_BYTES
    assert text.decode().startswith("before\nüü")
    assert text.decode().endswith("GitHub takes no more of it here.\n")
