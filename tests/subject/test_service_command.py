from __future__ import annotations

import os
import venv

import pytest

from brinell.core.errors import UsageError
from brinell.core.plan import ServiceSpec
from brinell.subject.service_command import Launch, compose

PYTHON = "/opt/py/bin/python"


def launch(tmp_path, command="serve", environ=None, **spec) -> Launch:
    return compose(ServiceSpec(command=command, **spec), tmp_path, PYTHON, environ or {"PATH": "/bin"})


def refusal(tmp_path, command="serve", **spec) -> str:
    with pytest.raises(UsageError) as caught:
        launch(tmp_path, command, **spec)
    return f"{caught.value}\n{caught.value.hint}"


def test_placeholders_are_filled_in_words_and_environment(tmp_path):
    found = launch(tmp_path, "{python} -m x --bind {host}:{port} 'a b'", env={"PORT": "{port}", "X": "{other}"})
    assert found.takes_port
    argv, env = found.at(4711)
    assert argv == (PYTHON, "-m", "x", "--bind", "127.0.0.1:4711", "a b")
    assert env == {"PATH": "/bin", "PORT": "4711", "X": "{other}"}


def test_a_port_in_the_environment_is_enough(tmp_path):
    assert launch(tmp_path, "serve", env={"PORT": "{port}"}).takes_port
    assert not launch(tmp_path, "serve").takes_port


@pytest.mark.parametrize("word", ["{prot}", "{Port}", "--x={workers}"])
def test_an_unknown_placeholder_names_the_valid_ones(tmp_path, word):
    said = refusal(tmp_path, f"serve {word}")
    assert "nothing fills in" in said
    assert "{port}, {python}, {host}" in said
    if word != "--x={workers}":
        assert "did you mean {port}?" in said


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        ("", "is empty"),
        ("serve 'x", "pairs"),
        ("PORT=8000 serve", "env = {"),
        ("cd app && serve", "sh -c"),
        ("serve | tee log", "sh -c"),
        ("serve > log", "sh -c"),
        ("serve >log", "sh -c"),
        ("serve 2>&1", "sh -c"),
        ("serve; rm x", None),
        ("serve &", "sh -c"),
        ("serve --port $PORT", "{port}"),
        ("serve --port ${PORT:-8000}", "{port}"),
    ],
)
def test_what_only_a_shell_would_understand_is_told(tmp_path, command, advice):
    if advice is None:
        assert launch(tmp_path, command).words == ("serve;", "rm", "x")  # a semicolon may be part of a word
        return
    assert advice in refusal(tmp_path, command)


def test_a_shell_that_is_named_gets_its_script_as_it_is(tmp_path):
    script = 'cd app && exec serve --port {port} ${X} {a,b} "$PORT" {unknown}'
    found = launch(tmp_path, f"sh -c '{script}'")
    assert found.at(5)[0] == ("sh", "-c", script.replace("{port}", "5"))


def test_variables_come_from_the_environment_and_braces_in_them_stay(tmp_path):
    environ = {"PATH": "/bin", "DB": "postgres://x:{port}@h", "EMPTY": ""}
    found = launch(tmp_path, env={"URL": "${DB}?a=${EMPTY}&p={port}"}, environ=environ)
    assert found.at(9)[1]["URL"] == "postgres://x:{port}@h?a=&p=9"


def test_a_missing_variable_is_named_with_its_key_and_the_nearest(tmp_path):
    said = refusal(tmp_path, env={"DATABASE_URL": "${PAHT}"})
    assert "[service] env: DATABASE_URL needs the environment variable PAHT" in said
    assert "did you mean PATH?" in said
    assert "export SHOP_TEST_DB=" in refusal(tmp_path, env={"DATABASE_URL": "${SHOP_TEST_DB}"})


def test_directory_and_ready_path_are_checked(tmp_path):
    assert "no directory" in refusal(tmp_path, cwd="missing")
    assert "write /health" in refusal(tmp_path, ready="health")


def test_a_virtual_environment_is_on_the_services_path(tmp_path):
    venv.create(tmp_path / ".venv", with_pip=False, symlinks=True)
    python = str(tmp_path / ".venv/bin/python")
    found = compose(ServiceSpec(command="serve"), tmp_path, python, {"PATH": "/bin"})
    assert found.at(None)[1]["PATH"] == os.pathsep.join((str(tmp_path / ".venv/bin"), "/bin"))
    assert launch(tmp_path).at(None)[1]["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("command", "port"),
    [
        ("uvicorn a:b --port 8000", 8000),
        ("uvicorn a:b --port=8000", 8000),
        ("daphne -p 8001 a:b", 8001),
        ("gunicorn -b :8002 a:b", 8002),
        ("gunicorn --bind 0.0.0.0:8003 a:b", 8003),
        ("gunicorn --bind=[::1]:8004 a:b", 8004),
        ("python manage.py runserver 8005", 8005),
        ("python manage.py runserver 0.0.0.0:8006", 8006),
        ("serve --redis 127.0.0.1:6379", None),
        ("serve --workers 8000", None),
        ("serve --redis-port 6379", None),
        ("serve --port {port} --http-port 9000", None),
        ("serve --port 99999", None),
        ("uvicorn app:app", None),
    ],
)
def test_the_port_a_command_names_is_recognised(tmp_path, command, port):
    assert launch(tmp_path, command).fixed_port == port
