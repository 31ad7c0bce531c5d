"""Sessions, data, checks and extraction in ``[[load]]``: what is kept, and what is refused with which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from brinell.config import for_load
from brinell.core.errors import UsageError
from brinell.core.plan import DataSpec
from brinell.load.scenario.generators import GENERATORS

HEAD = "[[load]]\nname = 'a'\nurl = 'http://127.0.0.1'\nshape = { kind = 'constant', rate = 10, duration = 2 }\n"
WHOLE = """
cookies = true
redirects = 5
compression = true
keep_alive = false
go_on = true
data = [{ file = "users.csv" }, { file = "orders.jsonl", name = "order", order = "random" }]

[[load.sessions]]
name = "buyer"
weight = 3
think_s = [0.5, "2s"]
repeat = 2

[[load.sessions.requests]]
method = "post"
path = "/login"
form = { user = "{{users.name}}" }
files = { photo = "order.json" }

[[load.sessions.requests]]
method = "POST"
path = "/orders/{{ int(1, 5) }}"
json = { sku = "{{order.sku.code}}" }
expect = [201]
extract = { id = "$.id", place = "header:Location" }

[[load.sessions.requests]]
path = "{{place}}"
check = { json = { "$.id" = "{{id}}" }, json_schema = "schema.json", max_ms = 5 }

