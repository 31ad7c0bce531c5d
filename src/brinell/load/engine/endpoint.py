"""Where connections go."""

from __future__ import annotations

import ssl
from typing import NamedTuple


class Endpoint(NamedTuple):
    """An address of a checked target. ``tls`` None: plain TCP."""

    family: int
    address: tuple[str | int, ...]
    tls: ssl.SSLContext | None = None
    tls_name: str | None = None
