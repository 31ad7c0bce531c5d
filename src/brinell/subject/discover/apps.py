"""ASGI and WSGI applications, routes and health paths, read from the syntax tree: no user code is ever run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from brinell.subject.discover import tree

_FRAMEWORKS = {
    "fastapi.FastAPI": ("FastAPI", "asgi"),
    "fastapi.applications.FastAPI": ("FastAPI", "asgi"),
    "starlette.applications.Starlette": ("Starlette", "asgi"),
    "litestar.Litestar": ("Litestar", "asgi"),
    "litestar.app.Litestar": ("Litestar", "asgi"),
    "quart.Quart": ("Quart", "asgi"),
    "blacksheep.Application": ("BlackSheep", "asgi"),
    "blacksheep.server.Application": ("BlackSheep", "asgi"),
    "falcon.asgi.App": ("Falcon", "asgi"),
    "falcon.App": ("Falcon", "wsgi"),
    "flask.Flask": ("Flask", "wsgi"),
    "bottle.Bottle": ("Bottle", "wsgi"),
    "django.core.asgi.get_asgi_application": ("Django", "asgi"),
    "django.core.wsgi.get_wsgi_application": ("Django", "wsgi"),
}
_FACTORIES = ("create_app", "make_app", "build_app", "get_app", "app_factory", "create_application", "get_application")
_MADE_BY = "made by "  # an application whose factory is in another file: settled once all files are read
_USUAL_NAMES = ("app", "application", "api")
_USUAL_FILES = ("main", "app", "asgi", "application", "server", "wsgi", "api")
_HEALTH = re.compile(
    r"/(?:api/)?(?:v\d+/)?(?:_?health(?:z|_check|check|-check)?|ready|readyz|readiness|livez|liveness|ping|heartbeat)"
    r"(?:/(?:ready|live|readiness|liveness))?/?"
)


class App(msgspec.Struct, frozen=True):
    """An application object: ``target`` is ``module:name`` as servers want it, ``base`` its import root."""

    target: str
    file: Path
    line: int
    framework: str
    interface: str  # asgi | wsgi
    base: Path
    factory: bool = False
    openapi: str | None = None


class Route(msgspec.Struct, frozen=True):
    """A path that the source answers GET on, without parameters, as far as a literal tells."""

    path: str
    file: Path
    line: int


class Sources(msgspec.Struct, frozen=True):
    """What the product's own source told: applications, the likeliest first; routes; health paths, ready first."""

    apps: tuple[App, ...]
    routes: tuple[Route, ...]
    health: tuple[Route, ...]
    files: int


def read_sources(root: Path) -> Sources:
    """Look through the Python files of a project that are not tests."""
    apps: list[App] = []
    routes: list[Route] = []
    files = 0
    for file in tree.python_files(root):
        inside = file.relative_to(root).parts[:-1]
        if tree.is_test(file) or any(part in tree.NOT_PRODUCT for part in inside):
            continue
        module = _parse(file)
        if module is None:
            continue
        files += 1
        names = _imported(module)
        apps += _apps(module, names, file, root)
        routes += _routes(module, names, file)
    seen = {route.path: route for route in reversed(routes)}
    health = sorted((r for r in seen.values() if _HEALTH.fullmatch(r.path)), key=_readiness)
    others = [route for path, route in sorted(seen.items()) if not _HEALTH.fullmatch(path)]
    apps = list(_settled(apps))
    return Sources(tuple(sorted(apps, key=lambda app: _rank(app, root))), tuple(others), tuple(health), files)


