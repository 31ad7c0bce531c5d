"""The JSON Schema of ``judgement.json``, derived from the structs so that it cannot drift (``make schema``)."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from brinell.core.judgement import SCHEMA, Judgement

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def judgement_schema() -> dict[str, Any]:
    """Return the schema, JSON Schema 2020-12."""
    schema = msgspec.json.schema(Judgement)
    return {"$schema": DRAFT, "$id": SCHEMA, "title": "Brinell judgement", **schema}


if __name__ == "__main__":
    print(json.dumps(judgement_schema(), indent=2, sort_keys=True))
