"""Background work: threads, tasks and child processes, and how long we wait for them."""

import asyncio
import hashlib
import queue
import subprocess
import sys
import threading
import time


def digest(rounds):
    """About a third of a millisecond for every 1,000 rounds on an ordinary machine."""
    value = b"seed"
    total = 0
    for n in range(rounds):
        value = hashlib.blake2b(value, digest_size=16).digest()
        total += value[n % 16]
    return total


class Mailer(threading.Thread):
    def __init__(self, letters):
        super().__init__(daemon=True)
        self.letters = letters
        self.sent = []

    def run(self):
        for letter in self.letters:
            digest(50_000)
            self.sent.append(letter)


async def rendered(pages):
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*(loop.run_in_executor(None, digest, 55_000) for _ in range(pages)))


def child_says(timeout):
    done = subprocess.run(
        [sys.executable, "-S", "-c", "print(sum(range(4_000_000)))"], capture_output=True, text=True, timeout=timeout
    )
    return done.stdout.strip()


def parse_log(lines):
    counts = {}
    for line in lines:
        method, path, status = line.split()
        key = (method, path.partition("?")[0], int(status) // 100)
        counts[key] = counts.get(key, 0) + 1
    return counts


class Heart:
    """A thread that beats every 5 ms; dead when it was silent too long."""

    def __init__(self):
        self.last = time.monotonic()
        self.longest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def _beat(self):
        while not self._stop.wait(0.005):
            digest(40_000)
            now = time.monotonic()
            self.longest = max(self.longest, now - self.last)
            self.last = now

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._stop.set()
        self._thread.join()


def produce(out, count):
    for n in range(count):
        digest(55_000)
        out.put(n)


def queued(count, timeout):
    out = queue.Queue()
    maker = threading.Thread(target=produce, args=(out, count))
    maker.start()
    try:
        return [out.get(timeout=timeout) for _ in range(count)]
    finally:
        maker.join()
