from __future__ import annotations

import json
import os

import pytest

AT = "http://127.0.0.1:9/"
NOBODY = ("--slo", "error_rate=1")  # need be there


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "needs the address"),
        (["127.0.0.1:9"], "http://"),
        (["http://user:pw@127.0.0.1/"], "no password"),
        ([AT, "--model", "opn"], "did you mean --model open?"),
        ([AT, "--model", "closed", "--rate", "5"], "belongs to the open model"),
        ([AT, "--rate", "0"], "--rate"),
        ([AT, "--rate", "nan"], "--rate"),
        ([AT, "--duration", "31d"], "30 days"),
        ([AT, "--connections", "0"], "--connections"),
        ([AT, "--slo", "p95=5"], "did you mean p95_ms=5?"),
        ([AT, "--header", "Accept"], "Name: value"),
        ([AT, "--header", "A b: c"], "cannot be a header's name"),
        ([AT, "--header", "A: ${NOT_SET_IN_THIS_TEST}"], "NOT_SET_IN_THIS_TEST"),
        ([AT, "--method", "G T"], "HTTP method"),
        ([AT, "--body", "@nowhere"], "no such file"),
        ([AT, "--pid", "4194305"], "no such process"),
        ([AT, "--streams", "20"], "--streams is for --http2"),
        ([AT, "--http2", "--streams", "0"], "--streams"),
        (["--call", "a:b", "--http2"], "--http2 is for an address"),
        ([AT, "--resume", "latest"], "URL cannot change it"),
        (["http://192.0.2.1/"], "allow_targets"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    given = brinell("load", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert given.out == ""
    assert not (here / ".brinell").exists()


def test_the_whole_plan_from_options(brinell, here):
    (here / "note.json").write_text("{}")
    said = brinell(
        "load", f"{AT}notes?page=1", "--model", "closed", "--connections", "2", "--duration", "200ms",
        "--header", "Accept: text/html", "--body", "@note.json", "--slo", "error_rate=1",
        "--timeout", "1s", "--workers", "2", "--pid", str(os.getpid()), "--out", "run", "--quiet",
    )  # fmt: skip
    assert said.code in {1, 3}, said  # nobody answers at that port
    plan = (here / "run" / "plan.json").read_text()
    for words in (
        '"path": "/notes?page=1"', '"method": "POST"', '"kind": "closed"', '"connections": 2', '"workers": 2',
        '"timeout_s": 1.0', '"error_rate": 1.0', f'"body_file": "{here / "note.json"}"', f'"pid": {os.getpid()}',
    ):  # fmt: skip
        assert words in plan


def test_http2_is_in_the_plan(brinell, here):
    said = brinell(
        "load", AT, "--rate", "20", "--duration", "200ms", "--http2", "--streams", "3", "--out", "run", *NOBODY
    )
    assert said.code in {1, 3}, said
    plan = (here / "run" / "plan.json").read_text()
    assert '"version": "2"' in plan
    assert '"streams": 3' in plan


def test_secrets_from_the_environment_stay_out_of_the_run(brinell, here, monkeypatch):
    monkeypatch.setenv("TOKEN_OF_THIS_TEST", "hunter2hunter2")
    header = "Authorization: Bearer ${TOKEN_OF_THIS_TEST}"
    said = brinell("load", AT, "--rate", "5", "--duration", "200ms", "--header", header, *NOBODY)
    assert said.code in {1, 3}, said
    for file in (here / ".brinell").rglob("*"):
        if file.is_file():
            assert b"hunter2" not in file.read_bytes(), file


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["load", "http://127.0.0.1:9/notes"], "127.0.0.1:9"),
        (["load", "https://localhost:9/", "--http2"], "localhost:9"),
        (["load", "http://127.0.0.1:9/", "--openapi", "/openapi.json"], "127.0.0.1:9"),
        (["websocket", "ws://127.0.0.1:9/", "--broadcast"], "127.0.0.1:9"),
        (["websocket", "ws://127.0.0.1:9/", "--limit", "3"], "127.0.0.1:9"),
        (["cache", "http://127.0.0.1:9/{key}"], "127.0.0.1:9"),
        (["cache", "redis://127.0.0.1:9"], "127.0.0.1:9"),
        (["capacity", "http://127.0.0.1:9/"], "127.0.0.1:9"),
        (["drill", "slow-client", "http://127.0.0.1:9/"], "127.0.0.1:9"),
    ],
)
def test_an_address_where_nobody_listens_is_told_at_once(brinell, here, monkeypatch, argv, named):
    monkeypatch.setattr("brinell.load.listening.PATIENCE_S", 0.0)
    said = brinell(*argv)
    assert said.code == 2, said
    assert said.err.splitlines()[0] == f"error: nothing listens at {named}: the connection is refused"
    assert "start the service first" in said.err
    assert said.out == ""
    assert not (here / ".brinell").exists()


