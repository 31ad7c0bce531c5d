from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.redact import MASK, one_line, plain, redact

SECRET = "hunter2-Zx9"  # noqa: S105 - the bait


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://shop:{SECRET}@db/shop",
        f"Authorization: Bearer {SECRET}{SECRET}",
        f"cookie: session={SECRET}; other=1",
        f"password={SECRET}",
        f'{{"api_key": "{SECRET}"}}',
        f"SHOP_DB_PASSWORD='{SECRET}'",
        f"--token={SECRET} --port 1",
        f"aws_secret_access_key = {SECRET}",
    ],
)
def test_what_is_named_as_a_secret_is_masked(text):
    assert SECRET not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text", ["ghp_" + "a" * 36, "AKIA" + "A1" * 8, "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "sk_live_" + "x" * 24]
)
def test_well_known_forms_are_masked_without_a_name(text):
    assert redact(f"found {text} there") == f"found {MASK} there"


@pytest.mark.parametrize("text", ["tests/test_auth.py::test_login PASSED", "assert 1 == 2", "http://127.0.0.1:80/x"])
def test_ordinary_text_stays(text):
    assert redact(text) == text


@given(st.text())
def test_redacting_twice_changes_nothing_more_and_never_fails(text):
    assert redact(redact(text)) == redact(text)


@given(st.text(), st.integers(1, 50))
def test_plain_text_has_no_escapes_and_keeps_its_bound(text, most):
    clean = plain(text, most)
    assert len(clean) <= most
    assert not any(ch < " " and ch not in "\t\n" for ch in clean)
    assert "\n" not in one_line(text)


def test_terminal_escapes_and_direction_overrides_are_gone():
    assert plain("\x1b[31mred\x1b[0m \x1b]0;title\x07x\u202ey") == "red x\ufffdy"
