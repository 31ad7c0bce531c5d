from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from brinell.cli import say

OWN = Path(sys.executable).with_name("brinell")


def test_next_steps_call_the_tool_by_its_name_where_the_shell_finds_it(here, capsys):
    assert here.is_dir()
    say.next_steps([("brinell run", "do it")])
    assert "Next:  brinell run  do it" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_what_a_command_does_stands_beneath_it_where_there_is_no_room_beside_it(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    say.next_steps([("brinell bless", "make it the baseline"), ("brinell report --open", "the report")])
    assert capsys.readouterr().out == (
        "\nNext:  brinell bless\n         make it the baseline\n       brinell report --open\n         the report\n"
    )
    say.next_steps([("brinell bless", "make it the baseline that later runs are compared with")])
    assert capsys.readouterr().out == (
        "\nNext:  brinell bless\n         make it the baseline that later\n         runs are compared with\n"
    )
    say.next_steps([("brinell bless", "do it")])
    assert capsys.readouterr().out == "\nNext:  brinell bless  do it\n"


@pytest.mark.skipif(not OWN.is_file(), reason="brinell is not installed beside this Python")
def test_next_steps_work_where_the_shell_does_not_find_the_tool(here, capsys, monkeypatch):
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setenv("COLUMNS", "500")  # whatever the checkout's path: one line a step
    say.next_steps([
        ("brinell --version", "a"),
        ("cd .. && brinell --version", "b"),
        ("git add brinell-baselines", "c"),
    ])  # fmt: skip
    commands = [line[5:].strip().rsplit("  ", 1)[0].strip() for line in capsys.readouterr().out.strip().splitlines()]
    for command in commands[:2]:
        done = subprocess.run(["sh", "-c", command], cwd=here, capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.startswith("brinell ")
    assert commands[2] == "git add brinell-baselines"


def test_results_and_notes_stand_in_the_order_they_were_said(here):
    code = "from brinell.cli import say; say.out('one'); say.note('two'); say.out('three')"
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env=environ,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["one", "two", "three"]


def test_prose_is_wrapped_at_words_and_keeps_its_indent(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    say.prose("What it says\n  " + "word " * 20 + "\n\nend")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("  word")
    assert lines[2].startswith("  word")
    assert lines[-2:] == ["", "end"]
