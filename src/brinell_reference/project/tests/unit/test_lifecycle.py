from __future__ import annotations

import asyncio
import signal

import pytest

from noticeboard.lifecycle import Lifecycle

pytestmark = pytest.mark.anyio


class Server:
    """Stands where uvicorn stands: its signal handler is found by asking the signal module."""

    def __init__(self):
        self.servers = [self]
        self.events = []
        self.told = asyncio.Event()

    def close(self):
        self.events.append("stop listening")

    def handle_exit(self, number, _frame):
        self.events.append(signal.Signals(number).name)
        self.told.set()


@pytest.fixture
async def server():
    server = Server()
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
    yield server
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def make(server):
    def make(shutdown_grace_s=60.0):
        async def goodbye(_timeout_s):
            server.events.append("goodbye")

        async def release():
            server.events.append("release")

        lifecycle = Lifecycle(
            drain_delay_s=0.0, shutdown_grace_s=shutdown_grace_s, say_goodbye=goodbye, release=release
        )
        lifecycle.take_signals()
        return lifecycle

    return make


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_in_order(server, make, number):
    lifecycle = make()
    assert not lifecycle.draining
    signal.raise_signal(number)
    assert lifecycle.draining
    assert server.events == [], "the server hears of it when the application is done"
    await server.told.wait()
    assert server.events == ["goodbye", "stop listening", number.name]
    await lifecycle.finish()
    assert server.events[3:] == ["goodbye", "release"]
    assert signal.getsignal(number) == server.handle_exit


async def test_asked_twice_the_server_decides(server, make):
    lifecycle = make()
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert server.events == ["SIGINT"]
    await lifecycle.finish()


async def test_connections_that_do_not_end_are_left_behind(server, make):
    lifecycle = make(shutdown_grace_s=0.001)
    signal.raise_signal(signal.SIGTERM)
    await server.told.wait()
    server.told.clear()
    await server.told.wait()
    assert server.events == ["goodbye", "stop listening", "SIGTERM", "release", "SIGINT"]
    await lifecycle.finish()


async def test_a_stop_without_a_signal(server, make):
    lifecycle = make()
    await lifecycle.finish()
    assert lifecycle.draining
    assert server.events == ["goodbye", "release"]


async def test_handlers_that_can_not_be_called_are_left_alone(make):
    for number, handler in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        signal.signal(number, handler)
    await make().finish()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


async def test_only_the_main_thread_may_take_signals(server, make):
    await asyncio.to_thread(make)
    assert signal.getsignal(signal.SIGTERM) == server.handle_exit
