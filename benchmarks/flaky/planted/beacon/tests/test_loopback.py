from beacon import net


def test_fetch_from_own_server():
    assert net.fetch_from_loopback() == b"hello"
