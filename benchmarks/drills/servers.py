"""What do drills say of the servers that Python services run on? Each with a small application (``served/``).

    python benchmarks/drills/servers.py [--only drain] [--server uvicorn] [--venv FOLDER]

The servers are installed into an environment of their own: FOLDER, or one that is gone afterwards. Every case is
`brinell drill` as a user types it. Printed: what failed, and the numbers beside it; then versions, and a table in
Markdown. Exits with 1 if what is known of a server, and was seen by hand, was not found. About fifteen minutes; wants a
machine that is otherwise idle; nothing leaves loopback but the installation.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

SERVED = Path(__file__).resolve().with_name("served")
PACKAGES = (
    "uvicorn[standard]", "hypercorn", "gunicorn", "uvicorn-worker", "granian", "daphne", "waitress", "aiohttp",
    "django", "flask",
)  # fmt: skip
SOCKETS = "--set sockets=10"
DRILLS = {
    "drain": "/ --rate 50 --set before_s=2",
    "slow-client": "/big --ready / --rate 20 --timeout 2s --set part_s=5 --set slow=90 --set every_s=0.3",
    "lifecycle": "--set times=4 --set patience_s=8",
    "race": '/orders --ready / --body \'{"key": "{{round}}"}\' --set rounds=20 --set expect={created=1,ok=9}',
    "storm": "/ws --ready / --set sockets=300 --set within_s=10",
}


class Server(NamedTuple):
    """``known``: drill to the rules that must fail, most seen without Brinell as well; a drill in ``passes`` passes."""

    name: str
    command: str
    known: dict[str, str] = {}  # noqa: RUF012 - never changed
    passes: str = ""
    sockets: bool = True  # it speaks WebSocket
    orders: bool = True  # it serves POST /orders


BIND = "-b 127.0.0.1:{port}"
SERVERS = (
    Server("uvicorn", "uvicorn asgi_app:app --port {port} --no-access-log", passes="slow-client"),
    Server(
        "uvicorn --workers 2", "uvicorn asgi_app:app --port {port} --no-access-log --workers 2",
        {"lifecycle": "at-once"},
    ),
    Server("hypercorn", f"hypercorn asgi_app:app {BIND}", {"drain": "lost", "lifecycle": "at-once"}),
    Server("hypercorn --workers 2", f"hypercorn asgi_app:app {BIND} --workers 2", {"drain": "lost"}),
    Server("gunicorn sync", f"gunicorn wsgi_app:app {BIND}", {"drain": "lost", "slow-client": "served"}, sockets=False),
    Server(
        "gunicorn sync -w 2", f"gunicorn wsgi_app:app {BIND} -w 2", {"drain": "lost", "slow-client": "served"},
        sockets=False,
    ),
    Server(
        "gunicorn gthread", f"gunicorn wsgi_app:app {BIND} -k gthread --threads 8",
        {"drain": "lost", "slow-client": "served"}, sockets=False,
    ),
    Server("gunicorn uvicorn-worker -w 2", f"gunicorn asgi_app:app {BIND} -k uvicorn_worker.UvicornWorker -w 2"),
    Server(
        "granian", "granian --interface asgi asgi_app:app --host 127.0.0.1 --port {port} --no-access-log",
        {"drain": "sockets"},
    ),
    Server(
        "daphne", "daphne -b 127.0.0.1 -p {port} asgi_app:app", {"drain": "sockets", "slow-client": "served"}
    ),
    Server(
        "waitress", "waitress-serve --host 127.0.0.1 --port {port} wsgi_app:app", {"drain": "lost"}, "slow-client",
        sockets=False,
    ),
    Server("aiohttp", "python aiohttp_app.py {port}", {"drain": "exit sockets"}),
    Server(
        "django runserver",
        "python -m django runserver 127.0.0.1:{port} --noreload --settings django_settings --pythonpath .",
        {"drain": "lost"}, sockets=False,
    ),
    Server("flask run", "flask --app flask_app run -p {port}", {"drain": "lost"}, sockets=False),
    Server(
        "http.server", "python plain_app.py {port} one", {"drain": "lost", "slow-client": "served"},
        sockets=False, orders=False,
    ),
    Server(
        "http.server, threads", "python plain_app.py {port} threads", {"drain": "lost"}, sockets=False, orders=False
    ),
)  # fmt: skip


class Found(NamedTuple):
    """What one drill said of one server. ``wrong``: it is not as it is known."""

    server: str
    drill: str
    words: str
    wrong: bool


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", choices=DRILLS, help="one drill")
    options.add_argument("--server", help="servers whose name begins so")
    options.add_argument("--venv", type=Path, help="an environment to install into, and to use again")
    given = options.parse_args()
    chosen = [one for one in SERVERS if one.name.startswith(given.server or "")]
    found = []
    with environment(given.venv) as programs:
        for drill in [given.only] if given.only else DRILLS:
            for server in chosen:
                if (drill != "storm" or server.sockets) and (drill != "race" or server.orders):
                    found.append(tried(programs, server, drill))
                    print(f"{drill:<12} {server.name:<30} {found[-1].words}{'   WRONG' * found[-1].wrong}", flush=True)
        print(f"\n{versions(programs)}\n")
    drills = list(dict.fromkeys(one.drill for one in found))
    cells = {(one.server, one.drill): one.words for one in found}
    print("\n".join(f"| {' | '.join(row)} |" for row in table(chosen, drills, cells)))
    return 1 if any(one.wrong for one in found) else 0


def table(servers: list[Server], drills: list[str], cells: dict[tuple[str, str], str]) -> Iterator[list[str]]:
    """Yield the rows of a table in Markdown."""
    yield ["Server", *drills]
    yield ["---"] * (len(drills) + 1)
    for server in servers:
        yield [server.name, *(cells.get((server.name, drill), "") for drill in drills)]


@contextlib.contextmanager
def environment(folder: Path | None) -> Iterator[Path]:
    """The programs of an environment that has the servers."""
    with contextlib.ExitStack() as stack:
        where = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="servers-")))
        programs = where.resolve() / "bin"
        if not (programs / "granian").exists():
            venv.create(where, with_pip=True)
            subprocess.run([programs / "python", "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        yield programs


def versions(programs: Path) -> str:
    """Say what was tried."""
    done = subprocess.run([programs / "python", "-m", "pip", "freeze"], capture_output=True, text=True, check=True)
    names = {package.partition("[")[0].lower() for package in PACKAGES}
    lines = [line for line in done.stdout.splitlines() if line.partition("==")[0].lower() in names]
    python = subprocess.run([programs / "python", "-V"], capture_output=True, text=True, check=True).stdout.strip()
    return ", ".join([python, *(line.replace("==", " ") for line in lines)])


def tried(programs: Path, server: Server, drill: str) -> Found:
    """Do one drill."""
    words = DRILLS[drill] + (f" {SOCKETS}" if drill == "drain" and server.sockets else "")
    service = f"{shlex.quote(str(programs))}/{server.command}"
    with tempfile.TemporaryDirectory(prefix="servers-run-") as folder:
        argv = [sys.executable, "-m", "brinell", "drill", drill, *shlex.split(words), "--service", service]
        argv += ["--json", "--quiet", "--out", str(Path(folder, "run"))]
        done = subprocess.run(argv, cwd=SERVED, capture_output=True, text=True, check=False)
    try:
        (one,) = json.loads(done.stdout)["drills"]
    except (ValueError, KeyError):
        return Found(server.name, drill, f"no judgement: {done.stderr.strip()[-200:]}", wrong=True)
    failed = {rule["rule"] for rule in one["rules"] if rule["verdict"] == "fail" and rule["required"]}
    known = set(server.known.get(drill, "").split())
    undecided = one["verdict"] == "unknown" and one["reason"] in {"invalid", "inconclusive"}
    wrong = not undecided and (bool(known - failed) or (drill in server.passes.split() and bool(failed)))
    return Found(server.name, drill, told(drill, one, failed), wrong)


def told(drill: str, one: dict[str, Any], failed: set[str]) -> str:
    """Say what a drill said, in a few words."""
    measured = one["measured"]
    verdict = one["verdict"] if one["reason"] is None else f"{one['verdict']} ({one['reason']})"
    parts = [f"{verdict}: {', '.join(sorted(failed))}" if failed else verdict]
    if not measured:
        return "; ".join([*parts, one["title"]])
    match drill:
        case "drain":
            parts += [f"{measured['lost']} lost", f"status {measured['exit_status']}"]
            parts += [f"WebSockets {code}" for code in measured["socket_codes"]]
        case "slow-client":
            parts.append(f"p95 {measured['p95_before_ms']:.0f} to {measured['p95_during_ms'] or 0:.0f} ms")
        case "race":
            parts.append(f"{measured['rounds_broken']} of {measured['rounds']} rounds")
        case "storm":
            parts.append(f"steady after {measured['steady_s']} s")
        case "lifecycle":
            told = (measured["at_once"] or {}).get("state"), (measured["at_once_other"] or {}).get("state")
            parts.append(f"two at once: {' and '.join(map(str, told))}")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
