import asyncio
import os
import time

import pytest
from kiosk.serve import SingleInstance, Till, TillServer, ask_till, first_free_port, printer, weigh


def test_till_is_open():
    with TillServer(("127.0.0.1", 18473), Till):
        time.sleep(0.12)
        assert ask_till(18473) == b"open"


def test_scale_answers():
    assert weigh(18474, b"kg") == b"gk"


def test_only_one_instance():
    first = SingleInstance("till-program")
    try:
        time.sleep(0.12)
        with pytest.raises(RuntimeError):
            SingleInstance("till-program")
    finally:
        first.close()


def test_first_port_of_the_range():
    with first_free_port(18480) as sock:
        time.sleep(0.12)
        assert sock.getsockname()[1] == 18480


def test_jobs_are_printed():
    assert asyncio.run(printer(18475, [b"a\n", b"b\n"], 0.06)) == [b"a\n", b"b\n"]


def test_till_on_any_port():
    with TillServer(("127.0.0.1", 0), Till) as server:
        time.sleep(0.05)
        assert ask_till(server.server_port) == b"open"


def test_scale_on_any_port():
    assert weigh(0, b"lb", pause=0.03) == b"bl"


def test_instance_named_after_the_process():
    name = f"till-{os.getpid()}"
    first = SingleInstance(name)
    with pytest.raises(RuntimeError):
        SingleInstance(name)
    first.close()
    SingleInstance(name).close()


def test_some_port_of_the_range():
    with first_free_port(18500) as one, first_free_port(18500) as two:
        assert one.getsockname()[1] != two.getsockname()[1]


def test_printer_on_any_port():
    assert asyncio.run(printer(0, [b"c\n"], 0.03)) == [b"c\n"]
