from __future__ import annotations

import pytest

from brinell.config import from_toml
from brinell.config.problems import NOT_YET, label, line_of, show
from brinell.core.errors import UsageError

ONE_MISTAKE = [
    ("[suit]\n", ["[suit]", "line 1", "[suite]"]),
    ("[suite]\npath = ['tests']\n", ["[suite] path", "line 2", "did you mean paths?", "valid: paths, args"]),
    ("[suite]\nrepeat = 'many'\n", ["[suite] repeat", '"many"', "a whole number from 1 to 1000 is needed", "text"]),
    ("[suite]\nrepeat = 0\n", ["[suite] repeat", "= 0", "a whole number from 1 to 1000"]),
    ("[suite]\nrepeat = true\n", ["[suite] repeat", "= true", "true or false"]),
    ("[suite]\nbudget_s = '5 minutes'\n", ["[suite] budget_s", "30s, 5m"]),
    ("[suite]\nbudget_s = -1\n", ["[suite] budget_s", "above 0"]),
    ("[suite]\nbudget_s = nan\n", ["[suite] budget_s"]),
    ("[suite]\npaths = ['test']\n", ["[suite] paths", "there is no test", "tests is there"]),
    ("[suite]\npaths = 'tests'\n", ["[suite] paths", "a list of paths is needed, this is text"]),
    ("[suite]\nworkers = 'auot'\n", ["[suite] workers", '"auto" or a whole number', "did you mean auto?"]),
    ("[suite]\nworkers = -1\n", ["[suite] workers", "from 0 to 256"]),
    ("[suite]\nworkers = 1.5\n", ["[suite] workers", "this is the number 1.5"]),
    ("[suite]\ndeep = 1\n", ["[suite] deep", "true or false"]),
    ("[suite]\ndeep_budget_s = 0\n", ["[suite] deep_budget_s", "a duration lies above 0"]),
    ("[suite]\nseed = -1\n", ["[suite] seed", "0 or more"]),
    ("[suite]\nproperty = { tier = 1 }\n", ["[suite] property", "'tier'", "tiers_s"]),
    ("[recover]\nfaults = []\n", ["[recover]", NOT_YET]),
    ("[service]\ncommand = 'a'\nopenapi = 'nowhere.json'\n[suite]\n", ["[service] openapi", "line 3", "there is no"]),
    ("[project]\nname = 'a b'\n[suite]\n", ["[project] name", "letters, digits"]),
    ("[project]\nallow_targets = ['http://a']\n[suite]\n", ["[project] allow_targets", "the name or the address"]),
    ("[project]\npython = '~no-such-user-here/x'\n[suite]\n", ["[project] python", "no such interpreter"]),
    (f"[project]\npython = './{'x' * 5000}'\n[suite]\n", ["[project] python", "no such interpreter"]),
    ("[service]\nready = '/'\n[suite]\n", ["[service] command", "missing"]),
    ("[service]\ncommand = 'uvicorn {prot}'\n[suite]\n", ["{prot}", "did you mean {port}?", "{python}"]),
    ("[service]\ncommand = 'a \"b'\n[suite]\n", ["[service] command", "does not split"]),
    ("[service]\ncommand = 'a'\ncwd = 'srv'\n[suite]\n", ["[service] cwd", "there is no srv"]),
    ("[service]\ncommand = 'a'\nready = 'health'\n[suite]\n", ["[service] ready", "starts with a slash"]),
    ("[service]\ncommand = 'a'\nenv = { A = '${1x}' }\n[suite]\n", ["[service] env", "${1x}"]),
    ("service = 3\n[suite]\n", ["[service]", "a table is needed here, this is the number 3"]),
    ("[load]\nname = 'a'\n", ["[load]", "[[load]] with two brackets"]),
]  # fmt: skip

SCENARIO = "[service]\ncommand = 'a'\n[[load]]\nname = 'a'\nshape = { kind = 'constant', rate = 1, duration = 1 }\n"

IN_A_SCENARIO = [
    ("connections = 0\n", ["[[load]] #1 connections", "from 1 to 100000"]),
    ("version = '3'\n", ["[[load]] #1 version", "two versions", "1.1, 2"]),
    ("version = 2\n", ["[[load]] #1 version", 'version = "2"']),
    ("streams = 0\n", ["[[load]] #1 streams", "from 1 to 1000"]),
    ("driver = 'websockets'\n", ['[[load]] #1 driver = "websockets"', "did you mean websocket?"]),
    ("driver = 'htp'\n", ["[[load]] #1 driver", "did you mean http?"]),
    ("thresholds = { p95 = 500 }\n", ["[[load]] #1 thresholds.p95", "did you mean p95_ms?"]),
    ("thresholds = { p95_ms = 'fast' }\n", ["[[load]] #1 thresholds.p95_ms", "a limit is a number, this is text"]),
    ("thresholds = { p95_ms = -1 }\n", ["[[load]] #1 thresholds.p95_ms", "0 or more"]),
    (
        "thresholds = { error_rate = 5 }\n",
        ["thresholds.error_rate", "between 0 and 1: 5 % is 0.05", "error_rate = 0.01"],
    ),
    ("requests = []\n", ["[[load]] #1 requests", "at least one"]),
    ("requests = [{ pth = '/' }]\n", ["[[load]] #1 requests #1.pth", "did you mean path?"]),
    ("requests = [{ weight = 0 }]\n", ["[[load]] #1 requests #1.weight", "above 0"]),
    ("requests = [{ json = 1, body = 'a' }]\n", ["one body", "json and body"]),
    ("requests = [{ json = 2020-01-01 }]\n", ["JSON has no dates"]),
    ("requests = [{ json = [inf] }]\n", ["JSON has no infinity"]),
    ("requests = [{ body_file = 'order.jsn' }]\n", ["order.json is there"]),
    ("requests = [{ path = 'notes' }]\n", ["starts with a slash"]),
    ("requests = [{ expect = [99] }]\n", ["99 is not an HTTP status"]),
    ("headers = { 'a b' = 'c' }\n", ["cannot be a header's name"]),
    ('headers = { A = "b\\r\\nC: d" }\n', ["line break"]),
    ("url = '127.0.0.1:80'\n", ["[[load]] #1 url", "http://"]),
    ("[[load]]\nname = 'a'\nshape = { kind = 'constant', rate = 1, duration = 1 }\n", ["[[load]] #2 name", "another"]),
]


