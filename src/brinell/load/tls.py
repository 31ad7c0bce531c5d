"""TLS as a client of this generator speaks it."""

from __future__ import annotations

import ssl


def context(*, verify: bool, trusted: str = "") -> ssl.SSLContext:
    """Return a context for HTTP/1.1 and what is upgraded from it; ``verify``: certificates are looked at, and beside
    those that the system trusts this one (PEM) is.
    """
    made = ssl.create_default_context()
    made.set_alpn_protocols(["http/1.1"])
    made.options |= ssl.OP_NO_RENEGOTIATION  # a server could ask for handshake after handshake
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif trusted:
        made.load_verify_locations(cadata=trusted)
    return made
