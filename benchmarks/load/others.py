"""The other tools: how each is told to press on a URL from one core, and what it says.

A tool is found on the path, or in a folder of ``$BRINELL_PEERS`` (several, with colons between them). Each gets what
makes it one core: ``GOMAXPROCS=1``, one thread, one worker. CPU is that of the process and of all it waited for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

MARGIN_S = 60  # beyond the run, before a tool counts as hung
WANTED = ("50", "90", "99", "99.9")
_K6 = """
import http from "k6/http";
export const options = {{ discardResponseBodies: true, summaryTrendStats: ["p(50)", "p(90)", "p(99)", "p(99.9)", "max"],
  scenarios: {{ one: {scenario} }} }};
export default function () {{ http.get("{url}"); }}
"""
_LOCUST = """
from locust import FastHttpUser, constant, task

class Visitor(FastHttpUser):
    host = "{origin}"
    wait_time = constant(0)

    @task
    def ask(self):
        self.client.get("/")
"""


class Asked(NamedTuple):
    """``rate`` None: as fast as it goes (closed)."""

    url: str
    seconds: int
    connections: int
    rate: int | None
    folder: Path


class Said(NamedTuple):
    """Complete answers, requests a second, percentiles in milliseconds (keys: ``99.9``, ``max``), CPU seconds."""

    requests: int
    rate: float
    ms: dict[str, float]
    cpu_s: float = 0.0


class Tool(NamedTuple):
    """``command`` says how it is started; ``read`` takes its output and the folder in which it may have written."""

    name: str
    program: str
    opens: bool  # it can keep a rate
    closes: bool  # it can go as fast as it is answered
    command: Callable[[str, Asked], list[str]]
    read: Callable[[str, Asked], Said]
    env: dict[str, str] = {}  # noqa: RUF012 - a tuple's default, never changed


def found(tool: Tool) -> str | None:
    """Return where the tool's program is, None if it is not there."""
    folders = os.environ.get("BRINELL_PEERS", "")
    return shutil.which(tool.program) or (shutil.which(tool.program, path=folders) if folders else None)


