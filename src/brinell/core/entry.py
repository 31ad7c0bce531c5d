"""The base of all records of a run; see ``brinell.core.observation``."""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag=str.lower):
    """Base of all records; the tag is the lower-case class name. Defaults are not written: they cost space."""
