"""The other tools on WebSockets: how each is told to echo, or to hear a room, from one core, and what it says.

Beside them stands what any client pays: ``floor.c`` sends, waits and receives, and neither times a message nor looks
into it. It is compiled where there is a C compiler; ``floor 10ms`` sends and reads every ten milliseconds.

A tool is found on the path, or in a folder of ``$BRINELL_PEERS`` (several, with colons between them). k6 gets one
virtual user with all connections, which is its cheapest way. Artillery has no way to publish at a rate beside users who
listen, so that a helper publishes for it, whose processor time is not counted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

MARGIN_S = 60  # beyond the run, before a tool counts as hung
_TICK_MS = 10  # k6 sends what is due this often: its timers are whole milliseconds
_K6 = """
import {{ WebSocket }} from "k6/websockets";
import {{ Counter, Trend }} from "k6/metrics";
const received = new Counter("received"), delay = new Trend("delay", true);
export const options = {{
  summaryTrendStats: ["p(50)", "p(99)", "max"],
  scenarios: {{ one: {{ executor: "per-vu-iterations", vus: 1, iterations: 1, maxDuration: "{most}s" }} }},
}};
const fill = "{fill}";
export default function () {{
  const sockets = [];
  let open = 0, sent = 0;
  const begin = () => {{
    const began = Date.now();
    const ticking = setInterval(() => {{
      const due = Math.min({rate} * {seconds}, (Date.now() - began) * {rate} / 1000);
      for (; sent < due; sent += 1) {{
        sockets[{publishes} ? 0 : sent % sockets.length].send(Date.now() + fill);
      }}
      if (sent >= {rate} * {seconds}) {{
        clearInterval(ticking);
        setTimeout(() => sockets.forEach((one) => one.close()), 1000);
      }}
    }}, {tick});
  }};
  for (let number = 0; number < {connections}; number += 1) {{
    const one = new WebSocket("{url}");
    one.onopen = () => {{ open += 1; if (open === {connections}) begin(); }};
    one.onmessage = (event) => {{ received.add(1); delay.add(Date.now() - Number(event.data.slice(0, 13))); }};
    sockets.push(one);
  }}
}}
"""
_PUBLISHER = """
import sys, time
from websockets.sync.client import connect
url, rate, seconds, wait, fill = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
with connect(url, compression=None) as one:
    begin = time.monotonic() + wait
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        one.send(fill)
        while True:
            try:
                one.recv(timeout=0)
            except TimeoutError:
                break
"""
_FLOOR = Path(__file__).with_name("floor.c")
FILL = "x" * 51  # with thirteen digits before it, a message of 64 bytes


class Asked(NamedTuple):
    """``publishes``: one connection sends, and all hear it; else everybody is echoed."""

    url: str
    seconds: int
    connections: int
    rate: int
    publishes: bool
    folder: Path


class Said(NamedTuple):
    """Messages that were received (Artillery: echoed, by what it sent), percentiles in milliseconds, CPU seconds."""

    messages: int
    ms: dict[str, float]
    cpu_s: float = 0.0


class Tool(NamedTuple):
    """``command`` says how it is started; ``read`` takes its output and what was asked."""

    name: str
    command: Callable[[str, Asked], list[str]]
    read: Callable[[str, Asked], Said]
    needs_publisher: bool = False
    program: str = ""  # where it is not called as the tool is


def found(tool: Tool) -> str | None:
    """Return where the tool's program is, None if it is not there."""
    folders = os.environ.get("BRINELL_PEERS", "")
    program = tool.program or tool.name
    return shutil.which(program) or (shutil.which(program, path=folders) if folders else None)


