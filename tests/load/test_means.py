from __future__ import annotations

import resource
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.errors import UsageError
from brinell.core.generator_records import GeneratorMeans
from brinell.core.plan import LoadSpec
from brinell.load import means
from brinell.load.wire import WorkerSpec


def worker(connections, streams=1, port=9):
    return WorkerSpec(0, 1, "", "", {}, (), 2, ("127.0.0.1", port), 1, connections, 1, streams=streams)


@pytest.fixture
def kernel(tmp_path):
    def write(**files):
        for name, text in files.items():
            (tmp_path / name).write_text(f"{text}\n")
        return tmp_path

    return write


@given(low=st.integers(1024, 30000), span=st.integers(1, 30000), inside=st.integers(0, 29999))
def test_reserved_ports_are_nobodys(tmp_path_factory, low, span, inside):
    folder = tmp_path_factory.mktemp("ipv4")
    (folder / "ip_local_port_range").write_text(f"{low}\t{low + span - 1}\n")
    reserved = low + inside
    (folder / "ip_local_reserved_ports").write_text(f"1-5,{reserved}\n")
    assert means.ports(folder) == span - (inside < span)


def test_where_the_kernel_says_nothing_nobody_knows(tmp_path):
    assert means.ports(tmp_path) is None
    assert means.linger_s(loopback=True, folder=tmp_path) == 60


@pytest.mark.parametrize(
    ("reuse", "stamps", "loopback", "seconds"),
    [(0, 1, True, 60), (1, 1, False, 1), (2, 1, True, 1), (2, 1, False, 60), (2, 0, True, 60), (1, 0, False, 60)],
)
def test_how_long_a_port_rests(kernel, reuse, stamps, loopback, seconds):
    folder = kernel(tcp_tw_reuse=reuse, tcp_timestamps=stamps)
    assert means.linger_s(loopback=loopback, folder=folder) == seconds


def test_ports_in_use_are_seen_on_a_real_connection():
    place = "127.77.11.3"  # at 127.0.0.1 somebody else's connection to a port of that number may rest
    with socket.create_server((place, 0)) as server:
        port = server.getsockname()[1]
        before = means.taken(place, port)
        with socket.create_connection((place, port)):
            assert (before, means.taken(place, port)) == (0, 1)
            assert means.taken(f"::ffff:{place}", port) == 1
            assert means.taken("127.77.11.4", port) == 0


def test_what_a_scenario_may_need():
    keeping = LoadSpec(name="x", shape={})
    once = LoadSpec(name="x", shape={}, keep_alive=False)
    found = means.look(keeping, [worker(10), worker(9)], 500.0, "127.0.0.1")
    assert (found.descriptors_needed, found.ports_needed, found.linger_s) == (10 + means.SPARE, 19, 0)
    found = means.look(once, [worker(10)], 500.0, "192.0.2.1")
    assert found.ports_needed == 10 + 500 * found.linger_s
    shared = means.look(LoadSpec(name="x", shape={}, version="2"), [worker(100, streams=20)], 500.0, "127.0.0.1")
    assert (shared.descriptors_needed, shared.ports_needed) == (5 + means.SPARE, 5)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert found.descriptors == (None if hard == resource.RLIM_INFINITY else hard)


@pytest.mark.parametrize(
    ("seen", "words"),
    [(GeneratorMeans(100, 164, 28000, 100), "164 descriptors"), (GeneratorMeans(None, 9, 50, 51), "50 are free")],
)
def test_what_cannot_work_is_refused_before_the_start(seen, words):
    spec = LoadSpec(name="browse", shape={})
    with pytest.raises(UsageError, match=words) as refused:
        means.refuse(spec, seen, closed=True)
    assert refused.value.hint
    means.refuse(spec, seen, closed=False)  # a cap that may never be reached
    means.refuse(spec, GeneratorMeans(164, 164, 51, 51), closed=True)
