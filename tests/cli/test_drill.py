"""``brinell drill`` as it is typed."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from brinell.rosters.drills import DRILLS

SUBJECT = Path(__file__).parents[1] / "drills" / "subject.py"
SERVICE = f"{shlex.join((sys.executable, str(SUBJECT)))} {{port}}"


def test_without_a_name_it_lists_drills_and_their_options(brinell):
    said = brinell("drill")
    assert said.code == 0
    for name, kind in DRILLS.items():
        assert f"{name}  {kind.about}" in said.out
        for option in kind.__struct_fields__:
            assert f"{option} = " in said.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["drian"], "did you mean brinell drill drain?"),
        (["drain"], "there is no [service]"),
        (["drain", "--ready", "/x"], "belong to --service"),
        (["drain", "--service", "python app.py {prt}"], "nothing fills in {prt}"),
        (["race", "http://192.0.2.1/"], "allow_targets"),
        (["race", "http://127.0.0.1:9/", "--set", "together=1"], "together lies between 2 and 500"),
        (["race", "http://127.0.0.1:9/", "--header", "x"], "Name: value"),
        (["race", "--resume", "latest"], "NAME cannot change it"),
        (["race", "http://127.0.0.1:9/", "--header", "A: ${NOT_THERE_AT_ALL}"], "NOT_THERE_AT_ALL"),
        (["storm", "ws://127.0.0.1:9/ws", "--header", "A: ${NOT_THERE_AT_ALL}"], "NOT_THERE_AT_ALL"),
        (["race", "http://127.0.0.1:9/{{roud}}"], "did you mean {{round}}?"),
        (["spike", "ws://127.0.0.1:9/ws"], "speaks http:// and https://"),
        (["spike", "http://127.0.0.1:9/", "--http2"], "speaks HTTP/1.1"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    given = brinell("drill", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert not (here / ".brinell").exists()


def test_a_race_from_the_command_line_to_the_reports(brinell, here):
    words = ["--body", '{"key": "{{round}}"}', "--set", "expect={created=1}", "--set", "rounds=5", "--quiet"]
    given = brinell("drill", "race", "/orders", "--service", f"{SERVICE} twice", "--out", "run", *words)
    assert given.code == 1, given
    judgement = json.loads((here / "run" / "judgement.json").read_text())
    (drill,) = judgement["drills"]
    assert (drill["drill"], drill["verdict"]) == ("race", "fail")
    assert [one["id"] for one in judgement["findings"] if one["check"] == "drills"] == ["drill.race"]
    assert "drills" not in judgement["not_measured"]
    for name in ("report.md", "report.html"):
        assert "Drill: race" in (here / "run" / name).read_text(), name
    again = brinell("judge", "run", "--json")
    assert json.loads(again.out)["drills"] == judgement["drills"]


def test_all_drills_of_a_file_are_steps_of_a_run(brinell, here):
    text = f'[service]\ncommand = "{SERVICE}"\n' + "".join(f'[[drill]]\ndrill = "{name}"\n' for name in DRILLS)
    (here / "brinell.toml").write_text(text)
    planned = brinell("plan")
    assert planned.code == 0
    for name, kind in DRILLS.items():
        assert f"drill:{name}" in planned.out
        assert kind.about in planned.out