def _parse(file: Path) -> ast.Module | None:
    source = tree.text(file)
    if source is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in the project's source are not ours to tell
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _imported(module: ast.Module) -> dict[str, str]:
    """Return local name -> full name for what the module imports, at any depth."""
    names: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.split(".")[0]
                names[alias.asname or head] = alias.name if alias.asname else head
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {(alias.asname or alias.name): f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    """Return the dotted full name of ``FastAPI`` or ``fastapi.FastAPI``; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])


def _apps(module: ast.Module, names: dict[str, str], file: Path, root: Path) -> Iterator[App]:
    factories: dict[str, tuple[str, str]] = {}
    base = tree.import_root(file, root)
    dotted = tree.module_name(file, base)
    if not all(part.isidentifier() for part in dotted.split(".")):
        return
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found = _callable_app(node, names)
            if found:
                framework, interface, factory = found
                if factory:
                    factories[node.name] = (framework, interface)
                yield App(f"{dotted}:{node.name}", file, node.lineno, framework, interface, base, factory=factory)
        for target, call in _assigned_calls(node):
            known = _FRAMEWORKS.get(_full_name(call.func, names))
            if known is None and isinstance(call.func, ast.Name):
                known = factories.get(call.func.id)
                if known is None and call.func.id in _FACTORIES:
                    known = (_MADE_BY + call.func.id, "")
            if known:
                yield App(f"{dotted}:{target}", file, call.lineno, *known, base, openapi=_openapi(known[0], call))


def _settled(apps: list[App]) -> Iterator[App]:
    """Give applications made by another file's factory its framework; drop those whose factory was not found."""
    factories = {app.target.rpartition(":")[2]: app for app in apps if app.factory}
    for app in apps:
        if not app.framework.startswith(_MADE_BY):
            yield app
            continue
        maker = factories.get(app.framework.removeprefix(_MADE_BY))
        if maker:
            yield msgspec.structs.replace(app, framework=maker.framework, interface=maker.interface)


def _assigned_calls(node: ast.stmt) -> Iterator[tuple[str, ast.Call]]:
    """Yield the name and the call of ``name = Call(...)``."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as call):
            yield name, call
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call):
            yield name, call


def _callable_app(node: ast.FunctionDef | ast.AsyncFunctionDef, names: dict[str, str]) -> tuple[str, str, bool] | None:
    """Return framework, interface and whether it is a factory, for a function that is or makes an application."""
    arguments = [argument.arg for argument in node.args.args]
    if isinstance(node, ast.AsyncFunctionDef):
        return ("plain ASGI", "asgi", False) if arguments == ["scope", "receive", "send"] else None
    if arguments == ["environ", "start_response"]:
        return "plain WSGI", "wsgi", False
    required = len(arguments) - len(node.args.defaults)
    if node.name not in _FACTORIES or required or any(default is None for default in node.args.kw_defaults):
        return None
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            known = _FRAMEWORKS.get(_full_name(inner.func, names))
            if known:
                return *known, True
    return None


def _openapi(framework: str, call: ast.Call) -> str | None:
    """Return where FastAPI serves its schema: ``openapi_url``, or the default."""
    if framework != "FastAPI":
        return None
    for keyword in call.keywords:
        if keyword.arg == "openapi_url":
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
            return value if isinstance(value, str) else None
    return "/openapi.json"


def _routes(module: ast.Module, names: dict[str, str], file: Path) -> Iterator[Route]:
    """Yield paths given as literals to ``@x.get("/path")``, ``Route("/path", ...)`` and ``add_route("/path")``."""
    prefixes = _prefixes(module)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first = node.args[0]
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            continue
        if not _is_get_route(node, names):
            continue
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        path = (prefixes.get(owner.id, "") if isinstance(owner, ast.Name) else "") + first.value
        if re.fullmatch(r"/[A-Za-z0-9_./~-]*", path):
            yield Route(path, file, node.lineno)


def _is_get_route(call: ast.Call, names: dict[str, str]) -> bool:
    methods = next((keyword.value for keyword in call.keywords if keyword.arg == "methods"), None)
    if isinstance(methods, ast.List | ast.Tuple | ast.Set):
        said = {item.value for item in methods.elts if isinstance(item, ast.Constant)}
        if "GET" not in said:
            return False
    if isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "route", "api_route", "add_route"):
        # client.get("/x") and dict.get("/x") look alike; a route's decorator hangs on an application or a router.
        owner = _full_name(call.func.value, names).rpartition(".")[2].lower()
        return any(word in owner for word in ("app", "router", "api", "route", "blueprint", "bp"))
    return _full_name(call.func, names).rpartition(".")[2] == "Route"


def _prefixes(module: ast.Module) -> dict[str, str]:
    """Return router name -> its literal prefix (``APIRouter(prefix=...)``, ``Blueprint(url_prefix=...)``)."""
    found: dict[str, str] = {}
    for node in module.body:
        for name, call in _assigned_calls(node):
            for keyword in call.keywords:
                if keyword.arg in ("prefix", "url_prefix") and isinstance(keyword.value, ast.Constant):
                    found[name] = str(keyword.value.value)
    return found


def _readiness(route: Route) -> tuple[bool, bool, int, str]:
    """Sort key: what says ready first, liveness last, then the shorter path."""
    return (
        "ready" not in route.path and "readiness" not in route.path,
        "live" in route.path,
        len(route.path),
        route.path,
    )


def _rank(app: App, root: Path) -> tuple[bool, bool, int, int, str]:
    """Sort key: usual names, instances before factories, usual files, near the root."""
    name = app.target.rpartition(":")[2]
    stem = app.file.stem
    usual = _USUAL_FILES.index(stem) if stem in _USUAL_FILES else len(_USUAL_FILES)
    return (
        name not in _USUAL_NAMES and not app.factory,
        app.factory,
        len(app.file.relative_to(root).parts),
        usual,
        app.target,
    )
