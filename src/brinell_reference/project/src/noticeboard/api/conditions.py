"""Conditional requests (RFC 9110, section 13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from noticeboard.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_VERSION_TAG = re.compile(r'\s*"([0-9]{1,9})"\s*')


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Tell whether the client has this version already; weak comparison."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return any(tag.strip().removeprefix("W/") == etag for tag in if_none_match.split(","))


def wanted_versions(if_match: str | None, *, required: bool) -> AbstractSet[int] | None:
    """Return the versions a change may be applied to; None stands for any.

    Tags that are no version of a note match nothing.

    Raises:
        Problem: version-required.
    """
    if if_match is None:
        if required:
            raise Problem("version-required", 'send If-Match with the ETag of the note, or "*" to overwrite anything')
        return None
    if if_match.strip() == "*":
        return None
    matches = (_VERSION_TAG.fullmatch(tag) for tag in if_match.split(","))
    return frozenset(int(match[1]) for match in matches if match)
