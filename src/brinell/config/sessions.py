"""Keys of ``[[load]]`` for what depends on data and on answers: sessions, data files, checks, forms; and whether all
of it fits together.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from brinell.config import checks, durations
from brinell.config.keys import Key, Keys, kind_of, read_table
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.errors import UsageError
from brinell.core.plan import DataSpec, LoadSpec, RequestSpec, SessionSpec
from brinell.load.scenario.data import ORDERS
from brinell.load.scenario.template import FOUND

MOST_REDIRECTS = 20
_NAME = re.compile(r"[A-Za-z_]\w{0,59}")
_OPTIONS = {"path": "URL", "headers": "--header", "body": "--body", "form": "--form", "data": "--data"}
_THINK = "a duration, or two to draw between"
_A_TABLE = "a table of texts"


def keys() -> Keys:
    """Keys of a scenario."""
    return {
        "sessions": Key(list[Any], "a list of tables", 'sessions = [{ name = "buyer", requests = [...] }]'),
        "data": Key(list[Any], "a list of tables", 'data = [{ file = "users.csv", name = "user" }]'),
        "cookies": Key(bool, "true or false", "cookies = true"),
        "redirects": Key(
            Annotated[int, Meta(ge=0, le=MOST_REDIRECTS)], f"a whole number from 0 to {MOST_REDIRECTS}", "redirects = 5"
        ),
        "compression": Key(bool, "true or false", "compression = true"),
        "keep_alive": Key(bool, "true or false", "keep_alive = false"),
        "go_on": Key(bool, "true or false", "go_on = true"),
    }


def request_keys(root: Path) -> Keys:
    """Keys of a request beside those it always has."""
    return {
        "form": Key(dict[str, str], _A_TABLE, 'form = { user = "{{user.name}}" }'),
        "files": Key(dict[str, str], "a table of files", 'files = { photo = "fixtures/cat.png" }', _files(root)),
        "stream": Key(bool, "true or false", "stream = true"),
        "extract": Key(dict[str, str], _A_TABLE, 'extract = { id = "$.id" }'),
        "check": Key(dict[str, Any], "a table of checks", 'check = { json = { "$.state" = "open" } }', _check(root)),
    }


def data_keys(root: Path) -> Keys:
    """Keys of one entry of ``data``."""
    return {
        "file": Key(str, "text", 'file = "users.csv"', checks.file(root)),
        "name": Key(str, "text", 'name = "user"', _variable),
        "order": Key(str, "text", 'order = "cycle"', _order),
    }


def session_keys() -> Keys:
    """Keys of one entry of ``sessions``."""
    return {
        "name": Key(str, "text", 'name = "buyer"', checks.filled),
        "weight": Key(Annotated[float, Meta(gt=0, le=1e9)], "a number above 0", "weight = 3"),
        "requests": Key(list[Any], "a list of tables", 'requests = [{ path = "/notes" }]'),
        "think_s": Key(Any, _THINK, "think_s = [0.5, 2.0]", _think),
        "repeat": Key(Annotated[int, Meta(ge=1, le=1_000_000)], "a whole number of 1 or more", "repeat = 3"),
    }


def path(target: str) -> str:
    """The path of a request; it may begin with a template, such as an address that an answer gave."""
    bare = FOUND.sub("x", target)
    checks.path(f"/{bare}" if FOUND.match(target) else bare)
    return target


def data(entries: list[Any], root: Path, place: Place, problems: Problems) -> tuple[DataSpec, ...]:
    """Read ``data``."""
    table = data_keys(root)
    found = []
    for number, entry in enumerate(entries):
        before = len(problems.found)
        values = read_table(entry, table, (*place, "data", number), problems, required=("file",))
        if len(problems.found) == before:
            found.append(DataSpec(**{"name": name_of(values["file"]), **values}))
    return tuple(found)


def name_of(file: str) -> str:
    """The name of a data file where none is given: the file's own, as far as it can be one."""
    return re.sub(r"\W", "_", Path(file).stem) or "data"


def sessions(entries: list[Any], place: Place, problems: Problems, request: Keys) -> tuple[SessionSpec, ...]:
    """Read ``sessions``; ``request`` are the keys of each of their requests."""
    table = session_keys()
    if not entries:
        problems.add(place, "sessions", Unfit("a list of sessions holds at least one"), value=entries)
    found: list[SessionSpec] = []
    for number, entry in enumerate(entries):
        where = (*place, "sessions", number)
        before = len(problems.found)
        values = read_table(entry, table, where, problems, required=("name", "requests"))
        if "requests" in values:
            values["requests"] = requests(values["requests"], where, problems, request)
        if values.get("name") in {one.name for one in found}:
            problems.add(where, "name", Unfit("another session has this name"), value=values["name"])
        if len(problems.found) == before:
            found.append(SessionSpec(**values))
    return tuple(found)


