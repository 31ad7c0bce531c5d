"""The codecs that docs/WEBSOCKET.md shows: they are what it says, against servers of those protocols."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from brinell.core.socket_records import JOIN, REPLY

PAGE = Path(__file__).parents[3] / "docs" / "WEBSOCKET.md"


@pytest.fixture(scope="module")
def shown():
    """Everything that the page's Python defines."""
    found = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), found)  # noqa: S102 - our own page
    return found


async def graphql(connection):
    """As much of graphql-transport-ws as an echo takes."""
    assert json.loads(await connection.recv()) == {"type": "connection_init"}
    await connection.send('{"type": "connection_ack"}')
    await connection.send('{"type": "ping"}')
    async for text in connection:
        asked = json.loads(text)
        if asked["type"] == "subscribe":
            told = re.search(r'text: "(.*?)"', asked["payload"]["query"]).group(1)
            answer = {"id": asked["id"], "type": "next", "payload": {"data": {"echo": told}}}
            await connection.send(json.dumps(answer))
            await connection.send(json.dumps({"id": asked["id"], "type": "complete"}))
        else:
            assert asked == {"type": "pong"}


def stomp():
    """Topics of a small broker."""
    topics = {}

    async def serve(connection):
        try:
            async for text in connection:
                head, _, body = text.rstrip("\0").partition("\n\n")
                command, *lines = head.split("\n")
                fields = dict(line.split(":", 1) for line in lines)
                if command == "CONNECT":
                    await connection.send("CONNECTED\nversion:1.2\n\n\0")
                    await connection.send("\n")
                elif command == "SUBSCRIBE":
                    topics.setdefault(fields["destination"], []).append(connection)
                    await connection.send(f"RECEIPT\nreceipt-id:{fields['receipt']}\n\n\0")
                else:
                    for one in topics[fields["destination"]]:
                        await one.send(f"MESSAGE\ndestination:{fields['destination']}\n\n{body}\0")
        finally:
            for members in topics.values():
                if connection in members:
                    members.remove(connection)

    return serve


def test_graphql(circle, shown):
    message = '{"id": "{{n}}", "type": "subscribe", "payload": {"query": "{ echo(text: \\"{{stamp}}\\") }"}}'
    run = circle.drive(circle.start(graphql), mode="request-reply", speaks=shown["GraphQl"](), message=message)
    assert run.outcomes(REPLY) == {"ok": 30}
    assert run.total("strays") == 0


def test_stomp(circle, shown):
    run = circle.drive(
        circle.start(stomp()), mode="broadcast", speaks=shown["Stomp"](), rooms=2, connections=6, rate=50,
        join="SUBSCRIBE\nid:0\ndestination:/topic/{{room}}\nreceipt:0\n\n", joined="RECEIPT",
        message="SEND\ndestination:/topic/{{room}}\n\n{{stamp}}",
    )  # fmt: skip
    assert run.outcomes(JOIN) == {"ok": 6}
    assert run.received == run.expected == 15 * 3
    assert run.total("strays") == 0


def test_the_first_of_them(shown):
    codec = shown["Chat"]()
    assert codec.greeted(b'{"welcome": 1}')
    assert (codec.reaction(b"ping"), codec.reaction(b"{}")) == (b"pong", None)
