"""Sleeps: those of functions that the test runs, polling that nothing ends, and names that are not the import."""

from __future__ import annotations

import pytest

POLL = "import time\n{}def test_a({}):\n    while not f():\n        time.sleep(0.1)\n    assert g()\n"
RUN = (
    "import asyncio\ndef test_a():\n    async def main():\n        await asyncio.sleep(0.2)\n"
    "        assert f()\n    {}\n"
)
FIXED = {
    "in what asyncio runs": RUN.format("asyncio.run(main())"),
    "in what a loop runs": RUN.format("loop.run_until_complete(main())"),
    "in what trio runs": RUN.format("trio.run(main)"),
    "in what is awaited": RUN.replace("def test_a", "async def test_a").format("await main()"),
    "in what is called": "import time\ndef test_a():\n    def wait():\n        time.sleep(1)\n    wait()\n"
    "    assert f()",
    "imported in the function": "def test_a():\n    import time as t\n    t.sleep(1)\n    assert f()",
    "in a fixture's helper": "import pytest, time\ndef settle():\n    time.sleep(1)\n@pytest.fixture\ndef ready():\n"
    "    settle()\ndef test_a(ready): assert f()",
    "in a method of the test's class": "import time, unittest\nclass Base(unittest.TestCase):\n    def settle(self):\n"
    "        time.sleep(0.3)\nclass T(Base):\n    def test_a(self):\n"
    "        self.settle()\n        self.assertTrue(f())",
    "in what a fixture hands out": "import pytest, time\n@pytest.fixture\ndef waiting():\n    def write(kind):\n"
    "        start(kind)\n        time.sleep(0.1)\n        return 1\n    return write\n"
    "def test_a(waiting): assert waiting('csv')",
}
ALIASED = "import functools, time\nfrom time import sleep\n{}\ndef test_a({}):\n    {}\n    assert f()\n"
FIXED |= {
    "by getattr": ALIASED.format("", "", "pause = getattr(time, 'sleep')\n    pause(0.02)"),
    "bound": ALIASED.format("", "", "pause = functools.partial(sleep, 0.02)\n    pause()"),
    "in a lambda": ALIASED.format("", "", "pause = lambda: time.sleep(0.2)\n    pause()"),
    "handed on by a lambda": ALIASED.format("pause = lambda s: time.sleep(s)", "", "pause(0.2)"),
    "by another name": ALIASED.format("pause = time.sleep", "", "pause(0.02)"),
    "by a fixture": ALIASED.format("import pytest\n@pytest.fixture\ndef nap(): return time.sleep", "nap", "nap(0.2)"),
    "imported on the spot": ALIASED.format("", "", "__import__('time').sleep(0.2)"),
    "kept": ALIASED.format("", "", "_ = time.sleep(0.2)"),
    "several": ALIASED.format("", "", "[time.sleep(0.1) for _ in 'ab']"),
    "of a class's own": ALIASED.format("class Base:\n    pause = staticmethod(time.sleep)", "", "Base.pause(0.2)"),
    "an event on the spot": ALIASED.format("import threading", "", "threading.Event().wait(0.2)"),
    "an event that nobody sets": ALIASED.format(
        "from threading import Event", "", "done = Event()\n    done.wait(timeout=0.2)"
    ),
    "select over nothing": ALIASED.format("import select", "", "select.select([], [], [], 0.2)"),
    "a child that sleeps": ALIASED.format("import subprocess", "", "subprocess.run(['sleep', '1'], check=True)"),
    "a shell that sleeps": ALIASED.format("import os", "", "os.system('sleep 1')"),
    "a Python that sleeps": ALIASED.format(
        "import subprocess, sys", "", "subprocess.run([sys.executable, '-c', 'import time; time.sleep(1)'])"
    ),
    "in what asyncio runs at once": ALIASED.format("import asyncio", "", "asyncio.run(asyncio.sleep(0.1))"),
    "in a page": ALIASED.format("", "page", "page.wait_for_timeout(500)"),
    "in a class of the project's": ALIASED.format(
        "class Client:\n    def __init__(self, pause, sleep=None):\n        self.sleep = sleep or time.sleep",
        "",
        "client = Client(1)\n    client.sleep(0.1)",
    ),
}
FINE = {
    "a getattr of something else": ALIASED.format("", "", "pause = getattr(clock, 'sleep')\n    pause(0.02)"),
    "bound, and handed on": ALIASED.format("", "", "start(functools.partial(sleep, 0.02))"),
    "an event that is set": ALIASED.format(
        "from threading import Event", "", "done = Event()\n    start(done)\n    done.wait(0.2)"
    ),
    "an event of somebody's": ALIASED.format("", "event", "event.wait(0.2)"),
    "select over something": ALIASED.format("import select", "", "select.select([sock], [], [], 0.2)"),
    "a child that is cut short": ALIASED.format("import subprocess", "", "subprocess.run(['sleep', '1'], timeout=0.1)"),
    "a child that speaks of it": ALIASED.format(
        "import subprocess, sys", "", "subprocess.run([sys.executable, '-c', 'print(\"sleep(1)\")'])"
    ),
    "a child to be ended": ALIASED.format(
        "import subprocess", "", "p = subprocess.Popen(['sleep', '9'])\n    p.kill()"
    ),
    "taken away by a fixture": ALIASED.format(
        "import pytest\n@pytest.fixture\ndef still(monkeypatch):\n    monkeypatch.setattr(time, 'sleep', print)",
        "still",
        "time.sleep(60)",
    ),
    "taken away for all": ALIASED.format(
        "import pytest\n@pytest.fixture(autouse=True)\ndef still(monkeypatch):\n"
        "    monkeypatch.setattr('time.sleep', print)",
        "",
        "time.sleep(60)",
    ),
    "taken away by a decorator": "import time\nfrom unittest.mock import patch\n@patch('time.sleep')\n"
    "def test_a(slept):\n    time.sleep(60)\n    assert slept.called",
    "taken away by the class": "import time, unittest\nfrom unittest.mock import patch\n@patch('time.sleep')\n"
    "class T(unittest.TestCase):\n    def test_a(self, slept):\n        time.sleep(60)\n"
    "        self.assertTrue(slept.called)",
    "a client's with another": ALIASED.format(
        "class Client:\n    def __init__(self, pause, sleep=None):\n        self.sleep = sleep or time.sleep",
        "",
        "client = Client(1, naps.append)\n    client.sleep(0.1)",
    ),
    "a decorated function's": "import time\ndef test_a():\n    @limited(0.1)\n    def wait():\n"
    "        time.sleep(1)\n    wait()\n    assert f()",
    "handed to a thread": RUN.format("start(main)"),
    "cut short": RUN.format("asyncio.run(asyncio.wait_for(main(), 0.1))"),
    "run where it is to fail": RUN.format("with pytest.raises(TimeoutError):\n        asyncio.run(main())"),
    "a fake's": "from time import sleep\ndef test_a(fake):\n    sleep = fake.sleep\n    sleep(2.5)\n"
    "    assert fake.now",
    "a parameter's": "import time\ndef test_a(time):\n    time.sleep(2.5)\n    assert time.now == 2.5",
    "a function's of its own": "from time import sleep\ndef test_a():\n    def sleep(x): calls.append(x)\n"
    "    sleep(9)\n"
    "    assert calls",
    "under a clock of its own": RUN.format("trio.run(main, clock=MockClock(autojump_threshold=0))"),
    "a method that nobody calls": "import time\nclass TestA:\n    def slow(self):\n        time.sleep(0.3)\n"
    "    def test_a(self): assert f(self.slow)",
    "handed out, and handed on": "import pytest, time\n@pytest.fixture\ndef slow():\n    def job():\n"
    "        time.sleep(0.1)\n    return job\ndef test_a(slow): assert run(slow)",
}
ENDING = {
    "a deadline": POLL.replace("not f()", "not f() and now() < deadline"),
    "a clock": POLL.replace("not f()", "not f() and time.monotonic() < end"),
    "tries": POLL.replace("not f():\n", "not f():\n        tries -= 1\n"),
    "it leaves": POLL.replace("not f():\n", "not f():\n        if h(): break\n"),
    "it asserts": POLL.replace("not f():\n", "not f():\n        assert alive()\n"),
    "so many times": "import time\ndef test_a():\n    for _ in range(9):\n        if f():\n            break\n"
    "        time.sleep(0.1)\n    assert g()\n",
}


