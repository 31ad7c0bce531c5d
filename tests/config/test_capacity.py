from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.config.capacity import share
from brinell.config.one_capacity import named_capacity, one_capacity, socket_capacity, tabled_capacity
from brinell.config.problems import Unfit
from brinell.core.errors import UsageError
from brinell.core.plan import CapacitySpec, RequestSpec

BROWSE = """
[service]
command = "uvicorn shop:app --port {port}"
[[load]]
name = "browse"
shape = { kind = "constant", rate = 5, duration = "1s" }
requests = [{ path = "/a", weight = 3 }, { path = "/b" }]
thresholds = { p95_ms = 80 }
connections = 32
steady = true
"""
AT = 'url = "http://127.0.0.1:9"\n'


def only(plan):
    (step,) = [step for step in plan.steps if step.trial == "capacity"]
    return step


def test_the_least_that_can_be_said(plan):
    step = only(plan(f"[capacity]\n{AT}"))
    spec = step.spec
    assert (step.id, step.needs_service) == ("capacity:capacity", False)
    assert isinstance(spec, CapacitySpec)
    assert (spec.quantity, spec.start, spec.limit, spec.tolerance) == ("rate", 50.0, 100_000.0, 0.05)
    assert (spec.step_s, spec.budget_s, spec.at_least, spec.stated) == (10.0, 600.0, None, ())
    assert spec.load.thresholds == {"p95_ms": 500.0, "error_rate": 0.01}
    assert (spec.load.requests, spec.load.connections) == ((RequestSpec(),), 256)


def test_a_scenario_gives_its_requests_bounds_and_thresholds(plan):
    step = only(plan(f'{BROWSE}[capacity]\nload = "browse"\nat_least = 10\nworkers = 2\n'))
    spec = step.spec
    assert (step.id, step.needs_service) == ("capacity:browse", True)
    assert [request.path for request in spec.load.requests] == ["/a", "/b"]
    assert (spec.load.connections, spec.load.workers, spec.load.steady) == (32, 2, False)
    assert (spec.load.thresholds, spec.stated) == ({"p95_ms": 80.0, "error_rate": 0.01}, ("p95_ms",))


def test_it_comes_after_the_scenarios_it_may_be_about(plan):
    found = plan(f'{BROWSE}[capacity]\nload = "browse"\nname = "most"\n')
    assert [step.id for step in found.steps] == ["load:browse", "capacity:most"]


def test_all_keys(plan):
    spec = only(
        plan(
            f'[capacity]\n{AT}quantity = "connections"\nstart = 4\nlimit = 800\ntolerance = "2%"\nstep_s = "20s"\n'
            'budget_s = "10m"\nat_least = 100\nthresholds = { p99_ms = 300, error_rate = 0 }\ntimeout_s = 2\n'
            'requests = [{ path = "/x", method = "POST", json = { a = 1 } }]\nheaders = { Accept = "a/b" }\n'
        )
    ).spec
    assert (spec.quantity, spec.start, spec.limit, spec.tolerance) == ("connections", 4.0, 800.0, 0.02)
    assert (spec.step_s, spec.budget_s, spec.at_least) == (20.0, 600.0, 100.0)
    assert (spec.load.thresholds, spec.stated) == ({"p99_ms": 300.0, "error_rate": 0.0}, ("p99_ms", "error_rate"))
    assert (spec.load.timeout_s, spec.load.requests[0].method) == (2.0, "POST")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "needs an address, or a [service]"),
        (f"{AT}lod = 'x'", "did you mean load?"),
        (f"{AT}quantity = 'rates'", "did you mean rate?"),
        (f"{AT}tolerance = 7", "between 0.5% and 50%"),
        (f"{AT}tolerance = 'x%'", "a share is a percentage"),
        (f"{AT}start = 0", "a number above 0"),
        (f"{AT}start = 0.5", "from 1 to"),
        (f"{AT}start = 500\nlimit = 100", "begins below its limit"),
        (f"{AT}step_s = 2", "4 s or more"),
        (f"{AT}at_least = 5", "enough for what?"),
        (f"{AT}at_least = 5\nlimit = 51\nquantity = 'connections'\nstart = 1.5", "whole numbers"),
        (f"{AT}limit = 60\nat_least = 61\nthresholds = {{ p95_ms = 5 }}", "above the search's limit"),
        (f"{AT}thresholds = {{ min_rate = 5 }}", "say it with at_least"),
        (f"{AT}thresholds = {{ p95 = 5 }}", "did you mean p95_ms?"),
        ("load = 'browse'", "no [[load]] has this name"),
        (f"{AT}requests = []", "at least one request"),
    ],
)
def test_a_mistake_is_told(refusal, text, said):
    assert said in refusal(f"[capacity]\n{text}\n")


def test_a_document_is_where_the_service_says_it_is(plan):
    described = BROWSE.replace('requests = [{ path = "/a", weight = 3 }, { path = "/b" }]', "openapi = true").replace(
        "[[load]]", 'openapi = "/spec.json"\n[[load]]'
    )
    assert only(plan(f'{described}[capacity]\nload = "browse"\n')).spec.load.openapi == "/spec.json"


