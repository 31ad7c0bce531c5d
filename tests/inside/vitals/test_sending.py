from __future__ import annotations

import json
import socket

from hypothesis import given
from hypothesis import strategies as st

from brinell_inside.vitals import sending

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_json(value):
    assert json.loads(sending.encoded(value)) == value
    assert sending.encoded(value).isascii()


@given(st.text())
def test_without_the_c_function_text_is_still_json(value):
    known, sending._json = sending._json, None
    try:
        assert len(json.loads(sending.encoded(value))) == len(value)
    finally:
        sending._json = known


def test_a_message_that_is_too_long_goes_without_its_stacks():
    stacks = {("thread", tuple(f"{'f' * 2000}{number}" for number in range(30))): (1, 0)}
    told = json.loads(sending.message({"pid": 1}, stacks, []))
    assert (told["pid"], told["stacks"], told["frames"]) == (1, [], [])
    short = json.loads(sending.message({"pid": 1}, {("loop", ("a", "b")): (3, 2)}, [("Thread-1", 5, ("b", "c"))]))
    assert short["stacks"] == [["loop", [0, 1], 3, 2]]
    assert short["busiest"] == [["Thread-1", 5, [1, 2]]]
    assert short["frames"] == ["a", "b", "c"]


def test_most_frequent_stacks_are_kept_and_the_others_counted():
    stacks = {("task", (f"f{number}",)): (number + 1, 0) for number in range(20)}
    rows = json.loads(sending.message({}, stacks, []))["stacks"]
    assert len(rows) == sending.MOST_STACKS + 1
    assert rows[0][2] == 20
    assert rows[-1] == ["task", [], sum(range(1, 13)), 0]


def test_whether_somebody_is_there(tmp_path):
    path = str(tmp_path / "line")
    assert sending.told(path, b"x") is None
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(path)
        assert sending.told(path, b"x") is True
        assert line.recv(10) == b"x"
    assert sending.told(path, b"x") is None  # nobody reads there any more


def test_a_datagram_for_which_the_senders_buffer_is_too_small(tmp_path, monkeypatch):
    class Small(socket.socket):
        def __init__(self, *arguments: int) -> None:
            super().__init__(*arguments)
            self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)

    monkeypatch.setattr(sending, "_socket_of", Small)
    path = str(tmp_path / "line")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(path)
        assert sending.told(path, b"x" * 20_000) is True
        assert len(line.recv(40_000)) == 20_000
