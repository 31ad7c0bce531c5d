"""How the service is started, as the project itself says: Procfile, compose file, Dockerfile, else the application.

Files are read as text. A command that needs a shell (pipes, ``&&``, substitutions) is not taken over.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from brinell.subject.discover import tree
from brinell.subject.discover.apps import App

_ASGI = ("uvicorn", "hypercorn", "granian", "daphne")
_LISTEN = {
    "uvicorn": "--port {port}",
    "hypercorn": "--bind 127.0.0.1:{port}",
    "gunicorn": "--bind 127.0.0.1:{port}",
    "granian": "--port {port}",
    "daphne": "-p {port}",
    "waitress": "--listen=127.0.0.1:{port}",
}
_COMPOSE = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
_REQUIREMENTS = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "environment.yml")
_RUNNERS = (("poetry", "run"), ("uv", "run"), ("pipenv", "run"), ("pdm", "run"), ("hatch", "run"), ("exec",))
_SHELL = re.compile(r"&&|\|\||[|;<>`]|\$\(")
_PORT = re.compile(r"\$\{?PORT(?::?-\d+)?\}?")
_PORT_OPTION = re.compile(r"(?<!\S)(--port|-p)(=|\s+)\d{2,5}(?!\S)")
_BIND = re.compile(r"(?<![\w.])(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::\])?:(\d{2,5}|\{port\})(?!\S)")


class Command(msgspec.Struct, frozen=True):
    """A command for ``[service]`` and where it was found."""

    line: str
    where: str
    note: str = ""


def likeliest(root: Path, apps: Sequence[App]) -> App | None:
    """Return the application to start: the first, or the first WSGI one where only WSGI servers are declared."""
    declared = _declared_servers(root)
    if declared and not declared.intersection(_ASGI):
        return next((app for app in apps if app.interface == "wsgi"), apps[0] if apps else None)
    return apps[0] if apps else None


def find_command(root: Path, app: App | None) -> Command | None:
    """Return the command that starts the service: production's own where it can be taken over, else the likeliest."""
    for where, words in _declared(root):
        line = _adapted(words)
        if line:
            return Command(line, where)
    return derived(root, app) if app else None


def derived(root: Path, app: App) -> Command:
    """Return the command for an application object, with a server the project declares where there is one."""
    declared = _declared_servers(root)
    where = f"{app.framework} application {app.target}"
    factory = " --factory" if app.factory else ""
    if app.interface == "asgi":
        server = next((name for name in _ASGI if name in declared), "uvicorn")
        note = "" if server in declared else f"{server} is not among the declared dependencies"
        return Command(_asgi_line(server, app, factory), where, note)
    if "gunicorn" in declared:
        target = f"'{app.target}()'" if app.factory else app.target
        return Command(f"{{python}} -m gunicorn --bind 127.0.0.1:{{port}} {target}", where)
    if "waitress" in declared:
        call = " --call" if app.factory else ""
        return Command(f"{{python}} -m waitress --listen=127.0.0.1:{{port}}{call} {app.target}", where)
    if app.framework == "Flask":
        line = f"{{python}} -m flask --app {app.target} run --port {{port}}"
        return Command(line, where, "Flask's development server: production will not run on it")
    if app.framework == "Django" and (root / "manage.py").is_file():
        line = "{python} manage.py runserver --noreload 127.0.0.1:{port}"
        return Command(line, where, "Django's development server: production will not run on it")
    line = f"{{python}} -m gunicorn --bind 127.0.0.1:{{port}} {app.target}"
    return Command(line, where, "gunicorn is not among the declared dependencies")


