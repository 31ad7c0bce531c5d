from __future__ import annotations

import json

import pytest

AT = "http://127.0.0.1:9/"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "needs an address"),
        (["/notes"], "needs an address"),
        (["127.0.0.1:9"], "http://"),
        ([AT, "--quantity", "rat"], "did you mean --quantity rate?"),
        ([AT, "--tolerance", "90%"], "between 0.5% and 50%"),
        ([AT, "--step", "2s"], "--step = 2.0"),
        ([AT, "--start", "0"], "--start"),
        ([AT, "--start", "500", "--limit", "100"], "begins below its limit"),
        ([AT, "--at-least", "50"], "--at-least = 50.0"),
        ([AT, "--slo", "min_rate=5"], "at_least"),
        ([AT, "--slo", "p95=5"], "did you mean p95_ms=5?"),
        ([AT, "--quantity", "connections", "--connections", "5"], "what is searched for"),
        ([AT, "--resume", "latest"], "URL cannot change it"),
        (["http://192.0.2.1/"], "allow_targets"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    given = brinell("capacity", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert given.out == ""
    assert not (here / ".brinell").exists()


def test_brinell_plan_says_how_a_search_goes(brinell, here):
    (here / "brinell.toml").write_text(
        f'[capacity]\nurl = "{AT}"\nthresholds = {{ p95_ms = 200 }}\nat_least = 100\nbudget_s = "2m"\n'
    )
    said = " ".join(brinell("plan").out.split())
    assert "the highest rate at which p95_ms 200, error_rate 0.01 hold, against http://127.0.0.1:9/" in said
    assert "from 50/s, at most 100,000/s, to within 5% of what breaks" in said
    assert "steps of at most 10s, for 2m" in said
    assert "must hold at least 100/s" in said
    (here / "brinell.toml").write_text(f'[capacity]\nurl = "{AT}"\nquantity = "connections"\n')
    assert "(usual limits: none are stated)" in " ".join(brinell("plan").out.split())


@pytest.mark.prove
def test_where_nobody_answers_the_search_ends_with_the_first_step(brinell, here):
    said = brinell("capacity", AT, "--step", "4s", "--out", "run", "--json", "--no-calibrate")
    assert said.code == 3
    (found,) = json.loads(said.out)["capacity"]
    assert (found["ended"], found["low"], [step["verdict"] for step in found["steps"]]) == ("gone", 0.0, ["broken"])
    assert found["steps"][0]["errors"].keys() == {"refused"}
    assert not json.loads((here / "run" / "judgement.json").read_text())["load"]
