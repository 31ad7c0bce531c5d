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
    ("text", "masked"),
    [
        (f"password='{'x ' * 3000}{SECRET}' end", f"password={MASK} end"),
        (f'"token": "{"x " * 3000}{SECRET}", "a": 1', f'"token": {MASK}, "a": 1'),
        (f"token=b'{SECRET}' end", f"token={MASK} end"),
        (f'secret = rb"{SECRET}"', f"secret = {MASK}"),
        (f"password='''a b {SECRET}'''", f"password={MASK}"),
        (f'{{"password": "a\\"b{SECRET}", "user": 1}}', f'{{"password": {MASK}, "user": 1}}'),
        (f'"{{\\"api_key\\": \\"{SECRET}\\", \\"a\\": 1}}"', f'"{{\\"api_key\\": {MASK}, \\"a\\": 1}}"'),
        (f"token='{SECRET} cut he", f"token={MASK}"),
    ],
)
def test_a_quoted_value_is_masked_to_its_end(text, masked):
    assert redact(text) == masked


@pytest.mark.parametrize("text", ["password=''", "assert 'token=' in text", 'url.endswith("token=")', "f(token='')"])
def test_an_empty_value_and_a_name_in_quotes_stay(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ghp_" + "a" * 36,
        "github_pat_" + "a1_" * 20,
        "AKIA" + "A1" * 8,
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
        "sk_live_" + "x" * 24,
    ],
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


PIECES = st.sampled_from(
    ["token", "PassWord", "api_key", "Cookie", "authorisation", "bearer ", "=", ": ", "'", '"', "b'", "\\", "\n", " ",
     "a", "x y", "]", ",", "_", "S", MASK, SECRET, "ghp_" + "a" * 20, "AKIA" + "A1" * 8]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map("".join))
def test_redacting_what_looks_like_secrets_twice_changes_nothing_more(text):
    assert redact(redact(text)) == redact(text)


@given(st.lists(PIECES | st.sampled_from(["https://u:", "@", "eyJ"]), max_size=14).map("".join))
def test_looking_for_cues_first_spares_work_and_changes_nothing(text):
    expected = text
    for _, pattern, replacement in _RULES:
        expected = pattern.sub(replacement, expected)
    assert redact(text) == expected


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
    assert redact(f"bearer {'a' * 9000} c") == f"bearer {MASK} c"
    assert redact(f"cookie: {'a' * 9000}\ntoken={'b' * 9000} c") == f"cookie: {MASK}\ntoken={MASK} c"


def test_a_name_is_looked_for_where_it_stands_not_from_every_letter_before_it():
    [named] = [pattern for _, pattern, _ in _RULES if pattern.search("x" * 30 + f"_token={SECRET}")]
    assert named.search("x" * 30 + f"_token={SECRET}").start() == 31


@pytest.mark.parametrize(
    "piece",
    ["x", "token_", "passwd-", "cookie:", "auth ", "token='", "a.", "token=' ", 'token="a ', "token=\\'", "PRIVATE"],
)
def test_work_grows_in_proportion_to_the_text(piece):
    def cost(size: int) -> float:
        text, spent = piece * (size // len(piece)), []
        for _ in range(3):
            begun = time.process_time_ns()
            redact(text)
            spent.append(time.process_time_ns() - begun)
        return min(spent)

    assert cost(160_000) < 40 * cost(10_000)  # 16 if linear, 256 if quadratic
