"""Whether anybody is there, with real sockets of this machine."""

from __future__ import annotations

import socket
import sys
import threading
import time

import pytest

from brinell.core.plan import LoadSpec
from brinell.load import listening
from brinell.load.listening import is_wanted, remedy, silence
from brinell.subject.targets import Target


def target(port, *addresses, host="127.0.0.1"):
    return Target("http", host, port, addresses or ("127.0.0.1",), "/")


@pytest.mark.parametrize("place", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - so that any address is served
def test_somebody_who_listens_is_there_and_is_not_connected_to(place):
    with socket.create_server((place, 0)) as server:
        assert silence(target(server.getsockname()[1]), 0) == ""
        server.setblocking(False)
        if sys.platform == "linux":
            with pytest.raises(BlockingIOError):
                server.accept()


def test_a_full_queue_is_somebody():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]
        held = [socket.socket() for _ in range(4)]
        for one in held:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        assert silence(target(port), 0) == ""
        for one in held:
            one.close()


def test_nobody_is_told_with_the_address_and_the_reason(closed_port):
    assert silence(target(closed_port), 0) == f"nothing listens at 127.0.0.1:{closed_port}: the connection is refused"
    assert (
        silence(target(closed_port, "::1", host="::1"), 0).startswith(f"nothing listens at [::1]:{closed_port}")
        or not _six()
    )


def test_any_one_of_several_addresses_will_do():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert silence(target(port, "::1", "127.0.0.1", host="localhost"), 0) == ""
        assert silence(target(port, "127.0.0.1", "::1", host="localhost"), 0) == ""


def test_where_the_system_says_nothing_it_is_tried(closed_port, monkeypatch):
    monkeypatch.setattr(listening, "_listeners", list)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert silence(target(server.getsockname()[1]), 0) == ""
    assert silence(target(closed_port), 0)


def test_who_comes_in_a_moment_is_waited_for():
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))

        def come():
            time.sleep(0.2)
            late.listen()

        thread = threading.Thread(target=come)
        thread.start()
        assert silence(target(late.getsockname()[1]), 60.0) == ""
        thread.join()


def test_the_fix_names_who_listens_elsewhere_on_that_port(closed_port):
    assert "listens at" not in remedy(target(closed_port))
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        assert silence(target(port), 0)
        assert f"on this port something listens at 127.0.0.2:{port}" in remedy(target(port))


@pytest.mark.parametrize(("limits", "wanted"), [({}, True), ({"error_rate": 0.9}, True), ({"error_rate": 1}, False)])
def test_nobody_need_be_there_where_all_may_fail(limits, wanted):
    assert is_wanted(LoadSpec(name="a", shape={}, thresholds=limits)) is wanted


def _six():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True
