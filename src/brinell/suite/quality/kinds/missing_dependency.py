"""Imports of the tests that no declaration of the project brings along: it works here, and nowhere else.

Guarded imports (``try``, ``importorskip``, ``TYPE_CHECKING``, a version check), the standard library and the project's
own modules are not meant. What only some other dependency brings along, pytest's own among them, and what is imported
only where a condition holds that is about something else, are told as such. Which distribution an import comes from,
the user's interpreter says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from brinell.core.quality_records import Weakness
from brinell.suite.quality.declared import Declared, normal
from brinell.suite.quality.files import NOT_OURS, python_files
from brinell.suite.quality.kinds.guards import Guard, guard_of
from brinell.suite.quality.names import dotted, last
from brinell.suite.quality.nodes import walk
from brinell.suite.quality.project import Module, Project
from brinell.suite.quality.questions import Provider
from brinell.suite.quality.scan import Scan, found

KIND = "missing-dependency"
# Where the two names differ, for what is not installed and so cannot be asked for. Well-known ones only.
DISTRIBUTIONS = {
    "yaml": "PyYAML", "dateutil": "python-dateutil", "PIL": "Pillow", "sklearn": "scikit-learn",
    "cv2": "opencv-python", "bs4": "beautifulsoup4", "attr": "attrs", "jose": "python-jose", "jwt": "PyJWT",
    "dotenv": "python-dotenv", "OpenSSL": "pyOpenSSL", "Crypto": "pycryptodome", "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient", "git": "GitPython", "magic": "python-magic", "serial": "pyserial", "zmq": "pyzmq",
    "redis": "redis", "ldap": "python-ldap", "pkg_resources": "setuptools", "google.protobuf": "protobuf",
    "slugify": "python-slugify", "multipart": "python-multipart", "factory": "factory-boy", "faker": "Faker",
    "time_machine": "time-machine", "pytest_asyncio": "pytest-asyncio", "rest_framework": "djangorestframework",
    "docx": "python-docx", "nacl": "PyNaCl", "fitz": "PyMuPDF", "discord": "discord.py",
    "flask_sqlalchemy": "Flask-SQLAlchemy", "grpc": "grpcio", "kafka": "kafka-python",
    "pytest_mock": "pytest-mock", "paho": "paho-mqtt", "websocket": "websocket-client", "usb": "pyusb",
    "markdown_it": "markdown-it-py", "ruamel": "ruamel.yaml", "sentry_sdk": "sentry-sdk",
}  # fmt: skip
DISTRIBUTIONS |= {
    name: name.replace("_", "-")
    for name in (
        "respx", "freezegun", "responses", "requests", "requests_mock", "httpx", "moto", "boto3", "hypothesis",
        "numpy", "pandas", "sqlalchemy", "fakeredis", "aiohttp", "django", "flask", "fastapi", "starlette",
        "pydantic", "psycopg", "tenacity", "dirty_equals", "polyfactory", "testcontainers", "parameterized",
        "syrupy", "trio", "anyio", "orjson", "ujson", "simplejson", "toml", "lxml", "pytz", "arrow", "pendulum",
        "jinja2", "click", "typer", "rich", "mock", "assertpy", "celery", "pytest_httpx", "pytest_cov",
        "pytest_django", "deepdiff", "jsonschema", "cryptography", "vcr", "pyfakefs", "aioresponses", "asyncpg",
        "pymongo", "scipy", "matplotlib", "websockets", "uvicorn", "trustme",
    )
}  # fmt: skip
_EDITION = re.compile(
    r"(?:-(?:binary|headless|contrib|cpu|gpu|cuda\w*|lite|slim|full|all|base|core|standard|nightly|c|cffi|wheel))+$"
)
_IMPORTING = {"importlib.import_module", "import_module", "__import__"}
_NEVER = {"__future__", "pytest", "_pytest", "setuptools", "pkg_resources", "pip", "distutils", "brinell_inside"}


class Import(NamedTuple):
    """Where something is imported first. ``conditional``: only where a condition holds that is about something else."""

    module: Module
    node: ast.AST
    conditional: bool


def imported(project: Project) -> dict[str, Import]:
    """Return the top-level names that the tests import unguarded and that are not modules of the project."""
    names: dict[str, Import] = {}
    for module in project.with_helpers():
        optional = _skipped_without(module)
        for node in walk(module.source.tree):
            for name in _tops(node):
                known = names.get(name)
                if (known and not known.conditional) or name in optional or name in _NEVER:
                    continue
                if _is_own(project, name, module):
                    continue
                guard = guard_of(module, node, name)
                if guard is Guard.NONE or (guard is Guard.CONDITION and known is None):
                    names[name] = Import(module, node, guard is Guard.CONDITION)
    return names


def missing_dependency(scan: Scan) -> Iterator[Weakness]:
    """Yield the imports that nothing declares; nothing where nothing is declared at all."""
    declared = Declared(scan.project.root)
    place = declared.test_place
    if not place:
        return
    ours = _own_names(scan)
    for name, (module, node, conditional) in imported(scan.project).items():
        provider = scan.answers.distributions.get(name)
        if provider is None or provider.standard or _is_from_here(provider, scan.project.root):
            continue
        if (
            not provider.found
            and name not in DISTRIBUTIONS
            and (name in ours or _is_made(module, node, name, conditional=conditional))
        ):
            continue
        candidates = provider.distributions or (DISTRIBUTIONS.get(name, name),)
        guesses = () if provider.distributions else (f"python-{name}", f"py{name}", f"{name}-python", name)
        if declared.has(*candidates, *guesses, *_stubs(name)) or _is_a_part(candidates, declared):
            continue
        bringer = next((one for one in provider.needed_by if declared.has(one)), "")
        variant = "transitive" if bringer else "conditional" if conditional else "" if provider.found else "absent"
        detail = "\n".join((candidates[0], place, bringer))
        yield found(KIND, module, node, name=name, variant=variant, detail=detail)


def _own_names(scan: Scan) -> set[str]:
    """Return the names of all modules and packages below the project's root, wherever they lie."""
    names: set[str] = set()
    for path in python_files(scan.project.root, (".",), scan.skipped or NOT_OURS):
        names.update(path.removesuffix(".py").split("/"))
    return names


