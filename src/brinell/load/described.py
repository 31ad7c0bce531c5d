"""Scenarios whose traffic a document describes: an OpenAPI document, or a recording (HAR)."""

from __future__ import annotations

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.core.roles import Room
from brinell.load import har
from brinell.load.drivers.described import DescribedHttp
from brinell.load.openapi import prepare
from brinell.subject.targets import Target


def described(room: Room, spec: LoadSpec, target: Target, address: str) -> DescribedHttp:
    """Return the driver that has everything prepared. What was read, and what of it is not sent, is a record."""
    if spec.openapi is not None and spec.har is not None:
        raise UsageError(f"[[load]] {spec.name}: openapi and har: a scenario's requests come from one of them")
    if spec.version != "1.1":
        raise UsageError(
            f"[[load]] {spec.name}: what a document describes is sent over HTTP/1.1 only", hint='version = "1.1"'
        )
    read = har.prepare if spec.har is not None else prepare.prepare
    return read(room, spec, target, address)
