"""No test here looks a name up beyond this machine: names that are not its own go to a resolver of the test's."""

from __future__ import annotations

import ipaddress
import socket
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brinell.core.errors import UsageError
from brinell.subject import targets
from brinell.subject.targets import Target, check_target, is_loopback, known_here, resolve

OTHERS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str).filter(lambda text: not is_loopback(text))
LOOPBACKS = st.one_of(
    st.ip_addresses(network="127.0.0.0/8").map(str),
    st.just("::1"),
    st.ip_addresses(network="127.0.0.0/8").map(lambda address: f"::ffff:{address}"),
)


def answering(*addresses: str):
    return lambda _host, _port: addresses


def never(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host}:{port} was looked up")


check_known = partial(check_target, known_here=lambda _: True)
"""As if every name stood in /etc/hosts: the decision is the addresses' then."""


# --- what this machine's own resolver says ---


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000",
        "http://127.1:8000",
        "http://2130706433:8000",
        "http://0x7f000001:8000/x",
        "http://127.255.255.254",
        "http://[::1]:8000",
        "http://[::ffff:127.0.0.1]:8000",
        "https://[0:0:0:0:0:0:0:1]",
        "ws://127.0.0.1./",
        "HTTP://127.0.0.1",
        "wss://LocalHost",
    ],
)
def test_every_way_to_write_this_machine_is_allowed(url):
    target = check_target(url, [])
    assert target.addresses
    assert all(map(is_loopback, target.addresses))


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.5:8000",
        "http://167772165",  # 10.0.0.5
        "http://0x0a000005",
        "http://012.0.0.5",  # octal
        "http://[::ffff:10.0.0.5]",
        "http://[2001:db8::1]:8000",
        "http://0.0.0.0:8000",
        "http://[::]:8000",
        "http://169.254.169.254/latest/meta-data",
        "http://126.255.255.255",
        "http://128.0.0.1",
    ],
)
def test_other_machines_are_refused_however_they_are_written(url):
    with pytest.raises(UsageError, match=r"target .* is not this machine .*: refused") as caught:
        check_target(url, [])
    assert "allow_targets" in str(caught.value.hint) or "127.0.0.1" in str(caught.value.hint)


def test_addresses_are_in_numbers_and_once_each():
    found = resolve("localhost", 80)
    assert found
    assert len(set(found)) == len(found)
    for address in found:
        ipaddress.ip_address(address)


# --- decisions follow the addresses ---


@given(st.lists(LOOPBACKS, min_size=1, max_size=4))
def test_a_name_whose_addresses_are_all_loopback_is_allowed_and_keeps_them(addresses):
    target = check_known("http://shop.test:8000", [], resolve=answering(*addresses))
    assert target == Target("http", "shop.test", 8000, tuple(addresses))


@given(st.lists(LOOPBACKS, max_size=3), OTHERS, st.lists(LOOPBACKS, max_size=3))
def test_one_other_address_among_loopback_ones_refuses(before, other, after):
    with pytest.raises(UsageError, match="refused"):
        check_known("http://shop.test", [], resolve=answering(*before, other, *after))


def test_a_name_of_two_kinds_says_so():
    with pytest.raises(UsageError, match="this machine and another one at once"):
        check_known("http://shop.test", [], resolve=answering("127.0.0.1", "10.0.0.5"))


def test_no_address_and_nonsense_are_refused():
    with pytest.raises(UsageError):
        check_known("http://shop.test", [], resolve=answering())
    with pytest.raises(UsageError):
        check_known("http://shop.test", [], resolve=answering("localhost"))


def test_a_name_that_cannot_be_resolved_is_the_users_mistake():
    def fails(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(UsageError, match=r"cannot resolve the host of http://shop\.test"):
        check_target("http://shop.test", ["shop.test"], resolve=fails)


# --- allowed by name ---


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("staging.test", "https://staging.test/x"),
        ("staging.test", "https://STAGING.test.:8443"),
        ("Staging.Test.", "http://staging.test"),
        ("staging.test:8443", "https://staging.test:8443"),
        ("staging.test:443", "https://staging.test"),
        ("10.0.0.5", "http://10.0.0.5:1"),
        ("2001:db8::1", "http://[2001:0db8:0::1]"),
        ("[2001:db8::1]:8000", "http://[2001:db8::1]:8000"),
        ("bücher.test", "http://xn--bcher-kva.test"),
        ("xn--bcher-kva.test", "http://BÜCHER.test"),
    ],
)
def test_an_exact_entry_allows(entry, url):
    assert check_target(url, ["other.test", entry], resolve=answering("10.0.0.5")).addresses == ("10.0.0.5",)


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("staging.test", "http://a.staging.test"),
        ("staging.test", "http://staging.test.evil.test"),
        ("staging.test:8443", "https://staging.test"),
        ("staging.test:8443", "https://staging.test:8444"),
        ("10.0.0.5", "http://shop.test"),  # its name was not allowed
        ("10.0.0.5", "http://012.0.0.5"),
    ],
)
def test_anything_else_than_an_exact_entry_does_not(entry, url):
    with pytest.raises(UsageError, match="refused"):
        check_known(url, [entry], resolve=answering("10.0.0.5"))


