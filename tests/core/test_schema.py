from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from brinell.core.schema import judgement_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "judgement.schema.json"


def test_the_published_schema_is_the_one_the_code_has():
    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(judgement_schema())), "run `make schema`"


def test_the_schema_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(judgement_schema())
