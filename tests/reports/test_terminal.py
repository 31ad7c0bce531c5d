from __future__ import annotations

import re
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brinell.core.finding import Finding
from brinell.core.verdicts import Reason, Verdict
from brinell.reports.layout import cells
from brinell.reports.terminal import summary

COMMAND = re.compile(r"^\s*(?:\x1b\[\d+m)?(?:Report:|Next:|[\w ]+:) ")


def test_the_verdict_comes_first_then_what_failed_then_what_is_unknown_then_the_numbers(build):
    text = summary(build.realistic(), folder="runs/x")
    order = [
        "✗ NOT READY: 2 of 5", "\nFailed\n", "612.4 ms, the limit is 500 ms", "Could not be decided", "invalid:",
        "\nBugs\n", "P0 B-3f2a91", "P2 B-77c0de", "\nSuite\n", "\nLoad: browse\n", "Not measured: 7", "Report: runs/x",
    ]  # fmt: skip
    places = [text.index(piece) for piece in order]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
@pytest.mark.parametrize("name", ["realistic", "passing", "empty"])
def test_only_commands_are_wider_than_the_terminal(build, name, width):
    for line in summary(getattr(build, name)(), width=width, folder="f").splitlines():
        assert cells(line) <= width or "python -m pytest" in line or COMMAND.match(line)


def test_what_advises_has_its_own_place(build):
    text = summary(build.realistic())
    failed, advisory = text.index("\nFailed\n"), text.index("\nFailed, advisory\n")
    assert failed < advisory < text.index("1.31 times as slow as its baseline")
    assert text.count("1.31 times as slow as its baseline") == 1


def test_no_word_is_broken_at_forty_columns(build):
    text = summary(build.realistic(), width=40)
    words = set(re.findall(r"[a-z]{4,}", " ".join(line.strip() for line in text.splitlines())))
    wide = set(
        re.findall(r"[a-z]{4,}", " ".join(line.strip() for line in summary(build.realistic(), width=200).splitlines()))
    )
    assert words <= wide


def test_percentiles_stay_a_table_at_forty_columns(build):
    assert "  ms        p50  p95  p99    max\n  response  218  612  980  3,105\n" in summary(
        build.realistic(), width=40
    )


def test_colour_only_adds_styles(build):
    plain = summary(build.realistic())
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", summary(build.realistic(), color=True)) == plain


def test_ascii_terminals_get_ascii(build):
    summary(build.hostile(), encoding="ascii").encode("ascii")
    assert summary(build.realistic(), encoding="ascii").startswith("x NOT READY")


@settings(max_examples=40, deadline=None)
@given(data=st.data(), width=st.integers(20, 120))
def test_any_judgement_renders_twice_the_same_and_cannot_steer_the_terminal(build, data, width):
    judgement = data.draw(build.judgements())
    text = summary(judgement, width=width, color=False, folder="runs/x")
    assert text == summary(judgement, width=width, color=False, folder="runs/x")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_a_message_of_a_megabyte_is_cut(build):
    judgement = build.hostile(("x" * 1_000_000,))
    assert len(summary(judgement)) < 200_000


def test_many_findings_are_counted_not_listed(build):
    judgement = build.realistic()
    finding = judgement.findings[0]
    many = tuple(msgspec.structs.replace(finding, id=f"f{n}") for n in range(500))
    text = summary(msgspec.structs.replace(judgement, findings=many))
    assert "and 480 more in report.md" in text


def test_printing_a_summary_needs_no_heavy_import():
    code = "import sys, brinell.reports.terminal; print({'rich', 'jinja2', 'numpy', 'typer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def with_detail(build, *lines):
    judgement = build.realistic()
    finding = msgspec.structs.replace(judgement.findings[0], detail="\n".join(lines))
    return summary(msgspec.structs.replace(judgement, findings=(finding,)))


def test_the_end_of_a_long_detail_is_shown_with_its_hint(build):
    log = [f"    frame {n}" for n in range(20)]
    text = with_detail(build, "it ended with status 1", *log, "    ZeroDivisionError: by zero", "read its log")
    shown = [line.strip() for line in text.splitlines()]
    start = shown.index("it ended with status 1")
    assert shown[start + 1 : start + 6] == [
        "… 18 lines, in report.md …", "frame 18", "frame 19", "ZeroDivisionError: by zero", "read its log",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [1, 4, 5])
def test_a_detail_of_few_lines_is_shown_whole(build, number):
    text = with_detail(build, *(f"line {n}" for n in range(number)))
    assert all(f"line {n}\n" in text for n in range(number))
    assert "in report.md …" not in text


def test_a_list_keeps_its_first_and_its_last_lines(build):
    text = with_detail(build, *(f"line {n}" for n in range(12)))
    assert [n for n in range(12) if f"line {n}\n" in text] == [0, 9, 10, 11]
    assert "… 8 lines, in report.md …" in text


def test_workers_and_what_they_gained_are_told(build):
    judgement = build.realistic()
    assert "worker" not in summary(judgement).split("\nSuite\n")[1].split("\nLoad")[0]
    suite = msgspec.structs.replace(
        judgement.suite, workers=2, serial_seconds=22.0, parallel_seconds=12.0, parallel_speedup=1.833
    )
    text = " ".join(summary(msgspec.structs.replace(judgement, suite=suite)).split())
    assert "on 2 forked workers" in text
    assert "parallel 1.83 times as fast: 12.0 s instead of 22.0 s" in text


def test_what_of_a_cache_could_not_be_counted_is_told(build):
    judgement = build.realistic()
    said = "cache: no stampede was counted"
    doubt = Finding(
        id="cache.c.stampede", check="cache", required=False, verdict=Verdict.UNKNOWN, title=said,
        reason=Reason.NOT_EXERCISED, detail="why so",
    )  # fmt: skip
    text = summary(msgspec.structs.replace(judgement, findings=(*judgement.findings, doubt)))
    assert text.index("Could not be decided, advisory") < text.index(said) < text.index("why so")
    assert "Could not be decided, advisory" not in summary(judgement)


def test_operations_are_told_apart_the_slowest_first(build):
    judgement = build.realistic()
    load = judgement.load[0]
    one = load.operations["GET /notes"]
    operations = {
        f"op{number}": msgspec.structs.replace(
            one, response_ms=msgspec.structs.replace(one.response_ms, p95=number * 10.0)
        )
        for number in range(1, 9)
    }
    lines = summary(
        msgspec.structs.replace(judgement, load=(msgspec.structs.replace(load, operations=operations),))
    ).splitlines()
    rows = [line.split() for line in lines if re.match(r"  op\d", line)]
    assert [row[0] for row in rows] == ["op8", "op7", "op6", "op5", "op4", "op3"]
    assert rows[0][1] == "24,010"
    assert "80.0" in rows[0]
    assert rows[0][-1] == "4"
    assert "  and 2 quicker ones in report.md" in lines
    single = msgspec.structs.replace(load, operations={"GET /notes": one})
    assert "Operation" not in summary(msgspec.structs.replace(judgement, load=(single,)))
