"""Scenarios whose traffic a document describes: an OpenAPI document, or a recording (HAR).

Whatever version of HTTP is put under load, the document is asked for, and what it describes tried, over HTTP/1.1.
"""

from __future__ import annotations

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.core.roles import Room
from brinell.load import har
from brinell.load.drivers.described import DescribedHttp, DescribedHttp2
from brinell.load.openapi import prepare
from brinell.subject.targets import Target


def described(room: Room, spec: LoadSpec, target: Target, address: str) -> DescribedHttp | DescribedHttp2:
    """Return the driver that has everything prepared. What was read, and what of it is not sent, is a record."""
    if spec.openapi is not None and spec.har is not None:
        raise UsageError(f"[[load]] {spec.name}: openapi and har: a scenario's requests come from one of them")
    read = har.prepare if spec.har is not None else prepare.prepare
    prepared = read(room, spec, target, address)
    return DescribedHttp2(prepared) if spec.version == "2" else DescribedHttp(prepared)