[[load.sessions]]
name = "looker"
requests = [{ path = "/" }]
"""


@pytest.fixture
def project(project):
    (project / "users.csv").write_text("name,mail\nada,a@x\ngrace,g@x\n", encoding="utf-8")
    (project / "orders.jsonl").write_text('{"sku": {"code": 1}}\n', encoding="utf-8")
    (project / "broken.csv").write_text("name,mail\nada\n", encoding="utf-8")
    (project / "schema.json").write_text('{"type": "object"}', encoding="utf-8")
    return project


def test_rows_that_are_given_once_suffice_where_no_more_is_sent(plan):
    once = "data = [{ file = 'users.csv', order = 'once' }]\nrequests = [{ path = '/{{users.name}}' }]\n"
    (step,) = plan(f"{HEAD}{once}max_requests = 2\n").steps
    assert step.spec.max_requests == 2
    with pytest.raises(UsageError, match="the shape begins 20 sessions: 2 is the most"):
        plan(f"{HEAD}{once}max_requests = 3\n")


def test_everything_is_kept(plan, project):
    (step,) = plan(HEAD + WHOLE).steps
    spec = step.spec
    assert spec.data == (
        DataSpec(str(project / "users.csv"), "users"),
        DataSpec(str(project / "orders.jsonl"), "order", "random"),
    )
    assert (spec.cookies, spec.redirects, spec.compression, spec.keep_alive, spec.go_on) == (True, 5, True, False, True)
    buyer, looker = spec.sessions
    assert (buyer.name, buyer.weight, buyer.think_s, buyer.repeat) == ("buyer", 3, (0.5, 2.0), 2)
    assert (looker.weight, looker.think_s, looker.repeat, spec.requests) == (1, (0, 0), 1, ())
    login, order, read = buyer.requests
    assert login.files == {"photo": str(project / "order.json")}
    assert order.extract == {"id": "$.id", "place": "header:Location"}
    assert read.check["json_schema"] == {"type": "object"}  # read here: the plan has it


def session(requests):
    return (
        HEAD
        + "data = [{ file = 'users.csv', name = 'user' }]\n"
        + f"sessions = [{{ name = 's', requests = [{requests}] }}]\n"
    )


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ("{ path = '/{{usr.name}}' }", ["sessions #1 requests #1.path", "nothing is called usr", "did you mean user?"]),
        ("{ path = '/{{user.nme}}' }", ["user has no column nme", "did you mean user.name?"]),
        ("{ path = '/{{user}}' }", ["user is a row of data", "user.name, user.mail"]),
        ("{ path = '/{{uid}}' }", ["nothing is called uid", "did you mean uuid?"]),
        ("{ path = '/{{int(5)}}' }", ["two whole numbers are needed: {{int(1, 100)}}"]),
        ("{ path = '/{{int(5, 1)}}' }", ["the lower number comes first"]),
        ("{ path = '/{{ints(5, 1)}}' }", ["there is no ints(...)", "did you mean int?"]),
        ("{ path = '/{{1 + 1}}' }", ["neither a variable nor a generator"]),
        ("{ path = '/{{choice()}}' }", ["what to choose from"]),
        ("{ headers = { A = '{{nope}}' } }", ["#1.headers", "nothing is called nope"]),
        ("{ body = '{{nope}}' }", ["#1.body", "nothing is called nope"]),
        ("{ json = { a = ['{{nope}}'] } }", ["#1.json", "nothing is called nope"]),
        ("{ form = { a = '{{nope}}' } }", ["#1.form", "nothing is called nope"]),
        ("{ path = '/{{id}}' }, { extract = { id = '$.id' } }", ["id is extracted by request #2, which comes later"]),
        ("{ path = '/{{id}}', extract = { id = '$.id' } }", ["id is extracted by this request itself"]),
        ("{ extract = { id = '.id' } }", ["requests #1.extract", "this takes nothing from an answer"]),
        ("{ extract = { id = '$..id' } }", ["is not known; names and positions are"]),
        ("{ extract = { id = 'regex:(' } }", ["no regular expression"]),
        ("{ extract = { uuid = '$.id' } }", ["uuid already makes something up"]),
        ("{ extract = { user = '$.id' } }", ["user is a data file"]),
        ("{ extract = { a-b = '$.id' } }", ["cannot be a variable's name"]),
        ("{ check = { body_contain = 'a' } }", ["#1.check", "is called body_contain", "mean body_contains?"]),
        ("{ check = { json = { id = 1 } } }", ["json: a JSON path begins with $"]),
        ("{ check = { json_schema = { type = 'objekt' } } }", ["json_schema: this is no JSON Schema"]),
        ("{ check = { json_schema = 'users.csv' } }", ["users.csv is not JSON"]),
        ("{ check = { max_ms = 0 } }", ["max_ms: a number of milliseconds above 0"]),
        ("{ check = { body_contains = '{{nope}}' } }", ["body_contains: nothing is called nope"]),
        ("{ path = 'x{{user.name}}' }", ["a path starts with a slash"]),
        ("{ path = '/a b{{user.name}}' }", ["no spaces"]),
        ("{ form = { a = 'b' }, json = 1 }", ["one body", "json and form"]),
        ("{ stream = true }", ["no body to send in chunks"]),
        ("{ files = { a = 'no.png' } }", ["there is no no.png"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(refusal, requests, words):
    told = refusal(session(requests))
    assert "[[load]] #1 sessions #1 requests #1" in told
    for word in words:
        assert word in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data = [{ file = 'user.csv' }]\nrequests = [{ path = '/{{uuid}}' }]", ["users.csv is there"]),
        ("data = [{ file = 'broken.csv' }]\ncookies = true", ["[[load]] #1 data #1.file", "line 2: 1 cells"]),
        ("data = [{ file = 'users.csv', name = 'int' }]\nrequests = [{ path = '/{{uuid}}' }]", ["int is taken"]),
        ("data = [{ file = 'users.csv', name = '1' }]", ["no digit first"]),
        ("data = [{ file = 'users.csv', order = 'cyle' }]", ["valid: cycle, random, once", "did you mean cycle?"]),
        ("data = [{ name = 'u' }]", ["file", "missing"]),
        ("data = [{ file = 'users.csv' }]", ["nothing uses it: {{users.column}} would"]),
        (
            "data = [{ file = 'users.csv', order = 'once' }]\nrequests = [{ path = '/{{users.name}}' }]",
            ["data #1.order", "its 2 rows are given once each, and the shape begins 20 sessions"],
        ),
        ("sessions = []", ["at least one"]),
        ("sessions = [{ name = 'a' }]", ["requests", "missing"]),
        ("sessions = [{ name = 'a', requests = [] }]", ["at least one request"]),
        ("sessions = [{ name = 'a', requests = [{}], think_s = [2, 1] }]", ["the shorter time comes first"]),
        ("sessions = [{ name = 'a', requests = [{}], think_s = [1] }]", ["two to draw between"]),
        ("sessions = [{ name = 'a', requests = [{}], repeat = 0 }]", ["a whole number of 1 or more"]),
        ("sessions = [{ name = 'a', requests = [{}] }, { name = 'a', requests = [{}] }]", ["session has this name"]),
        ("sessions = [{ name = 'a', requests = [{}] }]\nrequests = [{}]", ["take one or the other"]),
        ("requests = [{ extract = { id = '$.id' } }]", ["requests that belong together stand in sessions"]),
        ("redirects = 21", ["a whole number from 0 to 20"]),
        ("cookies = true\nheaders = { Cookie = 'a=b' }", ["take the header Cookie away"]),
    ],
)  # fmt: skip
def test_what_a_scenario_gets_wrong(refusal, text, words):
    told = refusal(HEAD + text)
    for word in words:
        assert word in told


def test_what_only_the_environment_knows_is_no_reason_to_refuse_a_plan(plan):
    (step,) = plan(HEAD + "requests = [{ path = '/{{uuid}}', headers = { A = 'Bearer ${NOT_SET_ANYWHERE}' } }]").steps
    assert step.spec.requests[0].headers == {"A": "Bearer ${NOT_SET_ANYWHERE}"}


def alone(project, url="http://127.0.0.1/{{users.name}}", **fields):
    data = (DataSpec(str(project / "users.csv"), "users"),)
    shape = {"kind": "constant", "rate": 10, "duration": 1}
    return for_load(project, url, shape, request={}, limits={}, **{"data": data, **fields})


def test_one_request_from_options_may_have_templates(project):
    (step,) = alone(project).steps
    assert step.spec.requests[0].path == "/{{users.name}}"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://127.0.0.1/{{users.nam}}"}, "URL: users has no column nam"),
        ({"headers": {"A": "{{nope}}"}}, "--header: nothing is called nope"),
        ({"data": (DataSpec("no.csv", "users"),)}, "--data: No such file"),
        ({"url": "http://127.0.0.1/"}, "--data: nothing uses it"),
    ],
)
def test_options_are_named_as_options(project, fields, words):
    with pytest.raises(UsageError, match=words):
        alone(project, **fields)


LOAD_PAGE = (Path(__file__).parents[2] / "docs" / "LOAD.md").read_text(encoding="utf-8")
SAMPLES = [one for one in re.findall(r"```toml\n(.*?)```", LOAD_PAGE, re.DOTALL) if "data = [" in one]


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_the_page_shows_works(plan, project, sample):
    (project / "users.csv").write_text("id,name,mail\n1,ada,a@x\n", encoding="utf-8")
    (step,) = plan("[service]\ncommand = 'true'\n\n" + sample).steps
    assert step.spec.data[0].name == "user"


def test_there_are_such_samples():
    assert len(SAMPLES) == 2


def test_every_generator_is_described():
    for name in GENERATORS:
        assert f"`{{{{{name}" in LOAD_PAGE
