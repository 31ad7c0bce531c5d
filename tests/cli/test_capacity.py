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
        ([AT, "--rooms", "5"], "--rooms is of WebSocket messages"),
        ([AT, "--quantity", "rooms"], "broadcast of WebSocket messages"),
        (["ws://127.0.0.1:9/", "--quantity", "rooms"], "belong to a broadcast"),
        (["ws://127.0.0.1:9/", "--broadcast", "--quantity", "connections"], "grows by rooms, or by receivers"),
        (["ws://127.0.0.1:9/", "--broadcast", "--rooms", "200"], "200 rooms need"),
        (["ws://127.0.0.1:9/", "--slo", "reach=1"], "nothing is broadcast"),
        (["ws://127.0.0.1:9/", "--broadcast", "--slo", "lost=0"], "reach = 0.999"),
        (["ws://127.0.0.1:9/", "--broadcast", "--echo"], "a scenario does one of these"),
        (["ws://127.0.0.1:9/", "--body", "x"], "--message"),
        (["/chat", "--broadcast"], "needs an address"),
        (["--load", "browse"], "there are none"),
        (["--load", "browse", "--workers", "2"], "has its own"),
        (["http://192.0.2.1/"], "allow_targets"),
        (["redis://127.0.0.1:6379"], "brinell capacity --load NAME"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    given = brinell("capacity", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert given.out == ""
    assert not (here / ".brinell").exists()


@pytest.mark.parametrize("option", [["--body", "x"], ["--connections", "5"], ["--echo"]])
def test_what_the_table_says_of_traffic_is_not_said_again(brinell, here, option):
    (here / "brinell.toml").write_text(f'[capacity]\nurl = "{AT}"\n')
    given = brinell("capacity", *option)
    assert given.code == 2
    assert f"{option[0]}: the [capacity] table, which is meant where no path is named, has its own" in given.err


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


def test_brinell_plan_says_what_stays_while_sockets_grow(brinell, here):
    (here / "brinell.toml").write_text(
        '[[load]]\nname = "chat"\ndriver = "websocket"\nurl = "ws://127.0.0.1:9"\nconnections = 60\n'
        'shape = { kind = "constant", rate = 6, duration = 5 }\nwebsocket = { mode = "broadcast", rooms = 3 }\n'
        '[capacity]\nload = "chat"\nquantity = "rooms"\nstart = 2\n'
    )
    said = " ".join(brinell("plan").out.split())
    assert "the highest number of rooms at which p95_ms 500, error_rate 0.01, reach 0.99 hold" in said
    assert "from 2 rooms, at most 500 rooms" in said
    assert "at first 40 connections in 2 rooms, which say 4 publishes/s together (broadcast)" in said


@pytest.mark.prove
def test_where_nobody_answers_the_search_ends_with_the_first_step(brinell, here, monkeypatch):
    monkeypatch.setattr("brinell.cli.session.silence", lambda _: "")  # gone since it was looked for
    said = brinell("capacity", AT, "--step", "4s", "--out", "run", "--json", "--no-calibrate")
    assert said.code == 3
    (found,) = json.loads(said.out)["capacity"]
    assert (found["ended"], found["low"], [step["verdict"] for step in found["steps"]]) == ("gone", 0.0, ["broken"])
    assert found["steps"][0]["errors"].keys() == {"refused"}
    assert not json.loads((here / "run" / "judgement.json").read_text())["load"]
