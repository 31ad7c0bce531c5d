"""The search for the breaking point on a real service of known capacity, and killed in the middle of a step."""

from __future__ import annotations

import signal

import pytest

from brinell.core.capacity_records import CapacityStep
from brinell.journal.reader import read
from brinell.publish import load

pytestmark = pytest.mark.prove

# One request takes its turn every 5 ms, whatever this process does: 200 a second.
SERVER = """
import asyncio, sys
free = 0.0
class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        global free
        loop = asyncio.get_running_loop()
        free = max(loop.time(), free) + 0.005
        loop.call_at(free, self.answer)
    def answer(self):
        self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
async def main():
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""
CONFIGURATION = """
[project]
name = "shop"
[service]
command = "{python} server.py {port}"
[capacity]
name = "turns"
start = 60
step_s = 4
thresholds = { p95_ms = 200 }
at_least = 100
tolerance = "10%"
"""


@pytest.fixture
def turns(tool):
    (tool.project / "server.py").write_text(SERVER)
    (tool.project / "brinell.toml").write_text(CONFIGURATION)
    return tool


def test_killed_in_the_middle_of_a_step_it_goes_on_at_that_step_and_finds_the_truth(turns):
    it = turns.start("run", "--out", str(turns.run_folder))
    turns.until(
        lambda: steps_of(turns) >= 2 and text(turns).rpartition('"kind":"capacitystep"')[2].count('"loadslice"') >= 2
    )
    it.kill()
    it.wait()
    turns.until(lambda: not turns.left())
    journal = read(turns.run_folder)
    before = [one.data for one in journal.envelopes(CapacityStep, source="capacity:turns")]
    assert turns.call("judge", str(turns.run_folder)) == 3
    (torn,) = load(turns.run_folder).capacity
    assert len(torn.steps) == len(before) >= 2
    assert torn.ended == ""

    assert turns.call("run", "--resume", str(turns.run_folder)) == 0
    judgement = load(turns.run_folder)
    (found,) = judgement.capacity
    after = [one.data for one in read(turns.run_folder).envelopes(CapacityStep, source="capacity:turns")]
    assert after[: len(before)] == before
    assert [one.number for one in after] == list(range(1, len(after) + 1))
    assert (found.ended, found.confirmed) == ("found", True)
    assert 170 <= found.low <= 205
    assert found.low < found.high <= 1.101 * found.low
    assert [finding.verdict for finding in judgement.findings if finding.check == "capacity"] == ["pass", "pass"]
    assert not [finding for finding in judgement.findings if finding.check in {"steps", "journal"}]
    assert judgement.load == ()


def test_ctrl_c_keeps_and_judges_what_was_finished(turns):
    it = turns.start("run", "--out", str(turns.run_folder))
    turns.until(
        lambda: steps_of(turns) >= 1 and text(turns).rpartition('"kind":"capacitystep"')[2].count('"loadslice"')
    )
    it.send_signal(signal.SIGINT)
    assert it.wait(60) == 130
    turns.until(lambda: not turns.left())
    (found,) = load(turns.run_folder).capacity
    assert [step.verdict for step in found.steps] == ["held"] * len(found.steps)
    assert (found.low, found.high, found.ended) == (found.steps[-1].level, None, "")


def test_a_service_that_dies_of_the_load_is_started_again_and_its_death_is_told(turns):
    server = turns.project / "server.py"
    dying = SERVER.replace(
        "        loop.call_at", "        if free - loop.time() > 1: sys.exit(7)\n        loop.call_at"
    )
    server.write_text(dying.replace("sys.exit", "import os; os._exit"))
    turns.call("run", "--out", str(turns.run_folder))
    judgement = load(turns.run_folder)
    (found,) = judgement.capacity
    died = [finding for finding in judgement.findings if finding.id.startswith("service.died")]
    assert died
    assert {finding.verdict for finding in died} == {"fail"}
    assert (found.ended, found.confirmed) == ("found", True)
    assert 170 <= found.low <= 205
    assert judgement.run.exit_code == 1


def steps_of(tool):
    return text(tool).count('"kind":"capacitystep"')


def text(tool):
    journal = tool.run_folder / "journal.jsonl"
    return journal.read_text(errors="replace") if journal.exists() else ""