def test_two_searches_are_refused(refusal):
    assert "single brackets" in refusal(f"[[capacity]]\n{AT}[[capacity]]\n{AT}")


def test_what_a_scenario_has_is_not_said_twice_and_must_fit(refusal):
    assert "take one or the other" in refusal(f'{BROWSE}[capacity]\nload = "browse"\nrequests = [{{ path = "/" }}]\n')


CALL = '[[load]]\nname = "f"\ndriver = "call"\ncall = "a:b"\nshape = { kind = "closed", duration = 1 }\n'
SOCKETS = """
[[load]]
name = "rooms"
driver = "websocket"
url = "ws://127.0.0.1:9"
connections = 60
shape = { kind = "constant", rate = 6, duration = 5 }
thresholds = { delivery_p99_ms = 80, lost = 0 }
websocket = { mode = "broadcast", rooms = 3 }
[[load]]
name = "echo"
driver = "websocket"
url = "ws://127.0.0.1:9"
shape = { kind = "ramp", from_rate = 1, to_rate = 6, duration = 5 }
websocket = { mode = "echo" }
[[load]]
name = "full"
driver = "websocket"
url = "ws://127.0.0.1:9"
websocket = { limit = 5 }
[capacity]
"""


def test_functions_caches_and_users_have_a_rate_too(plan):
    spec = only(plan(f'{CALL}[capacity]\nload = "f"\n'))
    assert (spec.needs_service, spec.spec.quantity, spec.spec.start) == (False, "rate", 50.0)
    users = BROWSE.replace("requests = [", 'sessions = [{ name = "u", requests = [').replace(
        '{ path = "/b" }]', '{ path = "/b" }] }]'
    )
    assert only(plan(f'{users}[capacity]\nload = "browse"\n')).spec.start == 10.0


def test_a_broadcast_keeps_a_limit_on_what_is_lost_and_its_own_begin_few(plan):
    spec = only(plan(f'{SOCKETS}load = "rooms"\n')).spec
    assert spec.load.thresholds == {"delivery_p99_ms": 80.0, "error_rate": 0.01, "reach": 0.99}
    assert (spec.stated, spec.start, spec.limit) == (("delivery_p99_ms",), 10.0, 100_000.0)
    spec = only(plan(f'{SOCKETS}load = "rooms"\nquantity = "rooms"\n')).spec
    assert (spec.start, spec.limit) == (1.0, 500.0)  # of 20 members each
    spec = only(plan(f'{SOCKETS}load = "rooms"\nquantity = "receivers"\nthresholds = {{ reach = 1 }}\n')).spec
    assert (spec.start, spec.limit) == (10.0, 3333.0)
    assert spec.load.thresholds == {"reach": 1.0, "error_rate": 0.01}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('load = "rooms"\nquantity = "connections"', "grows by rooms, or by receivers"),
        ('load = "echo"\nquantity = "rooms"', "belong to a broadcast"),
        ('load = "echo"\nquantity = "connections"', "needs a constant shape"),
        ('load = "full"', "--limit N"),
        ('load = "rooms"\nquantity = "rooms"\nlimit = 6000', "more than 100000 connections"),
        ('load = "rooms"\nquantity = "rooms"\nstart = 1.5', "whole numbers"),
        ('load = "rooms"\nthresholds = { lost = 0 }', "reach = 0.999"),
        ('load = "echo"\nthresholds = { reach = 1 }', "nothing is broadcast"),
        ('load = "echo"\nthresholds = { hit_rate = 1 }', "no such threshold"),
    ],
)
def test_what_a_search_with_sockets_cannot_be_is_told(refusal, text, said):
    assert said in refusal(f"{SOCKETS}{text}\n")


def test_rooms_of_requests_are_refused(refusal):
    assert "broadcast of WebSocket messages" in refusal(f'[capacity]\n{AT}quantity = "rooms"\n')


def test_from_the_command_line(tmp_path):
    plan = one_capacity(
        tmp_path, "http://127.0.0.1:9/notes?page=1", request={"method": "GET"}, limits={"p99_ms": 50.0},
        at_least=80.0, start=None, workers=2,
    )  # fmt: skip
    spec = only(plan).spec
    assert (spec.name, spec.load.url, spec.load.requests[0].path) == ("notes", "http://127.0.0.1:9", "/notes?page=1")
    assert (spec.at_least, spec.start, spec.load.workers, spec.stated) == (80.0, 50.0, 2, ("p99_ms",))
    with pytest.raises(UsageError, match="--at-least"):
        one_capacity(tmp_path, "http://127.0.0.1:9/", request={}, limits={}, at_least=80.0)


@given(value=st.one_of(st.text(max_size=8), st.floats(), st.integers()))
def test_a_share_is_read_or_refused(value):
    try:
        found = share(value)
    except (Unfit, OverflowError):
        return
    assert 0.005 <= found <= 0.5


