"""The null server's certificate: whoever is strict accepts it where it is trusted, and nobody else does."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from brinell.load import tls
from brinell.load.calibration import certificate

CHECK_SELF_SIGNED = 0x4000  # X509_V_FLAG_CHECK_SS_SIGNATURE: ``ssl`` has no name for it
BASE = certificate._BASE


@pytest.fixture(scope="module")
def pair():
    return certificate.made()


@pytest.fixture
def certificate_of_localhost(request):
    """One that openssl made, whose subject is localhost."""
    return request.getfixturevalue("certificate")[1]


def shake(ours, theirs, name):
    """Go through a handshake in memory; return both sides."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ours.wrap_bio(back, there, server_hostname=name)
    server = theirs.wrap_bio(there, back, server_side=True)
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
        if not waiting:
            return client, server
    raise AssertionError("no end of the handshake")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
def test_who_trusts_it_is_strict_and_content(pair, name, protocol):
    ours = tls.context(verify=True, trusted=pair[0])
    ours.verify_flags |= ssl.VERIFY_X509_STRICT | CHECK_SELF_SIGNED
    ours.set_alpn_protocols([protocol])
    client, server = shake(ours, certificate.server_context(*pair, protocol), name)
    assert client.selected_alpn_protocol() == server.selected_alpn_protocol() == protocol


@pytest.mark.parametrize(
    ("trusts", "name", "why"), [(False, "localhost", "self-signed"), (True, "elsewhere.example", "Hostname mismatch")]
)
def test_nobody_else_accepts_it(pair, trusts, name, why):
    ours = tls.context(verify=True, trusted=pair[0] if trusts else "")
    with pytest.raises(ssl.SSLCertVerificationError, match=why):
        shake(ours, certificate.server_context(*pair, "h2"), name)


def test_every_one_is_another_one(pair):
    other = certificate.made()
    assert pair[0] != other[0]
    assert pair[1] != other[1]
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        certificate.server_context(pair[0], other[1], "h2")


def test_other_trusted_certificates_are_not_in_its_way(pair):
    """An issuer is looked for by its name: of two that sign themselves and have one name, the wrong one is taken."""
    ours = tls.context(verify=True, trusted=certificate.made()[0] + pair[0])
    shake(ours, certificate.server_context(*pair, "h2"), "localhost")


def test_nor_is_one_that_the_user_made_for_localhost(pair, certificate_of_localhost, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_of_localhost))
    shake(tls.context(verify=True, trusted=pair[0]), certificate.server_context(*pair, "h2"), "localhost")


def test_nothing_of_it_is_left_behind(pair):
    before = {*Path("/proc/self/fd").iterdir()}
    certificate.server_context(*pair, "h2")
    with pytest.raises(ssl.SSLError):
        certificate.server_context(pair[0], "no key", "h2")
    assert {*Path("/proc/self/fd").iterdir()} == before


def test_a_system_without_files_in_memory_is_said(pair, monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(OSError, match="no files in memory"):
        certificate.server_context(*pair, "h2")


@pytest.mark.parametrize(
    ("factor", "x"),  # NIST's published multiples of the base point
    [
        (1, 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296),
        (2, 0x7CF27B188D034F7E8A52380304B51AC3C08969E277F21B35A60B48FC47669978),
        (112233445566778899, 0x339150844EC15234807FE862A86BE77977DBFB3AE3D96F4C22795513AEAAB82F),
    ],
)
def test_multiples_of_the_base_point_are_the_published_ones(factor, x):
    assert certificate.times(factor, BASE)[0] == x


def test_its_order_is_the_curves():
    assert certificate.times(certificate._ORDER - 1, BASE) == (BASE[0], certificate._P - BASE[1])
    with pytest.raises(ValueError, match="no point"):
        certificate.times(0, BASE)
