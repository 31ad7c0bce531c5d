from __future__ import annotations

import json

import pytest

CALL = ("--call", "shop:get")


@pytest.fixture
def shop(here):
    (here / "shop.py").write_text("def get(number=1):\n    return number\n")
    return here


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--call", "shop.get"], "shop:get"),
        (["--call", "shop:gte"], "did you mean get?"),
        (["--call", "shp:get"], "did you mean shop?"),
        ([*CALL, "--args", "[1"], "not JSON"),
        ([*CALL, "--args", "{}"], "a list is needed"),
        ([*CALL, "--kwargs", "[]"], "a table is needed"),
        ([*CALL, "--args", "[1, 2, 3]"], "too many positional arguments"),
        ([*CALL, "http://127.0.0.1:9/"], "URL is for an address"),
        ([*CALL, "--method", "GET"], "--method is for an address"),
        ([*CALL, "--think"], "--think is for an address"),
        ([*CALL, "--no-calibrate"], "--no-calibrate is for an address"),
        ([*CALL, "--redirects", "1"], "--redirects is for an address"),
        ([*CALL, "--python", "no-such-python"], "no such interpreter"),
        ([*CALL, "--setup", "shop:connect"], "shop has no connect"),
        ([*CALL, "--model", "closed", "--rate", "5"], "belongs to the open model"),
        (["http://127.0.0.1:9/", "--args", "[]"], "--args is for --call"),
        (["http://127.0.0.1:9/", "--setup", "a:b"], "--setup is for --call"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, shop, argv, said):
    given = brinell("load", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert given.out == ""
    assert not (shop / ".brinell").exists()


def test_a_function_from_the_command_line(brinell, shop):
    given = brinell(
        "load", *CALL, "--args", "[7]", "--rate", "50", "--duration", "400ms", "--workers", "2", "--connections", "4",
        "--json", "--out", "run",
    )  # fmt: skip
    assert given.code in {0, 3}, given  # 3: a crowded machine
    (load,) = json.loads(given.out)["load"]
    assert (load["scenario"], load["url"], load["requests"], load["errors"]) == ("get", "call:shop:get", 20, {})
    plan = json.loads((shop / "run" / "plan.json").read_text())
    assert plan["steps"][0]["spec"]["args"] == [7]


def test_plan_says_what_is_called_and_where(brinell, shop):
    (shop / "brinell.toml").write_text(
        '[[load]]\nname = "x"\ndriver = "call"\ncall = "shop:get"\nshape = { kind = "closed", duration = "1s" }\n'
    )
    said = brinell("plan")
    assert said.code == 0, said
    assert "calls shop:get" in said.out
    assert "64 calls at once" in said.out
