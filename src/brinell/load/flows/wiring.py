"""From a scenario with ``flows`` to what its workers are given. The file is imported in the workers only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from brinell.core.errors import UsageError
from brinell.core.plan import LoadSpec
from brinell.load.drivers.http import target_path
from brinell.load.drivers.http_request import Complaint, head_lines, headers_of
from brinell.load.flows.loading import look
from brinell.load.wire import WireSessions

if TYPE_CHECKING:
    from brinell.subject.targets import Target


def wired(spec: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> WireSessions:
    """Return the factory of the scenario's users, and its options. UsageError if the file holds no flows."""
    where = f"[[load]] {spec.name}"
    if target.scheme not in {"http", "https"}:
        raise UsageError(f"{where}: flows speak http:// and https://, not {target.scheme}://")
    file = (root / (spec.flows or "")).resolve()
    look(file, root, where)
    headers = headers_of(spec.headers, Complaint(where))
    options = {
        "file": str(file),
        "root": str(root.resolve()),
        "scheme": target.scheme,
        "host": target.host,
        "authority": target.authority,
        "prefix": target_path(spec.url),
        "lines": head_lines(spec, target.authority, "", headers),
        "redirects": spec.redirects,
        "allow": list(allow),
    }
    return WireSessions("brinell.load.flows.driving:sessions", options)
