"""The descriptor: whole lines or silence, never an exception, never anybody else's file."""

import os
import threading

import pytest

from brinell_inside.wire import Wire, open_wire


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    wire = Wire(writing)
    yield wire, reading
    wire.close()
    os.close(reading)


def read_all(reading, into):
    while True:
        data = os.read(reading, 65536)
        if not data:
            return
        into.append(data)


def test_held_lines_leave_with_the_next_one(pipe):
    wire, reading = pipe
    wire.hold("first\n")
    wire.send("second\n")

    assert os.read(reading, 100) == b"first\nsecond\n"


def test_long_lines_arrive_whole_even_through_a_full_non_blocking_pipe(pipe):
    wire, reading = pipe
    os.set_blocking(wire._fd, False)
    received = []
    reader = threading.Thread(target=read_all, args=(reading, received))
    reader.start()
    lines = [f"{number}" * 100_000 + "\n" for number in range(5)]
    for line in lines:
        wire.send(line)
    wire.close()
    reader.join()

    assert b"".join(received) == "".join(lines).encode()


def test_silence_once_nobody_reads():
    reading, writing = os.pipe()
    wire = Wire(writing)
    os.close(reading)
    wire.send("a\n")
    wire.send("b\n")
    wire.close()

    assert wire._fd is None


def test_silence_once_the_descriptor_is_closed_and_its_number_is_out_of_the_way(pipe, tmp_path):
    wire, _ = pipe
    high = wire._fd
    os.close(high)
    with (tmp_path / "mine").open("wb") as mine:
        assert mine.fileno() < high
        wire.send("a\n")

    assert (tmp_path / "mine").read_bytes() == b""


def test_the_descriptor_is_not_inherited(pipe):
    wire, _ = pipe

    assert not os.get_inheritable(wire._fd)
    assert wire._fd >= 128


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_silent_and_lets_go(pipe):
    wire, reading = pipe
    wire.hold("held\n")
    child = os.fork()
    if child == 0:
        wire.send("from the child\n")
        os._exit(0 if wire._fd is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    wire.send("mine\n")

    assert os.read(reading, 100) == b"held\nmine\n"


def test_a_file_where_there_is_no_descriptor(tmp_path):
    path = tmp_path / "records"
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    wire = open_wire(writing, str(path))
    wire.send("a\n")
    wire.close()
    again = open_wire(None, str(path))
    again.send("b\n")
    again.close()

    assert path.read_text() == "a\nb\n"
    assert open_wire() is None
