"""The calibration's own process: ``python -P -m brinell.load.calibration.process``. It reads one ``Order``, forks the
null server, presses on it with the engine that the workers have, writes one ``Calibrated`` and ends.

First every connection is kept busy (what one worker can reach at most), then requests come at the scenario's own rate
(what a response time consists of when nobody needs any time for it).
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from brinell.core.generator_records import Calibrated
from brinell.load import tls
from brinell.load.calibration import certificate, null_server, null_socket_server, null_streams, requests, sockets
from brinell.load.calibration.null_server import Requests, Say, Talk
from brinell.load.calibration.null_socket_server import Sockets
from brinell.load.calibration.null_streams import Streams
from brinell.load.calibration.order import Null, Order
from brinell.load.wire import WorkerSpec

_GREETING_S = 5.0


class _Speech(NamedTuple):
    """What the null server does, under which name TLS knows that, and what it answers to."""

    talks: Callable[[Say], Talk]
    protocol: str
    greeting: bytes


def main() -> int:
    """Do what the order on standard input says."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    try:
        found = _calibrated(order)
    except OSError as error:  # of no port, no process, no memory that looks like a file
        found = Calibrated(skipped=f"it did not work: {error.strerror or error}")
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    return 0


def _calibrated(order: Order) -> Calibrated:
    if not hasattr(select, "epoll"):
        return Calibrated(skipped="this system has no epoll")
    with _null(order.worker) as null:
        return requests.calibrated(order, null) if order.worker.socket is None else sockets.calibrated(order, null)


@contextlib.contextmanager
def _null(spec: WorkerSpec) -> Iterator[Null]:
    """Run a null server that this worker can talk to. It ends with this process, however that ends."""
    speech = _speech(spec)
    theirs_tls, ours_tls = None, None
    if spec.tls_name is not None:
        public, key = certificate.made()
        theirs_tls = certificate.server_context(public, key, speech.protocol)
        ours_tls = tls.context(verify=spec.verify_tls, trusted=public)
        ours_tls.set_alpn_protocols([speech.protocol])
    with null_server.listener() as listening:
        port = listening.getsockname()[1]
        theirs, ours = os.pipe()  # whose end tells the server that this process is gone
        try:
            server = os.fork()
        except OSError:
            os.close(ours)
            os.close(theirs)
            raise
        if server == 0:
            try:
                os.close(ours)
                null_server.serve(listening, speech.talks, theirs, theirs_tls)
            finally:
                os._exit(1)  # whatever went wrong in it, two processes must not go on as this one
        os.close(theirs)
    try:
        _greet(port, ours_tls, speech.greeting)
        yield Null(port, server, ours_tls)
    finally:
        os.close(ours)
        os.waitpid(server, 0)


def _speech(spec: WorkerSpec) -> _Speech:
    if spec.socket is not None:
        return _Speech(Sockets.doing(spec.socket.does.mode), "http/1.1", null_socket_server.GREETING)
    if requests.in_streams(spec):
        return _Speech(Streams, "h2", null_streams.GREETING)
    wires = requests.wires_of(spec)
    return _Speech(Requests.knowing([wire.request for wire in wires]), "http/1.1", wires[0].request)


def _greet(port: int, secure: ssl.SSLContext | None, greeting: bytes) -> None:
    """Wait until the server answers: how long its process took to begin is no part of what is measured."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_GREETING_S) as plain:
        visitor = plain if secure is None else secure.wrap_socket(plain, server_hostname=certificate.NAME)
        with visitor:
            visitor.sendall(greeting)
            visitor.recv(1)


if __name__ == "__main__":
    sys.exit(main())