def test_a_near_miss_is_named():
    with pytest.raises(UsageError) as caught:
        check_target("http://stagin.test", ["staging.test"], resolve=never)
    assert "'staging.test'" in str(caught.value.hint)


# --- names that nobody is asked for ---


@pytest.mark.parametrize(
    "url", ["http://shop.test", "https://localhost.evil.test", "http://notlocalhost", "http://127.0.0.1.evil.test"]
)
def test_a_foreign_name_that_is_not_allowed_is_refused_without_a_look_up(url):
    with pytest.raises(UsageError, match=r"not known to be this machine \(not looked up\).*: refused") as caught:
        check_target(url, ["other.test"], resolve=never)
    assert "allow_targets" in str(caught.value.hint)


def test_one_port_of_a_name_allows_no_look_up_for_another():
    with pytest.raises(UsageError, match="not looked up"):
        check_target("http://shop.test:81", ["shop.test:80"], resolve=never)


def test_names_in_the_hosts_file_are_looked_up_and_decided_by_address(tmp_path, monkeypatch):
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n127.0.1.1\tshop Shop.Test. # not.this\n#10.0.0.1 nor.this\nlonely\n")
    monkeypatch.setattr(targets, "_HOSTS", hosts)
    assert check_target("http://SHOP.test:80", [], resolve=answering("127.0.1.1")).addresses == ("127.0.1.1",)
    with pytest.raises(UsageError, match=r"not this machine \(10\.0\.0\.5\)"):
        check_target("http://shop", [], resolve=answering("10.0.0.5"))
    assert not any(map(known_here, ("not.this", "nor.this", "lonely", "op")))
    hosts.unlink()
    assert not known_here("shop")


def test_addresses_in_any_notation_and_localhost_are_known_here():
    assert all(map(known_here, ("127.1", "2130706433", "0x0a000005", "::1", "10.0.0.5", "localhost", "a.localhost")))


@pytest.mark.parametrize(
    "entry",
    ["", "http://x.test", "x.test/path", "x.test:0", "x.test:99999", "x.test:port", "a@x.test", "x y", "*.test", "x\n"],
)
def test_a_malformed_entry_is_named_whatever_the_target(entry):
    with pytest.raises(UsageError, match="allow_targets entry"):
        check_target("http://127.0.0.1", [entry])


# --- hostile and mistaken URLs ---


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000",
        "//127.0.0.1",
        "http:///path",
        "http://",
        "http://:8000",
        "file:///etc/passwd",
        "ftp://127.0.0.1",
        "javascript:alert(1)",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:-1",
        "http://127.0.0.1:80x",
        "http://127.0.0.1:٨٠",
        "http://127.0.0.1\r\nHost: evil",
        "http://127.0.0.1/\r\nX: 1",
        "http://127.0.0.1/a b",
        "http://127.0.0.1\t.evil.test",
        "http://127.0.0.1\\@evil.test",
        "http://127.0.0.1\0",
        "http://%31%32%37.0.0.1",
        "http://[::1",
        "http://[::1%25lo]",
        "http://[fe80::1%eth0]",
        "http://[v1.x]",
        "http://a..test",
        "http://" + "a" * 64 + ".test",
        "http://" + "a." * 200 + "test",
        "http://-x.test",
        "http://x.test..",
    ],
)
def test_what_is_not_a_proper_url_is_refused_without_a_look_up(url):
    with pytest.raises(UsageError):
        check_target(url, [], resolve=never)


@pytest.mark.parametrize("url", ["http://me:hunter2@127.0.0.1", "http://127.0.0.1@evil.test", "http://me@evil.test/"])
def test_credentials_are_refused_and_not_repeated(url):
    with pytest.raises(UsageError) as caught:
        check_target(url, [], resolve=never)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
    assert "Authorization" in str(caught.value.hint)


def test_a_missing_scheme_is_told_how_to_write_it():
    with pytest.raises(UsageError) as caught:
        check_target("127.0.0.1:8000", [])
    assert caught.value.hint == "write http://127.0.0.1:8000"


def test_path_and_query_are_kept_encoded_and_the_fragment_is_not():
    target = check_target("http://127.0.0.1/a%20b/ä?q=1&r=ö#frag", [])
    assert target.path == "/a%20b/%C3%A4?q=1&r=%C3%B6"
    assert target.authority == "127.0.0.1"
    assert check_target("https://[::1]:8443", []).authority == "[::1]:8443"


@given(st.text(max_size=40) | st.text("htps:/@[]%.127#?\\ x\r\n-_::ffff", max_size=30).map("http://".__add__))
@example("http://127.0.0.1%00.evil")
def test_any_text_is_refused_or_gives_what_was_decided_on(text):
    asked = []

    def loopback(host, port):
        asked.append((host, port))
        return ["127.0.0.1"]

    try:
        target = check_known(text, [], resolve=loopback)
    except UsageError:
        return
    assert asked == [(target.host, target.port)]
    assert target.addresses == ("127.0.0.1",)
    assert target.scheme in ("http", "https", "ws", "wss")
    assert 0 < target.port < 65536
    whole = target.host + target.authority + target.path
    assert whole.isascii()
    assert whole.isprintable()
    assert " " not in whole
    assert "@" not in target.authority
