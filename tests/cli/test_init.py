from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brinell.cli.template import render
from brinell.config import from_toml, source
from brinell.config.compose import read_settings
from brinell.subject.discover import look


def test_it_writes_a_file_that_plans_at_once(brinell, project):
    said = brinell("init")
    assert said.code == 0
    plan = from_toml(project)
    assert [step.id for step in plan.steps] == ["suite", "reproduce", "quality", "load:smoke"]
    assert plan.source == ("shop",)
    assert plan.service is not None
    assert "shop.app:app" in plan.service.command
    assert plan.service.ready == "/healthz"
    assert "brinell run" in said.out
    assert "FastAPI, shop.app:app (shop/app.py:2)" in said.out
    assert re.search(r"^OpenAPI +/openapi.json$", said.out, re.MULTILINE)
    assert 'openapi = "/openapi.json"' in (project / "brinell.toml").read_text()


def test_an_empty_folder_gets_a_file_too(brinell, here):
    assert brinell("init").code == 0
    text = (here / "brinell.toml").read_text()
    assert "# [service]" in text
    assert "# [[load]]" in text
    assert [step.id for step in from_toml(here).steps] == ["suite", "reproduce", "quality"]


def test_what_is_commented_out_works_when_it_is_not(here):
    text = render(look(here))
    tables = "\n".join(line.removeprefix("# ") for line in text.splitlines() if "=" in line or "[" in line)
    (here / "src" / "shop").mkdir(parents=True)
    (here / ".venv" / "bin").mkdir(parents=True)
    (here / ".venv" / "bin" / "python").touch()
    (here / "KNOWN_BUGS.md").touch()
    (here / "brinell.toml").write_text(tables)
    assert [step.id for step in from_toml(here).steps] == [
        "suite",
        "reproduce",
        "quality",
        "property",
        "property:verify",
        "load:smoke",
    ]


def test_it_overwrites_only_when_told_to(brinell, project):
    (project / "brinell.toml").write_text("[suite]\n")
    said = brinell("init")
    assert said.code == 2
    assert "--force" in said.err
    assert (project / "brinell.toml").read_text() == "[suite]\n"
    assert brinell("init", "--force").code == 0
    assert "[service]" in (project / "brinell.toml").read_text()


def test_a_folder_of_that_name_is_told_and_no_force_removes_it(brinell, project):
    (project / "brinell.toml").mkdir()
    for command in (["init"], ["init", "--force"], ["plan"], ["suite"]):
        said = brinell(*command)
        assert said.code == 2, said
        assert "is a folder, not a file" in said.err
        assert f"mv {shlex.quote(str(project / 'brinell.toml'))}" in said.err
    assert "is a folder" in brinell().out
    assert "is a folder" in brinell("doctor").out


def test_it_refuses_a_second_configuration(brinell, project):
    (project / "pyproject.toml").write_text("[tool.brinell.suite]\n")
    said = brinell("init")
    assert said.code == 2
    assert "[tool.brinell]" in said.err


@pytest.mark.usefixtures("project")
def test_another_folder(brinell):
    assert brinell("init", "nowhere").code == 2
    said = brinell("init", "tests")
    assert said.code == 0
    assert "cd tests && brinell run" in said.out


def test_it_runs_nothing(brinell, project):
    (project / "conftest.py").write_text("raise SystemExit")
    (project / "shop" / "__init__.py").write_text("raise SystemExit")
    before = set(sys.modules)
    assert brinell("init").code == 0
    assert "shop" not in set(sys.modules) - before


NAMES = st.text(alphabet="abz019-_. '\"#{}[]$é\u202e\n\\", min_size=1, max_size=12).filter(
    lambda name: name.strip(". ")
)


@given(names=st.lists(NAMES, min_size=1, max_size=4), text=st.text(alphabet="ab='\"\n#[]{}$:\\ ", max_size=40))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_files_are_called_the_file_loads(tmp_path_factory, names, text):
    root = tmp_path_factory.mktemp("odd")
    for name in names:
        (root / name).mkdir(exist_ok=True)
        (root / name / "app.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n")
    (root / "Procfile").write_text(f"web: uvicorn {text}")
    (root / ".env.example").write_text(f"A={text}\n{text}=1")
    (root / "compose.yml").write_text(f"services:\n  a:\n    image: redis{text}\n    command: {text}\n")
    text = render(look(root))
    file = root / "brinell.toml"
    read_settings(source.Source(root, source.parse(text, file), file))


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # as on a full disk, a write begins and fails
from brinell.cli.app import main
sys.argv = ["brinell", "init"]
main()
"""


def test_a_file_that_cannot_be_written_leaves_nothing_behind(here):
    done = subprocess.run(
        [sys.executable, "-B", "-c", FULL], cwd=here, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2, done
    assert "cannot write" in done.stderr
    assert "fix:" in done.stderr
    assert list(here.iterdir()) == []
