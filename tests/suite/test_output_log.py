from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.suite.output_log import OutputLog


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log"


def written(path, *chunks, cap=1_000_000):
    log = OutputLog(path, cap)
    for chunk in chunks:
        log.feed(chunk)
        log.flush()
    log.close()
    return log, path.read_text()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]) | st.just("\n")), st.data())
def test_text_cut_anywhere_arrives_whole(text, data):
    raw = text.encode()
    cut = data.draw(st.integers(0, len(raw)))
    with tempfile.TemporaryDirectory() as folder:
        assert written(Path(folder) / "log", raw[:cut], raw[cut:])[1] == text


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=30), st.integers(2_000, 20_000))
def test_the_file_never_grows_beyond_its_cap_and_keeps_head_and_tail(sizes, cap):
    chunks = [b"".join(b"%05d-%03d\n" % (number, n) for n in range(size // 10)) for number, size in enumerate(sizes)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        log = OutputLog(path, cap)
        for chunk in chunks:
            log.feed(chunk)
            log.flush()
            assert path.stat().st_size <= cap
        log.close()
        text = path.read_text()
    lines = b"".join(chunks).decode().splitlines()
    kept = [line for line in text.splitlines() if line and "cut here" not in line]
    if log.cut_bytes == 0:
        assert kept == lines
    else:
        assert f"{log.cut_bytes:,} bytes of output were cut here" in text
        assert kept[0] == lines[0]
        assert kept[-1] == lines[-1]
        assert sum(len(line) + 1 for line in kept) + log.cut_bytes == sum(len(line) + 1 for line in lines)


def test_a_flood_between_two_looks_is_cut_before_it_is_masked(path):
    log = OutputLog(path, 10_000)
    log.feed(b"head\n" * 2_000)
    log.flush()
    for number in range(2_000):
        log.feed(b"line %06d of the flood\n" % number)
    log.close()
    assert path.stat().st_size <= 10_000
    assert path.read_text().endswith("line 001999 of the flood\n")


def test_what_is_complete_is_there_before_the_end(path):
    log = OutputLog(path)
    log.feed(b"first\nsecond, unfini")
    log.flush()
    assert path.read_text() == "first\n"
    log.feed(b"shed\n")
    log.close()
    assert path.read_text() == "first\nsecond, unfinished\n"


def test_a_secret_cut_in_two_is_masked(path):
    _, text = written(path, b"pass", b"word=hun", b"ter2\n")
    assert text == "password=[redacted]\n"


def test_a_private_key_in_many_pieces_is_masked(path):
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"MIIabcdefghijkl\n" * 20 + b"-----END RSA PRIVATE KEY-----\n"
    _, text = written(path, b"before\n", *(key[n : n + 50] for n in range(0, len(key), 50)), b"after\n")
    assert "MII" not in text
    assert (text.splitlines()[0], text.splitlines()[-1]) == ("before", "after")


def test_controls_bytes_and_endless_lines_are_made_harmless(path):
    _, text = written(path, b"\x1b[31mred\x1b[0m\rover\r\n\xff\x00\n", b"x" * 300_000)
    first, second, third, *_ = text.split("\n")
    assert (first, second, third) == ("red", "over", "\ufffd\ufffd")
    assert max(map(len, text.split("\n"))) <= 8192


def test_the_tail_is_at_hand(path):
    log, _ = written(path, b"\n".join(b"%d" % n for n in range(100)), b"\nlast")
    assert log.tail[-1] == "last"
    assert len(log.tail) == 30


def test_only_the_owner_may_read_it(path):
    written(path, b"x\n")
    assert path.stat().st_mode & 0o077 == 0
