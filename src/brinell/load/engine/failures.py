"""From an operating system's error to an error kind: the table that says whose fault it is."""

from __future__ import annotations

import errno
import os
import ssl

from brinell.core import outcomes

KINDS: dict[int, str] = {
    errno.ECONNREFUSED: outcomes.REFUSED,
    errno.ECONNRESET: outcomes.RESET,
    errno.ECONNABORTED: outcomes.RESET,
    errno.EPIPE: outcomes.RESET,
    errno.ENOTCONN: outcomes.RESET,
    errno.ETIMEDOUT: outcomes.TIMEOUT,
    errno.EMFILE: outcomes.OWN_FAULT,
    errno.ENFILE: outcomes.OWN_FAULT,
    errno.EADDRNOTAVAIL: outcomes.OWN_FAULT,  # no free port on this side
    errno.EADDRINUSE: outcomes.OWN_FAULT,
    errno.ENOBUFS: outcomes.OWN_FAULT,
    errno.ENOMEM: outcomes.OWN_FAULT,
    errno.ENOSPC: outcomes.OWN_FAULT,  # the limit of watched descriptors
    errno.EACCES: outcomes.OWN_FAULT,
    errno.EPERM: outcomes.OWN_FAULT,  # a local firewall
}


def classify(error: OSError) -> tuple[str, str]:
    """Return the error kind and its words. What the table does not know is the network's: ``unreachable``."""
    if isinstance(error, ssl.SSLError):
        # Both attributes are only there where OpenSSL gave them.
        words = getattr(error, "verify_message", "") or getattr(error, "reason", "")
        return outcomes.TLS, words or str(error)
    number = error.errno or 0
    return KINDS.get(number, outcomes.UNREACHABLE), os.strerror(number) if number else str(error)
