import asyncio
import ipaddress
import socket

from beacon import net


def test_primary_address_is_not_loopback():
    assert not ipaddress.ip_address(net.primary_address()).is_loopback


def test_worker_knows_its_address():
    assert net.address_seen_by_worker().count(".") == 3


def test_there_is_a_gateway():
    assert net.gateways()


def test_announcement_is_heard():
    assert net.announce(b"node-1 up") == b"node-1 up"


def test_echo_on_the_lan_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.77", 80))
            host = probe.getsockname()[0]
        except OSError:
            host = "192.0.2.77"
    assert asyncio.run(asyncio.wait_for(net.echo_once(host), 0.25)) == b"hello\n"


def test_socketpair_needs_no_network():
    left, right = socket.socketpair()
    with left, right:
        left.send(b"x")
        assert right.recv(1) == b"x"


def test_refused_means_down():
    def refuse():
        raise ConnectionRefusedError

    assert not net.is_up(refuse)
    assert net.is_up(lambda: 200)


def test_gateways_of_a_given_table(tmp_path):
    table = tmp_path / "route"
    table.write_text("Iface Destination Gateway\neth9 00000000 0101A8C0\n")
    assert net.gateways(table) == ["0101A8C0"]


def test_unresolvable_name_is_down():
    def fetch():
        raise socket.gaierror(-2, "Name or service not known")

    assert not net.is_up(fetch)