def _is_made(module: Module, node: ast.AST, name: str, *, conditional: bool) -> bool:
    """Whether what is not installed is made, or found, while the tests run: they would fail without it.

    Where a condition decides whether they run at all, only if the function speaks of it as of a file.
    """
    around = [*module.functions_around(node)]
    texts = (one.value for one in (walk(around[-1]) if around else ()) if isinstance(one, ast.Constant))
    word = re.compile(rf"\b{re.escape(name)}\b")
    return bool(around) and (not conditional or any(isinstance(one, str) and word.search(one) for one in texts))


def _tops(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield node.module.partition(".")[0]
    elif isinstance(node, ast.Call) and dotted(node.func) in _IMPORTING and len(node.args) == 1:
        name = getattr(node.args[0], "value", "")
        if isinstance(name, str) and name.partition(".")[0].isidentifier():
            yield name.partition(".")[0]


def _is_own(project: Project, name: str, module: Module) -> bool:
    if project.file_of(name, module.path):
        return True
    parents = [*Path(module.path).parents, Path("src"), Path("lib"), Path("python")]
    return any(
        (project.root / parent / name).is_dir() or (project.root / parent / f"{name}.py").is_file()
        for parent in parents
    )


def _is_from_here(provider: Provider, root: Path) -> bool:
    """Whether an import comes from the project's own folder (installed as editable, or on its path)."""
    origin = provider.origin
    return bool(origin) and origin.startswith(f"{root}/") and "site-packages" not in origin


def _is_a_part(candidates: tuple[str, ...], declared: Declared) -> bool:
    """One or the other: ``psycopg2`` and ``psycopg2-binary``, a namespace (``google``) and ``google-cloud-storage``.

    ``pytest-xdist`` is no part of ``pytest``.
    """
    names = {normal(one) for one in candidates} | {_EDITION.sub("", normal(one)) for one in candidates}
    return any(
        _EDITION.sub("", known) in names or known.startswith(f"{name}-") for name in names for known in declared.places
    )


def _stubs(name: str) -> tuple[str, ...]:
    return (f"types-{name}",)


def _skipped_without(module: Module) -> set[str]:
    """Return what ``pytest.importorskip`` asks for in a module, and what ``find_spec`` looks up."""
    return {
        str(argument.value).partition(".")[0]
        for node in walk(module.source.tree)
        if isinstance(node, ast.Call) and last(node.func) in {"importorskip", "find_spec"}
        for argument in node.args[:1]
        if isinstance(argument, ast.Constant)
    }
