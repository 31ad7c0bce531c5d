from __future__ import annotations

import errno
import ssl

import pytest

from brinell.load.engine.failures import classify


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.ECONNRESET, "reset"),
        (errno.EPIPE, "reset"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.EMFILE, "own-fault"),
        (errno.EADDRNOTAVAIL, "own-fault"),
        (errno.EHOSTUNREACH, "unreachable"),
    ],
)
def test_whose_fault_an_error_is(number, kind):
    found, words = classify(OSError(number, ""))
    assert found == kind
    assert words


def test_tls_errors_are_told_apart_from_the_networks():
    assert classify(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"))[0] == "tls"
