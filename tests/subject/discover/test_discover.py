from __future__ import annotations

from brinell.subject.discover import look

APP = """
    from fastapi import FastAPI
    app = FastAPI()
    @app.get("/health/live")
    def live(): ...
    @app.get("/health/ready")
    def ready(): ...
"""


def test_a_whole_project(project):
    root = project({
        "pyproject.toml": "[project]\ndependencies = ['uvicorn']\n[tool.pytest.ini_options]\ntestpaths = ['tests']",
        "src/shop/__init__.py": "",
        "src/shop/main.py": APP,
        "tests/test_a.py": "",
        ".env.example": "DATABASE_URL=x",
        "compose.yml": "services:\n  db:\n    image: postgres:16\n",
    })  # fmt: skip
    facts = look(root)
    assert facts.packages == ("src/shop",)
    assert facts.app is not None
    assert facts.app.target == "shop.main:app"
    assert facts.needs_path == ("src",)
    assert facts.command is not None
    assert facts.command.note == ""
    assert facts.ready is not None
    assert facts.ready.path == "/health/ready"
    assert facts.openapi == "/openapi.json"
    assert facts.environment == ("DATABASE_URL",)
    assert facts.backing == ("postgres:16",)
    assert facts.suite.testpaths == ("tests",)


def test_an_empty_folder(tmp_path):
    facts = look(tmp_path)
    assert (facts.packages, facts.app, facts.command, facts.ready, facts.openapi) == ((), None, None, None, None)


def test_a_route_called_openapi_is_one(project):
    root = project({"app.py": "from starlette.routing import Route\nroutes = [Route('/api/openapi.json', None)]"})
    assert look(root).openapi == "/api/openapi.json"


def test_looking_changes_nothing(project):
    root = project({"src/shop/main.py": APP, "tests/test_a.py": ""})
    before = sorted(root.rglob("*"))
    look(root)
    assert sorted(root.rglob("*")) == before