@pytest.mark.parametrize(("text", "said"), ONE_MISTAKE)
def test_a_mistake_is_told_with_place_value_reason_and_remedy(refusal, text, said):
    message = refusal(text)
    assert "1 thing to correct" in message
    for words in said:
        assert words in message


@pytest.mark.parametrize(("text", "said"), IN_A_SCENARIO)
def test_a_mistake_in_a_scenario_too(refusal, text, said):
    message = refusal(SCENARIO + text)
    assert "1 thing to correct" in message
    for words in said:
        assert words in message


SHAPES = [
    ("kind = 'constat', rate = 1", ["shape.kind", "did you mean constant?"]),
    ("rate = 1", ["shape.kind", "missing", "constant"]),
    ("kind = ['constant']", ["shape.kind"]),
    ("kind = 'constant', rate = 0, duration = 1", ["shape.rate = 0", "rate lies above 0"]),
    ("kind = 'constant', rate = 'fast', duration = 1", ["shape.rate", "a number is needed, this is text"]),
    ("kind = 'constant', rate = '3s', duration = 1", ["shape.rate", "a number is needed, this is text"]),
    ("kind = 'constant', rate = 3, duration = '3x'", ["shape.duration", "30s, 5m"]),
    ("kind = 'constant', rate = 3", ["shape.duration", "missing"]),
    ("kind = 'constant', rate = 3, duration = 1, users = 4", ["shape.users", "valid: rate, duration"]),
    ("kind = 'closed', duration = '31d'", ["shape.duration", "30 days"]),
]


@pytest.mark.parametrize(("shape", "said"), SHAPES)
def test_a_mistake_in_a_shape(refusal, shape, said):
    message = refusal(f"[[load]]\nname = 'a'\nurl = 'http://127.0.0.1'\nshape = {{ {shape} }}\n")
    assert "1 thing to correct" in message
    for words in said:
        assert words in message


def test_several_mistakes_are_told_at_once(refusal):
    message = refusal("[suite]\nrepeat = 0\npath = []\n[recover]\n")
    assert "3 things to correct" in message


def test_at_most_ten_are_told(refusal):
    message = refusal("[suite]\n" + "".join(f"wrong_{n} = 1\n" for n in range(14)))
    assert "14 things to correct" in message
    assert "... and 4 more" in message
    assert "wrong_9" in message
    assert "wrong_10" not in message


@pytest.mark.parametrize(
    ("text", "place", "marked"),
    [("[suite]\nrepeat = = 3\n", ":2:10:", "2 | repeat = = 3"), ("[suite\n", ":1:7:", "1 | [suite")],
)
def test_broken_toml_shows_its_place(refusal, text, place, marked):
    message = refusal(text)
    assert place in message
    lines = message.splitlines()
    at = lines.index(marked)
    column = int(place.split(":")[2])
    assert lines[at + 1] == " " * (len("1 | ") + column - 1) + "^"


def test_broken_toml_at_the_end_is_told(refusal):
    assert "end of the file" in refusal('a = """x')


def test_a_file_that_is_not_utf8_is_told(project):
    (project / "brinell.toml").write_bytes(b"[suite]\n# \xff\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        from_toml(project)


def test_secrets_are_not_repeated(refusal):
    message = refusal("[service]\ncommand = 'a'\nenv = { DB_PASSWORD = 'hunter2', '1' = 'x' }\n[suite]\n")
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("place", "written"),
    [
        (("suite",), "[suite]"),
        (("load", 1), "[[load]] #2"),
        (("load", 0, "shape"), "[[load]] #1 shape"),
        (("load", 0, "requests", 2), "[[load]] #1 requests #3"),
        (("tool", "brinell", "suite"), "[tool.brinell.suite]"),
        (("tool", "brinell", "load", 0), "[[tool.brinell.load]] #1"),
        (("--slo",), "--slo"),
        ((), ""),
    ],
)
def test_places_are_written_as_in_the_file(place, written):
    assert label(place) == written


def test_the_line_is_found_behind_its_header():
    lines = ["[project]", "name = 'a'", "", "[[load]]", "name = 'b'", "[[load]]", "name = 'c'"]
    assert line_of(lines, "", ("load", 1), "name") == 7
    assert line_of(lines, "", ("load", 1), "shape") == 6
    assert line_of(lines, "", ("suite",), "paths") is None


@pytest.mark.parametrize("value", [pytest.param(10**5000, id="huge"), float("nan"), {"a": [1] * 100}, "x" * 500, None])
def test_any_value_is_shown_on_one_short_line(value):
    assert len(show(value)) <= 80
    assert "\n" not in show(value)
