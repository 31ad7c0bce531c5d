"""``[[drill]]`` tables, and drills from the command line, to plans."""

from __future__ import annotations

import pytest

from brinell.config import from_toml
from brinell.config.one_drill import for_drill, service_of
from brinell.core.errors import UsageError
from brinell.core.plan import DrillSpec
from brinell.rosters.drills import DRILLS

SERVICE = '[service]\ncommand = "python app.py {port}"\nready = "/health"\n'
BROWSE = '[[load]]\nname = "browse"\nshape = { kind = "constant", rate = 7, duration = "1s" }\n'


def plan(folder, text):
    (folder / "brinell.toml").write_text(text, encoding="utf-8")
    return from_toml(folder)


def specs(folder, text):
    return [step.spec for step in plan(folder, text).steps if isinstance(step.spec, DrillSpec)]


@pytest.mark.parametrize("kind", DRILLS)
def test_every_drill_has_its_defaults_filled_in(tmp_path, kind):
    (spec,) = specs(tmp_path, f'{SERVICE}[[drill]]\ndrill = "{kind}"\n')
    assert (spec.name, spec.drill, spec.rate, spec.load.url) == (kind, kind, 100.0, None)
    assert set(spec.options) == set(DRILLS[kind].__struct_fields__)
    assert [request.path for request in spec.load.requests] == ["/" if kind == "storm" else "/health"]


def test_own_options_stand_beside_the_common_ones(tmp_path):
    text = f"""{SERVICE}
[[drill]]
drill = "spike"
name = "monday"
rate = 40
before_s = "20s"
times = 3
requests = [{{ path = "/notes" }}]
connections = 9
timeout_s = "2s"
"""
    (spec,) = specs(tmp_path, text)
    assert (spec.name, spec.rate, spec.options["before_s"], spec.options["times"]) == ("monday", 40, 20, 3.0)
    assert (spec.load.connections, spec.load.timeout_s, spec.load.requests[0].path) == (9, 2.0, "/notes")


def test_the_requests_of_a_scenario(tmp_path):
    text = f'{SERVICE}{BROWSE}requests = [{{ path = "/a" }}]\nthresholds = {{ p95_ms = 5 }}\n'
    (spec,) = specs(tmp_path, f'{text}[[drill]]\ndrill = "drain"\nload = "browse"\n')
    assert (spec.rate, spec.load.requests[0].path, spec.load.thresholds) == (7.0, "/a", {})


ROOMS = """
[[load]]
name = "rooms"
driver = "websocket"
headers = { Authorization = "Bearer ${TOKEN}" }
websocket = { mode = "broadcast", path = "/rooms/{{room}}", subprotocols = ["chat.v2"] }
shape = { kind = "constant", rate = 1, duration = "1s" }
"""


@pytest.mark.parametrize("named", ["", 'load = "rooms"\n'])
def test_a_storm_is_on_the_sockets_of_a_scenario(tmp_path, named):
    (spec,) = specs(tmp_path, f'{SERVICE}{BROWSE}{ROOMS}[[drill]]\ndrill = "storm"\n{named}')
    assert [request.path for request in spec.load.requests] == ["/rooms/{{room}}"]
    assert spec.load.headers == {"Authorization": "Bearer ${TOKEN}"}
    assert spec.load.websocket is not None
    assert spec.load.websocket.subprotocols == ("chat.v2",)


@pytest.mark.parametrize(("kind", "scheme"), [("storm", "ws"), ("race", "http")])
def test_an_address_with_a_path(tmp_path, kind, scheme):
    url = f"{scheme}://127.0.0.1:1/a/b?c=1"
    (spec,) = specs(tmp_path, f'[[drill]]\ndrill = "{kind}"\nurl = "{url}"\n')
    assert (spec.load.url, spec.load.requests[0].path) == (f"{scheme}://127.0.0.1:1", "/a/b?c=1")
    here = for_drill(tmp_path, kind, url, request={"method": "GET"}).steps[0].spec.load
    assert (here.url, here.requests) == (spec.load.url, spec.load.requests)


