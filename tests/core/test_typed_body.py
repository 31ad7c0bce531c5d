from __future__ import annotations

import pytest

from brinell.core.typed_body import JSON, PLAIN, type_of_text


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("{}", JSON),
        ('{"id": "{{uuid}}", "count": {{int(1, 5)}}, "deep": {"in": {}}}', JSON),
        ("[{{seq}}]", JSON),
        ("{{word}}", PLAIN),
        ("{a}", PLAIN),
        ('"text"', PLAIN),
        ("", PLAIN),
    ],
)
def test_what_a_text_is(text, type_):
    assert type_of_text(text) == type_
