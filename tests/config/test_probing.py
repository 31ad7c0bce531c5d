from __future__ import annotations

import pytest

from brinell.config.compose import from_toml
from brinell.core.errors import UsageError

SERVICE = '[service]\ncommand = "uvicorn shop:app --port {port}"\n'
LOAD = '[[load]]\nname = "browse"\nshape = { kind = "constant", rate = 10, duration = 1 }\n'


def plan(folder, text):
    (folder / "brinell.toml").write_text(text)
    return from_toml(folder)


@pytest.mark.parametrize(
    "text",
    [
        SERVICE + LOAD + "probe = true\n",
        SERVICE + "[capacity]\nprobe = true\n",
        SERVICE + LOAD + 'probe = true\n[capacity]\nload = "browse"\n',
        SERVICE + "probe = true\n" + LOAD,
    ],
)
def test_the_service_of_who_asks_for_it_is_looked_into(tmp_path, text):
    assert plan(tmp_path, text).service.probe


@pytest.mark.parametrize(
    "text", [SERVICE + LOAD, SERVICE + LOAD + 'probe = true\n[capacity]\nload = "browse"\nprobe = false\n[suite]\n']
)
def test_nobody_else_is(tmp_path, text):
    (tmp_path / "tests").mkdir()
    found = plan(tmp_path, text)
    asked = [one for one in found.steps if getattr(one.spec, "probe", False)]
    assert found.service.probe == bool(asked)


@pytest.mark.parametrize("table", [LOAD, "[capacity]\n"])
def test_what_already_runs_cannot_be_looked_into(tmp_path, table):
    with pytest.raises(UsageError) as caught:
        plan(tmp_path, SERVICE + table + 'url = "http://127.0.0.1:8000"\nprobe = true\n')
    assert "probe = true" in str(caught.value)
    assert "leave url away and state [service]" in str(caught.value)
    assert "py-spy" in str(caught.value)


def test_a_function_has_no_service(tmp_path):
    call = LOAD + 'driver = "call"\ncall = "json:dumps"\nargs = [1]\nprobe = true\n'
    with pytest.raises(UsageError, match="a function has none"):
        plan(tmp_path, call)


def test_a_search_over_a_function_has_none_either(tmp_path):
    call = LOAD + 'driver = "call"\ncall = "json:dumps"\nargs = [1]\n[capacity]\nload = "browse"\nprobe = true\n'
    with pytest.raises(UsageError, match="a function is called without a service"):
        plan(tmp_path, call)
