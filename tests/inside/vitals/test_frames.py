from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell_inside.vitals import frames


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ("json.dumps(x)", "json.dumps"),
        ("os.fsync(file.fileno())", "os.fsync"),
        ("open(name).write(x)", "write"),
        ("self.lock.acquire(timeout=(1 + 2) * 3)", "self.lock.acquire"),
        ("sum(one for one in range(3))", "sum"),
        ("table[0](x)", ""),
        ("a + b", ""),
        ("", ""),
        ("()", ""),
        (")", ""),
    ],
)
def test_the_function_that_an_expression_calls(segment, name):
    assert frames.called(segment) == name


@given(st.text(alphabet="ab.()[]'\" ,\n", max_size=60))
def test_any_expression_has_some_answer(segment):
    assert "(" not in frames.called(segment)


def naps(ready: threading.Event, until: threading.Event) -> None:
    ready.set()
    until.wait(10)


def test_a_thread_is_told_from_its_bottom_to_the_c_function_it_is_in():
    ready, until = threading.Event(), threading.Event()
    thread = threading.Thread(target=naps, args=(ready, until))
    thread.start()
    ready.wait(10)
    try:
        texts: tuple[str, ...] = ()
        for _ in range(200):
            chain = frames.chain(sys._current_frames()[thread.ident])
            texts = frames.folded(frames.Names(), chain)
            if "native" in texts[-1]:
                break
            time.sleep(0.01)
    finally:
        until.set()
        thread.join()
    own = [text for text in texts if text.startswith("naps (")]
    assert len(own) == 1
    assert "test_frames.py:" in own[0]
    assert any(
        text.startswith("Condition.wait (python/threading.py:") or "wait (python/threading.py" in text for text in texts
    )
    assert texts[-1] == "waiter.acquire (native)"


def test_what_a_task_waits_for():
    async def inner() -> None:
        await asyncio.sleep(30)

    async def outer() -> None:
        await inner()

    async def look() -> tuple[str, ...]:
        task = asyncio.create_task(outer())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen = []
        found = frames.awaited(frames.Names(), task.get_coro(), seen.append)
        task.cancel()
        assert len(seen) == 3
        return found

    first, second, third = asyncio.run(look())
    assert first.partition(" (")[0].endswith("outer")
    assert second.partition(" (")[0].endswith("inner")
    assert third.startswith("sleep (python/asyncio/tasks.py:")


def test_what_is_deep_keeps_the_projects_innermost_and_the_leaves():
    rows = [(f"f{number} (site-packages/x.py:1)", False) for number in range(60)]
    rows[20] = ("mine (./app.py:1)", True)
    kept = frames.shortened(rows)
    assert len(kept) <= 2 + frames.ABOVE + 1 + frames.BELOW + 1 + frames.LEAVES
    assert "mine (./app.py:1)" in kept
    assert kept[-1] == "f59 (site-packages/x.py:1)"
    assert kept.count("...") == 2
    assert frames.shortened(rows[:5]) == tuple(text for text, _ in rows[:5])


def test_files_are_named_by_where_they_come_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = frames.Names()
    assert names.file(asyncio.__file__) == ("python/asyncio/__init__.py", False)
    assert names.file(pytest.__file__) == ("site-packages/pytest/__init__.py", False)
    assert names.file(str(tmp_path / "shop" / "app.py")) == ("./shop/app.py", True)
    assert names.file("/elsewhere/app.py") == ("/elsewhere/app.py", True)
    assert names.file("<string>") == ("python/<string>", False)


def holds(lock: threading.Lock, ready: threading.Event) -> None:
    ready.set()
    with lock:
        pass


def test_a_thread_that_waits_to_enter_a_lock():
    ready, lock = threading.Event(), threading.Lock()
    with lock:
        thread = threading.Thread(target=holds, args=(lock, ready))
        thread.start()
        ready.wait(10)
        texts: tuple[str, ...] = ()
        for _ in range(200):
            texts = frames.folded(frames.Names(), frames.chain(sys._current_frames()[thread.ident]))
            if texts[-1] == "with lock (native)":
                break
            time.sleep(0.01)
    thread.join()
    assert texts[-1] == "with lock (native)"
    assert texts[-2].startswith("holds (")


def test_what_a_task_waits_for_inside_of_a_context():
    @contextlib.asynccontextmanager
    async def lent() -> AsyncIterator[None]:
        await asyncio.sleep(30)
        yield

    async def user() -> None:
        async with lent():
            pass

    async def look() -> tuple[str, ...]:
        task = asyncio.create_task(user())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        found = frames.awaited(frames.Names(), task.get_coro(), lambda _: None)
        task.cancel()
        return found

    texts = asyncio.run(look())
    names = [text.partition(" (")[0].rpartition(".")[2] for text in texts]
    assert names == ["user", "__aenter__", "lent", "sleep"]
