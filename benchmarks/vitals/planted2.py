"""What `brinell capacity` says of 49 services planted by somebody who had not read the rules: why does each break?

Each service (``planted2/services``) has one bottleneck, or is a look-alike; ``planted2/truth.jsonl`` says what it is
and which reasons are right. Their author verified each by taking the plant away and counting answers. Some need Redis
or PostgreSQL, which are started on a free port of this machine, as a user other than root (``runuser -u postgres``).

    python -m venv v && v/bin/pip install -r benchmarks/vitals/planted2/requirements.txt
    python benchmarks/vitals/planted2.py --python v/bin/python [NAME ...] [--out results.jsonl]

On a machine that has nothing else to do: 25 s a service. ``crowded`` means that the machine was the reason.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "planted2"
SAME = {"upstream": "dependency", "limiter": "pause"}  # what the author calls a kind, and what it is called now
_VARIABLES = {"up": "UPSTREAM", "pg": "PG", "redis": "REDIS"}
_OVERDUE_S = 180


class Dependencies:
    """PostgreSQL, Redis and a slow neighbour, each started when it is first needed."""

    def __init__(self, folder: Path, python: str) -> None:
        self._folder = folder
        self._python = python
        self._running: list[subprocess.Popen[bytes]] = []
        self._env: dict[str, str] = {}

    def need(self, names: list[str]) -> dict[str, str]:
        """Return the variables that tell a service where they are."""
        for name in names:
            if _VARIABLES[name] not in self._env:
                self._env[_VARIABLES[name]] = getattr(self, f"_{name}")()
        return {_VARIABLES[name]: self._env[_VARIABLES[name]] for name in names}

    def close(self) -> None:
        """End them by their id."""
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _start(self, command: list[str], port: int, cwd: Path) -> None:
        with (self._folder / "dependencies.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=cwd, start_new_session=True)
        self._running.append(process)
        until = time.monotonic() + 40
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
                return
            time.sleep(0.1)
        raise SystemExit(f"{command[0]} did not get ready")

    def _up(self) -> str:
        port, program = free_port(), self._folder / "upstream.py"
        program.write_bytes((HERE / "upstream.py.txt").read_bytes())
        self._start([self._python, str(program), str(port)], port, self._folder)
        return f"http://127.0.0.1:{port}"

    def _redis(self) -> str:
        port = free_port()
        self._start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], port, self._folder)
        return f"redis://127.0.0.1:{port}"

    def _pg(self) -> str:
        port, data = free_port(), tempfile.mkdtemp(prefix="planted2-pg-")
        shutil.chown(data, "postgres")
        user = ["runuser", "-u", "postgres", "--"]
        made = [*user, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/")
        settings = ("listen_addresses=127.0.0.1", "fsync=off", "max_connections=150", f"unix_socket_directories={data}")
        command = [*user, "postgres", "-D", data, "-p", str(port), *(word for one in settings for word in ("-c", one))]
        self._start(command, port, Path("/"))
        time.sleep(1)
        return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def ask(row: dict[str, Any], work: Path, python: str, env: dict[str, str]) -> dict[str, Any]:
    """Have Brinell search for the breaking point of a service; return the search as it was judged."""
    (work / "app.py").write_bytes((HERE / "services" / f"{row['name']}.py.txt").read_bytes())
    pairs = ", ".join(f"{name} = {json.dumps(value)}" for name, value in env.items())
    (work / "brinell.toml").write_text(
        f'[project]\nname = "shop"\npython = {json.dumps(python)}\n\n[service]\n'
        f"command = {json.dumps(row['command'])}\n"
        f"ready = {json.dumps(row['path'])}\nprobe = true\nenv = {{ {pairs} }}\n"
    )
    command = [
        *(sys.executable, "-m", "brinell", "capacity", row["path"], "--slo", f"p95_ms={row['p95_ms']}"),
        *("--start", str(row["start"]), "--step", "4s", "--budget", "16s", "--json"),
        *(("--limit", str(row["limit"])) if row["limit"] else ()),
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # of py-spy
    done = subprocess.run(
        command,
        cwd=work,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=_OVERDUE_S,
    )
    try:
        (search,) = json.loads(done.stdout)["capacity"]
    except (ValueError, TypeError, KeyError):
        return {"error": done.stderr[-600:]}
    return dict(search)


def judge(row: dict[str, Any], search: dict[str, Any]) -> str:
    """Hold a reason against the truth: found, partly, missed, accused, crowded, unmeasured or right: no reason."""
    reason = search.get("limited_by")
    if reason is None:
        broke = search.get("high") is not None
        return "right: no reason" if row["none_ok"] else "missed" if broke else "unmeasured"
    kind, text = reason["kind"], " ".join([reason["title"], *reason["evidence"]])
    must = {SAME.get(name, name): words for name, words in row["must"].items()}
    if kind in must:
        return "found" if re.search(must[kind], text) else "partly"
    if kind in row["partly"]:
        return "partly"
    return {"generator": "unmeasured", "machine": "crowded"}.get(kind, "accused")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--python", required=True, help="an interpreter with planted2/requirements.txt")
    options.add_argument("--out", type=Path, help="what was said, a JSON line each")
    given = options.parse_args()
    python = os.path.abspath(given.python)  # noqa: PTH100 - a virtual environment's link must stay one
    rows = [json.loads(line) for line in (HERE / "truth.jsonl").read_text().splitlines()]
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="planted2-") as folder:
        dependencies = Dependencies(Path(folder), python)
        try:
            for row in [one for one in rows if not given.names or one["name"] in given.names]:
                work = Path(folder) / row["name"]
                work.mkdir()
                search = ask(row, work, python, dependencies.need(row["needs"]))
                verdict = judge(row, search)
                counts[verdict] += 1
                reason = search.get("limited_by") or {}
                said = reason.get("title") or search.get("error") or f"- ({search.get('limited_by_reason')})"
                print(f"{verdict:<16} {row['name']:<12} {row['truth']}\n    {said}", flush=True)
                if given.out is not None:
                    with given.out.open("a") as file:
                        file.write(json.dumps({"name": row["name"], "verdict": verdict, "search": search}) + "\n")
        finally:
            dependencies.close()
    print(", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items())))
    return 1 if counts["accused"] or counts["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