@pytest.mark.parametrize("text", FIXED.values(), ids=FIXED)
def test_a_sleep_that_the_test_itself_waits_for_is_found(found_in, text):
    assert [variant for _, variant in found_in("sleep", text)] == [""]


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_only_looks_like_one_is_left_alone(found_in, text):
    assert found_in("sleep", text) == []


POLLS = "import time\n{0}def test_a():\n    for _ in range(9):\n        {1}\n        {2}\n    assert g()\n"
LOOK, NAP = "if f(): break", "time.sleep(0.1)"


def test_a_loop_that_sleeps_before_it_looks_is_found(read):
    helper = "import time\ndef up(tries=5):\n    for _ in range(tries):\n        time.sleep(0.1)\n"
    helper += "        if f(): return True\n    return False\ndef test_b(): assert up()\n"
    told = read({"test_it.py": POLLS.format("", NAP, LOOK), "test_more.py": helper}).of("sleep")
    assert [(one.file, one.line, one.variant) for one in told] == [
        ("test_it.py", 4, "first"),
        ("test_more.py", 4, "first"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        POLLS.format("", LOOK, NAP),
        POLLS.format("", NAP, f"{LOOK}\n        h()"),
        POLLS.format("", NAP, LOOK).replace("    for", "    if f(): return\n    for"),
    ],
)
def test_one_that_looks_first_or_does_more_is_left_alone(found_in, text):
    assert found_in("sleep", text) == []


def test_polling_that_nothing_ends_is_found(read):
    text = POLL.format("", "") + POLL.format("@pytest.mark.slow\n", "x").replace("test_a", "test_b")
    told = read({"test_it.py": text}).of("sleep")
    assert [(one.variant, one.name) for one in told] == [("polls", "not f()")] * 2


@pytest.mark.parametrize("text", ENDING.values(), ids=ENDING)
def test_polling_that_ends_is_left_alone(found_in, text):
    assert found_in("sleep", text.format("", "")) == []


@pytest.mark.parametrize(
    ("mark", "parameter", "files"),
    [
        ("@pytest.mark.timeout(5)\n", "", {}),
        ("@timeout_after(5)\n", "", {}),
        ("", "timeout", {}),
        ("", "", {"pytest.ini": "[pytest]\ntimeout = 60\n"}),
        ("", "", {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q --timeout=60'\n"}),
        ("", "", {"requirements-dev.txt": "pytest\npytest-timeout\n"}),
    ],
)
def test_polling_is_left_alone_where_something_around_it_ends_it(read, mark, parameter, files):
    assert not read({"test_it.py": POLL.format(mark, parameter), **files}).of("sleep")
    assert read({"test_it.py": POLL.format("", ""), **dict.fromkeys(files, "")}).of("sleep")
