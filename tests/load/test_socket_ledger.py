from __future__ import annotations

from brinell.core.histogram import Histogram
from brinell.core.load_records import GeneratorSecond, LoadSlice
from brinell.core.plan import WebSocketSpec
from brinell.core.socket_records import SocketSecond
from brinell.load.socket_ledger import SocketLedger

MS = 1_000_000


def piece(operation, count, outcome="ok", second=0, milliseconds=3):
    made = Histogram()
    made.record(milliseconds * MS, count)
    return LoadSlice(0, second, operation, outcome, count, made.sparse(), made.sparse(), made.max_ns, made.max_ns)


def ledger(mode):
    return SocketLedger(0, 2.0, WebSocketSpec(mode=mode))


def test_a_broadcast_tells_its_deliveries_and_counts_its_publishes():
    made = ledger("broadcast")
    assert made.line() == "making connections"
    made.add(SocketSecond(0, -1, 300, 20))
    made.add(SocketSecond(1, -1, 310, 0))
    made.add(piece("connect", 610, second=-1))
    assert made.line() == "610 open, 20 connecting"
    made.add(SocketSecond(0, 0, 320, 0, received=3200))
    made.add(SocketSecond(1, 0, 310, 0, received=3100))
    made.add(piece("delivery", 6300))
    made.add(piece("publish", 10, milliseconds=900))
    made.add(piece("ping", 50, milliseconds=900))
    made.add(GeneratorSecond(0, 0, 10, 10, 0.1, ((), ()), 0))
    assert made.line() == "630 open, 6300/s received, delivery p99 3 ms"
    ended = made.ended(2_000_000_000, (), interrupted=False)
    assert (ended.scheduled, ended.completed, ended.unfinished) == (10, 10, 0)


def test_it_is_in_vain_once_every_connection_failed_and_none_is_made_again():
    def after(*seconds, connections=4, **does):
        made = SocketLedger(0, 2.0, WebSocketSpec(**does), connections)
        for one in seconds:
            made.add(one)
        return made.in_vain

    failed = SocketSecond(0, -1, 0, 0, failed=2), SocketSecond(1, -1, 0, 0, failed=2)
    assert after(*failed)
    assert not after()
    assert not after(failed[0])  # the other half is still to come
    assert not after(*failed, connections=5)
    assert not after(*failed, reconnect_s=1.0)
    assert not after(SocketSecond(0, -2, 1, 0, opened=1), *failed)


def test_an_echo_tells_its_messages():
    made = ledger("echo")
    made.add(SocketSecond(0, 0, 5, 0, received=9))
    made.add(piece("echo", 9))
    made.add(piece("echo", 1, "closed-1011"))
    assert made.line() == "5 open, 9/s received, 10/s p99 3 ms 1 error"
