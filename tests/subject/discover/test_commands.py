from __future__ import annotations

import pytest

from brinell.subject.discover.apps import read_sources
from brinell.subject.discover.commands import backing_services, environment, find_command, likeliest

FASTAPI = "from fastapi import FastAPI\napp = FastAPI()"
WEB = "services:\n  web:\n"
FLASK = "from flask import Flask\napp = Flask(__name__)"


@pytest.mark.parametrize(
    ("files", "line", "where"),
    [
        (
            {"Procfile": "worker: celery\nweb: gunicorn shop.wsgi --workers 4 --bind 0.0.0.0:$PORT\n"},
            "{python} -m gunicorn shop.wsgi --workers 4 --bind 127.0.0.1:{port}",
            "Procfile:2",
        ),
        (
            {"Procfile": "web: uvicorn shop.app:app --host 0.0.0.0 --port ${PORT:-8000}\n"},
            "{python} -m uvicorn shop.app:app --host 127.0.0.1 --port {port}",
            "Procfile:1",
        ),
        (
            {"Procfile": "web: gunicorn shop.wsgi --log-file -\n"},
            "{python} -m gunicorn shop.wsgi --log-file - --bind 127.0.0.1:{port}",
            "Procfile:1",
        ),
        (
            {"docker-compose.yml": f"{WEB}    command: uvicorn shop:app --host 0.0.0.0 --port 8000 --reload\n"},
            "{python} -m uvicorn shop:app --host 127.0.0.1 --port {port}",
            "docker-compose.yml:3",
        ),
        (
            {"compose.yaml": f"{WEB}    command:\n      - hypercorn\n      - --bind\n      - :80\n      - a:b\n"},
            "{python} -m hypercorn --bind 127.0.0.1:{port} a:b",
            "compose.yaml:3",
        ),
        (
            {"compose.yml": 'services:\n  web:\n    command: ["poetry", "run", "granian", "--port", "80", "a:b"]\n'},
            "{python} -m granian --port {port} a:b",
            "compose.yml:3",
        ),
        (
            {"Dockerfile": 'FROM python\nCMD ["python", "-m", "uvicorn", "shop:app", "--port", "80"]\n'},
            "{python} -m uvicorn shop:app --port {port}",
            "Dockerfile:2",
        ),
    ],
)
def test_declared_commands_are_taken_over(project, files, line, where):
    found = find_command(project(files), None)
    assert found is not None
    assert (found.line, found.where) == (line, where)


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'migrate && uvicorn a:b --port $PORT'",
        "uvicorn a:b > log",
        "uvicorn a:b --port $(port)",
        "celery worker",
        "python main.py",
        "'unclosed",
        "",
    ],
)
def test_what_needs_a_shell_or_is_no_server_is_left(project, command):
    assert find_command(project({"Procfile": f"web: {command}\n"}), None) is None


@pytest.mark.parametrize(
    ("files", "line", "noted"),
    [
        ({"main.py": FASTAPI}, "{python} -m uvicorn main:app --host 127.0.0.1 --port {port}", True),
        (
            {"main.py": FASTAPI, "requirements.txt": "uvicorn[standard]==0.3"},
            "{python} -m uvicorn main:app --host 127.0.0.1 --port {port}",
            False,
        ),
        (
            {"main.py": FASTAPI, "requirements.txt": "hypercorn"},
            "{python} -m hypercorn --bind 127.0.0.1:{port} main:app",
            False,
        ),
        ({"main.py": FLASK}, "{python} -m flask --app main:app run --port {port}", True),
        (
            {"main.py": FLASK, "requirements.txt": "gunicorn"},
            "{python} -m gunicorn --bind 127.0.0.1:{port} main:app",
            False,
        ),
    ],
)
def test_an_application_gives_a_command(project, files, line, noted):
    root = project(files)
    found = find_command(root, likeliest(root, read_sources(root).apps))
    assert found is not None
    assert found.line == line
    assert bool(found.note) == noted


def test_wsgi_goes_first_where_only_wsgi_servers_are_declared(project):
    root = project({
        "site1/asgi.py": "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()",
        "site1/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()",
        "requirements/prod.txt": "gunicorn\n",
    })  # fmt: skip
    app = likeliest(root, read_sources(root).apps)
    assert app is not None
    assert app.target == "site1.wsgi:application"


def test_the_environment_is_named_and_never_read(project):
    root = project(
        {".env.example": "# a comment\nexport DATABASE_URL=postgres://x\nSECRET=\n\nnot a variable\n", ".env": "REAL=1"}
    )
    assert environment(root) == (("DATABASE_URL", "SECRET"), ".env.example")


def test_backing_services_of_a_compose_file(project):
    root = project(
        {"compose.yml": "services:\n  db:\n    image: postgres:16\n  c:\n    image: 'redis:7'\n  w:\n    image: shop\n"}
    )
    assert backing_services(root) == (("postgres:16", "redis:7"), "compose.yml")
