from __future__ import annotations

import asyncio
import http
import json
import threading

import pytest
import websockets.asyncio.server as server_side

URL = "ws://127.0.0.1:9/"
PLACES = 5


async def serve(connection):
    async for message in connection:
        server_side.broadcast(serve.members, message)


serve.members = set()


async def request(connection, asked):
    del asked
    if len(serve.members) >= PLACES:
        return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "full\n")
    return None


async def joined(connection):
    serve.members.add(connection)
    try:
        await serve(connection)
    finally:
        serve.members.discard(connection)


@pytest.fixture(scope="module")
def address():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin():
        return await server_side.serve(joined, "127.0.0.1", 0, process_request=request, compression=None)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/rooms/a"
    server.close()
    asyncio.run_coroutine_threadsafe(server.wait_closed(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "needs an address"),
        (["ftp://127.0.0.1:9/"], "ws:// or wss://"),
        (["ws://ann:pa55word@127.0.0.1:9/"], "fix: brinell websocket ws://127.0.0.1:8000/"),
        ([URL, "--message", "{{stampp}}"], "did you mean {{stamp}}?"),
        (["ws://example.org/"], "allow_targets"),
        ([URL, "--echo", "--broadcast"], "a scenario does one of these"),
        ([URL, "--limit", "5", "--rate", "3"], "--rate: nothing is sent"),
        ([URL, "--limit", "5", "--connections", "3"], "--limit says how many"),
        ([URL, "--limit", "5", "--message", "x"], "--message"),
        ([URL, "--refusals", "5"], "goes with limit"),
        ([URL, "--hostile", "--limit", "3"], "a scenario does one of these"),
        ([URL, "--hostile", "--rate", "3"], "--rate: bad manners"),
        ([URL, "--hostile", "--connections", "3"], "--hostile says how many"),
        ([URL, "--hostile", "--message", "x"], "no messages of yours"),
        ([URL, "--hostile", "--workers", "2"], "tried by one process"),
        ([URL, "--broadcast", "--rooms", "101"], "101 rooms need 101 connections"),
        ([URL, "--codec", "jsn"], "did you mean json?"),
        ([URL, "--codec", "mine.py:Mine"], "mine.py"),
        ([URL, "--slo", "reech=1"], "did you mean reach=1?"),
        ([URL, "--slo", "reach=1"], "--broadcast"),
        ([URL, "--echo", "--rooms", "3"], "nothing says which room"),
        ([URL, "--rate", "fast"], "not a number"),
        ([URL, "--header", "x"], "a header is 'Name: value'"),
        ([URL, "--message", '{"a": "{{nothing}}", "b": "{{stamp}}"}'], "nothing"),
        ([URL, "--joined", "x"], "the answer to join"),
        (["--resume", "latest", "--rooms", "3"], "--rooms"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    given = brinell("websocket", *argv)
    assert given.code == 2, given
    assert said in given.err
    assert given.out == ""
    assert not (here / ".brinell").exists()


def test_load_shows_the_way(brinell):
    given = brinell("load", URL)
    assert given.code == 2
    assert f"brinell websocket {URL}" in given.err


def test_a_broadcast(brinell, here, address):
    given = brinell(
        "websocket", address, "--broadcast", "--connections", str(PLACES), "--rate", "20", "--duration", "500ms",
        "--workers", "2", "--slo", "reach=1", "--json", "--out", "run", "--export", "csv",
    )  # fmt: skip
    assert given.code in {0, 3}, given  # 3: a crowded machine
    judgement = json.loads(given.out)
    (one,) = judgement["websocket"]
    assert (one["scenario"], one["mode"], one["requests"], one["expected"]) == ("rooms-a", "broadcast", 10, 50)
    assert (one["lost"], one["reach"], one["rooms"][0]["published"]) == (0, 1.0, 10)
    assert judgement["load"] == []
    assert "delivery" in (here / "run" / "load-rooms-a.csv").read_text()
    assert "WebSocket: rooms-a" in (here / "run" / "report.md").read_text()
    assert 'id="websocket"' in (here / "run" / "report.html").read_text()
    again = brinell("judge", "run", "--slo", "reach=0.5", "--slo", "delivery_p50_ms=5000", "--json")
    assert set(json.loads(again.out)["websocket"][0]["thresholds"]) == {"reach", "delivery_p50_ms"}


@pytest.mark.prove
def test_a_limit(brinell, here, address):
    given = brinell("websocket", address, "--limit", str(PLACES), "--refusals", "30", "--json", "--out", "run")
    assert given.code == 0, given
    (one,) = json.loads(given.out)["websocket"]
    assert one["mode"] == "limit"
    limit = one["limit"]
    assert (limit["configured"], limit["accepted"], limit["rejected"], limit["recovered"]) == (PLACES, PLACES, 31, True)
    said = brinell("report", "run").out
    assert f"{PLACES} of {PLACES} connections accepted, 31 of 31 beyond refused" in said
    assert "What the subject held" in (here / "run" / "report.html").read_text()


def test_plan_says_what_connections_do(brinell, here):
    (here / "brinell.toml").write_text(
        '[[load]]\nname = "a"\ndriver = "websocket"\nurl = "ws://127.0.0.1:9"\nconnections = 20\n'
        'shape = { kind = "constant", rate = 10, duration = "1s" }\n'
        'websocket = { mode = "broadcast", path = "/rooms/{{room}}", rooms = 2, publishers = 3 }\n'
        'thresholds = { reach = 1 }\n[[load]]\nname = "b"\ndriver = "websocket"\nurl = "ws://127.0.0.1:9"\n'
        "websocket = { limit = 100 }\n"
    )
    said = " ".join(brinell("plan").out.split())
    assert "20 connections, 10 messages/s for 1s, websocket to ws://127.0.0.1:9, /rooms/{{room}}" in said
    assert "every message goes to its whole room, 2 rooms, 3 publishers in each" in said
    assert "must hold: reach 1" in said
    assert "tries whether 100 connections fit, and 1,000 more are refused" in said


def test_bad_manners(brinell, here, address):
    given = brinell("websocket", address, "--hostile", "--timeout", "20s", "--json", "--out", "run")
    assert given.code in {0, 3}, given  # 3: a crowded machine
    (one,) = json.loads(given.out)["websocket"]
    assert (one["scenario"], one["mode"], one["limit"]) == ("rooms-a", "hostile", None)
    assert {case["harm"] for case in one["hostile"]["cases"]} == {""}
    assert not any(case["tolerated"] for case in one["hostile"]["cases"])
    told = (here / "run" / "report.md").read_text()
    assert "17 of 17 kinds of bad clients tried, a connection each" in told
    assert "none of them harmed others" in told
    assert "a frame without a mask" in (here / "run" / "report.html").read_text()