def requests(entries: list[Any], place: Place, problems: Problems, table: Keys) -> tuple[RequestSpec, ...]:
    """Read ``requests``."""
    if not entries:
        problems.add(place, "requests", Unfit("at least one request is needed"), value=entries)
    found = []
    for number, entry in enumerate(entries):
        where = (*place, "requests", number)
        before = len(problems.found)
        values = read_table(entry, table, where, problems)
        bodies: list[str] = [key for key in ("json", "body", "body_file", "form") if key in values]
        if "files" in values and bodies != ["form"]:
            bodies.append("files")
        if len(bodies) > 1:
            problems.add(where, bodies[1], Unfit(f"a request has one body, and this one has {' and '.join(bodies)}"))
        elif "stream" in values and not bodies:
            problems.add(where, "stream", Unfit("there is no body to send in chunks"))
        if len(problems.found) == before:
            found.append(RequestSpec(**values))
    return tuple(found)


def agree(spec: LoadSpec, planned: int | None, root: Path, place: Place, problems: Problems) -> None:
    """Note what does not fit together in a scenario whose parts do. ``planned``: sessions that its shape begins."""
    # Reads the engine's words, and numpy with them: only for scenarios that need it.
    from brinell.load.scenario import verify  # noqa: PLC0415

    if spec.cookies and "cookie" in {name.lower() for name in spec.headers}:
        problems.add(place, "cookies", Unfit("each session keeps its own: take the header Cookie away"))
    if not verify.is_dynamic(spec):
        if spec.data:
            problems.add(place, "data", Unfit(f"nothing uses it: {{{{{spec.data[0].name}.column}}}} would"))
        return
    for fault in verify.faults(spec, root):
        wrong = fault.wrong
        problems.add((*place, *fault.place), fault.key, Unfit(wrong.why, wrong.choices, wrong.word))
        if fault.place[0] == "data":
            return
    for number, rows in verify.short_of(spec, planned, root):
        why = f"its {rows} rows are given once each, and the shape begins {planned} sessions: "
        why += f"{rows} is the most that max_requests may say, or a closed shape ends with the last row"
        problems.add((*place, "data", number), "order", Unfit(why), value="once")


def agree_alone(spec: LoadSpec, planned: int | None) -> None:
    """Refuse what does not fit together in a scenario of one request that was given as options: UsageError."""
    problems = Problems("brinell load")
    agree(spec, planned, Path.cwd(), (), problems)
    for problem in problems.found[:1]:
        key = "data" if problem.place[:1] == ("data",) else problem.key
        option = _OPTIONS.get(key, key)
        raise UsageError(
            f"{option}: {problem.why}", hint=f"did you mean {problem.nearest}?" if problem.nearest else None
        )


def _files(root: Path) -> Any:
    check = checks.file(root)

    def files(table: dict[str, str]) -> dict[str, str]:
        if not table:
            raise Unfit("this is empty")
        return {name: check(file) for name, file in table.items()}

    return files


def _check(root: Path) -> Any:
    """A schema in a file is read here, so that the plan has it."""
    find = checks.file(root)

    def check(table: dict[str, Any]) -> dict[str, Any]:
        checks.payload(table)
        schema = table.get("json_schema")
        if not isinstance(schema, str):
            return table
        try:
            return table | {"json_schema": msgspec.json.decode(Path(find(schema)).read_bytes())}
        except (OSError, msgspec.DecodeError, RecursionError) as error:
            raise Unfit(f"json_schema: {schema} is not JSON ({error})") from None

    return check


def _variable(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Unfit("a name for templates has letters, digits and underscores, no digit first")
    return name


def _order(word: str) -> str:
    if word not in ORDERS:
        raise Unfit("no such order", ORDERS)
    return word


def _think(value: Any) -> tuple[float, float]:
    both = value if isinstance(value, list) else [value, value]
    if len(both) != 2 or any(isinstance(one, bool) or not isinstance(one, int | float | str) for one in both):
        raise Unfit(f"{_THINK} is needed, this is {kind_of(value)}")
    try:
        low, high = (0.0 if one == 0 else durations.seconds(one) for one in both)
    except ValueError as error:
        raise Unfit(str(error)) from None
    if low > high:
        raise Unfit("the shorter time comes first")
    return low, high
