"""Documentation that fails the build: what is not described, what is described and not there, samples that break."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest
import typer

from brinell.cli.app import COMMANDS
from brinell.config import capacity, drills, from_toml, sessions, tables
from brinell.rosters.drills import DRILLS
from brinell.rosters.shapes import SHAPES

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS_PAGE = (DOCS / "COMMANDS.md").read_text(encoding="utf-8")
CONFIGURATION_PAGE = (DOCS / "CONFIGURATION.md").read_text(encoding="utf-8")
SHARED = (
    "--out", "--json", "--open", "--quiet", "--resume", "--slo", "--watch", "--no-browser", "--help", "--export",
    "--prometheus", "--remote-write", "--otlp", "--export-header",
)  # fmt: skip


def options_of(text: str) -> set[str]:
    return set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.MULTILINE))


def section(page: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section '## {title}'"
    return found[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_described(brinell, name):
    described = section(COMMANDS_PAGE, name)
    options = options_of(brinell(name, "--help").out)
    assert options >= {"--help"}
    for option in options - {"--help"}:
        place = COMMANDS_PAGE if option in SHARED else described
        assert f"`{option}" in place, f"{name} {option}"


def test_every_described_command_exists():
    titles = set(re.findall(r"^## ([a-z]+)$", COMMANDS_PAGE, re.MULTILINE))
    assert titles == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_described_that_is_not_there(brinell, name):
    options = options_of(brinell(name, "--help").out)
    described = set(re.findall(r"`(--[a-z-]+)", section(COMMANDS_PAGE, name)))
    assert described - options - {"--brinell"} <= set(SHARED)


def test_options_of_several_commands_name_those_that_have_them(brinell):
    rows = re.findall(r"^\| `(--[a-z-]+)[^|]*\| ((?:`[a-z]+`(?:, )?)+): ", COMMANDS_PAGE, re.MULTILINE)
    assert {"--watch", "--export", "--prometheus"} <= {option for option, _ in rows}
    offered = {name: options_of(brinell(name, "--help").out) for name in COMMANDS}
    for option, named in rows:
        having = {name for name, options in offered.items() if option in options}
        assert set(re.findall(r"`([a-z]+)`", named)) == having, option


def test_the_options_of_the_whole_are_described(brinell):
    for option in options_of(brinell("--help").out):
        assert f"`{option}`" in section(COMMANDS_PAGE, "Options of the whole")


KEYS = {
    "[project]": tables.project(Path()),
    "[service]": tables.service(Path()),
    "[suite]": tables.suite(Path()),
    "[capacity]": capacity.keys(),
    "[[drill]]": drills.keys(),
    "[[load]]": tables.load(Path()) | tables.request(Path()) | sessions.session_keys() | sessions.data_keys(Path()),
}


@pytest.mark.parametrize("title", KEYS)
def test_every_key_is_described_and_every_described_key_exists(title):
    described = set(re.findall(r"^\| `([a-z_]+)` \|", section(CONFIGURATION_PAGE, title), re.MULTILINE))
    extra = {*SHAPES, "kind"} if title == "[[load]]" else set()
    assert described == set(KEYS[title]) | extra


@pytest.mark.parametrize("name", DRILLS)
def test_every_drill_and_its_options_are_described(name):
    page = (DOCS / "DRILLS.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([a-z_]+)` \|", section(page, name), re.MULTILINE))
    assert described == set(DRILLS[name].__struct_fields__)


def test_every_shape_and_its_fields_are_described():
    for kind, shape in SHAPES.items():
        row = re.search(rf"^\| `{kind}` \| (.*?) \|", CONFIGURATION_PAGE, re.MULTILINE)
        assert row
        assert set(re.findall(r"`(\w+)`", row[1])) == set(shape.__struct_fields__)


def test_the_sample_configuration_works(tmp_path):
    sample = re.search(r"```toml\n(.*?)```", CONFIGURATION_PAGE, re.DOTALL)
    assert sample
    for folder in ("src/shop", "tests/property", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("KNOWN_BUGS.md", ".venv/bin/python"):
        (tmp_path / file).touch()
    (tmp_path / "brinell.toml").write_text(sample[1], encoding="utf-8")
    ids = ["suite", "reproduce", "quality", "examine", "property", "property:verify", "load:browse"]
    assert [step.id for step in from_toml(tmp_path).steps] == ids


SERVICE = '[service]\ncommand = "{python} -m shop {port}"\n'
BROWSE = '[[load]]\nname = "browse"\nshape = { kind = "constant", rate = 10, duration = "5s" }\n'


@pytest.mark.parametrize("name", ["LOAD", "WEBSOCKET", "CACHE", "CAPACITY", "DRILLS", "VITALS"])
def test_samples_of_configuration_are_understood(tmp_path, name):
    (tmp_path / "users.csv").write_text("id,name,mail\n1,ada,ada@example.org\n", encoding="utf-8")
    page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    samples = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    indented = re.findall(r"(?:^    .*\n)+", page, re.MULTILINE)
    samples += [sample.replace("\n    ", "\n").strip() for sample in indented if sample.lstrip().startswith("[")]
    assert samples
    for sample in samples:
        service = "" if re.search(r"^\[service\]", sample, re.MULTILINE) else SERVICE
        browse = "" if 'name = "browse"' in sample else BROWSE
        (tmp_path / "brinell.toml").write_text(f"{sample}\n{service}{browse}", encoding="utf-8")
        assert from_toml(tmp_path).steps


def examples() -> list[str]:
    """Commands as the pages show them, without their remarks. What has brackets or dots describes, and is none."""
    pages = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages).replace("\\\n", " ")
    found = [re.split(r"\s{3,}", line)[0] for line in re.findall(r"^ {4}(brinell [a-z]+ .*)$", text, re.MULTILINE)]
    return sorted({line for line in found if not re.search(r"\[--|\[[A-Z]|\.\.\.|\[-- ", line)})


@pytest.mark.parametrize("line", examples())
def test_every_example_is_understood_by_its_command(line):
    name, *words = shlex.split(line, comments=True)[1:]
    app = typer.Typer()
    app.command()(import_module(f"brinell.cli.{name}").command)
    extra = words.index("--") if "--" in words else len(words)
    typer.main.get_command(app).make_context(name, words[:extra])
