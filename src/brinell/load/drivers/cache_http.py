"""``driver = "cache"`` with an address: an endpoint behind a cache, asked for one key after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.load.cache.address import KEY, path_in
from brinell.load.cache.changing import change_of, delete_of
from brinell.load.cache.counter import counter_of
from brinell.load.cache.verdicts import stated
from brinell.load.drivers.http import Http
from brinell.load.drivers.http_request import Complaint, head_lines, headers_of, path_of
from brinell.load.wire import WireSessions

if TYPE_CHECKING:
    from brinell.subject.targets import Target


class CachedHttp(Http):
    """HTTP/1.1 whose requests differ in a key alone."""

    def sessions(self, spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions | None:
        """Return what asks for the keys. UsageError for a path or a rule that will not do."""
        del root, allow
        wanted, where = spec.cache, f"[[load]] {spec.name}"
        if wanted is None:
            raise UsageError(f"{where}: which endpoint?", hint='cache = { target = "/users/{key}" }')
        if wanted.hit is not None:
            try:
                stated(wanted.hit)
            except ValueError as error:
                raise UsageError(f"{where}: hit = {wanted.hit!r}: {error}", hint='hit = "X-Cache: HIT"') from None
        say = Complaint(where)
        before, after = (path_of("/" + part, say)[1:] for part in path_in(wanted.target)[1:].split(KEY))
        lines = head_lines(spec, target.authority, "", headers_of(spec.headers, say))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        options: dict[str, Any] = {
            "before": f"GET /{before}".encode("latin-1"),
            "after": f"{after} HTTP/1.1\r\n{head}\r\n".encode("latin-1"),
            "cache": msgspec.to_builtins(wanted),
            "address": (target.addresses[0], target.port),
            "tls_name": target.host if target.scheme == "https" else None,
            "head": head.encode("latin-1"),
        }
        if wanted.counter is not None:
            path, name = counter_of(wanted.counter)
            page = f"GET {path_of(path, say)} HTTP/1.1\r\n{head}\r\n".encode("latin-1")
            options["counter"] = (page, name)
        for key, text, read in (("change", wanted.update, change_of), ("delete", wanted.delete, delete_of)):
            if text is not None:
                change = read(text)
                options[key] = msgspec.to_builtins(change) | {"path": path_of(change.path, say)}
        return WireSessions("brinell.load.cache.endpoint:sessions", options, partly=False)