def run(tool: Tool, url: str, seconds: int, connections: int, rate: int, *, publishes: bool) -> Said:
    """Run it once. RuntimeError with its last words where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Asked(url, seconds, connections, rate, publishes, Path(folder))
        argv = tool.command(found(tool) or tool.name, asked)
        helper = _publish(asked) if publishes and tool.needs_publisher else None
        out = Path(folder, "out")
        try:
            with out.open("wb") as file:
                process = subprocess.Popen(
                    ["timeout", str(seconds + MARGIN_S), *argv], stdout=file, stderr=subprocess.STDOUT, cwd=folder,
                    stdin=subprocess.DEVNULL, env={**os.environ, "GOMAXPROCS": "1"},
                )  # fmt: skip
                _, _, usage = os.wait4(process.pid, 0)
                process.returncode = 0
        finally:
            if helper is not None:
                helper.terminate()
                helper.wait()
        text = out.read_text(errors="replace")
        try:
            said = tool.read(text, asked)
        except (AttributeError, KeyError, ValueError, OSError, IndexError) as error:
            raise RuntimeError(f"{tool.name}: {error!r}: {text[-400:]}") from None
        return said._replace(cpu_s=usage.ru_utime + usage.ru_stime)


# --- k6 -------------------------------------------------------------------------------------------------------------


def _k6(program: str, asked: Asked) -> list[str]:
    script = _K6.format(
        url=asked.url, rate=asked.rate, seconds=asked.seconds, connections=asked.connections, tick=_TICK_MS, fill=FILL,
        publishes="true" if asked.publishes else "false", most=asked.seconds + MARGIN_S,
    )  # fmt: skip
    (asked.folder / "script.js").write_text(script)
    return [program, "run", "--quiet", "--no-usage-report", "--summary-export", "summary.json", "script.js"]


def _k6_said(text: str, asked: Asked) -> Said:
    del text
    metrics = json.loads((asked.folder / "summary.json").read_text())["metrics"]
    times = metrics["delay"]
    return Said(int(metrics["received"]["count"]), {"50": times["p(50)"], "99": times["p(99)"], "max": times["max"]})


# --- Artillery ------------------------------------------------------------------------------------------------------


def _artillery(program: str, asked: Asked) -> list[str]:
    each = asked.rate / asked.connections
    if asked.publishes:
        flow: list[object] = [{"connect": asked.url}, {"think": asked.seconds + _artillery_wait_s(asked) + 1}]
    else:
        loop = [{"send": "1700000000000" + FILL}, {"think": 1 / each}]
        flow = [{"connect": asked.url}, {"loop": loop, "count": max(1, round(each * asked.seconds))}]
    test = {
        "config": {
            "target": asked.url,
            "phases": [{"duration": 1, "arrivalCount": asked.connections}],
            "ws": {"perMessageDeflate": False},
        },
        "scenarios": [{"engine": "ws", "flow": flow}],
    }
    (asked.folder / "test.json").write_text(json.dumps(test))
    return [program, "run", "--output", "report.json", "test.json"]


def _artillery_said(text: str, asked: Asked) -> Said:
    del text
    counters = json.loads((asked.folder / "report.json").read_text())["aggregate"]["counters"]
    users = int(counters["vusers.completed"])
    if asked.publishes:
        return Said(int(asked.rate * asked.seconds) * users, {})
    return Said(int(counters["websocket.messages_sent"]), {})


def _artillery_wait_s(asked: Asked) -> float:
    """How long its users take to be there: node and the tool begin in some seconds."""
    return 6.0 + asked.connections / 2000


def _publish(asked: Asked) -> subprocess.Popen[bytes]:
    wait_s = _artillery_wait_s(asked)
    words = [asked.url, str(asked.rate), str(asked.seconds), str(wait_s), "1700000000000" + FILL]
    return subprocess.Popen([sys.executable, "-c", _PUBLISHER, *words], stdin=subprocess.DEVNULL)


# --- what any client pays --------------------------------------------------------------------------------------------


def _floor(grain_ms: int) -> Callable[[str, Asked], list[str]]:
    def command(compiler: str, asked: Asked) -> list[str]:
        program = str(asked.folder / "floor")
        subprocess.run([compiler, "-O2", "-o", program, str(_FLOOR)], check=True)
        host, _, rest = asked.url.removeprefix("ws://").partition(":")
        port, _, path = rest.partition("/")
        numbers = [asked.connections, asked.rate, asked.seconds, grain_ms, int(asked.publishes)]
        return [program, host, port, f"/{path}", *map(str, numbers)]

    return command


def _floor_said(text: str, asked: Asked) -> Said:
    del asked
    return Said(int(text), {})


TOOLS: tuple[Tool, ...] = (
    Tool("floor", _floor(0), _floor_said, program="cc"),
    Tool("floor 10ms", _floor(10), _floor_said, program="cc"),
    Tool("k6", _k6, _k6_said),
    Tool("artillery", _artillery, _artillery_said, needs_publisher=True),
)