def environment(root: Path) -> tuple[tuple[str, ...], str]:
    """Return the variables an example environment file names, and the file; both empty without one."""
    for name in (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env", "env.example"):
        text = tree.text(root / name)
        if text:
            found = re.findall(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", text, re.MULTILINE)
            return tuple(dict.fromkeys(found))[:40], name
    return (), ""


def backing_services(root: Path) -> tuple[tuple[str, ...], str]:
    """Return the images of databases, caches and brokers a compose file starts, and the file."""
    known = (
        "postgres|postgis|mysql|mariadb|redis|valkey|memcached|rabbitmq|kafka|mongo|nats|elasticsearch|opensearch|minio"
    )
    for name in _COMPOSE:
        text = tree.text(root / name)
        if text:
            found = re.findall(rf"^\s*image:\s*[\"']?(\S*(?:{known})\S*?)[\"']?\s*$", text, re.MULTILINE)
            return tuple(dict.fromkeys(found))[:10], name
    return (), ""


def _asgi_line(server: str, app: App, factory: str) -> str:
    target = app.target
    match server:
        case "hypercorn":
            return f"{{python}} -m hypercorn --bind 127.0.0.1:{{port}} {target}{'()' if factory else ''}"
        case "granian":
            return f"{{python}} -m granian --interface asgi --host 127.0.0.1 --port {{port}}{factory} {target}"
        case "daphne":
            return f"{{python}} -m daphne -b 127.0.0.1 -p {{port}} {target}"
        case _:
            return f"{{python}} -m uvicorn{factory} {target} --host 127.0.0.1 --port {{port}}"


def _declared(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands the project declares, as words, each with its place."""
    procfile = tree.text(root / "Procfile") or ""
    for number, line in enumerate(procfile.splitlines(), 1):
        name, colon, command = line.partition(":")
        if colon and name.strip() == "web":
            yield from _split(f"Procfile:{number}", command)
    for name in _COMPOSE:
        for number, command in _yaml_commands(tree.text(root / name) or ""):
            yield from _split(f"{name}:{number}", command)
    for number, line in enumerate((tree.text(root / "Dockerfile") or "").splitlines(), 1):
        if line.startswith("CMD "):
            yield from _split(f"Dockerfile:{number}", line[4:])


def _split(where: str, command: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the words of a command given as text or as a JSON list, if it can do without a shell."""
    text = command.strip()
    try:
        words = json.loads(text) if text.startswith("[") else shlex.split(text)
    except ValueError:
        return
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return
    if words[:2] in (["sh", "-c"], ["bash", "-c"], ["/bin/sh", "-c"]) and len(words) == 3:
        yield from _split(where, words[2])
    elif words and not any(_SHELL.search(word) for word in words):
        yield where, words


def _yaml_commands(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and value of every ``command:`` of a compose file: on its line, folded, or as a list."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = re.match(r"^(\s+)command:\s*(.*)$", line)
        if not found:
            continue
        value = found[2].split(" #")[0].strip()
        if value in ("", ">", "|", ">-", "|-"):
            below = []
            for inner in lines[number + 1 :]:
                if inner.strip() and len(inner) - len(inner.lstrip()) < len(found[1]) + (value != ""):
                    break
                below.append(inner.strip())
            items = [item[2:].strip().strip("\"'") for item in below if item.startswith("- ")]
            value = shlex.join(items) if items else " ".join(below)
        elif value[0] in "\"'" and value[-1] == value[0]:
            value = value[1:-1]
        yield number + 1, value


def _adapted(words: list[str]) -> str | None:
    """Make a declared command start on our port and our interpreter; None if it is no server we know."""
    for runner in _RUNNERS:
        if tuple(words[: len(runner)]) == runner:
            words = words[len(runner) :]
    words = [word for word in words if word not in ("--reload", "--debug")]
    if not words:
        return None
    server = words[0].rpartition("/")[2]
    if re.fullmatch(r"python[\d.]*", server) and len(words) > 2 and words[1] == "-m" and words[2] in _LISTEN:
        server, words = words[2], words[2:]
    if server not in _LISTEN:
        return None
    rest = " ".join(shlex.quote(word) if not _PORT.search(word) else word for word in words[1:])
    rest = _PORT.sub("{port}", rest)
    rest = _PORT_OPTION.sub(lambda found: f"{found[1]}{found[2]}{{port}}", rest)
    rest = _BIND.sub("127.0.0.1:{port}", rest)
    rest = re.sub(r"(?<!\S)0\.0\.0\.0(?!\S)", "127.0.0.1", rest).replace("=0.0.0.0", "=127.0.0.1")
    if "{port}" not in rest:
        bind = {"uvicorn": "--port {port}", "granian": "--port {port}", "daphne": "-p {port}"}
        rest += " " + bind.get(
            server, "--listen=127.0.0.1:{port}" if server == "waitress" else "--bind 127.0.0.1:{port}"
        )
    if "{" in rest.replace("{port}", ""):
        return None  # nobody fills in placeholders of others
    return f"{{python}} -m {server} {rest}"


def _declared_servers(root: Path) -> set[str]:
    names = [*(root / name for name in _REQUIREMENTS), *sorted(root.glob("requirements*.txt"))[:10]]
    names += sorted((root / "requirements").glob("*.txt"))[:10]
    text = "\n".join(tree.text(name) or "" for name in names).lower()
    return {server for server in _LISTEN if re.search(rf"(?<![\w-]){server}(?![\w-])", text)}