@pytest.mark.parametrize(
    ("text", "expected"), [("5%", 0.05), ("5 %", 0.05), ("0.02", 0.02), (0.1, 0.1), ("12.5%", 0.125)]
)
def test_shares(text, expected):
    assert share(text) == pytest.approx(expected)


def test_sockets_from_the_command_line(tmp_path):
    plan = socket_capacity(
        tmp_path, "ws://127.0.0.1:9/rooms/{{room}}?a=1", table={"mode": "broadcast", "rooms": 4}, rate=8.0,
        connections=40, limits={"reach": 1.0}, quantity="rooms", start=None, workers=2,
    )  # fmt: skip
    spec = only(plan).spec
    assert (spec.name, spec.load.url, spec.load.requests[0].path) == (
        "rooms-room", "ws://127.0.0.1:9", "/rooms/{{room}}?a=1",
    )  # fmt: skip
    assert (spec.load.connections, spec.load.websocket.rooms, spec.load.shape["rate"]) == (40, 4, 8.0)
    assert (spec.quantity, spec.start, spec.limit, spec.load.workers) == ("rooms", 1.0, 1000.0, 2)
    assert spec.load.thresholds == {"reach": 1.0, "error_rate": 0.01}


def test_a_scenario_named_on_the_command_line_brings_its_thresholds(tmp_path):
    (tmp_path / "brinell.toml").write_text(SOCKETS.replace("[capacity]", ""))
    spec = only(named_capacity(tmp_path, "rooms", limits={}, quantity="receivers", at_least=5.0)).spec
    assert (spec.stated, spec.at_least, spec.quantity) == (("delivery_p99_ms",), 5.0, "receivers")
    assert only(named_capacity(tmp_path, "rooms", limits={"p95_ms": 9.0})).spec.stated == ("p95_ms",)
    with pytest.raises(UsageError, match="there are rooms, echo, full") as caught:
        named_capacity(tmp_path, "room", limits={})
    assert caught.value.hint == "did you mean --load rooms?"


def test_a_named_function_needs_no_service(tmp_path):
    (tmp_path / "brinell.toml").write_text(f'{CALL}[project]\npython = "python3"\n')
    step = only(named_capacity(tmp_path, "f", limits={"p95_ms": 5.0}))
    assert (step.needs_service, step.spec.load.python) == (False, "python3")
    (tmp_path / "brinell.toml").write_text('[[load]]\nname = "g"\nshape = { kind = "closed", duration = 1 }\n')
    with pytest.raises(UsageError):
        named_capacity(tmp_path, "g", limits={})


def test_the_probe_is_put_into_what_is_started_only(tmp_path):
    (tmp_path / "brinell.toml").write_text('[service]\ncommand = "serve"\n')
    plan = one_capacity(tmp_path, "/notes", request={}, limits={"p95_ms": 9.0}, probe=True)
    assert plan.service is not None
    assert plan.service.probe
    with pytest.raises(UsageError, match="1 thing to correct") as refused:
        one_capacity(tmp_path, "http://127.0.0.1:9/", request={}, limits={"p95_ms": 9.0}, probe=True)
    assert "leave url away" in str(refused.value)


TABLE = """
[[load]]
name = "browse"
url = "http://127.0.0.1:8000"
requests = [{ path = "/notes" }, { path = "/tags" }]
shape = { kind = "constant", rate = 5, duration = "5s" }
[capacity]
name = "peak"
load = "browse"
thresholds = { p99_ms = 90 }
start = 20
budget_s = "3m"
tolerance = "10%"
at_least = 40
"""


def test_a_search_without_an_address_is_what_the_table_says(plan, tmp_path):
    (tmp_path / "brinell.toml").write_text(TABLE)
    found = tabled_capacity(tmp_path, limits={})
    assert found is not None
    (step,) = found.steps
    assert step == only(plan(TABLE))
    assert (step.spec.name, step.spec.stated, len(step.spec.load.requests)) == ("peak", ("p99_ms",), 2)


def test_what_is_given_stands_in_place_of_the_tables(tmp_path):
    (tmp_path / "brinell.toml").write_text(TABLE)
    (step,) = tabled_capacity(tmp_path, limits={"p95_ms": 50}, budget_s=60.0, at_least=None, probe=None).steps
    spec = step.spec
    assert (spec.budget_s, spec.at_least, spec.start, spec.tolerance) == (60, 40, 20, 0.1)
    assert (spec.stated, spec.load.thresholds) == (("p95_ms",), {"p95_ms": 50, "error_rate": 0.01})


def test_levels_of_one_quantity_are_none_of_another(tmp_path):
    (tmp_path / "brinell.toml").write_text(TABLE)
    (step,) = tabled_capacity(tmp_path, limits={}, quantity="connections").steps
    assert (step.spec.start, step.spec.at_least, step.spec.quantity) == (1, None, "connections")


def test_without_a_table_there_is_no_such_search(tmp_path):
    (tmp_path / "brinell.toml").write_text("")
    assert tabled_capacity(tmp_path, limits={}) is None
