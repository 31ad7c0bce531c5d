from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.redact import _RULES, MASK, one_line, plain, redact

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
        f"password_hash: {SECRET}",
        f"secretKey={SECRET}",
        f"tokens={SECRET}",
        f"API_KEY2={SECRET}",
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


@pytest.mark.parametrize(
    "text",
    [
        "tests/test_auth.py::test_login PASSED",
        "tests/t.py::TestToken::test_x",
        "tests/t.py::TestAuth::test_login",
        "assert 1 == 2",
        "assert token == 5",
        "author = x",
        "passed: 12, failed: 3",
        "passengers: 3",
        "http://127.0.0.1:80/x",
    ],
)
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


def test_what_is_masked_stays_as_it_is_when_redacted_again():
    baits = [
        f"password={SECRET}",
        f'"api_key": "{SECRET}"',
        f"Authorization: Basic {SECRET}",
        f"SHOP_TOKEN='{SECRET}' x",
    ]
    once = redact("\n".join(baits))
    assert redact(once) == once
    assert "]]" not in once


@pytest.mark.parametrize("prefix", ["SHOP_DB_", "x" * 200 + "-", "\u00fc"])
def test_what_stands_before_the_name_stays_however_long_it_is(prefix):
    assert redact(f"{prefix}password={SECRET}") == f"{prefix}password={MASK}"


def test_a_mask_does_not_shield_what_is_glued_to_it():
    assert redact(f"password={MASK}{SECRET}") == f"password={MASK}"


def test_values_of_any_length_are_masked_to_their_end():
    assert redact(f"cookie: {'a' * 9000}\ntoken={'b' * 9000} c") == f"cookie: {MASK}\ntoken={MASK} c"


def test_a_name_is_looked_for_where_it_stands_not_from_every_letter_before_it():
    [named] = [pattern for pattern, _ in _RULES if pattern.search("x" * 30 + f"_token={SECRET}")]
    assert named.search("x" * 30 + f"_token={SECRET}").start() == 31


@pytest.mark.parametrize("piece", ["x", "token_", "passwd-", "cookie:", "auth ", "token='", "a."])
def test_work_grows_in_proportion_to_the_text(piece):
    def cost(size: int) -> float:
        text, spent = piece * (size // len(piece)), []
        for _ in range(3):
            begun = time.process_time_ns()
            redact(text)
            spent.append(time.process_time_ns() - begun)
        return min(spent)

    assert cost(160_000) < 40 * cost(10_000)  # 16 if linear, 256 if quadratic