def run(tool: Tool, url: str, seconds: int, connections: int, rate: int | None = None) -> Said:
    """Run it once. RuntimeError with its last words where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(url, seconds, connections, rate, Path(folder))
        argv = tool.command(found(tool) or tool.program, asked)
        out = Path(folder, "out")
        with out.open("wb") as file:
            process = subprocess.Popen(
                ["timeout", str(seconds + MARGIN_S), *argv], stdout=file, stderr=subprocess.STDOUT, cwd=folder,
                stdin=subprocess.DEVNULL, env={**os.environ, "GOMAXPROCS": "1", **tool.env},
            )  # fmt: skip
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
        text = out.read_text(errors="replace")
        try:
            said = tool.read(text, asked)
        except (AttributeError, KeyError, ValueError, OSError, IndexError) as error:
            raise RuntimeError(f"{tool.name}: {error!r}: {text[-400:]}") from None
        return said._replace(cpu_s=usage.ru_utime + usage.ru_stime)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise ValueError(f"no {pattern}")
    return match[1]


def _ms(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|µs|ms|s|m|secs)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "secs": 1e3, "m": 6e4}[unit]


# --- wrk, wrk2, hey, h2load ------------------------------------------------------------------------------------------


def _wrk(program: str, asked: Asked) -> list[str]:
    rate = [f"-R{asked.rate}"] if asked.rate else []
    return [
        program,
        "-t1",
        f"-c{asked.connections}",
        f"-d{asked.seconds}s",
        "--latency",
        "--timeout",
        "30s",
        *rate,
        asked.url,
    ]


def _wrk_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    table = {
        f"{float(name):g}": _ms(value) for name, value in re.findall(r"^\s+([\d.]+)%\s+(\S+)$", text, re.MULTILINE)
    }
    table = {name: table[name] for name in (*WANTED, "75") if name in table}
    most = _ms(_found(r"Latency\s+\S+\s+\S+\s+(\S+)", text))
    requests = int(_found(r"(\d+) requests in", text))
    return Said(requests, float(_found(r"Requests/sec:\s+([\d.]+)", text)), table | {"max": most})


def _hey(program: str, asked: Asked) -> list[str]:
    each = [] if asked.rate is None else ["-q", f"{asked.rate / asked.connections:g}"]
    return [
        program,
        "-z",
        f"{asked.seconds}s",
        "-c",
        str(asked.connections),
        "-cpus",
        "1",
        "-t",
        "30",
        *each,
        asked.url,
    ]


def _hey_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    table = {name: float(value) * 1e3 for name, value in re.findall(r"(\d+)%+ in ([\d.]+) secs", text)}
    requests = sum(int(count) for count in re.findall(r"\[2\d\d\]\s+(\d+) responses", text))
    most = float(_found(r"Slowest:\s+([\d.]+) secs", text)) * 1e3
    return Said(requests, float(_found(r"Requests/sec:\s+([\d.]+)", text)), table | {"max": most})


def _h2load(program: str, asked: Asked) -> list[str]:
    return [program, "--h1", f"-c{asked.connections}", "-t1", "-D", str(asked.seconds), asked.url]


def _h2load_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    requests = int(_found(r"requests: \d+ total.* (\d+) succeeded", text))
    most = _ms(_found(r"time for request:\s+\S+\s+(\S+)", text))
    return Said(requests, float(_found(r"finished in \S+, ([\d.]+) req/s", text)), {"max": most})


# --- vegeta, bombardier, k6, oha -------------------------------------------------------------------------------------


def _vegeta(program: str, asked: Asked) -> list[str]:
    workers = str(asked.connections)
    (asked.folder / "targets").write_text(f"GET {asked.url}\n")
    return [
        program, "attack", "-targets=targets", f"-rate={asked.rate or 0}", f"-duration={asked.seconds}s",
        f"-workers={workers}", f"-max-workers={workers}", f"-connections={workers}", "-output=results", "-timeout=30s",
    ]  # fmt: skip


def _vegeta_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    report = [found(_VEGETA) or "vegeta", "report", "-type=json", str(asked.folder / "results")]
    told = json.loads(subprocess.run(report, capture_output=True, check=True).stdout)
    latency = told["latencies"]
    table = {"50": "50th", "90": "90th", "99": "99th", "max": "max"}
    requests = sum(count for code, count in told["status_codes"].items() if code.startswith("2"))
    return Said(requests, told["throughput"], {name: latency[key] / 1e6 for name, key in table.items()})


def _bombardier(program: str, asked: Asked) -> list[str]:
    rate = ["-r", str(asked.rate)] if asked.rate else []
    plain = ["-l", "-o", "json", "-p", "r", "-t", "30s"]
    return [program, "-c", str(asked.connections), "-d", f"{asked.seconds}s", *plain, *rate, asked.url]


def _bombardier_said(text: str, asked: Asked) -> Said:
    told = json.loads(text[text.index("{") :])["result"]
    latency = told["latency"]
    table = {name: latency["percentiles"][name] / 1e3 for name in WANTED if name in latency["percentiles"]}
    return Said(told["req2xx"], told["req2xx"] / asked.seconds, table | {"max": latency["max"] / 1e3})


def _k6(program: str, asked: Asked) -> list[str]:
    users = f"vus: {asked.connections}"
    if asked.rate:
        kind = "constant-arrival-rate"
        rest = f"rate: {asked.rate}, preAllocatedVUs: {asked.connections}, maxVUs: {asked.connections}"
    else:
        kind, rest = "constant-vus", users
    scenario = f'{{ executor: "{kind}", duration: "{asked.seconds}s", {rest} }}'
    (asked.folder / "script.js").write_text(_K6.format(scenario=scenario, url=asked.url))
    return [program, "run", "--quiet", "--no-usage-report", "--summary-export", "summary.json", "script.js"]


def _k6_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    metrics = json.loads((asked.folder / "summary.json").read_text())["metrics"]
    times, reqs = metrics["http_req_duration"], metrics["http_reqs"]
    table = {name: times[f"p({name})"] for name in WANTED if f"p({name})" in times}
    return Said(int(reqs["count"]), float(reqs["count"]) / asked.seconds, table | {"max": times["max"]})


def _oha(program: str, asked: Asked) -> list[str]:
    rate = ["-q", str(asked.rate), "--latency-correction"] if asked.rate else []
    plain = ["--no-tui", "--output-format", "json", "-t", "30s"]
    return [program, "-z", f"{asked.seconds}s", "-c", str(asked.connections), *plain, *rate, asked.url]


def _oha_said(text: str, asked: Asked) -> Said:
    told = json.loads(text[text.index("{") :])
    times = told["latencyPercentiles"]
    requests = sum(count for code, count in told["statusCodeDistribution"].items() if code.startswith("2"))
    table = {name: times[f"p{name}"] * 1e3 for name in WANTED}
    return Said(requests, requests / asked.seconds, table | {"max": told["summary"]["slowest"] * 1e3})


# --- autocannon, Artillery, Locust -----------------------------------------------------------------------------------


def _autocannon(program: str, asked: Asked) -> list[str]:
    rate = ["-R", str(asked.rate)] if asked.rate else []
    return [program, "-c", str(asked.connections), "-d", str(asked.seconds), "-j", "-n", "-t", "30", *rate, asked.url]


def _autocannon_said(text: str, asked: Asked) -> Said:
    told = json.loads(text[text.index("{") :])
    table = {name: told["latency"]["p" + name.replace(".", "_")] for name in WANTED}
    return Said(told["2xx"], told["2xx"] / asked.seconds, table | {"max": told["latency"]["max"]})


def _artillery(program: str, asked: Asked) -> list[str]:
    test: dict[str, Any] = {
        "config": {
            "target": asked.url,
            "phases": [{"duration": asked.seconds, "arrivalRate": asked.rate}],
            "http": {"pool": asked.connections, "timeout": 30},
        },
        "scenarios": [{"flow": [{"get": {"url": "/"}}]}],
    }
    (asked.folder / "test.json").write_text(json.dumps(test))
    return [program, "run", "--output", "report.json", "test.json"]


def _artillery_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    told = json.loads((asked.folder / "report.json").read_text())["aggregate"]
    times = told["summaries"]["http.response_time"]
    requests = told["counters"]["http.codes.200"]
    table = {"50": times["median"], "90": times["p90"], "99": times["p99"], "99.9": times["p999"], "max": times["max"]}
    return Said(requests, requests / asked.seconds, table)


def _locust(program: str, asked: Asked) -> list[str]:
    (asked.folder / "visit.py").write_text(_LOCUST.format(origin=asked.url.rstrip("/")))
    users = ["-u", str(asked.connections), "-r", str(asked.connections)]
    return [
        program,
        "-f",
        "visit.py",
        "--headless",
        *users,
        "-t",
        f"{asked.seconds}s",
        "--csv",
        "told",
        "--only-summary",
    ]


def _locust_said(text: str, asked: Asked) -> Said:  # noqa: ARG001 - a reader
    import csv  # noqa: PLC0415 - for this one tool

    with (asked.folder / "told_stats.csv").open() as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    table = {name: float(row[f"{name}%"]) for name in WANTED}
    requests = int(row["Request Count"]) - int(row["Failure Count"])
    return Said(requests, requests / asked.seconds, table | {"max": float(row["100%"])})


_VEGETA = Tool("vegeta", "vegeta", opens=True, closes=True, command=_vegeta, read=_vegeta_said)
TOOLS = (
    Tool("wrk", "wrk", opens=False, closes=True, command=_wrk, read=_wrk_said),
    Tool("wrk2", "wrk2", opens=True, closes=False, command=_wrk, read=_wrk_said),
    Tool("h2load", "h2load", opens=False, closes=True, command=_h2load, read=_h2load_said),
    Tool("hey", "hey", opens=True, closes=True, command=_hey, read=_hey_said),
    Tool("oha", "oha", opens=True, closes=True, command=_oha, read=_oha_said, env={"TOKIO_WORKER_THREADS": "1"}),
    Tool("bombardier", "bombardier", opens=True, closes=True, command=_bombardier, read=_bombardier_said),
    _VEGETA,
    Tool("k6", "k6", opens=True, closes=True, command=_k6, read=_k6_said),
    Tool("autocannon", "autocannon", opens=True, closes=True, command=_autocannon, read=_autocannon_said),
    Tool("artillery", "artillery", opens=True, closes=False, command=_artillery, read=_artillery_said),
    Tool("locust", "locust", opens=False, closes=True, command=_locust, read=_locust_said),
)