def test_the_service_is_kept_for_those_that_need_it(tmp_path):
    made = plan(tmp_path, f'{SERVICE}[[drill]]\ndrill = "drain"\n')
    assert made.service is not None
    assert [step.id for step in made.steps] == ["drill:drain"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "drill"),
        ('drill = "drian"', "did you mean drain?"),
        ('drill = "drain"\nurl = "http://127.0.0.1:1"', "an address will not do"),
        ('drill = "drain"\nlost = "many"', "'int' is needed"),
        ('drill = "drain"\nlots = 1', "did you mean lost?"),
        ('drill = "drain"\nbefore_s = "soon"', "a duration is a number"),
        ('drill = "drain"\nbefore_s = 0', "before_s lies between 1 and 600"),
        ('drill = "race"\nexpect = { creatd = 1 }', "is no status"),
        ('drill = "drain"\nload = "brows"', "did you mean browse?"),
        ('drill = "drain"\nload = "browse"\nrequests = [{ path = "/" }]', "take one or the other"),
        ('drill = "drain"\nrate = 0', "rate"),
        ('drill = "race"\nrequests = [{ pth = "/" }]', "did you mean path?"),
        ('drill = "spike"\nurl = "ws://127.0.0.1:1"', "speaks http:// and https://"),
        ('drill = "spike"\nversion = "2"', "speaks HTTP/1.1"),
        ('drill = "race"\nversion = "3"', "in these versions"),
        ('drill = "storm"\nload = "browse"', 'takes requests of driver = "websocket"'),
    ],
)
def test_mistakes_name_table_key_and_the_nearest(tmp_path, table, said):
    with pytest.raises(UsageError) as caught:
        plan(tmp_path, f"{SERVICE}{BROWSE}\n[[drill]]\n{table}\n")
    assert "[[drill]] #1" in str(caught.value)
    assert said in str(caught.value)


def test_what_lacks_a_service_or_an_address(tmp_path):
    with pytest.raises(UsageError, match="add \\[service\\]"):
        plan(tmp_path, '[[drill]]\ndrill = "drain"\n')
    with pytest.raises(UsageError, match="needs an address"):
        plan(tmp_path, '[[drill]]\ndrill = "race"\n')
    with pytest.raises(UsageError, match="another drill has this name"):
        plan(tmp_path, f'{SERVICE}[[drill]]\ndrill = "race"\n[[drill]]\ndrill = "race"\n')
    with pytest.raises(UsageError, match="two brackets"):
        plan(tmp_path, '[drill]\ndrill = "race"\n')


def test_from_the_command_line(tmp_path):
    made = for_drill(
        tmp_path,
        "race",
        "http://127.0.0.1:9/orders?a=1",
        words=["together=3", "expect={created=1}", 'same="$.id"', "pause_s=50ms"],
        request={"method": "POST", "body": "x"},
        timeout_s=2.0,
    )
    (step,) = made.steps
    assert isinstance(step.spec, DrillSpec)
    assert step.spec.load.url == "http://127.0.0.1:9"
    assert step.spec.load.requests[0].path == "/orders?a=1"
    assert (step.spec.load.timeout_s, step.spec.options["expect"]) == (2.0, {"created": 1})
    assert (step.spec.options["together"], step.spec.options["pause_s"]) == (3, 0.05)
    assert (made.service, step.needs_service) == (None, False)


def test_a_service_from_the_command_line(tmp_path):
    service = service_of("python app.py {port}", "/health", 3.0)
    made = for_drill(tmp_path, "drain", "/notes", request={"method": "GET"}, service=service)
    (step,) = made.steps
    assert isinstance(step.spec, DrillSpec)
    assert (made.service, step.spec.load.requests[0].path) == (service, "/notes")
    made = for_drill(tmp_path, "drain", None, request={"method": "GET"}, service=service)
    assert made.steps[0].spec.load.requests[0].path == "/health"


@pytest.mark.parametrize(
    ("kind", "target", "more", "said"),
    [
        ("drian", None, {}, "there is no drill 'drian'"),
        ("drain", None, {}, "there is no \\[service\\]"),
        ("race", None, {}, "needs an address"),
        ("drain", "http://127.0.0.1:9/", {}, "an address will not do"),
        ("race", "127.0.0.1:9", {}, "starts with http://"),
        ("race", "http://127.0.0.1:9", {"words": ["together"]}, "an option is KEY=VALUE"),
        ("race", "http://127.0.0.1:9", {"words": ["togther=3"]}, "did you mean together"),
        ("race", "http://127.0.0.1:9", {"words": ["together=1"]}, "together lies between"),
        ("race", "http://127.0.0.1:9", {"load": "browse"}, "there are none in brinell.toml"),
    ],
)
def test_mistakes_on_the_command_line(tmp_path, kind, target, more, said):
    with pytest.raises(UsageError, match=said):
        for_drill(tmp_path, kind, target, **{"request": {"method": "GET"}, **more})


NOTES = f'{SERVICE}{BROWSE}requests = [{{ path = "/notes" }}]\n'


@pytest.mark.parametrize(
    ("text", "drill", "path"), [(NOTES, "drain", "/notes"), (SERVICE, "drain", "/health"), (NOTES, "race", "/health")]
)
def test_what_is_asked_for_where_nothing_is_said(tmp_path, text, drill, path):
    (spec,) = specs(tmp_path, f'{text}[[drill]]\ndrill = "{drill}"\n')
    here = for_drill(tmp_path, drill, None, request={"method": "GET"}).steps[0].spec.load.requests
    assert here == spec.load.requests
    assert here[0].path == path
    assert (path == "/health") == (503 in here[0].expect)  # not to be ready is what it should say before it ends