def test_scenarios_of_the_file_are_asked_before_the_first_and_named(brinell, here):
    shape = 'shape = { kind = "closed", duration = 1 }'
    tables = [f'[[load]]\nname = "{name}"\nurl = "http://127.0.0.1:9"\n{shape}\n' for name in ("a", "b")]
    (here / "brinell.toml").write_text("".join(tables))
    said = brinell("run")
    assert said.code == 2, said
    assert "error: load:a: nothing listens at 127.0.0.1:9" in said.err
    assert not (here / ".brinell").exists()


@pytest.mark.prove
def test_after_another_step_the_scenario_alone_fails(brinell, project):
    (project / "brinell.toml").write_text(
        '[suite]\n[[load]]\nname = "a"\nurl = "http://127.0.0.1:9"\nshape = { kind = "closed", duration = "1m" }\n'
    )
    said = brinell("run", "--json")
    assert said.code == 1, said
    judgement = json.loads(said.out)
    assert judgement["suite"]["passed"] == 1
    assert judgement["run"]["steps"]["load:a"] == "failed"
    (found,) = [one for one in judgement["findings"] if one["id"] == "step.load:a"]
    assert "nothing listens at 127.0.0.1:9" in found["detail"]


@pytest.mark.parametrize(
    ("argv", "fix"),
    [
        ("load 127.0.0.1:8000", "brinell load http://127.0.0.1:8000"),
        ("load :8000/notes?a=1&b=2", "brinell load 'http://127.0.0.1:8000/notes?a=1&b=2'"),
        ("load notes", "brinell load http://127.0.0.1:8000/"),
        ("load localhost:8000 --har browse.har", "brinell load http://localhost:8000"),
        ("load localhost:8000 --flows flows.py", "brinell load http://localhost:8000 --flows FILE"),
        ("load --openapi localhost:8000/openapi.json", "--openapi http://localhost:8000/openapi.json"),
        ("load --openapi nowhere.json", "brinell load --openapi http://127.0.0.1:8000/openapi.json"),
        ("load http://127.0.0.1:9/ --otlp localhost:4318", "--otlp http://localhost:4318"),
        ("websocket localhost:8000/ws", "brinell websocket ws://localhost:8000/ws"),
        ("capacity 127.0.0.1:8000/x", "brinell capacity http://127.0.0.1:8000/x"),
        ("capacity 127.0.0.1:8000/x --echo", "brinell capacity ws://127.0.0.1:8000/x"),
        ("drill race 127.0.0.1:8000/x", "brinell drill race http://127.0.0.1:8000/x"),
        ("drill storm 127.0.0.1:8000/x", "brinell drill storm ws://127.0.0.1:8000/x"),
        ("cache 127.0.0.1:8000/x/{key}", "brinell cache 'http://127.0.0.1:8000/x/{key}'"),
        ("cache localhost:6379", "brinell cache redis://localhost:6379"),
        ("cache shop.cache", "brinell cache shop.cache:cache"),
    ],
)
def test_an_address_without_its_scheme_is_told_with_it(brinell, here, argv, fix):
    for name in ("browse.har", "flows.py"):
        (here / name).write_text("")
    said = brinell(*argv.split(" "))
    assert said.code == 2, said
    assert said.err.rstrip().endswith(fix), said.err


def test_so_is_one_in_a_table(brinell, here):
    (here / "brinell.toml").write_text('[[load]]\nname = "a"\nurl = "127.0.0.1:8000"\nrequests = [{ path = "/" }]\n')
    said = brinell("plan")
    assert said.code == 2
    assert "did you mean http://127.0.0.1:8000?" in said.err
