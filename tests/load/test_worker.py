"""The worker as a process: its two pipes, its limits, its end."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from brinell.core.load_records import Exemplar, GeneratorSecond, LoadSlice
from brinell.core.plan import LoadSpec, RequestSpec
from brinell.load.drivers.http import Http
from brinell.load.wire import Done, FromWorker, Go, Ready, Stop, WorkerSpec
from brinell.load.worker import Inbox, Outbox
from brinell.subject.targets import Target


def specification(port, kind="constant", *, connections=4, timeout_s=1.0, **options):
    spec = LoadSpec(name="x", shape={}, url=f"http://127.0.0.1:{port}", requests=(RequestSpec(),))
    shape = {"constant": "brinell.load.shapes.constant:Constant", "closed": "brinell.load.shapes.closed:Closed"}[kind]
    return WorkerSpec(
        worker=0,
        workers=1,
        driver="brinell.load.drivers.http:Http",
        shape=shape,
        shape_options=options,
        operations=Http().encode(spec, Target("http", "127.0.0.1", port, ("127.0.0.1",)), Path()),
        family=2,
        address=("127.0.0.1", port),
        timeout_ns=int(timeout_s * 1e9),
        connections=connections,
        seed=1,
    )


@contextlib.contextmanager
def worker(spec, *, descriptors=None):
    def lower():
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "brinell.load.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lower,  # noqa: PLW1509 - only a limit is set between fork and exec
    )
    try:
        say(process, spec)
        assert msgspec.json.decode(process.stdout.readline(), type=FromWorker) == Ready(0)
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def say(process, message):
    process.stdin.write(msgspec.json.encode(message) + b"\n")
    process.stdin.flush()


def all_of(process):
    return [msgspec.json.decode(line, type=FromWorker) for line in process.stdout]


def outcomes(messages):
    counts = Counter()
    for one in messages:
        if isinstance(one, LoadSlice):
            counts[one.outcome] += one.count
    return dict(counts)


def test_it_works_from_go_to_done(lab):
    port = lab.start(lab.always(lab.ok()))
    with worker(specification(port, rate=100, duration=1.2)) as process:
        start = time.monotonic_ns() + 50_000_000
        say(process, Go(start))
        messages = all_of(process)
        assert process.wait(10) == 0
    assert outcomes(messages) == {"ok": 120}
    done = messages[-1]
    assert done == Done(0, 120, 120, 0, start + 1_200_000_000, done.sent_in_span, done.completed_in_span)
    assert 0 < done.completed_in_span <= done.sent_in_span <= 120
    seconds = [one for one in messages if isinstance(one, GeneratorSecond)]
    assert [one.second for one in seconds][:2] == [0, 1]
    assert all(one.cpu_s >= 0 and one.starved_s >= 0 for one in seconds)
    assert min(one.due_ns for one in messages if isinstance(one, Exemplar)) >= start


def test_without_descriptors_it_is_its_own_fault(lab):
    port = lab.start(lab.always(lab.ok()))
    # The interpreter, two pipes and the poller need about a dozen; forty connections do not fit.
    with worker(specification(port, "closed", duration=0.5, connections=40), descriptors=24) as process:
        say(process, Go(time.monotonic_ns()))
        messages = all_of(process)
    found = outcomes(messages)
    assert set(found) == {"ok", "own-fault"}
    said = [one.detail for one in messages if isinstance(one, Exemplar) and one.outcome == "own-fault"]
    assert said[0] == os.strerror(24)


def test_a_stop_ends_it_early_with_what_there_is(lab):
    port = lab.start(lab.always(lab.ok()))
    with worker(specification(port, rate=100, duration=60)) as process:
        say(process, Go(time.monotonic_ns()))
        for line in process.stdout:
            if isinstance(msgspec.json.decode(line, type=FromWorker), GeneratorSecond):
                break
        say(process, Stop())
        messages = all_of(process)
        assert process.wait(10) == 0
    done = messages[-1]
    assert isinstance(done, Done)
    assert 0 < done.scheduled < 6000


def test_a_stop_before_the_start_ends_it_too(lab):
    port = lab.start(lab.always(lab.ok()))
    with worker(specification(port, "closed", duration=60)) as process:
        say(process, Stop())
        messages = all_of(process)
    assert messages[-1].scheduled == 0


def test_it_does_not_outlive_the_one_who_started_it(lab):
    port = lab.start(lab.always(lab.ok()))
    with worker(specification(port, rate=100, duration=60)) as process:
        say(process, Go(time.monotonic_ns()))
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 3


def test_a_reader_that_stands_still_costs_no_schedule(lab):
    port = lab.start(lab.always(lab.ok()))
    with worker(specification(port, rate=200, duration=2.2)) as process:
        say(process, Go(time.monotonic_ns()))
        time.sleep(2.4)  # nobody reads meanwhile
        messages = all_of(process)
    assert messages[-1].scheduled == 440


def test_words_may_arrive_in_pieces():
    reading, writing = os.pipe()
    inbox = Inbox(reading)
    line = msgspec.json.encode(Go(7)) + b"\n"
    try:
        os.write(writing, line[:5])
        assert inbox.words() == []
        os.write(writing, line[5:] + line)
        assert inbox.words() == [Go(7), Go(7)]
    finally:
        os.close(writing)
    assert inbox.words() == [None]
    os.close(reading)


def test_an_outbox_keeps_what_the_pipe_does_not_take():
    reading, writing = os.pipe()
    outbox = Outbox(writing)
    sent = [Ready(number) for number in range(200_000)]
    outbox.put(sent)  # more than any pipe holds: returns at once
    pieces, lines = [], 0
    os.set_blocking(reading, False)
    while lines < len(sent):
        with contextlib.suppress(BlockingIOError):
            pieces.append(os.read(reading, 1 << 20))
            lines += pieces[-1].count(b"\n")
        outbox.put([])
    assert msgspec.json.Decoder(FromWorker).decode_lines(b"".join(pieces)) == sent
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_signal_ends_it(lab, number):
    port = lab.start(lab.always(lab.ok()))
    with worker(specification(port, rate=100, duration=60)) as process:
        say(process, Go(time.monotonic_ns()))
        process.send_signal(number)
        assert process.wait(10) == -number
