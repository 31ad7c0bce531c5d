from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.subject import sockets
from brinell.subject.sockets import Listener, free_port, listeners, listening_pids, listening_ports

LISTEN = (
    "import socket, sys, time; s = socket.create_server((sys.argv[1], 0), family=int(sys.argv[2])); "
    "print(s.getsockname()[1], flush=True); time.sleep(600)"
)


@contextlib.contextmanager
def server(host: str, family: int = socket.AF_INET) -> Iterator[tuple[int, int]]:
    with subprocess.Popen([sys.executable, "-c", LISTEN, host, str(int(family))], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def test_free_port_can_be_bound_and_nobody_is_there():
    port = free_port()
    assert listening_pids("127.0.0.1", port) == ([], f"nothing listens on 127.0.0.1:{port}")
    with socket.create_server(("127.0.0.1", port)):
        assert listening_pids("127.0.0.1", port) == ([os.getpid()], "")


def test_the_process_behind_a_port_and_the_ports_of_a_process():
    with server("127.0.0.1") as (pid, port):
        assert listening_pids("127.0.0.1", port) == ([pid], "")
        assert listening_pids("localhost", port) == ([pid], "")
        assert listening_pids("127.0.0.2", port)[0] == []
        assert listening_ports([pid]) == [("127.0.0.1", port)]
    assert listening_ports([pid]) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::ffff:127.0.0.1"])
def test_a_socket_on_all_addresses_serves_every_host(host):
    with server("0.0.0.0") as (pid, port):  # noqa: S104 - that is the case under test
        assert listening_pids(host, port) == ([pid], "")


def test_ipv6_addresses_are_read():
    with server("::1", socket.AF_INET6) as (pid, port):
        assert listening_ports([pid]) == [("::1", port)]
        assert listening_pids("::1", port) == ([pid], "")
        assert pid not in listening_pids("127.0.0.1", port)[0]  # where somebody else may have that port


def test_several_processes_on_one_socket_are_all_told():
    with socket.create_server(("127.0.0.1", 0)) as shared:
        port = shared.getsockname()[1]
        fd = shared.fileno()
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=[fd]) as child:
            assert listening_pids("127.0.0.1", port) == (sorted([os.getpid(), child.pid]), "")
            child.kill()


def test_what_may_not_be_seen_is_a_reason(monkeypatch):
    # This user may be root, who sees everything: the system's refusal is what stands in, at the one call that gets it.
    real = os.listdir

    def refused(path):
        if str(path).endswith("/fd"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    with socket.create_server(("127.0.0.1", 0)) as mine:
        port = mine.getsockname()[1]
        monkeypatch.setattr(os, "listdir", refused)
        pids, reason = listening_pids("127.0.0.1", port)
    assert pids == []
    assert f"127.0.0.1:{port} is held by a process of user" in reason
    assert "may not see" in reason


def test_psutil_tells_the_same_where_there_is_no_proc(monkeypatch):
    with server("127.0.0.1") as (pid, port):
        monkeypatch.setattr(sys, "platform", "darwin")
        assert listening_pids("127.0.0.1", port) == ([pid], "")
        assert listening_ports([pid]) == [("127.0.0.1", port)]
        pids, reason = listening_pids("127.0.0.2", port)
        assert pids == []
        assert reason


@given(st.ip_addresses(v=4), st.integers(1, 65535))
def test_ipv4_lines_of_the_kernel_are_read(address, port):
    digits = int.from_bytes(address.packed, sys.byteorder)
    local = f"{digits:08X}:{port:04X}"
    line = f"0: {local} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 1000 0 4242 1 0 100 0 0 10 0"
    assert list(sockets._parse([line])) == [Listener(str(address), port, 4242, 1000)]


@given(st.ip_addresses(v=6))
def test_ipv6_addresses_of_the_kernel_are_read(address):
    words = [int.from_bytes(address.packed[at : at + 4], sys.byteorder) for at in range(0, 16, 4)]
    assert sockets._address("".join(f"{word:08X}" for word in words)) == str(address)


def test_established_connections_are_not_listeners():
    with socket.create_server(("127.0.0.1", 0)) as waiting, socket.create_connection(waiting.getsockname()) as client:
        assert client.getsockname()[1] not in {listener.port for listener in listeners()}
