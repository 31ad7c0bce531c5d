from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.subject.discover.apps import read_sources

APPS = [
    ("from fastapi import FastAPI\napp = FastAPI()", "FastAPI", "asgi", "main:app", False),
    ("import fastapi\napi: object = fastapi.FastAPI()", "FastAPI", "asgi", "main:api", False),
    ("from fastapi import FastAPI as F\napp = F()", "FastAPI", "asgi", "main:app", False),
    ("from starlette.applications import Starlette\napp = Starlette()", "Starlette", "asgi", "main:app", False),
    ("from litestar import Litestar\napp = Litestar([])", "Litestar", "asgi", "main:app", False),
    ("from quart import Quart\napp = Quart(__name__)", "Quart", "asgi", "main:app", False),
    ("from flask import Flask\napp = Flask(__name__)", "Flask", "wsgi", "main:app", False),
    ("async def app(scope, receive, send): ...", "plain ASGI", "asgi", "main:app", False),
    ("def application(environ, start_response): ...", "plain WSGI", "wsgi", "main:application", False),
    (
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()",
        "Django", "wsgi", "main:application", False,
    ),
    (
        "from flask import Flask\ndef create_app(config=None):\n    return Flask(__name__)",
        "Flask", "wsgi", "main:create_app", True,
    ),
    (
        "def create_app(*, debug=False):\n    from fastapi import FastAPI\n    return FastAPI()",
        "FastAPI", "asgi", "main:create_app", True,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "found"), [(source, tuple(found)) for source, *found in APPS])
def test_applications_are_recognised(project, source, found):
    (app,) = read_sources(project({"main.py": source})).apps
    assert (app.framework, app.interface, app.target, app.factory) == found


@pytest.mark.parametrize(
    "source",
    [
        "from shop import FastAPI2 as x\napp = x()",
        "app = None",
        "def create_app(settings):\n    from flask import Flask\n    return Flask('x')",
        "class FastAPI: ...\nthing = FastAPI()",
        "def broken(",
        "\0",
    ],
)
def test_what_only_looks_alike_is_not_taken(project, source):
    assert read_sources(project({"main.py": source})).apps == ()


def test_an_instance_goes_before_its_factory_in_another_file(project):
    root = project({
        "shop/__init__.py": "",
        "shop/factory.py": "from fastapi import FastAPI\ndef create_app():\n    return FastAPI()",
        "shop/main.py": "from shop.factory import create_app\napp = create_app()",
    })  # fmt: skip
    apps = read_sources(root).apps
    assert [app.target for app in apps] == ["shop.main:app", "shop.factory:create_app"]
    assert apps[0].framework == "FastAPI"


def test_tests_and_examples_are_no_applications(project):
    text = "from fastapi import FastAPI\napp = FastAPI()"
    assert read_sources(project({"tests/app.py": text, "examples/app.py": text, "test_x.py": text})).apps == ()


ROUTES = """
    from fastapi import APIRouter, FastAPI
    import httpx
    app = FastAPI()
    router = APIRouter(prefix="/health")
    @router.get("/live")
    def live(): ...
    @router.get("/ready")
    def ready(): ...
    @app.get("/notes")
    def notes(): ...
    @app.get("/notes/{id}")
    def note(id): ...
    @app.post("/orders")
    def order(): httpx.get("/elsewhere"); {}.get("/key")
"""


def test_routes_and_health_paths_are_read_from_literals(project):
    found = read_sources(project({"main.py": ROUTES}))
    assert [route.path for route in found.health] == ["/health/ready", "/health/live"]
    assert [route.path for route in found.routes] == ["/notes"]


def test_starlette_and_flask_routes(project):
    root = project({
        "a.py": "from starlette.routing import Route\nr = [Route('/healthz', x), Route('/p', x, methods=['POST'])]",
        "b.py": "app = object()\n@app.route('/pages', methods=['GET', 'POST'])\ndef f(): ...",
    })  # fmt: skip
    found = read_sources(root)
    assert [route.path for route in found.health] == ["/healthz"]
    assert [route.path for route in found.routes] == ["/pages"]


@pytest.mark.parametrize(
    ("call", "openapi"),
    [
        ("FastAPI()", "/openapi.json"),
        ("FastAPI(openapi_url='/v1/api.json')", "/v1/api.json"),
        ("FastAPI(openapi_url=None)", None),
    ],
)
def test_the_schema_of_fastapi(project, call, openapi):
    (app,) = read_sources(project({"main.py": f"from fastapi import FastAPI\napp = {call}"})).apps
    assert app.openapi == openapi


@given(text=st.text(alphabet="@app.get('/x')\n def(){}:=[]FastAPI import from", max_size=80))
def test_any_source_is_read_or_left(tmp_path_factory, text):
    root = tmp_path_factory.mktemp("any")
    (root / "main.py").write_text(text, encoding="utf-8")
    assert read_sources(root).files in (0, 1)


def test_a_file_that_no_import_can_name_is_no_application(project):
    assert read_sources(project({"my-app.py": "from fastapi import FastAPI\napp = FastAPI()"})).apps == ()


def test_user_code_never_runs(project):
    root = project({"main.py": "raise SystemExit('ran')", "conftest.py": "raise SystemExit('ran')"})
    assert read_sources(root).files == 1
