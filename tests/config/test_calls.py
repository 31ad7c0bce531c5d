"""``driver = "call"`` in brinell.toml and as options: what goes together and what does not."""

from __future__ import annotations

import pytest

from brinell.config import for_call, from_toml
from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec

SHAPE = 'shape = { kind = "constant", rate = 10, duration = "1s" }\n'
CALL = 'driver = "call"\ncall = "shop.cache:get_user"\n'


@pytest.fixture
def plan(tmp_path):
    def read(lines, project=""):
        (tmp_path / "brinell.toml").write_text(f'{project}[[load]]\nname = "x"\n{SHAPE}{lines}')
        return from_toml(tmp_path)

    return read


def test_a_scenario_that_calls_a_function_needs_no_address(plan):
    (step,) = plan(CALL + 'args = [7, "a"]\nkwargs = { fresh = true }\nsetup = "shop.cache:Pool.connect"\n').steps
    spec = step.spec
    assert isinstance(spec, LoadSpec)
    assert (spec.driver, spec.call, spec.args, spec.kwargs) == (
        "call",
        "shop.cache:get_user",
        (7, "a"),
        {"fresh": True},
    )
    assert spec.setup == "shop.cache:Pool.connect"
    assert not step.needs_service


def test_the_projects_interpreter_is_the_calls(plan):
    (step,) = plan(CALL, '[project]\npython = "python3"\n').steps
    assert step.spec.python == "python3"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('driver = "call"\n', "which function?"),
        ('driver = "call"\ncall = "shop.cache.get"\n', "shop.cache:get"),
        ('driver = "call"\ncall = "get user"\n', "named by its module"),
        (CALL + 'url = "http://127.0.0.1:1"\n', "belongs to an address"),
        (CALL + 'requests = [{ path = "/" }]\n', "belongs to an address"),
        ('url = "http://127.0.0.1:1"\nargs = [1]\n', 'driver = "call"'),
        (CALL + "args = [1979-05-27]\n", "dates"),
        (CALL + "kwargs = { a = inf }\n", "infinity"),
        (CALL + 'setup = "connect"\n', "named by its module"),
        ('url = "http://127.0.0.1:1"\nflows = "nowhere.py"\n', "nowhere.py"),
        ('driver = "cal"\n', "call"),
        (CALL + "cookies = true\n", "belongs to an address"),
        (CALL + "calibrate = false\n", "belongs to an address"),
        ('url = "http://127.0.0.1:1"\nflows = "brinell.toml"\nrequests = [{ path = "/" }]\n', "the flows say"),
        ('url = "http://127.0.0.1:1"\nflows = "brinell.toml"\ncookies = true\n', "the flows say"),
    ],
)  # fmt: skip
def test_mistakes_name_the_key(plan, lines, said):
    with pytest.raises(UsageError) as raised:
        plan(lines)
    assert said in str(raised.value)
    assert "load" in str(raised.value)


def test_options_make_the_same_plan(tmp_path):
    fields = {"args": [1], "kwargs": {}, "setup": None, "python": None, "connections": 3}
    shape = {"kind": "closed", "duration": 1.0}
    (step,) = for_call(tmp_path, "shop.cache:get_user", shape, limits={"p95_ms": 5.0}, **fields).steps
    assert (step.spec.name, step.spec.args, step.spec.connections) == ("get_user", (1,), 3)
    assert step.spec.thresholds == {"p95_ms": 5.0}
    with pytest.raises(UsageError, match="named by its module"):
        for_call(tmp_path, "get_user", shape, limits={}, **fields)


def test_what_json_can_say_is_an_argument_null_too(tmp_path):
    (tmp_path / "shop.py").write_text("def get(*args, **kwargs):\n    return None\n")
    shape = {"kind": "constant", "rate": 10, "duration": 1}
    given = {"args": ["a", None, [None]], "kwargs": {"b": None}, "setup": None, "python": None, "connections": 1}
    (step,) = for_call(tmp_path, "shop:get", shape, limits={}, **given).steps
    assert step.spec.args == ("a", None, [None])
    assert step.spec.kwargs == {"b": None}
