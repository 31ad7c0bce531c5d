"""What blocks is seen by what is called, not by how long it takes."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from brinell_inside.cache import blocking
from brinell_inside.cache.operations import Operations
from brinell_inside.cache.stamps import Stamps
from brinell_inside.cache.subject import Side, Subject


class Box:
    def __init__(self):
        self.held = {}

    async def get(self, key):
        return self.held.get(key)

    async def set(self, key, value):
        self.held[key] = value

    async def delete(self, key):
        self.held.pop(key, None)


class File(Box):
    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    async def get(self, key):
        path = self.folder / key.replace(":", "-")
        return path.read_bytes() if path.exists() else None

    async def set(self, key, value):
        await asyncio.to_thread((self.folder / key.replace(":", "-")).write_bytes, value)


class Seldom(Box):
    """Reads its file once in a while, which is nobody's business."""

    async def get(self, key):
        if key.endswith("3005"):
            Path(__file__).read_bytes()  # noqa: ASYNC240 - which is what is looked for
        return await super().get(key)


class Fails(Box):
    async def get(self, key):
        raise ConnectionError(key)


@pytest.fixture
def asked(told, table):
    loops = []

    def ask(box):
        loop = asyncio.new_event_loop()
        loops.append(loop)
        made = Subject(box, {})
        made.loop = loop
        blocking.blocking(Operations(made, Side(loop), Stamps("bytes"), table), made, str(Path(__file__).parent), told)
        assert sys.getprofile() is None
        return [fields for _, fields in told.said]

    yield ask
    for loop in loops:
        loop.close()


def test_a_file_that_is_read_in_the_loop_is_told_with_its_place(asked, tmp_path):
    looked, found = asked(File(tmp_path))
    assert (looked["operation"], looked["of"], looked["why"]) == ("", 10, "")
    assert (found["operation"], found["times"], found["of"]) == ("get", 10, 10)
    assert "open" in found["what"]
    assert found["where"].startswith("test_blocking.py:")
    assert found["where"].endswith("in get")
    assert found["longest_ns"] > 0


@pytest.mark.parametrize("box", [Box, Seldom])
def test_what_does_not_block_is_not_accused(asked, box):
    (looked,) = asked(box())
    assert (looked["operation"], looked["why"]) == ("", "")


def test_a_cache_that_fails_is_nobodys_proof(asked):
    (looked,) = asked(Fails())
    assert (looked["of"], looked["why"]) == (0, "ConnectionError")


def test_functions_that_block(tmp_path):
    base = sqlite3.connect(":memory:")
    waits, waits_not = socket.socketpair()
    waits_not.setblocking(False)
    with (tmp_path / "a").open("wb") as file:
        told = {
            open: "open", os.open: "os.open", os.stat: "os.stat", time.sleep: "time.sleep", file.write: "file.write",
            base.execute: "sqlite3.execute", sqlite3.connect: "sqlite3.connect", waits.recv: "socket.recv",
        }  # fmt: skip
        assert {function: blocking.blocks(function) for function in told} == told
    quiet = [
        waits_not.recv,
        io.BytesIO().read,
        sys.__stdout__.write,
        len,
        {}.get,
        time.monotonic,
        file.write,
        os.getpid,
    ]
    assert [blocking.blocks(function) for function in quiet] == [""] * len(quiet)
    for one in (waits, waits_not, base):
        one.close()
